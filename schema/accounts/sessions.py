from datetime import datetime

import strawberry

from db.accounts.sessions import Session as Model
from resolvers.accounts import sessions as resolve
from resolvers.accounts import users
from resolvers.limits import Each, per_minute
from schema.accounts.users import User
from schema.connection import Connection
from schema.deletion import Deleted
from schema.fields import connection, maybe, verb
from schema.node import Node, column, node

A_TOKEN = per_minute(3_000, Each.ADDRESS)  # an office has one address, and all its tokens end when a server was away


@node(Model, "One sign-in on one device.", resolve.by_id)
class Session(Node):
    current: bool = column("Whether it is the one that asks.")
    user_agent: str | None = column("What the device said it was.")
    address: str | None = column("Where the sign-in came from.")
    created_at: datetime = column("When it began.")
    last_used_at: datetime = column("When its tokens were last renewed.")
    expires_at: datetime = column("When it ends if it is not used.")


@strawberry.type(description="Tokens, and whom they speak for.")
class AuthPayload:
    access_token: str = strawberry.field(description="For the Authorization header, as Bearer; good for expiresIn.")
    refresh_token: str = strawberry.field(description="Good for one refreshToken.")
    expires_in: int = strawberry.field(description="Seconds until the access token ends.")
    user: User = maybe(users.me, "Who has signed in.")


@strawberry.type(description="A connection goes on.")
class ConnectionRenewed:
    expires_at: datetime = strawberry.field(description="When it ends unless it is renewed again.")


@strawberry.type
class SessionQueries:
    sessions: Connection[Session] = connection(resolve.mine, "One's own sign-ins that still count, latest first.")


@strawberry.type
class SessionMutations:
    login: AuthPayload = verb(resolve.login, "Signs in. Too many wrong tries: RATE_LIMITED.", public=True)
    refresh_token: AuthPayload = verb(
        resolve.refresh,
        "New tokens for the last refresh token; works without an access token. Using one twice ends the session.",
        public=True,
        limit=A_TOKEN,
    )
    renew_connection: ConnectionRenewed = verb(
        resolve.renew_connection,
        "Over a WebSocket: goes on with a fresh access token, without a break.",
        limit=per_minute(300),
    )
    logout: Deleted = verb(resolve.logout, "Ends this session.", limit=per_minute(60))
    logout_everywhere: int = verb(
        resolve.logout_everywhere, "Ends all of one's sessions; how many there were.", limit=per_minute(60)
    )
    revoke_session: Deleted = verb(resolve.revoke, "Ends one of one's sessions.", limit=per_minute(60))

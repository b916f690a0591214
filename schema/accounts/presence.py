from datetime import datetime

import strawberry

from db.accounts.presence import Presence as Model
from resolvers.accounts import presence as resolve
from schema.accounts.users import User
from schema.connection import Connection
from schema.fields import connection, live
from schema.kinds import Kind
from schema.node import column, node

AGAIN_SECONDS = 60.0  # between two answers at most: nobody says here that somebody who is present has another name


@node(Model, "Somebody who is looking at a topic, in however many tabs.", by_id=None)
class Presence:
    user: User | None = column("Who; always somebody whom the viewer may see.")
    since: datetime = column("From which moment on, without a break.")


@strawberry.type
class PresenceQueries:
    presence: Connection[Presence] = connection(
        resolve.listed,
        "Who is looking at a topic, of those whom the viewer may see; who has been there longest comes first.",
        admits=resolve.admitted,
    )


@strawberry.type
class PresenceSubscriptions:
    presence: Connection[Presence] = live(
        Kind.CONNECTION,
        resolve.listed,
        "The same, again when somebody comes or goes. Whoever follows this is present meanwhile.",
        follows=resolve.looked_at,
        every=AGAIN_SECONDS,
    )

from datetime import datetime

import strawberry

from db.accounts.users import Role
from db.accounts.users import User as Model
from resolvers.accounts import rules
from resolvers.accounts import users as resolve
from resolvers.limits import per_minute
from schema.connection import Connection
from schema.deletion import Deleted
from schema.enums import enum
from schema.fields import connection, entity, expression, verb
from schema.node import Node, column, node

enum(
    Role,
    "In rising order: each may do what those before it may.",
    USER="Uses the applications.",
    AGENT="Answers at the desk.",
    ADMIN="Manages users and settings.",
    SUPER_ADMIN="Gives roles.",
)
strawberry.pydantic.input(rules.Register, name="RegisterInput", description="A new user.")
strawberry.pydantic.input(rules.UpdateUser, name="UpdateUserInput", description="What is left out stays as it is.")
strawberry.pydantic.input(rules.ChangePassword, name="ChangePasswordInput", description="A new password for oneself.")
strawberry.pydantic.input(rules.UserFilter, name="UserFilter", description="All that is given must hold.")


PRIVATE = "For themselves and for administrators; null for others."


@node(
    Model,
    "Somebody who can sign in. Seen by themselves, by administrators, by the members of their families, by those who"
    " have been in a room with them, and by all while they are the host of a public room.",
    resolve.by_id,
)
class User(Node):
    email: str | None = expression(resolve.private("email"), f"Unique; lower case. {PRIVATE}", weight=0)
    username: str | None = expression(resolve.private("username"), f"Another name to sign in with. {PRIVATE}", weight=0)
    name: str = column("What others see.")
    role: Role | None = expression(resolve.private("role"), f"What they may do. {PRIVATE}", weight=0)
    time_zone: str | None = expression(
        resolve.private("time_zone"), f"IANA name; tells when their day begins. {PRIVATE}", weight=0
    )
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When they were registered.")
    updated_at: datetime = column("When anything of this last changed.")


@strawberry.type
class UserQueries:
    me: User = entity(resolve.me, "The viewer.")
    user: User | None = entity(resolve.by_id, "One user whom the viewer may see; see User.")
    users: Connection[User] = connection(resolve.listed, "All users, the newest first.", floor=Role.ADMIN, offset=True)


@strawberry.type
class UserMutations:
    register: User = verb(
        resolve.register,
        "Makes a user. For administrators, unless sign-up is open.",
        public=True,
        limit=per_minute(300),
    )
    update_user: User = verb(resolve.update, "Changes oneself, or a user of a lower role.", limit=per_minute(60))
    delete_user: Deleted = verb(
        resolve.delete, "Deletes oneself, or a user of a lower role, with all that is theirs.", limit=per_minute(60)
    )
    change_password: User = verb(resolve.change_password, "Sets one's password and ends all other sessions.")
    set_user_role: User = verb(
        resolve.set_role, "Gives a user another role.", floor=Role.SUPER_ADMIN, limit=per_minute(60)
    )

"""What every stream of events has in common; each entity adds its own `…Changed` and `…Deleted`."""

from datetime import datetime

import strawberry

from live.log import Kind
from live.streams import Reason
from resolvers.accounts import users
from resolvers.changes import EntityType
from resolvers.context import Viewer
from schema.accounts.users import User
from schema.enums import enum
from schema.fields import maybe
from schema.scalars import Cursor

enum(
    Kind,
    "What happened to an entity.",
    name="EventKind",
    ADDED="It was made, or came back.",
    UPDATED="Something of it changed.",
    STATUS_CHANGED="It came a step further, or went back: a task was done, an item bought.",
    ASSIGNED="Somebody is to see to it, or nobody any more.",
    COMMENT_ADDED="Somebody said something of it.",
    JOINED="Somebody has come in.",
    LEFT="Somebody is no longer there.",
    STARTED="It is being worked at.",
    ANSWERED="It is what was asked for.",
    FAILED="Nothing came of it.",
    ENDED="It is over, and stays to be read.",
    DELETED="It is gone.",
)
enum(
    Reason,
    "Why events cannot be told.",
    name="ResyncReason",
    PRUNED="They are older than what is kept.",
    EPOCH_CHANGED="The cursor is of another log: the database was restored or replaced.",
)


@strawberry.type(
    description="The first of a stream: from here on nothing is missed. Query now, then apply what follows."
)
class Ready:
    cursor: Cursor = strawberry.field(description="Where the stream begins; `after`, when that was given.")
    at: datetime = strawberry.field(description="What the server's clock says.")


@strawberry.type(description="Events are gone, so the cursor was of no use: query anew, then go on with what follows.")
class Resync:
    cursor: Cursor = strawberry.field(description="Where the stream goes on.")
    reason: Reason = strawberry.field(description="Why.")


@strawberry.interface(description="Something was made or changed.")
class Change:
    cursor: Cursor = strawberry.field(description="Resume after it.")
    kind: Kind = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When.")
    topic: str = strawberry.field(description="What was followed.")
    actor: User | None = maybe(users.by_id, "Who did it; null where the viewer may not see them.", id="actor_id")
    entity_id: strawberry.ID = strawberry.field(description="Of what changed, though it may be gone by now.")
    entity_type: strawberry.Private[EntityType]
    actor_id: strawberry.Private[str | None]
    viewer: strawberry.Private[Viewer]


@strawberry.interface(description="Something was deleted.")
class Deletion:
    cursor: Cursor = strawberry.field(description="Resume after it.")
    at: datetime = strawberry.field(description="When.")
    topic: str = strawberry.field(description="What was followed.")
    actor: User | None = maybe(users.by_id, "Who did it; null where the viewer may not see them.", id="actor_id")
    deleted_id: strawberry.ID = strawberry.field(description="The id that names nothing any more.")
    entity_type: strawberry.Private[EntityType]
    actor_id: strawberry.Private[str | None]
    viewer: strawberry.Private[Viewer]

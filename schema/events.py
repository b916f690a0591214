"""What every stream of events has in common; each entity adds its own `…Changed` and `…Deleted`."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any, TypeVar

import strawberry

from live.log import Kind
from resolvers import following
from resolvers.accounts import users
from resolvers.context import Context, Viewer
from resolvers.following import Reason
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
    STATUS_CHANGED="It was done, or opened again.",
    DELETED="It is gone.",
)
enum(
    Reason,
    "Why events cannot be told.",
    name="ResyncReason",
    PRUNED="They are older than what is kept.",
    EPOCH_CHANGED="The cursor is of another log: the database was restored or replaced.",
)

After = Annotated[
    Cursor | None,
    strawberry.argument(description="The last cursor seen: all since is told first, in order. Default: from now on."),
]


@strawberry.type(
    description="The first of a stream: from here on nothing is missed. Query now, then apply what follows."
)
class Ready:
    cursor: Cursor = strawberry.field(description="Where the stream begins; `after`, when that was given.")


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
    entity_id: strawberry.Private[str]
    actor_id: strawberry.Private[str | None]
    viewer: strawberry.Private[Viewer]


@strawberry.interface(description="Something was deleted.")
class Deletion:
    cursor: Cursor = strawberry.field(description="Resume after it.")
    at: datetime = strawberry.field(description="When.")
    topic: str = strawberry.field(description="What was followed.")
    actor: User | None = maybe(users.by_id, "Who did it; null where the viewer may not see them.", id="actor_id")
    deleted_id: strawberry.ID = strawberry.field(description="The id that names nothing any more.")
    actor_id: strawberry.Private[str | None]
    viewer: strawberry.Private[Viewer]


F = TypeVar("F", bound=Callable[..., Any])


def stream(description: str) -> Callable[[F], F]:
    """A subscription field."""
    made: Callable[[F], F] = strawberry.subscription(description=description)
    return made


async def told(
    ctx: Context, topics: Sequence[str], after: str | None, *, changed: type[Any], deleted: type[Any]
) -> AsyncGenerator[Any]:
    """The stream in the types of one entity."""
    async with aclosing(following.followed(ctx, topics, after)) as stream:
        async for heard in stream:
            match heard:
                case following.Ready():
                    yield Ready(cursor=Cursor(heard.cursor))
                case following.Resync():
                    yield Resync(cursor=Cursor(heard.cursor), reason=heard.reason)
                case following.Heard():
                    yield _typed(heard, topics, changed, deleted)


def _typed(heard: following.Heard, topics: Sequence[str], changed: type[Any], deleted: type[Any]) -> Any:
    event = heard.event
    common = {
        "cursor": heard.cursor,
        "at": event.at,
        "topic": next(topic for topic in topics if topic in event.topics),
        "actor_id": event.actor_id,
        "viewer": heard.viewer,
    }
    if event.kind is Kind.DELETED:
        return deleted(**common, deleted_id=event.entity_id)
    return changed(**common, kind=event.kind, entity_id=event.entity_id)

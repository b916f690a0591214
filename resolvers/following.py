"""A subscription as the log sees it: from a cursor on, in order, for as long as the viewer may hear it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum

from kit.errors import Invalid, Unauthenticated
from live import log
from live.log import Event, Position
from live.tail import Pruned, Tail
from resolvers.context import Context, Viewer


class Reason(StrEnum):
    """Why events between the cursor and now cannot be told."""

    PRUNED = "PRUNED"
    EPOCH_CHANGED = "EPOCH_CHANGED"


@dataclass(frozen=True, slots=True)
class Ready:
    cursor: str


@dataclass(frozen=True, slots=True)
class Resync:
    cursor: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Heard:
    cursor: str
    event: Event


async def followed(ctx: Context, topics: Sequence[str], after: str | None) -> AsyncGenerator[Ready | Heard | Resync]:
    """First Ready, or Resync where the cursor is of no use; then every event once, in order.

    Raises Invalid for what never was a cursor, and Unauthenticated once the viewer's token or session has ended.
    """
    viewer, tail = ctx.viewer, ctx.services.tail
    position, reason = _start(tail, after)
    while True:
        epoch = tail.state.epoch
        at = log.cursor(epoch, position)
        yield Ready(at) if reason is None else Resync(at, reason)
        try:
            async with aclosing(tail.follow(topics, position)) as batches:
                async for events in batches:
                    await _check(ctx, viewer, asking=bool(events))
                    if tail.state.epoch != epoch:
                        break
                    for event in events:
                        yield Heard(log.cursor(epoch, event.position), event)
            reason = Reason.EPOCH_CHANGED
        except Pruned:
            reason = Reason.PRUNED
        position = tail.head


def _start(tail: Tail, after: str | None) -> tuple[Position, Reason | None]:
    if after is None:
        return tail.head, None
    try:
        epoch, position = log.opened(after)
    except log.MalformedCursor:
        raise Invalid({"after": ["is not a cursor of this server"]}) from None
    if epoch != tail.state.epoch:
        return tail.head, Reason.EPOCH_CHANGED
    if position < tail.state.pruned:
        return tail.head, Reason.PRUNED
    return position, None


async def _check(ctx: Context, viewer: Viewer, *, asking: bool) -> None:
    """Before anything is told the session is looked at again; while nothing happens, only the clock."""
    if asking:
        now = await ctx.services.viewers.again(viewer)
        if isinstance(now, Unauthenticated):
            raise now
    elif viewer.expires_at <= ctx.now():
        raise Unauthenticated("Invalid or expired token")

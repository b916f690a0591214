"""A subscription as the log sees it: from a cursor on, in order, for as long as the viewer may hear it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kit.errors import Invalid, Unauthenticated
from live import log
from live.cursors import MalformedCursor
from live.log import Event
from live.positions import Position
from live.tail import Pruned, Tail
from resolvers.context import Context, Viewer

IDLE_LOOK = timedelta(seconds=10)  # between looks at the session of a stream on which nothing happens


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
    """`viewer` is the follower as they stand now: roles change while a stream lasts."""

    cursor: str
    event: Event
    viewer: Viewer


async def followed(ctx: Context, topics: Sequence[str], after: str | None) -> AsyncGenerator[Ready | Heard | Resync]:
    """First Ready, or Resync where the cursor is of no use; then every event once, in order.

    Raises Invalid for what never was a cursor, and Unauthenticated once the viewer's token or session has ended.
    """
    viewer, tail = ctx.viewer, ctx.services.tail
    looked = ctx.now()
    position, reason = await _start(ctx, tail, after)
    while True:
        state = tail.state
        at = state.cursor(position)
        yield Ready(at) if reason is None else Resync(at, reason)
        try:
            async with aclosing(tail.follow(topics, position)) as batches:
                async for events in batches:
                    looked = await _look(ctx, viewer, looked, idle=not events)
                    if tail.state.epoch != state.epoch:
                        break
                    for event in events:
                        yield Heard(state.cursor(event.position), event, await _still(ctx, viewer))
            reason = Reason.EPOCH_CHANGED
        except Pruned:
            reason = Reason.PRUNED
        position = tail.head


async def _start(ctx: Context, tail: Tail, after: str | None) -> tuple[Position, Reason | None]:
    if after is None:
        return tail.head, None
    try:
        position = tail.state.opened(after)
    except MalformedCursor:
        raise Invalid({"after": ["is not a cursor of this server"]}) from None
    if position is None or (position > tail.head and await log.ahead(ctx.services.db, position)):
        return tail.head, Reason.EPOCH_CHANGED
    if position < tail.state.pruned:
        return tail.head, Reason.PRUNED
    return position, None


async def _still(ctx: Context, viewer: Viewer) -> Viewer:
    """The viewer as things stand, before each event. Raises Unauthenticated once the session has ended."""
    now = await ctx.services.viewers.again(viewer)
    if isinstance(now, Unauthenticated):
        raise now
    return now


async def _look(ctx: Context, viewer: Viewer, looked: datetime, *, idle: bool) -> datetime:
    """While nothing happens the session is looked at now and then; the clock always."""
    now = ctx.now()
    if viewer.expires_at <= now or (idle and now - looked >= IDLE_LOOK):
        await _still(ctx, viewer)
        return now
    return looked

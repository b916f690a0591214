"""The hub: subscriptions that ask the same form a group, for which each event is executed and written once.

A subscription is nothing but a position. While it is at the end of its group, payloads are pushed to it. When it has no
room for one it leaves, and is fed by itself, from what the group still holds or from the log, until it has caught up
and joins again: so joining, resuming and falling behind are the same code, and no reader costs memory of its own.
"""

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any, TypeVar, cast

import structlog

from kit.errors import TooSlow, Unavailable
from kit.ids import Id
from live.events import Events
from live.groups import Group
from live.lanes import Lanes
from live.meter import Meter
from live.positions import START
from live.presence import Presence
from live.queries import Query
from live.signals import Signals
from live.streams import RETRY_SECONDS, EventSource, Gone, Open, Outlet, Payload, QuerySource
from live.tail import Tail

T = TypeVar("T")

logger = structlog.get_logger()


class Hub:
    """`window` payloads and `window_bytes` are what one group holds at most, `total_bytes` all of them together;
    `executions` how many questions are asked of the database at once, and how many are let in or looked at anew."""

    def __init__(
        self,
        tail: Tail,
        signals: Signals,
        meter: Meter,
        presence: Presence,
        *,
        window: int,
        window_bytes: int,
        total_bytes: int,
        executions: int,
    ) -> None:
        self.tail = tail
        self.signals = signals
        self.meter = meter
        self.presence = presence
        self.window = window
        self.window_bytes = window_bytes
        self.total_bytes = total_bytes
        self.held = 0  # bytes of payloads, of all groups
        self.lanes = Lanes(executions)
        self.looking = asyncio.Semaphore(executions)
        self.groups: dict[Hashable, Group] = {}
        self.subscriptions: set[Subscription] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    def follow(self, open: Open, outlet: Outlet, after: str | None = None) -> "Subscription":
        """Begins a subscription. `open` is called again whenever the viewer may see more or less than before; what it
        raises ends the subscription."""
        made = Subscription(self, open, outlet, after)
        self.subscriptions.add(made)
        made.feed()
        return made

    def group(self, source: EventSource | QuerySource) -> Group:
        found = self.groups.get(source.key)
        if found is None:
            kind = Query if hasattr(source, "answer") else Events
            found = self.groups[source.key] = kind(self, cast("Any", source))
        return found

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that the hub owns until it is done."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Ends every subscription without a word."""
        for subscription in [*self.subscriptions]:
            subscription.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Subscription:
    """`position` in the log of `epoch`: everything up to there has been told."""

    __slots__ = ("_feeding", "_field", "_guards", "_hub", "_open", "_present", "after", "closed", "doubted", "epoch",
                 "group", "outlet", "position")  # fmt: skip

    def __init__(self, hub: Hub, open: Open, outlet: Outlet, after: str | None) -> None:
        self._hub = hub
        self._open = open
        self.after = after
        self._guards: frozenset[str] = frozenset()
        self._present: tuple[str, Id] | None = None
        self._feeding: asyncio.Task[None] | None = None
        self._field = ""
        self.outlet = outlet
        self.group: Group | None = None
        self.epoch = ""
        self.position = START
        self.doubted = True
        self.closed = False

    def doubt(self) -> None:
        """Who asks may see more or less than before: nothing is told until that has been looked at."""
        self.doubted = True
        self.feed()

    def feed(self) -> None:
        """Takes it out of its group's hands until it has caught up."""
        if self.group is not None:
            self.group.leave(self)
        if self._feeding is None and not self.closed:
            self._feeding = self._hub.spawn(self._feed())

    def farewell(self) -> None:
        """Tells where it is, so that nothing need be told again to who comes back."""
        if self.group is not None and (payload := self.group.farewell(self)):
            self.outlet.push([payload])

    def close(self) -> None:
        """Tells nothing any more."""
        if self.closed:
            return
        self.closed = True
        if self._field:
            self._hub.meter.closed_stream(self._field)
        self._hub.subscriptions.discard(self)
        self._hub.tail.guards.remove(self._guards, self.doubt)
        self._guards = frozenset()
        self._be(None)
        self._join(None)
        if self._feeding is not None and self._feeding is not asyncio.current_task():
            self._feeding.cancel()
        del self._open, self.outlet  # which hold on to this

    def fail(self, error: Exception) -> None:
        """Ends it, and says what it failed on."""
        if self.closed:
            return
        outlet = self.outlet
        self.close()
        try:
            outlet.end(error)
        except Exception:
            logger.exception("outlet.failed", field=self._field)

    async def _feed(self) -> None:
        try:
            while not await self._caught_up():
                pass
        except Gone:
            self.close()
        except Exception as error:
            self.fail(error)
        finally:
            self._feeding = None

    async def _caught_up(self) -> bool:
        try:
            if self.doubted:
                await self._look()
            assert self.group is not None, "it has been looked at"
            payloads = await self.group.after(self)
        except (Unavailable, TooSlow):
            if self.group is None:
                raise
            await asyncio.sleep(RETRY_SECONDS)
            return False
        if payloads:
            await self._send(payloads)
            return False
        return not self.doubted and self.group.join(self)

    async def _look(self) -> None:
        """Whether it may go on, and with whom."""
        tail = self._hub.tail
        self.doubted, grants = False, tail.grants
        try:
            async with self._hub.looking:
                source = await self._open()
        except BaseException:
            self.doubted = True
            raise
        self.after = self.after or source.after
        guards = source.topics | source.guards
        if guards != self._guards:
            tail.guards.remove(self._guards, self.doubt)
            tail.guards.add(guards, self.doubt)
            self._guards = guards
            self.doubted = self.doubted or grants != tail.grants  # which nobody guarded against yet
        if self.group is None:
            self._field = source.field
            self._hub.meter.opened_stream(source.field)
        self._be(source.present)
        self._join(self._hub.group(cast("Any", source)))

    def _be(self, present: tuple[str, Id] | None) -> None:
        if present == self._present:
            return
        if present is not None:
            self._hub.presence.enter(*present)
        if self._present is not None:
            self._hub.presence.leave(*self._present)
        self._present = present

    def _join(self, group: Group | None) -> None:
        if group is self.group:
            return
        if group is not None:
            group.readers += 1
        if self.group is not None:
            self.group.leave(self)
            self.group.release()
        self.group = group

    async def _send(self, payloads: list[Payload]) -> None:
        """As many as it takes before it is doubted."""
        while payloads and not self.doubted:
            taken = self.outlet.push(payloads)
            if taken:
                self._hub.meter.sent(taken, sum(len(payload.json) for payload in payloads[:taken]))
                self.advance(payloads[taken - 1])
                payloads = payloads[taken:]
            if payloads:
                await self.outlet.room()

    def advance(self, payload: Payload) -> None:
        self.epoch, self.position = payload.epoch, payload.position

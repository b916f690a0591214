"""Groups that follow events: each event is executed once, and held for those that have fallen behind a little."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

import structlog

from kit.errors import Invalid, TooSlow, Unavailable
from live import log
from live.cursors import MalformedCursor
from live.groups import Group
from live.log import Event
from live.meter import Resumed
from live.positions import Position
from live.signals import Signal
from live.streams import EventSource, Payload, Reason
from live.tail import Pruned

if TYPE_CHECKING:
    from live.hub import Hub, Subscription

SOON_SECONDS = 0.05  # until it is looked again whether a group has begun anew
AT_ONCE = 16  # events that are executed together, and then told together
SAID = 200  # characters of what a signal failed on, in the log
SIGNALS = 100  # that wait in a group to be told, the latest by key: beyond that the oldest is dropped

logger = structlog.get_logger()


class Events(Group):
    """Holds what it has told within the limits of the hub; whoever is further behind is fed from the log."""

    def __init__(self, hub: "Hub", source: EventSource) -> None:
        super().__init__(hub, source)
        self._source = source
        self._tail = hub.tail
        self._kept: deque[Payload] = deque()
        self._bytes = 0
        self._running: dict[Position, asyncio.Task[Payload | None]] = {}
        self._heard: dict[tuple[str, str], Signal] = {}
        self._signals = ExitStack()
        for topic in source.signals:
            self._signals.enter_context(hub.signals.follow(topic, self._hear))
        self._begin()
        hub.tail.guards.add(self.topics, self._forget)

    def _begin(self) -> None:
        self.epoch = self._tail.state.epoch
        self.head = self.last = self._tail.head
        self._forget()

    def _forget(self) -> None:
        """Also when others may see now than might when it was told."""
        self._hub.held -= self._bytes
        self._bytes, self.before = 0, self.last
        self._kept.clear()
        self._running = {}

    def _end(self) -> None:
        super()._end()
        self._signals.close()
        self._hub.tail.guards.remove(self.topics, self._forget)
        self._forget()

    def wake(self) -> None:
        if self._working is None:
            if self.epoch == self._tail.state.epoch:
                self.head = max(self.head, self._tail.head)  # nothing has happened here up to now
            self._working = self._hub.spawn(self._work())

    async def _worked(self) -> bool:
        if self.epoch != self._tail.state.epoch:
            self._restart()
        if not self.members:  # whoever is being fed executes what is missing alone
            self._heard.clear()
            self._begin()
            return True
        try:
            events, upto = await self._tail.since(self.topics, self.head, AT_ONCE)
            running = self._running
            payloads = await self._executed(events)
        except Pruned:
            self._restart()
            return False
        if self.epoch != self._tail.state.epoch:
            return False
        if payloads:
            self._keep(payloads)
            if running is not self._running:  # others may see now than might when it was executed
                self._forget()
            await self._tell(payloads)
            for payload in payloads:
                self._hub.meter.told(payload.at, len(self.members))
        self.head = max(self.head, upto)
        if not events:
            await self._pass_on()
        done = not events and not self._heard
        return done and self.head >= self._tail.head and self.epoch == self._tail.state.epoch

    def _hear(self, signal: Signal) -> None:
        if not self.members:
            return
        at = signal.topic, signal.key
        if len(self._heard) >= SIGNALS and at not in self._heard:
            del self._heard[next(iter(self._heard))]
        self._heard[at] = signal
        self.wake()

    async def _pass_on(self) -> None:
        """Tells signals to the members that have room for them; nobody hears of them later.

        What fails is lost, and nobody's end: a signal may be of another version, or of another program.
        """
        heard, self._heard = self._heard, {}
        for signal in heard.values():
            try:
                json = await self._lane.asked(partial(self._source.heard, signal))
            except (Unavailable, TooSlow):
                return
            except Exception as error:
                logger.warning("signal.not_told", topic=signal.topic, error=repr(error)[:SAID])
                continue
            if json is not None:
                await self._tell([Payload(self.epoch, self.head, json)], self._offer)

    def _offer(self, member: "Subscription", payloads: Sequence[Payload]) -> int:
        return member.outlet.push(payloads)

    def _restart(self) -> None:
        """What members have missed cannot be told here: each finds out for itself."""
        for member in [*self.members]:
            member.doubt()
        self._begin()

    async def _executed(self, events: Sequence[Event]) -> list[Payload]:
        """Each once for all who want it at the same time: many come back together after a restart."""
        tasks = [self._running.get(event.position) or self._begun(event) for event in events]
        if tasks:
            await asyncio.wait(tasks)
        return [payload for task in tasks if (payload := task.result()) is not None]

    def _begun(self, event: Event) -> asyncio.Task[Payload | None]:
        running = self._running
        task = running[event.position] = self._hub.spawn(self._execute(event))
        task.add_done_callback(lambda done: (running.pop(event.position), done.cancelled() or done.exception()))
        return task

    async def _execute(self, event: Event) -> Payload | None:
        state = self._tail.state
        cursor = state.cursor(event.position)

        async def told() -> bytes | None:
            began = perf_counter()
            json = await self._source.told(event, cursor)
            self._hub.meter.executed(perf_counter() - began)
            return json

        json = await self._lane.asked(told)
        return None if json is None else Payload(state.epoch, event.position, json, cursor, event.at)

    def _keep(self, payloads: Sequence[Payload]) -> None:
        """Holds them, within the limits of the group and of all groups."""
        for payload in payloads:
            self._kept.append(payload)
            self._bytes += len(payload.json)
            self._hub.held += len(payload.json)
        self.last = payloads[-1].position
        while self._kept and self._too_much():
            gone = self._kept.popleft()
            self._bytes -= len(gone.json)
            self._hub.held -= len(gone.json)
            self.before = gone.position

    def _too_much(self) -> bool:
        hub = self._hub
        return len(self._kept) > hub.window or self._bytes > hub.window_bytes or hub.held > hub.total_bytes

    async def after(self, reader: "Subscription") -> list[Payload]:
        state = self._tail.state
        if not reader.epoch:
            return [await self._first(reader)]
        if reader.epoch != state.epoch:
            return [self._resync(Reason.EPOCH_CHANGED)]
        if reader.position >= self.before and self.epoch == state.epoch:
            return [payload for payload in self._kept if payload.position > reader.position]
        if self.epoch != state.epoch:  # nobody can join it before it has begun anew, which it is about to
            await asyncio.sleep(SOON_SECONDS)
            return []
        try:
            events, upto = await self._tail.since(self.topics, reader.position, AT_ONCE)
        except Pruned:
            return [self._resync(Reason.PRUNED)]
        payloads = await self._executed(events)
        if self._tail.state.epoch != state.epoch:
            return []
        if not payloads:
            reader.position = max(reader.position, upto)
        return payloads

    def farewell(self, reader: "Subscription") -> Payload | None:
        if reader not in self.members or self.epoch != self._tail.state.epoch:
            return None
        at = self._tail.head if self._working is None else max(reader.position, self.head)
        cursor = self._tail.state.cursor(at)
        return Payload(self.epoch, at, self._source.ready(cursor), cursor)

    def _resync(self, reason: Reason) -> Payload:
        self._hub.meter.resumed(Resumed.RESYNC)
        state, head = self._tail.state, self._tail.head
        cursor = state.cursor(head)
        return Payload(state.epoch, head, self._source.resync(cursor, reason), cursor)

    async def _first(self, reader: "Subscription") -> Payload:
        """Ready, or Resync where the cursor is of no use. Raises Invalid for what never was one."""
        state, cursor = self._tail.state, reader.after
        if cursor is None:
            cursor = state.cursor(self._tail.head)
        try:
            position = state.opened(cursor)
        except MalformedCursor:
            raise Invalid({"after": ["is not a cursor of this server"]}) from None
        if position is None or (position > self._tail.head and await log.ahead(self._tail.db, position)):
            return self._resync(Reason.EPOCH_CHANGED)
        if position < state.pruned:
            return self._resync(Reason.PRUNED)
        if reader.after is not None:
            self._hub.meter.resumed(Resumed.WINDOW if self._tail.holds(position) else Resumed.LOG)
        return Payload(state.epoch, position, self._source.ready(cursor), cursor)

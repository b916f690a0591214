"""Groups of subscriptions that ask the same: of events, each told once; of queries, of which the latest counts."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from kit.errors import Invalid, Unavailable
from live import log
from live.cursors import MalformedCursor
from live.log import Event
from live.positions import START, Position
from live.streams import RETRY_SECONDS, EventSource, Payload, QuerySource, Reason
from live.tail import Pruned

if TYPE_CHECKING:
    from live.hub import Hub, Subscription

AT_ONCE = 16  # events that are executed together, and then told together
SHARE = 200  # members that are given something before others have their turn: 2 ms
GAP_SECONDS = 0.2  # between two answers to a live query: at most five a second
QUERIES = "queries"  # stands for the epoch in groups that have none

logger = structlog.get_logger()


class Group:
    """`members` have been told everything; `readers` counts those that are being fed, too.

    `head` is where the members are; a member's own position is only as new as what it was last given. `before` is the
    position after which the group still holds all that it has told; `last` is where that ends.
    """

    def __init__(self, hub: "Hub", source: EventSource | QuerySource) -> None:
        self._hub = hub
        self._key = source.key
        self._working: asyncio.Task[None] | None = None
        self.topics = source.topics
        self.members: set[Subscription] = set()
        self.readers = 0
        self.epoch = QUERIES
        self.head = self.before = self.last = START
        hub.tail.followers.add(self.topics, self.wake)

    def wake(self) -> None:
        """Something may have happened on its topics."""
        raise NotImplementedError

    async def after(self, reader: "Subscription") -> list[Payload]:
        """What the reader is to be told next; nothing when it has been told all. Raises Unavailable."""
        raise NotImplementedError

    async def _worked(self) -> bool:
        """One round; whether nothing is left to do. Raises Unavailable."""
        raise NotImplementedError

    def join(self, reader: "Subscription") -> bool:
        """Makes a member of a reader that has been told all; whether it had."""
        told = reader.epoch == self.epoch and reader.position >= max(self.before, self.last)
        if told:
            self.members.add(reader)
        return told

    def farewell(self, reader: "Subscription") -> Payload | None:
        """What a reader that must go now can come back with, where that is more than it was told last."""
        return None

    def leave(self, reader: "Subscription") -> None:
        if reader in self.members:
            self.members.discard(reader)
            reader.position = max(reader.position, self.head)

    def release(self) -> None:
        """One reader less; the last one ends the group."""
        self.readers -= 1
        if not self.readers:
            self._end()

    def _end(self) -> None:
        self._hub.tail.followers.remove(self.topics, self.wake)
        self._hub.groups.pop(self._key, None)
        if self._working is not None:
            self._working.cancel()

    async def _work(self) -> None:
        try:
            while not await self._tried():
                pass
        except Exception as error:
            logger.exception("group.failed", topics=sorted(self.topics))
            for member in [*self.members]:
                member.close()
                member.outlet.end(error)
        finally:
            self._working = None

    async def _tried(self) -> bool:
        try:
            return await self._worked()
        except Unavailable as error:
            logger.warning("group.waits", error=repr(error.__cause__), retry_in=RETRY_SECONDS)
            await asyncio.sleep(RETRY_SECONDS)
            return False

    async def _tell(self, payloads: Sequence[Payload]) -> None:
        """Gives every member what it has not been given yet."""
        for number, member in enumerate([*self.members], 1):
            if member in self.members:
                self._give(member, payloads)
            if number % SHARE == 0:
                await asyncio.sleep(0)

    def _give(self, member: "Subscription", payloads: Sequence[Payload]) -> None:
        if member.position >= payloads[0].position:
            payloads = [payload for payload in payloads if payload.position > member.position]
        taken = member.outlet.push(payloads) if payloads else 0
        if taken:
            member.advance(payloads[taken - 1])
        if taken < len(payloads):
            member.feed()


class Events(Group):
    """Follows events. Each is executed once, and held for those that have fallen behind a little."""

    def __init__(self, hub: "Hub", source: EventSource) -> None:
        super().__init__(hub, source)
        self._source = source
        self._tail = hub.tail
        self._kept: deque[Payload] = deque()
        self._bytes = 0
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

    def _end(self) -> None:
        super()._end()
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
        try:
            events, upto = await self._tail.since(self.topics, self.head, AT_ONCE)
            payloads = await self._executed(events)
        except Pruned:
            self._restart()
            return False
        if self.epoch != self._tail.state.epoch:
            return False
        if payloads:
            self._keep(payloads)
            await self._tell(payloads)
        self.head = max(self.head, upto)
        return not events and self.head >= self._tail.head and self.epoch == self._tail.state.epoch

    def _restart(self) -> None:
        """What members have missed cannot be told here: each finds out for itself."""
        for member in [*self.members]:
            member.doubt()
        self._begin()

    async def _executed(self, events: Sequence[Event]) -> list[Payload]:
        found = await asyncio.gather(*map(self._one, events), return_exceptions=True)
        for payload in found:
            if isinstance(payload, BaseException):
                raise payload
        return [payload for payload in found if isinstance(payload, Payload)]

    async def _one(self, event: Event) -> Payload | None:
        state = self._tail.state
        cursor = state.cursor(event.position)
        async with self._hub.executing:
            json = await self._source.told(event, cursor)
        return None if json is None else Payload(state.epoch, event.position, json, cursor)

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
        try:
            events, upto = await self._tail.since(self.topics, reader.position, AT_ONCE)
        except Pruned:
            return [self._resync(Reason.PRUNED)]
        payloads = await self._executed(events)
        if not payloads and reader.epoch == self._tail.state.epoch:
            reader.position = max(reader.position, upto)
        return payloads

    def farewell(self, reader: "Subscription") -> Payload | None:
        if reader not in self.members or self.epoch != self._tail.state.epoch:
            return None
        at = self._tail.head if self._working is None else max(reader.position, self.head)
        cursor = self._tail.state.cursor(at)
        return Payload(self.epoch, at, self._source.ready(cursor), cursor)

    def _resync(self, reason: Reason) -> Payload:
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
        return Payload(state.epoch, position, self._source.ready(cursor), cursor)


class Query(Group):
    """Asks a query anew when something happens; who has no room for an answer is given the latest once there is."""

    def __init__(self, hub: "Hub", source: QuerySource) -> None:
        super().__init__(hub, source)
        self._source = source
        self._latest: Payload | None = None
        self._asked = asyncio.Event()
        self.wake()

    def wake(self) -> None:
        self._asked.set()
        if self._working is None:
            self._working = self._hub.spawn(self._work())

    async def after(self, reader: "Subscription") -> list[Payload]:
        reader.epoch = QUERIES
        return [self._latest] if self._latest and self._latest.position > reader.position else []

    async def _worked(self) -> bool:
        """Goes on for as long as somebody reads."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._source.every):
                await self._asked.wait()
        self._asked.clear()
        try:
            async with self._hub.executing:
                json = await self._source.answer()
        except Unavailable:
            self._asked.set()
            raise
        if self._latest is None or json != self._latest.json:
            self.last = Position(0, self.last.id + 1)
            self._latest = Payload(QUERIES, self.last, json)
            await self._tell([self._latest])
            self.head = self.last
        await asyncio.sleep(GAP_SECONDS)
        return False

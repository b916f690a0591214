"""One tail per process reads the log and wakes whoever follows a topic of what it read.

A follower is nothing but a position. It takes what comes after it from the tail's window of the latest events, or,
when it has fallen behind the window, from the log itself: so a slow follower costs no memory, and joining, resuming
and catching up are the same code, without a gap and without a double.
"""

import asyncio
import contextlib
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Iterable, Sequence

import structlog

from db.engine import Database
from live import log
from live.doorbell import Doorbell
from live.log import Event, State
from live.positions import START, Position

BATCH = 500
IDLE_SECONDS = 1.0  # the bell may be lost; the log is looked into all the same
FENCE_SECONDS = 0.01  # a transaction that rolls back rings no bell
RETRY_SECONDS = 1.0

logger = structlog.get_logger()


class Pruned(Exception):
    """Events after the position asked for are gone."""


class Tail:
    """`window` is how many of the latest events are held in memory."""

    def __init__(self, db: Database, doorbell: Doorbell, *, window: int) -> None:
        self._db = db
        self._doorbell = doorbell
        self._window: deque[Event] = deque(maxlen=window)
        self._before_window = START
        self._followers: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.state = State(epoch="", pruned=START)
        self.head = START

    async def open(self) -> None:
        """Finds the end of the log. What is written from here on will be followed.

        Called again after a failure: where another PostgreSQL answers now, the log begins anew.
        """
        await log.adopt(self._db)
        await self._settle()

    async def run(self) -> None:
        """Reads for the life of the process; outlives a database that goes and comes back."""
        while True:
            try:
                pause = await self._look()
            except Exception as error:
                logger.warning("tail.failed", error=repr(error), retry_in=RETRY_SECONDS)
                pause = await self._recover()
            await self._doorbell.wait(pause)

    async def _recover(self) -> float:
        with contextlib.suppress(Exception):  # the next look says what is wrong, if it still is
            await self.open()
        return RETRY_SECONDS

    async def _look(self) -> float:
        """Reads all that can be read; the longest time to wait before looking again, in seconds."""
        while events := await log.read(self._db, self.head, BATCH):
            self._take(events)
        await self._settle()
        return FENCE_SECONDS if self.state.waiting else IDLE_SECONDS

    async def _settle(self) -> None:
        """Takes in how the log stands.

        Under another epoch its positions have begun anew. Where it was pruned past the tail, followers are told so.
        """
        state = await log.state(self._db)
        if not state.ours:
            await log.adopt(self._db)
            state = await log.state(self._db)
        if state.epoch != self.state.epoch or self.head < state.pruned:
            head = await log.head(self._db)
            self._window.clear()
            self.head = self._before_window = head
        self.state = state

    def _take(self, events: Sequence[Event]) -> None:
        for event in events:
            if len(self._window) == self._window.maxlen:
                self._before_window = self._window[0].position
            self._window.append(event)
        self.head = events[-1].position
        for topic in {topic for event in events for topic in event.topics}:
            for follower in self._followers.get(topic, ()):
                follower.set()

    async def follow(self, topics: Iterable[str], after: Position) -> AsyncGenerator[list[Event]]:
        """What happens on these topics after a position, in order and in batches; for ever.

        An empty batch comes at least every IDLE_SECONDS, so that the caller can look whether it may go on.
        Raises Pruned when it is so far behind that events are gone.
        """
        wanted = frozenset(topics)
        news = asyncio.Event()
        for topic in wanted:
            self._followers[topic].add(news)
        try:
            while True:
                news.clear()
                events, after = await self._since(wanted, after)
                yield events
                if not events:
                    await _set_within(news, IDLE_SECONDS)
        finally:
            for topic in wanted:
                self._followers[topic].discard(news)
                if not self._followers[topic]:
                    del self._followers[topic]

    async def _since(self, topics: frozenset[str], after: Position) -> tuple[list[Event], Position]:
        """The next events of these topics, and the position up to which all of them are known."""
        if after >= self._before_window:
            at = bisect_right(self._window, after, key=lambda event: event.position)
            later = (self._window[i] for i in range(at, len(self._window)))
            return [event for event in later if not topics.isdisjoint(event.topics)], max(after, self.head)
        known = self._before_window  # as it is before the read: what the tail takes meanwhile is not in it
        events = await log.read(self._db, after, BATCH, topics=list(topics))
        if after < (await log.state(self._db)).pruned:
            raise Pruned
        if len(events) == BATCH:
            return events, events[-1].position
        return events, max(events[-1].position if events else after, known)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()

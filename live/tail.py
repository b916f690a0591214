"""One tail per process reads the log and wakes whoever follows a topic of what it read.

A follower is nothing but a position. It takes what comes after it from the tail's window of the latest events, or,
when it has fallen behind the window, from the log itself: so a slow follower costs no memory, and joining, resuming
and catching up are the same code, without a gap and without a double.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice, takewhile
from time import monotonic

import structlog

from db.engine import Database
from kit.errors import Unavailable
from live import log
from live.doorbell import Doorbell
from live.listeners import Listeners
from live.log import Event, State
from live.positions import START, Position

BATCH = 500
IDLE_SECONDS = 1.0  # the bell may be lost; the log is looked into all the same
FENCE_SECONDS = 0.01  # a transaction that rolls back rings no bell; of one that lasts, a tenth of its time so far
RETRY_SECONDS = 1.0

logger = structlog.get_logger()


class Pruned(Exception):
    """Events after the position asked for are gone."""


class Tail:
    """`window` is how many of the latest events are held in memory.

    `followers` are called, by topic, when something has happened there, and all of them when the log has begun anew.
    `guards` are called, by topic, when who may see what has changed, before any follower hears of that event; before
    them `granted` is, with those topics; `grants` counts how often. At either call `head` is still where the batch
    before ended. None of them may block or raise. `settled_at` is when, by `time.monotonic`, all had last been read.
    """

    def __init__(self, db: Database, doorbell: Doorbell, *, window: int) -> None:
        self.db = db
        self._doorbell = doorbell
        self._window: deque[Event] = deque(maxlen=window)
        self._before_window = START
        self.followers = Listeners()
        self.guards = Listeners()
        self.granted: Callable[[frozenset[str]], None] = lambda topics: None
        self.grants = 0
        self._fenced: float | None = None  # since when events wait for an older transaction
        self.state = State(epoch="", pruned=START)
        self.head = START
        self.settled_at = 0.0

    async def open(self) -> None:
        """Finds the end of the log. What is written from here on will be followed."""
        await log.adopt(self.db)
        await self._begin()

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
            await log.adopt(self.db)
        return RETRY_SECONDS

    async def _look(self) -> float:
        """Reads all that can be read; the longest time to wait before looking again, in seconds."""
        while await self._read():
            pass
        self.settled_at = monotonic()
        if not self.state.waiting:
            self._fenced = None
            return IDLE_SECONDS
        self._fenced = self._fenced or monotonic()
        return min(max(FENCE_SECONDS, (monotonic() - self._fenced) / 10), IDLE_SECONDS)

    async def _read(self) -> bool:
        """Takes what comes next; whether there may be more.

        Whether this is still the log that `head` is a position of is asked by the statement that reads, each time: any
        answer may come from another PostgreSQL than the one before, and only the answer itself can tell. It takes 5 µs.
        """
        found = await log.look(self.db, self.head, BATCH)
        if not found.state.ours:
            await log.adopt(self.db)
        if not found.of(self.state) or self.head < found.state.pruned:
            await self._begin()
            return False
        self.state = found.state
        self._take(found.events)
        return len(found.events) == BATCH

    async def _begin(self) -> None:
        """From the end of the log: under another epoch its positions have begun anew, or it was pruned past the tail.

        Followers are told so.
        """
        state, head = await log.state(self.db), await log.head(self.db)
        self.followers.call_all()
        self._window.clear()
        self.state, self.head, self._before_window = state, head, head
        self.settled_at = monotonic()

    def _take(self, events: Sequence[Event]) -> None:
        if not events:
            return
        granted = frozenset(topic for event in events if event.grants for topic in event.topics)
        if granted:
            self.doubt(granted)
        self.followers.call({topic for event in events for topic in event.topics})
        for event in events:
            if len(self._window) == self._window.maxlen:
                self._before_window = self._window[0].position
            self._window.append(event)
        self.head = events[-1].position

    def holds(self, after: Position) -> bool:
        """Whether all that came after a position is in the window."""
        return after >= self._before_window

    def doubt(self, topics: frozenset[str]) -> None:
        """Who may see what has changed there. Also called ahead of the log, which may have to wait at its fence."""
        self.grants += 1
        self.granted(topics)
        self.guards.call(topics)

    async def since(self, topics: frozenset[str], after: Position, limit: int) -> tuple[Sequence[Event], Position]:
        """The next events of these topics, and the position up to which all of them are known.

        Raises Pruned when it is so far behind that events are gone, and what reading the log raises.
        """
        if self.holds(after):
            later = [*takewhile(lambda event: event.position > after, reversed(self._window))]
            events = list(islice((event for event in reversed(later) if not topics.isdisjoint(event.topics)), limit))
            known = self.head
        else:
            known = self._before_window  # as it is before the read: what the tail takes meanwhile is not in it
            found = await log.look(self.db, after, limit, topics=list(topics))
            if not found.of(self.state):
                raise Unavailable  # until the tail has found that out
            if after < found.state.pruned:
                raise Pruned
            # Of later ones no guard has heard yet.
            events = [event for event in found.events if event.position <= self.head]
        if len(events) == limit:
            return events, events[-1].position
        return events, max(events[-1].position if events else after, known)

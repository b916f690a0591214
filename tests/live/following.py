"""A follower of the log without a hub: what happens on topics after a position, in batches."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from db.engine import Database
from live import log
from live.log import Event
from live.positions import Position
from live.tail import BATCH, Tail
from tests.waiting import until

IDLE_SECONDS = 1


class Follower:
    def __init__(self, tail: Tail, topics: frozenset[str], after: Position) -> None:
        self._tail = tail
        self._topics = topics
        self._after = after
        self.news = asyncio.Event()

    async def next(self) -> Sequence[Event]:
        """The next events; none where nothing happens for a second."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                while True:
                    self.news.clear()
                    events, self._after = await self._tail.since(self._topics, self._after, BATCH)
                    if events:
                        return events
                    await self.news.wait()
        return []

    async def take(self, number: int) -> list[Event]:
        """As many as that, or more where they come together."""
        heard: list[Event] = []
        async with asyncio.timeout(60):
            while len(heard) < number:
                heard += await self.next()
        return heard


async def readable(db: Database) -> None:
    """All that was written stands below the fence: nothing older is under way, of whomever, in whichever database."""

    async def below() -> bool:
        return not (await log.state(db)).waiting

    await until(below)


@asynccontextmanager
async def following(tail: Tail, topics: Iterable[str], after: Position | None = None) -> AsyncIterator[Follower]:
    wanted = frozenset(topics)
    follower = Follower(tail, wanted, tail.head if after is None else after)
    tail.followers.add(wanted, follower.news.set)
    try:
        yield follower
    finally:
        tail.followers.remove(wanted, follower.news.set)

"""Readers of the hub without a socket, and what they ask."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kit.ids import Id
from live import log
from live.hub import Subscription
from live.log import Draft, Event, Kind
from live.signals import Signal
from live.streams import Gone, Payload, Reason
from tests.conftest import Served


@dataclass(frozen=True)
class Names:
    """Tells of each event the id of what it speaks of; `asked` has all that were executed."""

    topic: str
    asked: list[str] = dataclasses.field(default_factory=list)
    scope: str = "everybody"
    fault: list[Exception] = dataclasses.field(default_factory=list)
    after: str | None = None
    guards: frozenset[str] = frozenset()
    field: str = "names"
    signals: frozenset[str] = frozenset()
    present: tuple[str, Id] | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.topic, self.scope

    @property
    def topics(self) -> frozenset[str]:
        return frozenset([self.topic])

    async def told(self, event: Event, cursor: str) -> bytes:
        await asyncio.sleep(0)
        if self.fault:
            raise self.fault.pop()
        self.asked.append(event.entity_id)
        return event.entity_id.encode()

    async def heard(self, signal: Signal) -> bytes | None:
        return signal.payload.encode() or None

    def ready(self, cursor: str) -> bytes:
        return b"Ready"

    def resync(self, cursor: str, reason: Reason) -> bytes:
        return reason.encode()


class Outlet:
    """Takes `free` payloads at most before somebody makes room."""

    def __init__(self, free: int = 1_000_000) -> None:
        self.free = free
        self.got: list[str] = []
        self.cursors: list[str | None] = []
        self.ended: list[Exception | None] = []
        self.news = asyncio.Event()

    def push(self, payloads: Sequence[Payload]) -> int:
        taken = payloads[: self.free]
        self.free -= len(taken)
        self.got += [payload.json.decode() for payload in taken]
        self.cursors += [payload.cursor for payload in taken]
        self.news.set()
        return len(taken)

    async def room(self) -> None:
        while not self.free:
            self.news.clear()
            await self.news.wait()
        if self.free < 0:
            raise Gone

    def end(self, error: Exception | None) -> None:
        self.ended.append(error)
        self.news.set()

    def make(self, room: int) -> None:
        self.free = room
        self.news.set()

    async def until(self, number: int) -> list[str]:
        """All but Ready, once there are so many."""
        async with asyncio.timeout(10):
            while len(self.got) - 1 < number and not self.ended:
                self.news.clear()
                await self.news.wait()
        return self.got[1:]


@asynccontextmanager
async def following(house: Served, source: Names, outlet: Outlet) -> AsyncIterator[Subscription]:
    """A subscription that has been told Ready."""

    async def open() -> Any:
        return source

    subscription = house.services.hub.follow(open, outlet)
    try:
        await outlet.until(0)
        yield subscription
    finally:
        subscription.close()


async def write(house: Served, topic: str, names: Sequence[str], *, grants: bool = False) -> None:
    now = datetime.now(UTC)
    drafts = [Draft([topic], Kind.ADDED, "Task", Id(name), None, now, grants) for name in names]
    async with house.services.db.transaction() as session:
        await log.append(session, drafts)
    house.services.doorbell.ring()


def numbered(count: int, name: str = "") -> list[str]:
    return [f"{name}{number}" for number in range(count)]


def opening(source: Names) -> Any:
    async def open() -> Names:
        return source

    return open

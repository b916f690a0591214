"""LISTEN and NOTIFY. broadcaster's own backend fails on two publishes at once and never hears that its connection died.

One connection serves both ways. Publishing does not go through a pool: it would wait there behind transactions, and
it must reach the same database when DATABASE_URL leads to a pooler, or elsewhere.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg
from broadcaster import Event

from live.brokers.backend import CLOSE_SECONDS, Backend

STATEMENT_SECONDS = 5  # for a LISTEN or a NOTIFY; they take a millisecond
# Messages of a channel that wait for the event loop's next turn. A process has one in flight, so it takes as many
# processes to fill it.
WAITING = 1_000
NAME = {"application_name": "parlor broker"}


class Postgres(Backend):
    """`dsn` as asyncpg takes it. LISTEN belongs to a session: no pooler in transaction mode may stand in between."""

    def __init__(self, dsn: str, channels: Sequence[str]) -> None:
        self._dsn = dsn
        self._waiting: dict[str, deque[str]] = {channel: deque(maxlen=WAITING) for channel in channels}
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()  # asyncpg runs one statement at a time
        self._ended = asyncio.Event()
        self._connection: asyncpg.Connection | None = None

    async def connect(self) -> None:
        self._connection = await asyncpg.connect(self._dsn, command_timeout=STATEMENT_SECONDS, server_settings=NAME)
        # A ring may be lost, so it need not wait for the disk. NOTIFY is a transaction: as long as it lasts it holds
        # back the events that are written meanwhile. Not among the settings to connect with: poolers refuse that.
        await self._connection.execute("set synchronous_commit = off")
        self._connection.add_termination_listener(lambda connection: self._ended.set())
        for channel in self._waiting:
            await self._connection.add_listener(channel, self._take)

    async def ended(self) -> None:
        await self._ended.wait()
        raise ConnectionResetError("the connection that listens was closed")

    async def disconnect(self) -> None:
        if self._connection is not None:
            with suppress(Exception):  # it may be dead already
                await self._connection.close(timeout=CLOSE_SECONDS)

    async def subscribe(self, group: str) -> None:
        """`connect` has done it."""

    async def unsubscribe(self, group: str) -> None:
        """`disconnect` does it."""

    async def publish(self, channel: str, message: str) -> None:
        """Raises asyncpg.PostgresError, also for 8,000 bytes or more."""
        assert self._connection is not None, "connect() comes first"
        async with self._turn:
            await self._connection.execute("select pg_notify($1, $2)", channel, message)

    def _take(self, connection: Any, pid: int, channel: str, message: object) -> None:
        """Where too many wait the channel's own oldest falls out: no channel costs another one a message."""
        self._waiting[channel].append(str(message))
        self._news.set()

    async def next_published(self) -> Event:
        """The channel that was named first goes first."""
        while True:
            for channel, messages in self._waiting.items():
                if messages:
                    return Event(channel, messages.popleft())
            self._news.clear()
            await self._news.wait()

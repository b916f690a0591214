"""The brokers that there are, to be used, stopped, frozen and started again."""

import asyncio
import os
import shutil
import signal
import subprocess
from abc import ABC
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import pytest

from db.engine import dsn, normalised
from live import brokers
from live.broker import Broker, Line, Publish
from tests.databases import database
from tests.server.processes import free_port
from tests.waiting import until

KINDS = ["memory", "postgres", "redis"]
BETWEEN_PROCESSES = ["postgres", "redis"]


@dataclass
class Place(ABC):
    url: str

    async def stop(self) -> None:
        """Ends all connections and lets nobody in."""
        raise NotImplementedError

    async def start(self) -> None:
        raise NotImplementedError

    async def freeze(self) -> None:
        """Whoever is connected now gets no answer any more, and no news of that."""
        raise NotImplementedError

    async def thaw(self) -> None:
        raise NotImplementedError

    @asynccontextmanager
    async def joined(self, *lines: Line) -> AsyncIterator[Broker]:
        """As one process is, connected."""
        broker = Broker(lambda channels: brokers.backend(self.url, channels, database="not this one"), *lines)
        task = asyncio.create_task(broker.run())
        try:
            async with asyncio.timeout(10):
                await broker.connected.wait()
            yield broker
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class InProcess(Place):
    pass


@dataclass
class InPostgres(Place):
    """A database of the test's own, as `admin` (in another one) sees it."""

    admin: asyncpg.Connection
    frozen: list[int] = field(default_factory=list)

    async def stop(self) -> None:
        name = normalised(self.url).database
        await self.admin.execute(f"alter database {name} allow_connections false")
        await self.cut()

    async def start(self) -> None:
        await self.admin.execute(f"alter database {normalised(self.url).database} allow_connections true")

    async def freeze(self) -> None:
        self.frozen = await self.listeners()
        for pid in self.frozen:
            os.kill(pid, signal.SIGSTOP)

    async def thaw(self) -> None:
        for pid in self.frozen:
            os.kill(pid, signal.SIGCONT)

    async def cut(self) -> None:
        """Ends the connections; new ones are let in."""
        statement = "select pg_terminate_backend(pid, 10000) from unnest($1::int[]) pid"
        await self.admin.fetch(statement, await self.listeners())

    async def listeners(self) -> list[int]:
        statement = "select pid from pg_stat_activity where datname = $1 and application_name = 'parlor broker'"
        return [row["pid"] for row in await self.admin.fetch(statement, normalised(self.url).database)]


@dataclass
class InRedis(Place):
    port: int
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: ASYNC220 (it starts in a moment)

        async def lets_in() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                return False
            writer.close()
            return True

        await until(lets_in)

    async def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    async def freeze(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    async def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def place(kind: str, server: str) -> AsyncIterator[Place]:
    """A broker of the test's own, running. `server` is the PostgreSQL of the run."""
    if kind == "memory":
        yield InProcess("memory://")
    elif kind == "postgres":
        async with in_postgres(server) as found:
            yield found
    elif shutil.which("redis-server") is None:
        pytest.skip("Redis is not installed (Debian: redis-server)")
    else:
        port = free_port()
        redis = InRedis(f"redis://127.0.0.1:{port}", port)
        await redis.start()
        try:
            yield redis
        finally:
            await redis.stop()


@asynccontextmanager
async def in_postgres(server: str) -> AsyncIterator[InPostgres]:
    admin = await asyncpg.connect(dsn(normalised(server)))
    try:
        async with database(server, migrated=False) as url:
            yield InPostgres(url.replace("postgresql://", "postgres://"), admin)
    finally:
        await admin.close()


class Talk:
    """A line that says what it is told to, and keeps what it hears."""

    def __init__(self, channel: str = "talk") -> None:
        self.channel = channel
        self.heard: list[str] = []
        self.news = asyncio.Event()
        self.to_say: asyncio.Queue[str] = asyncio.Queue(100)
        self.to_say.put_nowait("here I am")

    def hear(self, message: str) -> None:
        self.heard.append(message)
        self.news.set()

    async def speak(self, publish: Publish) -> None:
        while True:
            await publish(await self.to_say.get())

    async def until_heard(self, message: str) -> None:
        async with asyncio.timeout(10):
            while message not in self.heard:
                self.news.clear()
                await self.news.wait()


async def lost(broker: Broker) -> None:
    """Returns when it has noticed that its connection is dead."""
    async with asyncio.timeout(20):
        while broker.connected.is_set():  # noqa: ASYNC110 (an event can be waited for, its end cannot)
            await asyncio.sleep(0.01)

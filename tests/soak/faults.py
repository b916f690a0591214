"""What goes wrong, by a seeded schedule in which every kind comes round before any comes again."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

import asyncpg

from tests.soak.parts import Postgres, Redis, Server
from tests.soak.record import History

PAUSED = 1.0  # seconds that a server is stopped
DOWN = 1.5  # seconds that PostgreSQL or Redis stays away, at most


@dataclass
class Faults:
    """`between` is the shortest and the longest time from one fault to the next, in seconds.

    The seed decides what is done, to whom and after how long, though not where everybody else is just then.
    """

    postgres: Postgres
    redis: Redis | None
    servers: list[Server]
    chance: Random
    history: History
    between: tuple[float, float]
    each_came: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, until: asyncio.Event) -> None:
        for name, fault in self._schedule():
            with suppress(TimeoutError):
                async with asyncio.timeout(self.chance.uniform(*self.between)):
                    await until.wait()
            if until.is_set():
                return
            began = time.monotonic()
            self.history.faults.append((round(began, 2), f"{name} ({await fault()})"))

    def _schedule(self) -> Iterator[tuple[str, Callable[[], Awaitable[str]]]]:
        kinds: dict[str, Callable[[], Awaitable[str]]] = {
            "server killed": self._kill,
            "server stopped in order": self._stop,
            "server paused": self._pause,
            "PostgreSQL stopped immediately": self._crash,
            "backends ended": self._end_backends,
            "PostgreSQL and a server at once": self._both,
        }
        if self.redis is not None:
            kinds["Redis killed"] = self._kill_redis
        while True:
            yield from self.chance.sample([*kinds.items()], len(kinds))
            self.each_came.set()

    async def _kill(self) -> str:
        server = self.chance.choice(self.servers)
        server.bid(signal.SIGKILL)
        return server.name

    async def _stop(self) -> str:
        server = self.chance.choice(self.servers)
        server.bid(signal.SIGTERM)
        return server.name

    async def _pause(self) -> str:
        server = self.chance.choice(self.servers)
        server.send(signal.SIGSTOP)
        try:
            await asyncio.sleep(PAUSED)
        finally:
            server.send(signal.SIGCONT)
        return server.name

    async def _crash(self) -> str:
        await self.postgres.crash()
        away = self.chance.uniform(0, DOWN)
        await asyncio.sleep(away)
        await self.postgres.up()
        return f"for {away:.1f} s"

    async def _end_backends(self) -> str:
        """Of anybody: reads, transactions under way, and those that listen."""
        share = self.chance.choice([0.2, 0.5, 1])
        ending = "select count(pg_terminate_backend(pid)) from pg_stat_activity where backend_type = 'client backend'"
        async with self.postgres.hand() as connection:
            number = await connection.fetchval(f"{ending} and pid <> pg_backend_pid() and random() < $1", share)
        return f"{number} of them"

    async def _both(self) -> str:
        server = await self._kill()
        return f"{server}, {await self._crash()}"

    async def _kill_redis(self) -> str:
        assert self.redis is not None
        await self.redis.end(signal.SIGKILL)
        await asyncio.sleep(self.chance.uniform(0, DOWN))
        await self.redis.start()
        return "and started"


async def quiet(postgres: Postgres, patience: float) -> None:
    """Returns when nobody writes any more: what was sent in vain has been done by now, or never will be."""
    busy = "select count(*) from pg_stat_activity where backend_xid is not null or wait_event_type = 'Lock'"
    async with asyncio.timeout(patience):
        calm = 0
        while calm < 5:
            with suppress(OSError, asyncpg.PostgresError):
                async with postgres.hand() as connection:
                    calm = calm + 1 if not await connection.fetchval(busy) else 0
            await asyncio.sleep(0.1)

"""A PostgreSQL and a server on it, of which the first goes and comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from db import migrate
from server.house import database
from server.postgres import embedded
from tests.conftest import Served, served, settings_for

PATIENCE = 15  # seconds until the server must have found its database again


@dataclass
class Breakable:
    """A PostgreSQL that can be stopped and started again at the same address."""

    data: Path
    running: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self) -> str:
        cluster = embedded(self.data, durable=False)
        url = await asyncio.to_thread(cluster.__enter__)

        async def leave() -> None:
            await asyncio.to_thread(cluster.__exit__, None, None, None)

        self.running.push_async_callback(leave)
        return url

    async def stop(self) -> None:
        await self.running.aclose()


@asynccontextmanager
async def breakable(data: Path) -> AsyncIterator[tuple[Breakable, Served]]:
    postgres = Breakable(data)
    try:
        settings = settings_for(await postgres.start())
        db = database(settings)
        await migrate.upgrade(db.engine)
        await db.close()
        async with served(settings) as house:
            yield postgres, house
    finally:
        await postgres.stop()


async def health(house: Served) -> httpx2.Response:
    return await house.people.http.get("/health")


async def until_healthy(house: Served) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await health(house)).status_code != 200:  # noqa: ASYNC110 (a probe asks again)
            await asyncio.sleep(0.02)


async def ready(house: Served) -> tuple[int, dict[str, str]]:
    response = await house.people.http.get("/health/ready")
    return response.status_code, response.json()


async def until_ready(house: Served, status: str = "ready") -> None:
    """With all of its parts: it answers 200 without the broker too."""
    async with asyncio.timeout(PATIENCE):
        while (await ready(house))[1]["status"] != status:  # noqa: ASYNC110 (a probe asks again)
            await asyncio.sleep(0.02)

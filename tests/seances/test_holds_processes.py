"""Seats and the processes of a server: one that is killed, one that looks after seats, one whose database is away."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from structlog.typing import EventDict

from kit.settings import Settings
from resolvers.context import Context, for_nobody
from resolvers.seances import holds
from server import sweeping
from tests.breaking import breakable, until_healthy
from tests.conftest import SECRET, Served, settings_for, url_of
from tests.databases import database
from tests.seances.dropping import HOLD, Holding, holding
from tests.seances.hearing import EVENTS, Heard
from tests.server.processes import serving
from tests.sockets import Socket
from tests.waiting import until, until_logged


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Settings]:
    async with database(database_url, migrated=True) as url:
        yield settings_for(url)


@pytest.fixture
async def at(own: Settings) -> AsyncIterator[Holding]:
    async with holding(own) as made:
        yield made


@asynccontextmanager
async def keeping(house: Served, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """As a server does that works at jobs."""
    monkeypatch.setattr(sweeping, "EVERY_SECONDS", 0.05)
    task = asyncio.create_task(sweeping.keep_rooms(house.services))
    yield
    assert not task.done()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_the_seats_of_a_process_that_is_killed_are_held_and_then_freed(
    at: Holding, own: Settings, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = at.world
    given = {
        "DATABASE_URL": url_of(own),
        "JWT_SECRET": SECRET,
        "PRESENCE_LEASE_SECONDS": "1",
        "JOB_CONCURRENCY": "0",
    }
    async with at.connected(world.dora, world.ida) as (dora, _), keeping(at.house, monkeypatch):
        with serving(data, **given) as process:
            url = process.url.replace("http", "ws") + "/graphql"
            async with Socket(url, world.gus.token) as socket:
                await socket.start(EVENTS, "1", room=world.room.id)
                assert (await Heard(socket).next())["__typename"] == "Ready"
                await at.until(lambda there: len(there) == 3)
                await until_held(at, None)
                process.stop(signal.SIGKILL)
                await until_held(at, HOLD)
        at.clock.at += HOLD
        told = await dora.until("UserLeft")
        assert (told["participant"]["user"]["name"], told["participant"]["leftReason"]) == ("Gus", "DROPPED")


async def until_held(at: Holding, wanted: object) -> None:
    async def so() -> bool:
        return await at.held(at.world.gus) == wanted

    await until(so)


async def test_a_server_that_works_at_jobs_looks_after_seats(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "EVERY_SECONDS", 0.05)
    async with holding(own, job_concurrency=2) as at:
        await until_held(at, HOLD)
        at.clock.at += HOLD

        async def ended() -> bool:
            return bool((await at.seat(at.world.gus))["left_reason"] == "DROPPED")

        await until(ended)


async def test_it_outlives_a_database_that_is_away_and_says_so_once(
    data: Path, logged: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep, tried = holds.sweep, 0

    async def counted(ctx: Context) -> None:
        nonlocal tried
        tried += 1
        await sweep(ctx)

    monkeypatch.setattr(holds, "sweep", counted)
    async with breakable(data) as (postgres, house), keeping(house, monkeypatch):
        await postgres.stop()
        await until_logged(logged, "rooms.not_kept", times=2)
        before = tried
        await until(lambda: tried > before + 3)
        assert [record["what"] for record in logged if record["event"] == "rooms.not_kept"] == ["seats", "turns"]
        await postgres.start()
        await until_healthy(house)
        await sweep(for_nobody(house.services, "test"))

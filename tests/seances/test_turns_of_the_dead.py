"""A server that is killed or stopped while the spirit thinks: the room goes on."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from kit.settings import Settings
from tests.conftest import SECRET, Served, served, settings_for, url_of
from tests.databases import database
from tests.seances.asking import asked, states, turns, until_over
from tests.seances.world import world
from tests.server.processes import PATIENCE, environment, free_port
from tests.spirit_server import SpiritServer, answers, spirit_server, stalls, variables

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Settings]:
    async with database(database_url, migrated=True) as url:
        yield settings_for(url)


@pytest.fixture
async def house(own: Settings) -> AsyncIterator[Served]:
    """It asks, and does not work at jobs: others do."""
    async with served(own) as made:
        yield made


@pytest.fixture
async def spirits() -> AsyncIterator[SpiritServer]:
    async with spirit_server() as made:
        yield made


@asynccontextmanager
async def working(settings: Settings, spirits: SpiritServer, folder: Path) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A server that works at jobs; killed at the end unless it has ended."""
    log = folder / f"{uuid4().hex}.log"
    given = {"DATABASE_URL": url_of(settings), "JWT_SECRET": SECRET, "LLM_STALL_SECONDS": "60"}
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: ASYNC220 (it starts in a moment)
            [sys.executable, "-m", "server.cli", "serve", "--port", str(free_port())],
            cwd=folder,
            env=environment(PYTHONPATH=str(ROOT), **given, **variables(spirits)),
            stderr=said,
        )
    try:
        async with asyncio.timeout(PATIENCE):
            while "Parlor listens on" not in log.read_text():
                assert process.poll() is None, log.read_text()
                await asyncio.sleep(0.02)
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.wait, PATIENCE)


async def ended(process: subprocess.Popen[bytes], by: signal.Signals) -> None:
    process.send_signal(by)
    await asyncio.to_thread(process.wait, PATIENCE)


async def test_the_turn_of_a_killed_server_fails_within_seconds_and_the_next_is_answered_by_another(
    own: Settings, house: Served, spirits: SpiritServer, tmp_path: Path
) -> None:
    home = await world(house.people)
    spirits.replies = [stalls("YES"), answers("NO")]
    async with working(own, spirits, tmp_path) as first:
        for person in (home.gus, home.ida):
            await asked(person, home.room.id)
        async with asyncio.timeout(PATIENCE):
            await spirits.coming.wait()
        async with working(own, spirits, tmp_path):
            await ended(first, signal.SIGKILL)
            killed_at = house.services.clock()
            assert await states(house.people, home.room.id) == [("THINKING", None), ("QUEUED", None)]
            async with asyncio.timeout(PATIENCE):
                while await states(house.people, home.room.id) == [("THINKING", None), ("QUEUED", None)]:  # noqa: ASYNC110 - nobody tells this process
                    await asyncio.sleep(0.1)
            assert await until_over(house.people, home.room.id) == [("FAILED", "INTERRUPTED"), ("ANSWERED", None)]
    failed, _ = await turns(house.people, home.room.id)
    assert (failed["finished_at"] - killed_at).total_seconds() < 12  # a lease, a round of the sweep, and a slow machine


async def test_a_server_that_is_stopped_leaves_its_turn_to_another_which_answers_it(
    own: Settings, house: Served, spirits: SpiritServer, tmp_path: Path
) -> None:
    home = await world(house.people)
    spirits.replies = [stalls("YES"), answers("NO")]
    async with working(own, spirits, tmp_path) as first:
        await asked(home.gus, home.room.id)
        async with asyncio.timeout(PATIENCE):
            await spirits.coming.wait()
        await ended(first, signal.SIGTERM)
    async with asyncio.timeout(PATIENCE):
        await spirits.hung_up.wait()
    (left,) = await turns(house.people, home.room.id)
    assert (left["alive_until"] - house.services.clock()).total_seconds() > 15
    async with working(own, spirits, tmp_path):
        assert await until_over(house.people, home.room.id) == [("ANSWERED", None)]
    assert len(spirits.asked) == 2

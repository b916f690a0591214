"""Jobs of a whole server: asked for by a write, done for nobody, and finished by whoever is left."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError

from db.engine import Database
from db.jobs import COUNTS
from kit.errors import Unauthenticated
from kit.settings import Settings
from live.jobs import enqueue
from resolvers.context import Context, Services
from resolvers.jobs import JOBS, Job, handlers
from server.house import database
from tests.conftest import SECRET, served, url_of
from tests.server.holding import holding_up, waiting
from tests.server.noting import HELD_UP, Note
from tests.server.processes import PATIENCE, environment, free_port
from tests.waiting import until

ROOT = Path(__file__).parent.parent.parent
HOLD = f"select pg_advisory_xact_lock({HELD_UP})"
LEAVE = """select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and wait_event_type = 'Lock'"""
NOTED = "select details ->> 'word' as word, action, actor_id, trace_id from audit_entry order by id"


@pytest.fixture
def working(own: Settings) -> Settings:
    return own.model_copy(update={"job_concurrency": 2})


def ctx_of(services: Services) -> Context:
    return Context(services, Unauthenticated(), trace_id="tests", address="local")


async def noted(db: Database) -> list[tuple[str, str]]:
    return [(row["action"], row["word"]) for row in await db.fetch(NOTED)]


async def left(db: Database) -> list[tuple[str, str, int]]:
    return [(row["name"], row["status"], row["number"]) for row in await db.fetch(COUNTS)]


async def test_a_write_asks_for_a_job_which_is_done_once_for_nobody(working: Settings) -> None:
    async with served(working) as house:
        db = house.services.db
        async with ctx_of(house.services).work() as work:
            await work.enqueue(Note(word="now"))
            await work.enqueue(Note(word="past"), datetime(2020, 1, 1, tzinfo=UTC))
            await work.enqueue(Note(word="tomorrow"), house.services.clock() + timedelta(days=1))

        async def done() -> bool:
            return sorted(await noted(db)) == [("noted", "now"), ("noted", "past")] and len(await left(db)) == 1

        await until(done)
        assert {(row["actor_id"], row["trace_id"][:4]) for row in await db.fetch(NOTED)} == {(None, "job-")}
        assert await left(db) == [("Note", "queued", 1)]


async def test_a_write_that_fails_has_asked_for_nothing(own: Settings) -> None:
    async with served(own) as house:

        async def fail() -> None:
            async with ctx_of(house.services).work() as work:
                await work.enqueue(Note(word="lost"))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        assert await house.services.db.fetchval("select count(*) from job_log", ()) == 0


@asynccontextmanager
async def serving(settings: Settings, folder: Path) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A server that has the job of the tests; killed at the end unless it has ended."""
    log = folder / "log"
    given = {"DATABASE_URL": url_of(settings), "JWT_SECRET": SECRET, "JOB_LEASE_SECONDS": "1"}
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: ASYNC220 (it starts in a moment)
            [sys.executable, "-m", "tests.server.noting", "serve", "--port", str(free_port())],
            cwd=ROOT,
            env=environment(PYTHONPATH=str(ROOT), **given),
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


@pytest.fixture
async def db(own: Settings) -> AsyncIterator[Database]:
    made = database(own)
    await made.open()
    async with made.transaction() as session:
        await enqueue(session, "Note", Note(word="one").payload())
    yield made
    await made.close()


async def test_a_job_in_whose_midst_a_server_is_killed_is_finished_by_another(
    own: Settings, db: Database, tmp_path: Path
) -> None:
    async with holding_up(url_of(own), HOLD) as hand:
        async with serving(own, tmp_path) as first:
            await held_up(hand, 1)
            first.send_signal(signal.SIGKILL)
            await asyncio.to_thread(first.wait, PATIENCE)
            await hand.execute(LEAVE)  # nobody has told PostgreSQL that whoever asked is gone
            await waiting(hand, 0)
        async with serving(own, tmp_path):
            await held_up(hand, 1)
            assert await noted(db) == []
            await hand.execute("commit")
            await until(lambda: is_done(db))
        assert await noted(db) == [("noted", "one")]
        await hand.execute("begin")


async def held_up(hand: asyncpg.Connection, number: int) -> None:
    """As `waiting`, but as long as a process may take that has only begun."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(TimeoutError):
                return await waiting(hand, number)


async def is_done(db: Database) -> bool:
    return await left(db) == []


async def test_a_server_that_is_stopped_gives_back_what_it_is_in_the_midst_of(
    own: Settings, db: Database, tmp_path: Path
) -> None:
    async with holding_up(url_of(own), HOLD) as hand:
        async with serving(own, tmp_path) as process:
            await held_up(hand, 1)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(process.wait, 15) == 0
        await waiting(hand, 0)  # its statement is ended
        assert await left(db) == [("Note", "queued", 1)]
    assert await noted(db) == []


async def test_jobs_are_counted(own: Settings) -> None:
    async with served(own) as house:
        async with ctx_of(house.services).work() as work:
            await work.enqueue(Note(word="tomorrow"), house.services.clock() + timedelta(days=1))
        response = await house.people.http.get("/metrics")
        found = {
            (sample.name, *sample.labels.values()): sample.value
            for family in text_string_to_metric_families(response.text)
            for sample in family.samples
            if sample.name.startswith("parlor_jobs")
        }
        assert found == {("parlor_jobs", "Note", "waiting"): 1, ("parlor_jobs_oldest_seconds", "Note"): 0}


async def run(self: Any, ctx: Context) -> None: ...


def misnamed(self: Any, ctx: Context) -> None: ...


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"run": misnamed},
        {"run": run, "gaveup": run},
        {"run": run, "gave_up": misnamed},
        {"run": run, "attempts": 0},
        {"run": run, "atempts": 3, "__annotations__": {"atempts": ClassVar[int]}},
    ],
    ids=lambda body: " ".join(body) or "nothing",
)
def test_a_slip_of_the_pen_fails_where_the_class_is_made(body: dict[str, Any]) -> None:
    before = dict(JOBS)
    with pytest.raises(TypeError):
        type("Slip", (Job,), {"__module__": __name__} | body)
    assert before == JOBS


def test_names_of_jobs_are_unique() -> None:
    with pytest.raises(TypeError, match="There is a job named Note"):
        type("Note", (Job,), {"__module__": __name__, "run": run})
    assert JOBS["Note"] is Note


async def test_a_process_may_leave_jobs_to_others(own: Settings) -> None:
    async with served(own) as idle:
        async with ctx_of(idle.services).work() as work:
            await work.enqueue(Note(word="others"))
        async with served(own.model_copy(update={"job_concurrency": 1})):  # at least two, that is
            await until(lambda: is_done(idle.services.db))
        assert await noted(idle.services.db) == [("noted", "others")]


async def test_a_payload_of_another_version_is_given_up_without_more_ado(own: Settings) -> None:
    async with served(own) as house:
        handler = handlers(house.services)["Note"]
        with pytest.raises(ValidationError):
            await handler.run(1, b'{"words": 1}')
        await handler.gave_up(1, b'{"words": 1}')
        await handler.gave_up(1, b'{"word": "late", "more": 1}')
        assert await noted(house.services.db) == [("gave up", "late")]

"""Durable jobs: kept or lost with the transaction that asks for them, and done, whoever dies meanwhile."""

import asyncio
import signal
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.queries import Queries
from structlog.typing import EventDict

from db import migrate
from db.engine import Database
from db.jobs import forget
from live.jobs import LONGEST_SECONDS, Fenced, _queries, backoff, enqueue
from server.house import database as database_of
from tests.breaking import Breakable
from tests.conftest import settings_for
from tests.databases import database
from tests.live.desk import Desk, said, until_dead, until_empty, url_of, worker
from tests.waiting import until, until_logged

DAY = timedelta(days=1)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with database(database_url, migrated=True) as url:
        made = database_of(settings_for(url))
        await made.open()
        yield made
        await made.close()


@pytest.fixture
def desk(db: Database) -> Desk:
    return Desk(db)


async def test_a_job_is_lost_with_the_transaction_that_asks_for_it(desk: Desk) -> None:
    async def fail() -> None:
        async with desk.db.transaction() as session:
            await enqueue(session, "Note", b"lost")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await desk.left() == {}


async def test_a_job_is_done_once_after_the_commit_and_not_before(desk: Desk) -> None:
    async with desk.open():
        async with desk.db.transaction() as session:
            await enqueue(session, "Note", b"one")
            await desk.ask(b"later")
            await until(lambda: desk.done[b"later"])
            assert desk.begun == {b"later": 1}
        await until(lambda: desk.done[b"one"])
        await until_empty(desk)
    assert desk.done == {b"later": 1, b"one": 1}


async def test_a_job_for_later_waits_for_its_moment(desk: Desk) -> None:
    await desk.ask(b"soon", after=timedelta(seconds=0.5))
    await desk.ask(b"tomorrow", after=DAY)
    async with desk.open():
        await desk.ask(b"now")
        await until(lambda: desk.done[b"soon"])
    assert list(desk.done) == [b"now", b"soon"]
    assert await desk.left() == {"queued": 1}


async def test_what_fails_is_tried_again_until_it_does_not(desk: Desk, logged: list[EventDict]) -> None:
    async def fail_twice(payload: bytes, tried: int) -> None:
        if tried < 3:
            raise OSError("not now")

    desk.does = fail_twice
    await desk.ask(b"one")
    async with desk.open():
        await until(lambda: desk.done[b"one"])
        await until_empty(desk)
    assert (desk.begun, desk.done, desk.given_up) == ({b"one": 3}, {b"one": 1}, {})
    failures = [(record["log_level"], record["tried"]) for record in logged if record["event"] == "job.failed"]
    assert failures == [("warning", 1), ("warning", 2)]


async def test_what_fails_for_good_is_given_up_and_stays_to_be_looked_at(desk: Desk, logged: list[EventDict]) -> None:
    async def fail(payload: bytes, tried: int) -> None:
        raise OSError("never")

    desk.does = fail
    await desk.ask(b"one")
    async with desk.open():
        await until_logged(logged, "job.dead")
        await until_dead(desk)
        assert (desk.begun, desk.done, desk.given_up) == ({b"one": 3}, {}, {b"one": 1})
        assert await why(desk) == ["OSError('never')"] * 3

        desk.does = None
        async with desk.db.transaction() as session:
            again = "update job set status = 'queued', execute_after = now()"  # as docs/operations.md says
            await session.fetch(again)
        await until_empty(desk)
    assert (desk.done, desk.given_up) == ({b"one": 1}, {b"one": 1})


async def why(desk: Desk) -> list[str]:
    reasons = "select traceback ->> 'exception_message' as why from job_log where traceback is not null order by id"
    return [row["why"] for row in await desk.db.fetch(reasons)]


async def test_a_try_that_takes_too_long_has_failed(desk: Desk, logged: list[EventDict]) -> None:
    async def hang(payload: bytes, tried: int) -> None:
        await asyncio.Event().wait()

    desk.does, desk.seconds, desk.attempts = hang, 0.05, 2
    await desk.ask(b"one")
    async with desk.open():
        await until_dead(desk)
    assert (desk.begun, desk.given_up) == ({b"one": 2}, {b"one": 1})


async def test_the_wait_between_tries_doubles_up_to_ten_minutes() -> None:
    for tried in range(1, 200):
        whole = min(2.0 * 2 ** min(tried - 1, 30), LONGEST_SECONDS)
        assert whole / 2 <= backoff(tried) <= whole
    assert len({backoff(5) for _ in range(20)}) > 1


async def test_no_more_are_worked_at_at_once_than_allowed_and_two_processes_share_them(desk: Desk) -> None:
    at_work = most = 0

    async def work(payload: bytes, tried: int) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.01)
        at_work -= 1

    desk.does = work
    await desk.ask(*(str(number).encode() for number in range(60)))
    async with desk.open(concurrency=2), desk.open(concurrency=2):
        await until(lambda: len(desk.done) == 60)
        await until_empty(desk)
    assert set(desk.begun.values()) == {1}
    assert most <= 4


async def test_what_a_process_works_at_when_it_stops_is_taken_up_by_another_at_once(desk: Desk) -> None:
    async def hang_first(payload: bytes, tried: int) -> None:
        if tried == 1:
            await asyncio.Event().wait()

    desk.does, desk.attempts = hang_first, 1  # what was interrupted was no try
    await desk.ask(b"one")
    async with desk.open(lease=3_600):
        await until(lambda: desk.begun[b"one"])
    assert await desk.left() == {"queued": 1}
    async with desk.open(lease=3_600):
        await until(lambda: desk.done[b"one"])
        await until_empty(desk)
    assert (desk.begun, desk.given_up) == ({b"one": 2}, {})


async def test_a_process_that_has_lost_a_job_no_longer_says_what_becomes_of_it(
    desk: Desk, logged: list[EventDict]
) -> None:
    going = asyncio.Event()

    async def fail_one(payload: bytes, tried: int) -> None:
        if payload == b"one":
            await going.wait()
            raise OSError

    async def one_is_left() -> bool:
        return sum((await desk.left()).values()) == 1

    desk.does = fail_one
    await desk.ask(b"one")
    async with desk.open(lease=3_600):
        await until(lambda: desk.begun[b"one"])
        async with desk.db.transaction() as session:
            taken = "update job set queue_manager_id = gen_random_uuid()"
            await session.fetch(taken)
        going.set()
        await until_logged(logged, "job.failed")
        await desk.ask(b"later")
        await until(lambda: desk.done[b"later"])
        await until(one_is_left)
    assert await desk.left() == {"picked": 1}


async def test_what_a_killed_process_worked_at_is_finished_by_another(desk: Desk) -> None:
    await desk.ask(b"one")
    async with worker(desk, "hang") as first:
        assert await said(first) == "begun one"
        first.send_signal(signal.SIGKILL)
        await first.wait()
    assert await desk.left() == {"picked": 1}
    async with worker(desk, "finish") as second:
        assert await said(second) == "begun one"
        assert await said(second) == "done one"
        await until_empty(desk)


async def test_a_job_that_takes_its_process_with_it_is_given_up(desk: Desk) -> None:
    await desk.ask(b"poison")
    for _ in range(2):
        async with worker(desk, "die") as process:
            assert await said(process) == "begun poison"
            assert await process.wait() == -signal.SIGKILL
    async with worker(desk, "die") as process:
        assert await said(process) == "gave up poison"
        await until_dead(desk)


async def test_jobs_outlive_a_postgresql_that_goes_and_comes_back(data: Path, logged: list[EventDict]) -> None:
    postgres = Breakable(data)
    try:
        made = database_of(settings_for(await postgres.start()))
        await migrate.upgrade(made.engine)
        await made.open()
        desk = Desk(made)
        going = asyncio.Event()

        async def hang_first(payload: bytes, tried: int) -> None:
            if payload == b"interrupted" and tried == 1:
                await going.wait()

        desk.does = hang_first
        await desk.ask(b"interrupted")
        await desk.ask(b"later", after=timedelta(seconds=1))
        async with desk.open(lease=3_600):
            await until(lambda: desk.begun[b"interrupted"])
            await postgres.stop()
            await until_logged(logged, "jobs.lost", 2)
            await postgres.start()
            await until(lambda: desk.done == {b"interrupted": 1, b"later": 1})
            await until_empty(desk)
        assert desk.begun[b"interrupted"] == 2
        await made.close()
    finally:
        await postgres.stop()


async def test_what_is_known_of_finished_jobs_is_forgotten_in_time(desk: Desk) -> None:
    await desk.ask(b"waiting", after=DAY)
    await desk.ask(b"done")
    async with desk.open():
        await until(lambda: desk.done[b"done"])

        async def logged() -> bool:
            return bool(await desk.db.fetchval("select count(*) from job_log where status = 'successful'", ()) == 1)

        await until(logged)
    async with desk.db.transaction() as session:
        assert await forget(session, done=DAY, dead=DAY, batch=10) is False
        assert await forget(session, done=-DAY, dead=-DAY, batch=3) is True
    kept = await desk.db.fetch("select status::text from job_log")
    assert [row["status"] for row in kept] == ["queued"]  # of the one that waits
    assert await desk.left() == {"queued": 1}


async def test_the_tables_are_as_this_pgqueuer_wants_them(db: Database) -> None:
    connection = await asyncpg.connect(url_of(db))
    try:
        queries: Queries = _queries(AsyncpgDriver(connection), Fenced)
        assert (await queries.plan_upgrade()).statements == ()
    finally:
        await connection.close()

"""PostgreSQL goes and comes back: a read is repeated once, a write never, and Parlor finds its way by itself."""

import asyncio
import os
import signal
import time
from collections import Counter
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from db.engine import Database
from db.reads import Reads
from kit.errors import Unavailable
from tests.breaking import Breakable, breakable, until_healthy
from tests.conftest import Served
from tests.db.opening import BLOCKED, Counted, hand, opened, pid, reads
from tests.people import Person
from tests.waiting import until

CREATE = "mutation ($title: String!) { createTask(input: {title: $title}) { title } }"
UPDATE = 'mutation ($id: ID!) { updateTask(id: $id, input: {title: "After"}) { title } }'
LOST = (Unavailable, OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, asyncpg.InterfaceError)


async def test_a_read_whose_connection_is_ended_is_repeated_once_on_a_fresh_one(database_url: str) -> None:
    counted = Counted()
    async with opened(database_url) as db, hand(database_url) as other:
        asking = asyncio.create_task(reads(db).run(counted, BLOCKED, [other.key]))
        (first,) = await other.held_up(1)
        await other.end(first)
        (second,) = await other.held_up(1)
        await other.release()
        assert await asking == second != first
        assert counted.pids == [first, second]


async def test_a_read_whose_connection_is_ended_twice_is_told(database_url: str) -> None:
    counted = Counted()
    async with opened(database_url) as db, hand(database_url) as other:
        asking = asyncio.create_task(reads(db).run(counted, BLOCKED, [other.key]))
        ended = []
        for _ in range(2):
            ended += await other.held_up(1)
            await other.end(ended[-1])
        with pytest.raises(asyncpg.ConnectionDoesNotExistError):
            await asking
        assert counted.pids == ended
        assert await db.fetchval("select 1", ()) == 1


async def test_connections_that_are_ended_between_reads_fail_nobody(database_url: str) -> None:
    async with opened(database_url, read_pool=5) as db, hand(database_url) as other:
        asking = [asyncio.create_task(db.fetchval(BLOCKED, [other.key])) for _ in range(5)]
        ended = await other.held_up(5)
        await other.release()
        assert sorted(await asyncio.gather(*asking)) == ended
        await other.end(*ended)
        answers = await asyncio.gather(*(pid(db) for _ in range(50)))
        assert not {*answers} & {*ended}


async def test_connections_that_are_all_ended_at_work_fail_nobody(database_url: str) -> None:
    async with opened(database_url, read_pool=5) as db, hand(database_url) as other:
        asking = [asyncio.create_task(db.fetchval(BLOCKED, [other.key])) for _ in range(12)]
        ended = await other.held_up(5)
        await other.end(*ended)
        fresh = await other.held_up(5)
        await other.release()
        assert {*await asyncio.gather(*asking)} == {*fresh}


async def test_what_lies_idle_goes_with_a_connection_that_died_and_what_works_goes_when_it_is_done(
    database_url: str,
) -> None:
    """They may lead to a server that is gone without a word; nobody should have to find out one by one."""
    async with opened(database_url, read_pool=4) as db, hand(database_url) as one, hand(database_url) as two:
        asking = [asyncio.create_task(db.fetchval(BLOCKED, [one.key])) for _ in range(4)]
        all_four = await one.held_up(4)
        await one.release()
        await asyncio.gather(*asking)

        await one.connection.execute(f"select pg_advisory_lock({one.key})")
        dying = asyncio.create_task(db.fetchval(BLOCKED, [one.key]))
        working = asyncio.create_task(db.fetchval(BLOCKED, [two.key]))
        [ended] = await one.held_up(1)
        [at_work] = await two.held_up(1)
        await one.end(ended)
        [fresh] = await one.held_up(1)

        async def the_idle_are_gone() -> bool:
            return await one.alive(*all_four) == {at_work}

        await until(the_idle_are_gone)
        await one.release()
        await two.release()
        assert await dying == fresh
        assert await working == at_work
        assert {await pid(db) for _ in range(5)} == {fresh}


@pytest.mark.parametrize(("times", "told"), [(1, False), (2, True)])
async def test_a_server_that_is_starting_up_is_asked_once_more(database_url: str, times: int, told: bool) -> None:
    tries = 0

    async def connect() -> asyncpg.Connection:
        nonlocal tries
        tries += 1
        if tries <= times:
            raise asyncpg.CannotConnectNowError("the database system is starting up")
        return await asyncpg.connect(database_url, server_settings={"default_transaction_read_only": "on"})

    pool = Reads(connect, size=1, patience=5, longest=5)
    reading = asyncio.create_task(pool.run(asyncpg.Connection.fetchval, "select 1", ()))
    await asyncio.wait([reading])
    assert isinstance(reading.exception(), asyncpg.CannotConnectNowError) is told
    assert tries == 2
    assert pool._room == (1 if told else 0)
    await pool.close()


async def test_reads_fail_at_once_while_postgresql_is_away_and_go_on_when_it_is_back(data: Path) -> None:
    postgres = Breakable(data)
    try:
        async with opened(await postgres.start(), read_pool=4) as db:
            load = Load(db)
            async with asyncio.TaskGroup() as tasks:
                for _ in range(12):
                    tasks.create_task(load.run())
                for _ in range(2):
                    await load.until("answered", more=200)
                    await postgres.stop()
                    await load.until("failed", more=20)
                    await postgres.start()
                await load.until("answered", more=200)
                load.done = True
            assert load.longest < 2  # far from the 5 s that a connection may take
            assert len(await asyncio.gather(*(pid(db) for _ in range(50)))) == 50
    finally:
        await postgres.stop()


class Load:
    """Reads over and over; `longest` is how long one took to fail, in seconds."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.counts = Counter[str]()
        self.longest = 0.0
        self.done = False

    async def run(self) -> None:
        while not self.done:
            began = time.monotonic()
            try:
                assert await self._db.fetchval("select $1::int", [7]) == 7
            except LOST:
                self.longest = max(self.longest, time.monotonic() - began)
                self.counts["failed"] += 1
                await asyncio.sleep(0.005)
            else:
                self.counts["answered"] += 1

    async def until(self, what: str, *, more: int) -> None:
        wanted = self.counts[what] + more

        async def enough() -> bool:
            return self.counts[what] >= wanted

        await until(enough)


async def test_reads_live_through_the_crash_of_one_of_postgresqls_processes(data: Path) -> None:
    postgres = Breakable(data)
    try:
        async with opened(await postgres.start(), read_pool=4) as db:
            process = await pid(db)
            os.kill(process, signal.SIGKILL)

            async def answers() -> bool:
                try:
                    return await pid(db) != process
                except LOST:
                    return False

            await until(answers)
    finally:
        await postgres.stop()


async def test_a_write_whose_connection_is_ended_is_never_repeated(house: Served, database_url: str) -> None:
    dora = await house.people.one()
    task = await dora.task("Before")
    waiting = "select pid from pg_stat_activity where $1 = any(pg_blocking_pids(pid))"
    async with hand(database_url) as other:
        own = other.connection.get_server_pid()
        watch = await asyncpg.connect(database_url)
        transaction = other.connection.transaction()
        await transaction.start()
        await other.connection.execute("select from task where id = $1 for update", task["id"])
        writing = asyncio.create_task(dora.ask(UPDATE, id=task["id"]))

        async def stands_in_line() -> bool:
            return len(await watch.fetch(waiting, own)) == 1

        await until(stands_in_line)
        await watch.fetch(
            "select pg_terminate_backend(pid, 10000) from unnest($1::int[]) pid",
            [row["pid"] for row in await watch.fetch(waiting, own)],
        )
        assert (await writing).code == "UNAVAILABLE"
        assert await watch.fetch(waiting, own) == []
        await transaction.rollback()
        await watch.close()
    assert (await house.people.row(task["id"]))["title"] == "Before"
    assert (await dora.ask(UPDATE, id=task["id"])).data == {"updateTask": {"title": "After"}}


async def test_a_transaction_to_which_postgresql_says_nothing_more_is_given_up(database_url: str) -> None:
    """Nor does it end the statement itself: 0 is no limit, and ours are two seconds."""
    async with opened(database_url, statement_timeout=0) as db, hand(database_url) as other:
        with pytest.raises(Unavailable):
            async with db.transaction() as session:
                await session.execute(text(BLOCKED.replace("$1", str(other.key))))
        async with db.transaction() as session:
            assert await session.scalar(text("select 1")) == 1


async def test_under_load_every_answered_write_is_there_once_and_so_is_its_event(data: Path) -> None:
    async with breakable(data) as (postgres, house):
        dora = await house.people.one()
        load = Writing(dora)
        async with dora.socket() as socket, socket.events() as events:
            cursor = events.first["cursor"]
        async with asyncio.TaskGroup() as tasks:
            for name in "abc":
                tasks.create_task(load.run(name))
            await load.until(load.answered, more=10)
            await postgres.stop()
            await load.until(load.failed, more=3)
            await postgres.start()
            await until_healthy(house)
            await load.until(load.answered, more=10)
            load.done = True
        kept = [row["title"] for row in await house.services.db.fetch("select title from task")]
        assert {*load.answered} <= {*kept}
        assert len(kept) == len({*kept})
        async with dora.socket() as socket, socket.events(after=cursor) as events:
            heard = [event["task"]["title"] for event in await events.take(len(kept))]
        assert sorted(heard) == sorted(kept)


class Writing:
    """Makes tasks over and over, each of another title."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self.answered: list[str] = []
        self.failed: list[str] = []
        self.done = False

    async def run(self, name: str) -> None:
        for number in count(1):
            title = f"{name} {number}"
            answer = await self._person.ask(CREATE, title=title)
            if "errors" in answer.body:
                assert answer.code == "UNAVAILABLE"
                self.failed.append(title)
            else:
                self.answered.append(title)
            if self.done:
                return

    async def until(self, what: list[str], *, more: int) -> None:
        wanted = len(what) + more

        async def enough() -> bool:
            return len(what) >= wanted

        await until(enough)

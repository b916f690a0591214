"""The reads' pool: it is fair, it is bounded, and nobody leaves anything behind in it."""

import asyncio
from typing import Any

import asyncpg
import pytest

from db.engine import Database, dsn, normalised
from db.reads import NoAnswer, NoConnection, Reads
from kit.errors import Unavailable
from tests.databases import database
from tests.db.opening import BLOCKED, Counted, hand, opened, pid, reads
from tests.waiting import PATIENCE, until


async def test_json_comes_as_the_bytes_that_postgresql_wrote(database_url: str) -> None:
    async with opened(database_url) as db:
        assert await db.fetchval("select json_build_object('name', $1::text)", ["Zoë"]) == '{"name" : "Zoë"}'.encode()
        assert await db.fetchval("select null::json", ()) is None
        assert await db.fetchval("select 1 where false", ()) is None
        rows = await db.fetch("select n, 'a' from generate_series(1, $1) n", 2)
        assert [*map(tuple, rows)] == [(1, "a"), (2, "a")]


async def test_reads_go_by_the_settings_of_the_house(database_url: str) -> None:
    wanted = {
        "default_transaction_read_only": "on",
        "TimeZone": "UTC",
        "jit": "off",
        "statement_timeout": "10s",
        "application_name": "parlor",
    }
    async with opened(database_url) as db:
        assert {name: await db.fetchval(f"show {name}", ()) for name in wanted} == wanted


async def test_connections_are_opened_when_they_are_needed_and_no_more_than_allowed(database_url: str) -> None:
    async with opened(database_url, read_pool=3) as db, hand(database_url) as other:
        first = await pid(db)
        assert await pid(db) == first
        all_at_once = [asyncio.create_task(db.fetchval(BLOCKED, [other.key])) for _ in range(9)]
        assert first in await other.held_up(3)
        await other.release()
        assert len(set(await asyncio.gather(*all_at_once))) == 3


async def test_who_waits_for_a_connection_is_served_in_turn(database_url: str) -> None:
    async with opened(database_url) as db, hand(database_url) as other:
        served: list[int] = []

        async def ask(number: int) -> None:
            served.append(await db.fetchval("select $1::int", [number]))

        blocking = asyncio.create_task(db.fetchval(BLOCKED, [other.key]))
        await other.held_up(1)
        async with asyncio.TaskGroup() as asking:
            for number in range(20):
                asking.create_task(ask(number))
            await other.release()
        await blocking
        assert served == [*range(20)]


async def test_who_waits_too_long_is_told_why(database_url: str) -> None:
    async with opened(database_url, connect_timeout=1) as db, hand(database_url) as other:
        blocking = asyncio.create_task(db.fetchval(BLOCKED, [other.key]))
        await other.held_up(1)
        with pytest.raises(Unavailable) as told:
            await db.fetchval("select 1", ())
        assert isinstance(told.value.__cause__, NoConnection)
        assert str(told.value.__cause__) == "none of 1 connections was free within 1 s"
        await other.release()
        await blocking
        assert await db.fetchval("select 1", ()) == 1


async def test_who_is_cancelled_while_waiting_leaves_the_turn_to_the_next(database_url: str) -> None:
    async with opened(database_url) as db, hand(database_url) as other:
        blocking = asyncio.create_task(db.fetchval(BLOCKED, [other.key]))
        await other.held_up(1)
        gone, next_ = (asyncio.create_task(db.fetchval("select $1::int", [n])) for n in (1, 2))
        await asyncio.sleep(0)
        gone.cancel()
        await other.release()
        assert await next_ == 2
        assert gone.cancelled()
        await blocking


async def test_who_is_cancelled_in_the_moment_of_its_turn_passes_it_on(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(database_url) as db, hand(database_url) as other:
        give, waiting = Reads._give, list[asyncio.Task[int]]()

        def give_and_cancel(self: Reads, line: Any) -> None:
            give(self, line)
            if waiting:
                waiting.pop().cancel()

        blocking = asyncio.create_task(db.fetchval(BLOCKED, [other.key]))
        (process,) = await other.held_up(1)
        gone, next_ = asyncio.create_task(pid(db)), asyncio.create_task(pid(db))
        await asyncio.sleep(0)
        monkeypatch.setattr(Reads, "_give", give_and_cancel)
        waiting.append(gone)
        await other.release()
        await asyncio.wait([gone])
        assert gone.cancelled()
        assert await next_ == await blocking == process


async def test_a_cancelled_statement_ends_on_the_server_before_its_connection_serves_the_next(
    database_url: str,
) -> None:
    async with opened(database_url) as db, hand(database_url) as other:
        asking = asyncio.create_task(db.fetchval(BLOCKED, [other.key]))
        (process,) = await other.held_up(1)
        asking.cancel()
        assert await pid(db) == process
        assert asking.cancelled()
        assert await other.held_up(0) == []


async def test_cancelling_at_any_moment_never_mixes_answers_up_nor_loses_a_connection(database_url: str) -> None:
    async with opened(database_url, read_pool=2) as db:
        for steps in range(60):
            asking = [asyncio.create_task(db.fetchval(f"select $1::int + 0 * {steps}", [n])) for n in range(6)]
            for _ in range(steps % 30):
                await asyncio.sleep(0)
            for task in asking[::2]:
                task.cancel()
            answers = await asyncio.gather(*asking, return_exceptions=True)
            assert answers[1::2] == [1, 3, 5]
            assert all(isinstance(a, asyncio.CancelledError) or a == 2 * n for n, a in enumerate(answers[::2]))
        pool = reads(db)

        async def at_rest() -> bool:
            return len(pool._idle) + pool._room == 2 and not pool._finishing

        await until(at_rest)
        assert pool._lines == set(pool._idle)


async def test_who_is_cancelled_in_the_moment_of_being_told_is_cancelled(database_url: str) -> None:
    async with opened(database_url) as db, hand(database_url) as other:
        blocking = asyncio.create_task(db.fetchval(BLOCKED, [other.key]))
        await other.held_up(1)
        waiting = asyncio.create_task(db.fetchval("select 1", ()))
        await asyncio.sleep(0)
        (waiter,) = reads(db)._waiters
        waiter.set_exception(NoConnection("too late"))
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        await other.release()
        await blocking
        assert await db.fetchval("select 1", ()) == 1


async def test_who_is_cancelled_while_a_connection_is_opened_leaves_room_for_another(database_url: str) -> None:
    async with opened(database_url, read_pool=2) as db, hand(database_url) as other:
        blocking = asyncio.create_task(db.fetchval(BLOCKED, [other.key]))
        (process,) = await other.held_up(1)
        gone = asyncio.create_task(db.fetchval("select 1", ()))
        await asyncio.sleep(0)
        assert reads(db)._room == 0
        gone.cancel()
        assert await pid(db) != process
        await other.release()
        await blocking


async def test_an_error_of_the_statement_is_told_and_the_connection_kept(database_url: str) -> None:
    counted = Counted()
    async with opened(database_url) as db:
        process = await pid(db)
        with pytest.raises(asyncpg.DivisionByZeroError):
            await reads(db).run(counted, "select 1 / $1::int", [0])
        with pytest.raises(asyncpg.DataError):
            await reads(db).run(counted, "select $1::int", ["no number"])
        assert counted.pids == [process, process]
        assert await pid(db) == process


async def test_a_statement_that_takes_too_long_is_ended_and_not_repeated(database_url: str) -> None:
    counted = Counted()
    async with opened(database_url, statement_timeout=1) as db:
        process = await pid(db)
        with pytest.raises(asyncpg.QueryCanceledError, match="statement timeout"):
            await reads(db).run(counted, "select pg_sleep($1)", [60])
        assert counted.pids == [process]
        assert await pid(db) == process


async def test_a_server_that_does_not_answer_is_given_up(database_url: str) -> None:
    async def connect() -> asyncpg.Connection:
        return await asyncpg.connect(database_url, server_settings={"default_transaction_read_only": "on"})

    counted = Counted()
    pool = Reads(connect, size=1, patience=5, longest=0.3)
    async with hand(database_url) as other:
        with pytest.raises(NoAnswer, match=r"^no answer within 0\.3 s$"):
            await pool.run(counted, BLOCKED, [other.key])
        assert await pool.run(counted, "select 1", ()) == 1
        assert len(set(counted.pids)) == len(counted.pids) == 2
    await pool.close()


async def test_closing_ends_what_runs_and_tells_who_waits(database_url: str) -> None:
    async with opened(database_url) as db, hand(database_url) as other:
        running = asyncio.create_task(db.fetchval(BLOCKED, [other.key]))
        (process,) = await other.held_up(1)
        waiting = asyncio.create_task(db.fetchval("select 1", ()))
        await asyncio.sleep(0)
        await db.close()
        late = db.fetchval("select 1", ())
        lost = asyncpg.ConnectionDoesNotExistError
        for asking, why in ((waiting, NoConnection), (running, lost), (late, NoConnection)):
            with pytest.raises(Unavailable) as told:
                await asking
            assert isinstance(told.value.__cause__, why)
        await other.end(process)


async def test_a_connection_that_is_opened_too_late_is_closed_again(database_url: str) -> None:
    made: list[asyncpg.Connection] = []

    async def connect() -> asyncpg.Connection:
        made.append(await asyncpg.connect(database_url))
        await pool.close()
        return made[0]

    pool = Reads(connect, size=1, patience=5, longest=5)
    with pytest.raises(NoConnection, match=r"^the reads' pool is closed$"):
        await pool.run(asyncpg.Connection.fetchval, "select 1", ())
    assert made[0].is_closed()


async def test_a_server_that_lets_nobody_in_is_given_up_by_all_who_ask() -> None:
    accepted: list[asyncio.StreamWriter] = []

    async def say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)

    server = await asyncio.start_server(say_nothing, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NoConnection, match=r"^PostgreSQL let nobody in within 1 s$"):
        async with asyncio.timeout(3), opened(f"postgresql://p@127.0.0.1:{port}/p", connect_timeout=1):
            raise AssertionError("nobody was there")
    for writer in accepted:
        writer.close()
    server.close()
    await server.wait_closed()


async def test_the_latest_statements_stay_prepared_but_not_the_huge(database_url: str) -> None:
    huge = "select 1 /*" + "huge " * 4_000 + "*/"
    kept = "select statement, prepare_time from pg_prepared_statements where statement like 'select 1%' order by 2"
    async with opened(database_url, statements=3) as db:
        for statement in ("select 1 as a", "select 1 as b", "select 1 as c", huge):
            assert await db.fetchval(statement, ()) == 1
        prepared = await db.fetch(kept)
        assert [row["statement"] for row in prepared] == ["select 1 as b", "select 1 as c"]
        assert await db.fetchval("select 1 as c", ()) == 1
        assert (await db.fetch(kept))[-1] == prepared[-1]


async def test_a_table_may_be_altered_while_it_is_read(database_url: str) -> None:
    alterations: dict[str, tuple[object, ...]] = {
        "alter table thing add column note text": (7, None),
        "alter table thing alter column n type text": ("7", None),
        "alter table thing drop column note": ("7",),
    }
    async with database(database_url, migrated=False) as url, opened(url, read_pool=4) as db, hand(url) as other:
        await other.connection.execute("create table thing (n int)")
        await other.connection.execute("insert into thing values (7)")
        async with asyncio.TaskGroup() as reading:
            answers = [reading.create_task(answered(db, (7,))) for _ in range(4)]
            for alteration, answer in alterations.items():
                await asyncio.wait(answers)
                answers = [reading.create_task(answered(db, answer)) for _ in range(4)]
                await other.connection.execute(alteration)


async def answered(db: Database, wanted: tuple[object, ...]) -> None:
    """Reads until the row looks so; no read may fail."""
    async with asyncio.timeout(PATIENCE):
        while True:
            (row,) = await db.fetch("select * from thing")
            json = await db.fetchval("select row_to_json(t) from (select n from thing) t", ())
            assert json in (b'{"n":7}', b'{"n":"7"}')
            if tuple(row) == wanted:
                return


def test_the_url_is_understood_by_both_drivers() -> None:
    assert dsn(normalised("postgres://me:s%40@h/d")) == "postgresql://me:s%40@h/d"

"""What may be known of a COMMIT that was not answered."""

import asyncio

import asyncpg
import pytest

from db.engine import Database
from kit.errors import OutcomeUnknown, Unavailable
from tests.db.opening import hand, opened
from tests.losing import Loss, losing
from tests.waiting import until

MAKE = "create table if not exists made as select 1 as n"
THERE = "select count(*) from pg_class where relname = 'made'"


async def written(db: Database) -> None:
    async with db.transaction() as transaction:
        await transaction.fetch(MAKE)


@pytest.mark.parametrize(("loss", "there"), [(Loss.QUESTION, 0), (Loss.ANSWER, 1), (Loss.WORD, 1)])
async def test_where_its_answer_is_lost_nobody_is_told_that_it_was_not_done(
    database_url: str, loss: Loss, there: int
) -> None:
    """PostgreSQL itself has no limit here; ours is two seconds."""
    async with losing(database_url) as (way, url), opened(url, statement_timeout=0, write_pool=1) as db:
        way.loss = loss
        with pytest.raises(OutcomeUnknown):
            await written(db)
        assert await db.fetchval(THERE, ()) == there
        await written(db)
        async with db.transaction() as transaction:
            await transaction.fetch("drop table made")


async def test_without_a_connection_to_ask_it_of_nothing_was_done(database_url: str) -> None:
    async with opened(database_url, write_pool=1) as db, hand(database_url) as other:

        async def loses_its_connection() -> None:
            async with db.transaction() as transaction:
                await transaction.fetch(MAKE)
                await other.end((await transaction.fetch("select pg_backend_pid()"))[0][0])
                pool = db._writes
                assert pool is not None
                await until(lambda: pool.get_size() == 0)

        with pytest.raises(Unavailable) as told:
            await loses_its_connection()
        assert type(told.value) is Unavailable
        assert await db.fetchval(THERE, ()) == 0


async def test_what_postgresql_refuses_to_commit_was_not_done(database_url: str) -> None:
    async with opened(database_url, write_pool=1) as db:

        async def doubles() -> None:
            async with db.transaction() as transaction:
                await transaction.fetch("create temp table twice (n int unique deferrable initially deferred)")
                await transaction.fetch("insert into twice values (1), (1)")

        with pytest.raises(asyncpg.UniqueViolationError):
            await doubles()
        await written(db)
        async with db.transaction() as transaction:
            await transaction.fetch("drop table made")


async def test_who_is_cancelled_while_it_waits_frees_the_connection(database_url: str) -> None:
    async with losing(database_url) as (way, url), opened(url, write_pool=1, connect_timeout=1) as db:
        way.loss = Loss.WORD
        writing = asyncio.create_task(written(db))
        await until(lambda: db.fetchval(THERE, ()))
        writing.cancel()
        await asyncio.wait([writing])
        assert writing.cancelled()
        async with db.transaction() as transaction:
            await transaction.fetch("drop table made")

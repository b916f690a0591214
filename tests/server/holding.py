"""Locks that hold up what somebody asks, and whether anything is left of it in PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from tests.people import Person
from tests.waiting import until

NOT_DONE = "It took too long and was not done; try again"
TABLE = "lock table task"  # what reads of tasks wait for


@asynccontextmanager
async def holding_up(url: str, *statements: str) -> AsyncIterator[asyncpg.Connection]:
    """Holds the locks that the statements take until the block ends."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
            yield connection
    finally:
        await connection.close()


def writes_of(person: Person) -> str:
    """Takes the lock that this person's writes to tasks wait for."""
    return f"select pg_advisory_xact_lock(hashtext('tasks'), hashtext('{person.id}'))"


async def waiting(connection: asyncpg.Connection, number: int) -> None:
    """Returns when so many processes wait for a lock in the database of the connection."""

    async def so_many() -> bool:
        statement = """select count(*) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'"""
        await connection.execute("select pg_stat_clear_snapshot()")  # a transaction knows of no newer connections
        return bool(await connection.fetchval(statement) == number)

    await until(so_many)


async def left_in(hand: asyncpg.Connection) -> int:
    """Transactions and statements of others that are under way in its database."""
    await hand.execute("select pg_stat_clear_snapshot()")  # its transaction sees them as they were when it looked first
    statement = """select count(*) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
        and (state <> 'idle' or exists (select from pg_locks l where l.pid = pg_stat_activity.pid))"""
    found: int = await hand.fetchval(statement)
    return found


async def nothing_is_left_in(hand: asyncpg.Connection) -> None:
    async def nothing() -> bool:
        return await left_in(hand) == 0

    await until(nothing)


def error_of(payload: Any) -> tuple[str, str]:
    (error,) = payload["errors"]
    return error["extensions"]["code"], error["message"]

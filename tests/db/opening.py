"""A database of a test's own making, and a hand on the server's side of its connections."""

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from db.engine import Database
from db.reads import Reads
from tests.waiting import until

BLOCKED = "select pg_backend_pid() from (select pg_advisory_xact_lock_shared($1) offset 0) locked"


@asynccontextmanager
async def opened(url: str, **changes: Any) -> AsyncIterator[Database]:
    manner: dict[str, Any] = {"write_pool": 2, "read_pool": 1, "statement_timeout": 10, "connect_timeout": 5}
    db = Database(url, **manner | changes)
    try:
        await db.open()
        yield db
    finally:
        await db.close()


def reads(db: Database) -> Reads:
    assert db._reads is not None
    return db._reads


def pid(db: Database) -> Coroutine[Any, Any, int]:
    """The process that serves the next read; with a pool of one, all of them."""
    return db.fetchval("select pg_backend_pid()", ())


@dataclass
class Counted:
    """A way to read that counts how often it was gone."""

    pids: list[int] = field(default_factory=list)

    async def __call__(self, connection: asyncpg.Connection, sql: str, *arguments: Any) -> Any:
        self.pids.append(connection.get_server_pid())
        return await connection.fetchval(sql, *arguments)


@dataclass
class Hand:
    """Holds statements up and ends processes, from a connection of its own."""

    connection: asyncpg.Connection
    key: int

    async def release(self) -> None:
        await self.connection.execute(f"select pg_advisory_unlock({self.key})")

    async def held_up(self, number: int) -> list[int]:
        """The processes that wait for us, once there are so many."""
        statement = "select pid from pg_locks where locktype = 'advisory' and objid = $1 and not granted order by pid"
        found: list[int] = []

        async def enough() -> bool:
            found[:] = [row["pid"] for row in await self.connection.fetch(statement, self.key)]
            return len(found) == number

        await until(enough)
        return found

    async def end(self, *pids: int) -> None:
        """Ends these processes; returns when they are gone."""
        await self.connection.fetch("select pg_terminate_backend(pid, 10000) from unnest($1::int[]) pid", pids)

    async def alive(self, *pids: int) -> set[int]:
        rows = await self.connection.fetch("select pid from pg_stat_activity where pid = any($1)", pids)
        return {row["pid"] for row in rows}


@asynccontextmanager
async def hand(url: str) -> AsyncIterator[Hand]:
    """One that already holds up whoever runs BLOCKED with its key."""
    connection = await asyncpg.connect(url)
    key = connection.get_server_pid()
    await connection.execute(f"select pg_advisory_lock({key})")
    try:
        yield Hand(connection, key)
    finally:
        await connection.close()

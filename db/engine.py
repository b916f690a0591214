"""The way to PostgreSQL: transactions through SQLAlchemy, reads through a pool of autocommit connections.

The two pools are apart because their manners differ: a read is one statement on a connection that could not
write if it tried, and skips the reset query that costs asyncpg more than the read itself.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

SESSION = {"TimeZone": "UTC", "jit": "off"}
OLDEST_VERSION = 15


class Database:
    """Timeouts are in seconds, pool sizes in connections."""

    def __init__(
        self, url: str, *, write_pool: int, read_pool: int, statement_timeout: int, connect_timeout: int
    ) -> None:
        self.url = normalised(url)
        self._connect_timeout = connect_timeout
        self._command_timeout = statement_timeout + 2  # PostgreSQL ends a statement first, if it still hears us
        self._session = SESSION | {"statement_timeout": str(statement_timeout * 1000), "application_name": "parlor"}
        self._read_pool_size = read_pool
        self._reads: asyncpg.Pool | None = None
        self.engine: AsyncEngine = create_async_engine(
            self.url,
            pool_size=write_pool,
            max_overflow=0,
            pool_pre_ping=True,
            pool_timeout=connect_timeout,
            connect_args={
                "timeout": connect_timeout,
                "command_timeout": self._command_timeout,
                "server_settings": self._session | {"idle_in_transaction_session_timeout": "30000"},
            },
        )

    async def open(self) -> None:
        """Connects the reads' pool. Raises OSError or asyncpg.PostgresError when there is no database to talk to."""
        self._reads = await asyncpg.create_pool(
            dsn=dsn(self.url),
            min_size=1,
            max_size=self._read_pool_size,
            timeout=self._connect_timeout,
            command_timeout=self._command_timeout,
            reset=_leave_as_it_is,
            server_settings=self._session | {"default_transaction_read_only": "on"},
        )

    async def close(self) -> None:
        if self._reads is not None:
            self._reads.terminate()
        await self.engine.dispose()

    async def fetchval(self, sql: str, arguments: Sequence[Any]) -> Any:
        assert self._reads is not None, "Database.open() comes first"
        async with self._reads.acquire(timeout=self._connect_timeout) as connection:
            return await connection.fetchval(sql, *arguments)

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        assert self._reads is not None, "Database.open() comes first"
        async with self._reads.acquire(timeout=self._connect_timeout) as connection:
            return list(await connection.fetch(sql, *arguments))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: commits when the block ends, rolls back when it raises."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def server_version(self) -> int:
        async with self.engine.connect() as connection:
            number = await connection.exec_driver_sql("select current_setting('server_version_num')::int / 10000")
            return int(number.scalar_one())


async def _leave_as_it_is(connection: Any) -> None:
    """Reads change nothing about their connection, so there is nothing to reset."""


def normalised(url: str) -> URL:
    """Any common spelling of a PostgreSQL URL, for SQLAlchemy on asyncpg. Raises ValueError for anything else."""
    with suppress(ArgumentError):
        parsed = make_url(url)
        if parsed.get_backend_name() in ("postgresql", "postgres"):
            return parsed.set(drivername="postgresql+asyncpg")
    raise ValueError("DATABASE_URL must be a PostgreSQL URL (postgresql://…)")


def dsn(url: URL) -> str:
    """The same address for asyncpg alone."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)

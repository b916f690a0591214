"""Databases of a test's own, on the PostgreSQL of the run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db import migrate
from db.engine import dsn, normalised

_migrated: dict[str, str] = {}  # by server, the database that others are made from: to migrate one takes a second


@asynccontextmanager
async def database(server: str, *, migrated: bool) -> AsyncIterator[str]:
    """The URL of a new database, which goes when the block ends."""
    url = _new(server)
    admin = create_async_engine(normalised(server), isolation_level="AUTOCOMMIT")
    try:
        if migrated and server not in _migrated:
            _migrated[server] = await _template(admin, _new(server))
        template = _migrated[server] if migrated else "template1"
        await _execute(admin, f"create database {url.database} template {template}")
        yield dsn(url)
        await _execute(admin, f"drop database {url.database} with (force)")
    finally:
        await admin.dispose()


def _new(server: str) -> URL:
    return normalised(server).set(database=f"test_{uuid4().hex[:12]}")


async def _template(admin: AsyncEngine, url: URL) -> str:
    await _execute(admin, f"create database {url.database}")
    engine = create_async_engine(url)
    await migrate.upgrade(engine)
    await engine.dispose()
    return str(url.database)


async def _execute(engine: AsyncEngine, statement: str) -> None:
    async with engine.connect() as connection:
        await connection.execute(text(statement))

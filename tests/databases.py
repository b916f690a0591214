"""Databases of a test's own, on the PostgreSQL of the run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from db import migrate
from db.engine import dsn, normalised


@asynccontextmanager
async def database(server: str, *, migrated: bool) -> AsyncIterator[str]:
    """The URL of a new database, which goes when the block ends."""
    url = normalised(server).set(database=f"test_{uuid4().hex[:12]}")
    admin = create_async_engine(normalised(server), isolation_level="AUTOCOMMIT")
    try:
        async with admin.connect() as connection:
            await connection.execute(text(f"create database {url.database}"))
        if migrated:
            engine = create_async_engine(url)
            await migrate.upgrade(engine)
            await engine.dispose()
        yield dsn(url)
        async with admin.connect() as connection:
            await connection.execute(text(f"drop database {url.database} with (force)"))
    finally:
        await admin.dispose()

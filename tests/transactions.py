"""A transaction whose end a test decides."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from db.engine import dsn, normalised
from db.transaction import Transaction


class Open(Transaction):
    """It is rolled back where nothing else is said."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        super().__init__(connection)
        self._whole = connection.transaction()

    async def begin(self) -> None:
        await self._whole.start()

    async def commit(self) -> None:
        await self._whole.commit()

    async def rollback(self) -> None:
        await self._whole.rollback()


@asynccontextmanager
async def begun(url: str) -> AsyncIterator[Open]:
    """On a connection of its own."""
    connection = await asyncpg.connect(dsn(normalised(url)), timeout=10)
    try:
        made = Open(connection)
        await made.begin()
        yield made
    finally:
        connection.terminate()

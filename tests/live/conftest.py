"""The brokers, each test with one of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.live.places import BETWEEN_PROCESSES, KINDS, InPostgres, Place, in_postgres, place


@pytest.fixture(params=KINDS)
async def anywhere(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Place]:
    async with place(request.param, database_url) as found:
        yield found


@pytest.fixture(params=BETWEEN_PROCESSES)
async def between(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Place]:
    async with place(request.param, database_url) as found:
        yield found


@pytest.fixture
async def postgres(database_url: str) -> AsyncIterator[InPostgres]:
    async with in_postgres(database_url) as found:
        yield found

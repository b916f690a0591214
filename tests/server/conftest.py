from collections.abc import AsyncIterator

import pytest

from kit.settings import Settings
from tests.conftest import settings_for
from tests.databases import database


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Settings]:
    """Settings for a database of the test's own, in which nothing is counted but what the test does."""
    async with database(database_url, migrated=True) as url:
        yield settings_for(url)

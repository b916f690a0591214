from collections.abc import AsyncIterator

import httpx2
import pytest

from kit.settings import Settings
from tests.clock import Watch
from tests.conftest import served, settings_for, url_of
from tests.databases import database
from tests.proof.proving import LIMITS, Prover
from tests.proof.rows.accounts import MOMENTS
from tests.proof.world import make


@pytest.fixture(scope="module")
async def prover(settings: Settings) -> AsyncIterator[Prover]:
    watch = Watch(MOMENTS[0])
    async with (
        database(url_of(settings), migrated=True) as url,
        served(settings_for(url, **LIMITS), watch) as house,
    ):
        world = await make(house.services.db)
        with httpx2.Client(base_url=house.url, timeout=30) as http:
            made = Prover(house, http, world, watch)
            with made.watching():
                yield made
    print(f"\n{made.tally}")  # noqa: T201 (for the long run by hand)

"""Servers of these tests' own. All but `alone` share the run's database."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from kit.settings import Settings
from tests.accounts.issuer import SHARED, Issuer, issuing, trusting
from tests.accounts.signing import Hand
from tests.conftest import Served, served, settings_for
from tests.databases import database
from tests.people import People

MANY = 100_000  # tries from one address: all tests sign in from the loopback


@pytest.fixture(scope="package")
async def house(settings: Settings) -> AsyncIterator[Served]:
    async with served(settings.model_copy(update={"login_attempts_per_address": MANY})) as running:
        yield running


@pytest.fixture(scope="package")
def people(house: Served) -> People:
    return house.people


@pytest.fixture(scope="package")
def clock() -> Hand:
    return Hand()


@pytest.fixture(scope="package")
async def timed(settings: Settings, clock: Hand) -> AsyncIterator[People]:
    """People whose server goes by `clock`."""
    async with served(settings.model_copy(update={"login_attempts_per_address": MANY}), clock) as running:
        yield running.people


@pytest.fixture
async def strict(settings: Settings) -> AsyncIterator[People]:
    """People of a server that has seen no tries yet, and allows three for an account and six from an address."""
    few = {"login_attempts": 3, "login_attempts_per_address": 6, "open_sign_up": True}
    async with served(settings.model_copy(update=few)) as running:
        yield running.people


@pytest.fixture(scope="package")
async def welcoming(settings: Settings) -> AsyncIterator[People]:
    """People of a server where anybody may register."""
    async with served(settings.model_copy(update={"open_sign_up": True, "login_attempts": MANY})) as running:
        yield running.people


@pytest.fixture
async def alone(database_url: str) -> AsyncIterator[People]:
    """A server with a database of its own, and nobody in it."""
    async with database(database_url, migrated=True) as url, served(settings_for(url)) as running:
        yield running.people


@pytest.fixture(scope="package")
async def issuer(clock: Hand) -> AsyncIterator[Issuer]:
    async with issuing(clock) as made:
        yield made


@pytest.fixture(scope="package")
async def trusted(settings: Settings, issuer: Issuer) -> AsyncIterator[People]:
    """People of a server that believes the issuer's keys and the secret it shares, and goes by `clock`."""
    async with trusting(settings, issuer, foreign_jwt_secret=SecretStr(SHARED)) as people:
        yield people


@pytest.fixture
async def own_issuer(clock: Hand) -> AsyncIterator[Issuer]:
    """One that nobody has asked for its keys."""
    async with issuing(clock) as made:
        yield made


@pytest.fixture
async def trusting_it(settings: Settings, own_issuer: Issuer) -> AsyncIterator[People]:
    """People of a server that believes `own_issuer`."""
    async with trusting(settings, own_issuer) as people:
        yield people

import pytest

from tests.gifts.world import World, world
from tests.people import People


@pytest.fixture(autouse=True)
def asked_one_way(once: None) -> None:
    """Such questions are long to plan, and `tests/server/test_every_field.py` has each type asked both ways."""


@pytest.fixture
async def home(people: People) -> World:
    return await world(people)


@pytest.fixture
async def other(people: People) -> World:
    """A family that has nothing to do with `home`."""
    return await world(people)

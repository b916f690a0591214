import pytest

from tests.gifts.world import World, world
from tests.people import People


@pytest.fixture
async def home(people: People) -> World:
    return await world(people)

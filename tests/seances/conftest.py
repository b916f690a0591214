import pytest

from tests.people import People
from tests.seances.world import World
from tests.seances.world import world as made


@pytest.fixture
async def world(people: People) -> World:
    return await made(people)

"""What it costs to read what was said: one statement, however much that was."""

import pytest

from tests.conftest import Served, still
from tests.seances.talking import report, say
from tests.seances.test_transcript import ONE, WHOLE, tell
from tests.seances.world import World
from tests.seances.world import world as made
from tests.statements import Statements

REPORTS = """query ($room: ID!) { seance(id: $room) { reports { totalCount nodes {
  text sender { name } reporter { name } message { text } } } } }"""

house = pytest.fixture(still, scope="module")


@pytest.fixture(scope="module")
async def long(house: Served) -> World:
    """A room in which a thousand things were said."""
    world = await made(house.people)
    await tell(world, 1_000)
    return world


@pytest.mark.parametrize(("search", "total"), [(None, 1_000), ("ghost", 100)])
@pytest.mark.parametrize("first", [1, 100])
async def test_a_page_of_a_thousand_messages_is_one_statement(
    long: World, statements: Statements, first: int, search: str | None, total: int
) -> None:
    await long.ida.ask("{ __typename }")
    statements.clear()
    found = (await long.ida.ask(WHOLE, room=long.room.id, first=first, search=search)).data["seance"]["messages"]
    assert len(statements) == 1
    assert (len(found["nodes"]), found["totalCount"]) == (first, total)


@pytest.mark.parametrize("name", ["seanceMessage", "reports"])
async def test_one_message_and_a_rooms_reports_are_one_statement(
    house: Served, statements: Statements, name: str
) -> None:
    world = await made(house.people)
    id = await say(world.gus, world.room.id)
    for person in (world.dora, world.ida):
        await report(person, id)
    statements.clear()
    asked = {"query": ONE, "id": id} if name == "seanceMessage" else {"query": REPORTS, "room": world.room.id}
    answer = (await world.dora.ask(**asked)).data
    assert len(statements) == 1
    assert name == "seanceMessage" or answer["seance"]["reports"]["totalCount"] == 2

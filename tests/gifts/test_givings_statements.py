"""What somebody gives is read in one statement, however much it is."""

import pytest

from tests.conftest import Served, still
from tests.gifts.givers import GIVING
from tests.gifts.test_claims import claim
from tests.gifts.world import World, world
from tests.people import People
from tests.statements import Statements

MINE = f"""query ($first: Int, $status: [ListItemStatus!]) {{ myGivings(first: $first, status: $status) {{ totalCount
  nodes {{ item {{ gift {{ name }} {GIVING} }} }} }} }}"""


house = pytest.fixture(still, scope="module")


@pytest.fixture(scope="module")
def people(house: Served) -> People:
    return house.people


@pytest.fixture(scope="module")
async def home(people: People) -> World:
    """Fifty items of which Gus gives one each."""
    home = await world(people)
    for _ in range(50):
        await claim(home.gus, (await home.put(home.gift, home.gina, list=home.list)).id)
    return home


@pytest.mark.parametrize("rows", [1, 50])
@pytest.mark.parametrize("status", [None, ["IDEA", "SELECTED"]])
async def test_my_givings_are_one_statement(
    home: World, statements: Statements, rows: int, status: list[str] | None
) -> None:
    await home.gus.ask("{ __typename }")
    statements.clear()
    mine = (await home.gus.ask(MINE, first=rows, status=status)).data["myGivings"]
    assert len(statements) == 1
    assert (mine["totalCount"], len(mine["nodes"])) == (50, rows)
    assert {node["item"]["giving"]["claims"]["totalCount"] for node in mine["nodes"]} == {1}

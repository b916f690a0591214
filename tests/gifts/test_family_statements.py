"""What it costs to read a family: one statement, however many belong to it."""

import pytest

from db.gifts.families import FamilyMember
from db.gifts.persons import Person as Receiver
from kit.ids import Id
from tests.conftest import Served, still
from tests.gifts.asking import founded
from tests.gifts.world import keep
from tests.people import Person
from tests.statements import Statements

FAMILIES = """{ families { totalCount nodes { name currency
  members(first: 100) { totalCount nodes { role user { name email } person { name } } }
  persons(first: 100, orderBy: NEXT_BIRTHDAY) { totalCount nodes { name user { name } family { name } } }
  invites { nodes { code createdBy { name } } } } } }"""
PERSONS = """{ persons(first: 100, search: "some", orderBy: NEXT_BIRTHDAY) {
  totalCount edges { cursor } nodes { name user { name } family { members { totalCount } } } } }"""


house = pytest.fixture(still, scope="module")


async def of(house: Served, number: int) -> Person:
    """The owner of a family of so many members, each with a person."""
    owner = await house.people.one()
    made = await founded(owner, person={"name": "Somebody", "birthday": "1990-01-01"})
    users = [await house.people.one() for _ in range(number - 1)]
    await keep(
        house.people,
        *(FamilyMember(id=FamilyMember.fresh_id(), family_id=made["id"], user_id=Id(user.id)) for user in users),
    )
    await keep(
        house.people,
        *(Receiver(id=Receiver.fresh_id(), family_id=made["id"], user_id=Id(user.id), name="Some") for user in users),
    )
    return owner


@pytest.mark.parametrize("number", [1, 50])
@pytest.mark.parametrize("query", [FAMILIES, PERSONS])
async def test_a_read_is_one_statement(house: Served, monkeypatch: pytest.MonkeyPatch, query: str, number: int) -> None:
    owner = await of(house, number)
    assert (await owner.ask(query)).data  # who asks is known from here on, and how it is read
    sent = Statements(house, monkeypatch)
    (found,) = (await owner.ask(query)).data.values()
    assert len(sent) == 1, sent
    counted = found if query == PERSONS else found["nodes"][0]["persons"]
    assert (counted["totalCount"], len(counted["nodes"])) == (number, number)

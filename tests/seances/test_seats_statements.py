"""What it costs to read who sits where: one statement, however many do."""

import pytest

from db.seances.rooms import SeanceVisibility
from tests.conftest import Served, still
from tests.seances.sitting import invite, join, leave
from tests.seances.world import room, world
from tests.statements import Statements

ROOM = """query ($id: ID!) { seance(id: $id) { name host { name } mySeat { id leftReason }
  participants(first: 12, left: true) { totalCount nodes { isHost leftAt user { name } seance { mySeat { id } } } }
  invites { totalCount nodes { code createdBy { name } } } } }"""
MINE = """query ($id: ID!) { seance(id: $id) {
  mySeat { id leftReason user { id } } here: participants { totalCount } all: participants(left: true) { totalCount }
} }"""

house = pytest.fixture(still, scope="module")


async def test_a_room_with_all_who_sit_there_is_one_statement(house: Served, statements: Statements) -> None:
    for number in (1, 12):
        crowd = [await house.people.one() for _ in range(number)]
        made, seats = await room(house.people, *crowd, max_users=12)
        await invite(crowd[0], made.id)
        statements.clear()
        found = (await crowd[0].ask(ROOM, id=made.id)).data["seance"]
        assert len(statements) == 1, "\n\n".join(statements)
        mine = {"id": seats[crowd[0].id].id}
        assert (found["participants"]["totalCount"], found["invites"]["totalCount"]) == (number, 1)
        assert [node["seance"]["mySeat"] for node in found["participants"]["nodes"]] == [mine] * number


async def test_a_seat_is_the_viewers_own_and_stays_theirs_when_they_have_left(house: Served) -> None:
    home = await world(house.people, visibility=SeanceVisibility.PUBLIC)
    assert (await home.sam.ask(MINE, id=home.room.id)).data["seance"] == {
        "mySeat": None,
        "here": {"totalCount": 0},
        "all": {"totalCount": 0},
    }, "to a stranger a room does not tell who sits there"
    assert (await leave(home.gus, home.room.id)).data
    for person, why, seats in ((home.gus, "LEFT", (0, 1)), (home.ida, None, (2, 3))):
        seen = (await person.ask(MINE, id=home.room.id)).data["seance"]
        assert seen["mySeat"] == {"id": home.seats[person.id].id, "leftReason": why, "user": {"id": person.id}}
        assert (seen["here"]["totalCount"], seen["all"]["totalCount"]) == seats, "who has left sees but their own"
    assert (await join(home.gus, home.room.id)).data["joinSeance"]["id"] == home.seats[home.gus.id].id

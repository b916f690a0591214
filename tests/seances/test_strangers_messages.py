"""Who may not speak, type, hide, report or see to it: each is refused, and nothing has changed."""

import pytest

from db.accounts.users import Role
from db.seances.rooms import SeanceVisibility
from tests.people import People
from tests.seances.talking import BANNED, HIDE, REPORT, RESOLVE, SEND, TYPING, report, rows, say, set_seat, texts
from tests.seances.world import World
from tests.seances.world import world as made

ONE = "query ($id: ID!) { seanceMessage(id: $id) { text } }"
NODE = "query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }"
REPORTS = "{ seanceReports { totalCount nodes { id } } }"


@pytest.mark.parametrize(
    ("visibility", "code"),
    [
        (SeanceVisibility.PRIVATE, "SEANCE_NOT_FOUND"),
        (SeanceVisibility.UNLISTED, "FORBIDDEN"),
        (SeanceVisibility.PUBLIC, "FORBIDDEN"),
    ],
)
async def test_a_stranger_says_and_reads_nothing(people: People, visibility: SeanceVisibility, code: str) -> None:
    world = await made(people, visibility=visibility)
    id = await say(world.gus, world.room.id, "Among us")
    made_report = (await report(world.ida, id)).data["reportSeanceMessage"]["id"]
    before = await rows(world), await rows(world, "seance_report")
    sam = world.sam
    assert (await sam.ask(SEND, input={"seanceId": world.room.id, "text": "Boo"})).code == code
    assert (await sam.ask(TYPING, id=world.room.id)).code == code
    assert (await sam.ask(HIDE, id=id)).code == "SEANCE_MESSAGE_NOT_FOUND"
    assert (await sam.ask(REPORT, input={"messageId": id, "reason": "x"})).code == "SEANCE_MESSAGE_NOT_FOUND"
    assert (await sam.ask(RESOLVE, id=made_report)).code == "SEANCE_REPORT_NOT_FOUND"
    assert (await sam.ask(ONE, id=id)).code == "SEANCE_MESSAGE_NOT_FOUND"
    for hidden in (id, made_report):
        assert (await sam.ask(NODE, id=hidden)).data == {"node": None, "nodes": [None]}
    assert (await rows(world), await rows(world, "seance_report")) == before


async def test_in_a_public_room_a_stranger_counts_no_messages(people: People) -> None:
    world = await made(people, visibility=SeanceVisibility.PUBLIC)
    await say(world.gus, world.room.id, "Among us")
    for search in (None, "among"):
        assert await texts(world.sam, world.room.id, search=search) == []


async def test_nobody_speaks_without_having_signed_in(world: World) -> None:
    id, nobody = await say(world.gus, world.room.id), world.people.nobody
    before = await rows(world)
    asked = [
        await nobody.ask(SEND, input={"seanceId": world.room.id, "text": "Boo"}),
        await nobody.ask(TYPING, id=world.room.id),
        await nobody.ask(HIDE, id=id),
        await nobody.ask(REPORT, input={"messageId": id, "reason": "x"}),
        await nobody.ask(RESOLVE, id=id),
        await nobody.ask(ONE, id=id),
        await nobody.ask(REPORTS),
    ]
    assert {answer.code for answer in asked} == {"UNAUTHENTICATED"}
    assert await rows(world) == before
    assert await rows(world, "seance_report") == []


async def test_who_was_banned_reads_nothing_of_what_was_said(world: World) -> None:
    id = await say(world.gus, world.room.id)
    await set_seat(world, world.gus, BANNED)
    assert (await world.gus.ask(ONE, id=id)).code == "SEANCE_MESSAGE_NOT_FOUND"
    assert (await world.gus.ask(HIDE, id=id)).code == "SEANCE_MESSAGE_NOT_FOUND"
    assert (await world.gus.ask(NODE, id=id)).data == {"node": None, "nodes": [None]}
    assert (await report(world.gus, id)).code == "SEANCE_MESSAGE_NOT_FOUND"


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
async def test_all_reports_are_for_administrators(people: People, role: Role) -> None:
    assert (await (await people.one(role)).ask(REPORTS)).code == "FORBIDDEN"


async def test_whoever_reports_does_not_see_to_it(world: World) -> None:
    id = await say(world.gus, world.room.id)
    made_report = (await report(world.ida, id)).data["reportSeanceMessage"]["id"]
    before = await rows(world, "seance_report")
    assert (await world.ida.ask(RESOLVE, id=made_report)).code == "FORBIDDEN"
    assert (await world.gus.ask(RESOLVE, id=made_report)).code == "SEANCE_REPORT_NOT_FOUND"
    assert await rows(world, "seance_report") == before

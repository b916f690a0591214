"""What somebody finds should not stand: who is told, and what they read of it."""

from typing import Any

import pytest
from limits import RateLimitItemPerMinute

from db.accounts.users import Role
from tests.people import Person
from tests.seances.hearing import hearing
from tests.seances.rooms import DELETE
from tests.seances.talking import RESOLVE, hand_over, hide, report, rows, say
from tests.seances.world import World

ALL = """query ($open: Boolean, $first: Int, $after: String) {
  seanceReports(open: $open, first: $first, after: $after) { nodes { id text reason sender { name } reporter { name } }
    pageInfo { hasNextPage endCursor } } }"""
OF_ROOM = """query ($room: ID!, $open: Boolean) { seance(id: $room) { reports(open: $open) {
  totalCount nodes { id text resolvedAt } } } }"""
ONE = "query ($id: ID!) { node(id: $id) { ... on SeanceReport { text reason } } }"
HOSTING = """subscription ($topics: [String!]) { changes(topics: $topics) { __typename
  ... on EntityChanged { entityId entityType } } }"""
RUDE = "You are a ghost yourself"


async def reported(world: World, by: Person, id: str) -> str:
    made: str = (await report(by, id)).data["reportSeanceMessage"]["id"]
    return made


async def of_room(person: Person, world: World, **more: bool) -> Any:
    return (await person.ask(OF_ROOM, room=world.room.id, **more)).data["seance"]["reports"]


async def listed(admin: Person, *among: str, **more: Any) -> list[Any]:
    """Of all reports of the run those of this test."""
    found, after = [], None
    more_to_come = True
    while more_to_come:
        page = (await admin.ask(ALL, first=100, after=after, **more)).data["seanceReports"]
        found += [node for node in page["nodes"] if node["id"] in among]
        after, more_to_come = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


async def test_a_report_keeps_what_was_said_and_who_said_it(world: World) -> None:
    id = await say(world.gus, world.room.id, RUDE)
    made = (await report(world.ida, id, "  It is rude ")).data["reportSeanceMessage"]
    assert made | {"id": None} == {
        "id": None,
        "text": RUDE,
        "reason": "It is rude",
        "sender": {"name": "Gus"},
        "reporter": {"name": "Ida"},
        "resolvedAt": None,
        "message": {"id": id},
        "seance": {"id": world.room.id},
    }


async def test_the_host_who_reported_it_and_administrators_read_it_and_nobody_else(world: World) -> None:
    id = await reported(world, world.ida, await say(world.gus, world.room.id, RUDE))
    admin = await world.people.one(Role.ADMIN)
    told = {"text": RUDE, "reason": "It is rude"}
    seen = [(await person.ask(ONE, id=id)).data["node"] for person in (world.dora, world.ida, admin)]
    assert seen == [told] * 3
    for person in (world.gus, world.sam):
        assert (await person.ask(ONE, id=id)).data["node"] is None
    assert [(await of_room(person, world))["totalCount"] for person in (world.dora, world.ida, world.gus)] == [1, 1, 0]
    (found,) = await listed(admin, id)
    assert found == told | {"id": id, "sender": {"name": "Gus"}, "reporter": {"name": "Ida"}}


async def test_what_the_host_has_said_is_reported_to_administrators_alone(world: World) -> None:
    id = await reported(world, world.ida, await say(world.dora, world.room.id, RUDE))
    admin = await world.people.one(Role.ADMIN)
    assert (await of_room(world.dora, world))["totalCount"] == 0
    assert (await world.dora.ask(ONE, id=id)).data["node"] is None
    assert (await world.dora.ask(RESOLVE, id=id)).code == "SEANCE_REPORT_NOT_FOUND"
    assert [one["sender"] for one in await listed(admin, id)] == [{"name": "Dora"}]
    await hand_over(world, world.gus)
    assert (await of_room(world.gus, world))["totalCount"] == 1


async def test_a_host_who_deletes_the_room_does_not_delete_what_was_reported(world: World) -> None:
    id = await reported(world, world.ida, await say(world.dora, world.room.id, RUDE))
    assert (await world.dora.ask(DELETE, id=world.room.id)).data["deleteSeance"]["deletedId"] == world.room.id
    admin = await world.people.one(Role.ADMIN)
    (found,) = await listed(admin, id, open=True)
    assert (found["text"], found["sender"], found["reporter"]) == (RUDE, {"name": "Dora"}, {"name": "Ida"})
    assert (await admin.ask(RESOLVE, id=id)).data["resolveSeanceReport"]["resolvedAt"] is not None
    for person in (world.dora, world.gus, world.sam):
        assert (await person.ask(ONE, id=id)).data["node"] is None


async def test_one_reports_a_message_once(world: World) -> None:
    id = await say(world.gus, world.room.id, RUDE)
    await reported(world, world.ida, id)
    again = await report(world.ida, id, "Still")
    assert (again.code, again.error["extensions"]["reason"]) == ("CONFLICT", "ALREADY_REPORTED")
    assert [row.reason for row in await rows(world, "seance_report")] == ["It is rude"]
    await reported(world, world.dora, id)


async def test_of_what_is_hidden_nobody_reads_the_text_by_reporting_it(world: World) -> None:
    id = await say(world.gus, world.room.id, RUDE)
    await hide(world.gus, id)
    made = (await report(world.ida, id)).data["reportSeanceMessage"]
    admin = await world.people.one(Role.ADMIN)
    assert made["text"] is None
    assert [(await person.ask(ONE, id=made["id"])).data["node"]["text"] for person in (world.dora, admin)] == [RUDE] * 2


async def test_what_is_hidden_afterwards_who_reported_it_reads_no_longer(world: World) -> None:
    id = await say(world.gus, world.room.id, RUDE)
    made = await reported(world, world.ida, id)
    await hide(world.dora, id)
    assert (await world.ida.ask(ONE, id=made)).data["node"]["text"] is None
    assert (await world.dora.ask(ONE, id=made)).data["node"]["text"] == RUDE


async def test_host_and_administrators_see_to_it_once(world: World) -> None:
    id = await reported(world, world.ida, await say(world.gus, world.room.id, RUDE))
    other = await reported(world, world.ida, await say(world.gus, world.room.id, RUDE))
    admin = await world.people.one(Role.ADMIN)
    first = (await world.dora.ask(RESOLVE, id=id)).data["resolveSeanceReport"]
    assert first["resolvedAt"] is not None
    assert (await admin.ask(RESOLVE, id=id)).data["resolveSeanceReport"] == first | {"version": 2}
    assert [node["id"] for node in (await of_room(world.dora, world, open=True))["nodes"]] == [other]
    assert [node["id"] for node in (await of_room(world.dora, world, open=False))["nodes"]] == [id]
    for open, ids in ((True, [other]), (False, [id]), (None, [id, other])):
        assert [one["id"] for one in await listed(admin, id, other, open=open)] == ids
    assert await world.people.audit(id) == ["seance_report.resolve"]


async def test_the_host_hears_of_it_and_no_participant(world: World) -> None:
    async with world.dora.socket() as dora, hearing(world.gus, world.room.id) as gus:
        await dora.start(HOSTING, "1", topics=[f"reports:{world.dora.id}"])
        assert (await dora.frame())["payload"]["data"]["changes"]["__typename"] == "Ready"
        id = await say(world.gus, world.room.id, RUDE)
        await reported(world, world.ida, await say(world.dora, world.room.id, "Of the host's own they hear nothing"))
        made = await reported(world, world.ida, id)
        told = (await dora.frame())["payload"]["data"]["changes"]
        last, heard = await say(world.ida, world.room.id, "Next"), set()
        while (event := await gus.next()).get("entityId") != last:
            heard.add(event["__typename"])
    assert (told["entityId"], told["entityType"]) == (made, "SEANCE_REPORT")
    assert heard <= {"MessageReceived", "UserTyping"}


async def test_others_may_not_follow_what_is_for_the_host(world: World) -> None:
    for person in (world.gus, world.sam):
        async with person.socket() as socket:
            await socket.start(HOSTING, "1", topics=[f"reports:{world.dora.id}"])
            assert (await socket.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_one_reports_ten_times_a_minute(world: World) -> None:
    for _ in range(10):
        await world.people.services.limits.hit(RateLimitItemPerMinute(10), "reportSeanceMessage", world.ida.id)
    id = await say(world.gus, world.room.id)
    assert (await report(world.ida, id)).code == "RATE_LIMITED"
    assert await rows(world, "seance_report") == []


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (" ", "String should have at least 1 character"),
        ("x" * 501, "String should have at most 500 characters"),
        ("\0", "must not contain control characters"),
    ],
)
async def test_a_report_has_a_reason(world: World, reason: str, said: str) -> None:
    refused = await report(world.ida, await say(world.gus, world.room.id), reason)
    assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"reason": [said]})
    assert await rows(world, "seance_report") == []


async def test_reports_of_nothing_and_of_a_room_are_refused(world: World) -> None:
    for id in (world.room.id, "nothing", "seancemessage_\0"):
        assert (await report(world.ida, id)).code == "SEANCE_MESSAGE_NOT_FOUND"


async def test_who_was_reported_and_becomes_the_host_hears_nothing_of_it_from_before(world: World) -> None:
    async with world.gus.socket() as socket:
        await socket.start(HOSTING, "1", topics=[f"reports:{world.gus.id}"])
        assert (await socket.frame())["payload"]["data"]["changes"]["__typename"] == "Ready"
        about_gus = await reported(world, world.ida, await say(world.gus, world.room.id, RUDE))
        give = "mutation ($id: ID!, $to: ID!) { transferSeance(id: $id, to: $to) { id } }"
        assert (await world.dora.ask(give, id=world.room.id, to=world.seats[world.gus.id].id)).data
        admin = await world.people.one(Role.ADMIN)
        assert (await admin.ask(RESOLVE, id=about_gus)).data
        about_dora = await reported(world, world.ida, await say(world.dora, world.room.id, RUDE))
        assert (await socket.frame())["payload"]["data"]["changes"]["entityId"] == about_dora

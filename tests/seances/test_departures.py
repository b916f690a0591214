"""A user is deleted: what becomes of the rooms that they sat in, and of what they said there."""

import asyncio
from typing import Any

import pytest

from db.accounts.users import Role
from db.seances.reports import SeanceReport
from db.seances.rooms import SeanceVisibility
from db.seances.seats import LeftReason
from kit.ids import Id
from tests.people import Person
from tests.seances.hearing import Heard, hearing
from tests.seances.rooms import DELETE_USER, END, row, rows, update
from tests.seances.world import World, keep, room, said, seat

TEXTS = """query ($id: ID!) { seance(id: $id) { participantCount host { name }
  participants(left: true) { nodes { user { name } } } messages { nodes { text sender { name } } } } }"""


async def gone(person: Person) -> None:
    assert (await person.ask(DELETE_USER, id=person.id)).data == {"deleteUser": {"deletedId": person.id}}


async def taken(world: World, id: str) -> list[str]:
    statement = "select user_id from seance_participant where seance_id = $1 and left_at is null order by joined_at"
    return [seat["user_id"] for seat in await rows(world.people, statement, id)]


async def heard(stream: Heard) -> Any:
    told = await stream.next()
    return told["__typename"], told


async def test_who_goes_frees_their_seat_and_the_others_hear_it(world: World) -> None:
    await keep(world.people, said(world.room, world.gus, "I feel a draught"))
    async with hearing(world.ida, world.room.id) as ida:
        await gone(world.gus)
        told = [await heard(ida) for _ in range(2)]
    assert [name for name, _ in told] == ["UserLeft", "SeanceUpdated"]
    assert told[1][1]["seance"]["participantCount"] == 2
    assert (told[0][1]["entityId"], told[0][1]["participant"]) == (world.seats[world.gus.id].id, None)
    seen = (await world.ida.ask(TEXTS, id=world.room.id)).data["seance"]
    assert seen == {
        "participantCount": 2,
        "host": {"name": "Dora"},
        "participants": {"nodes": [{"user": {"name": "Dora"}}, {"user": {"name": "Ida"}}]},
        "messages": {"nodes": [{"text": "I feel a draught", "sender": None}]},
    }


async def test_when_the_host_goes_who_has_been_there_longest_follows(world: World) -> None:
    async with hearing(world.ida, world.room.id) as ida, hearing(world.gus, world.room.id) as gus:
        await gone(world.dora)
        for stream in (ida, gus):
            told = [await heard(stream) for _ in range(3)]
            assert [name for name, _ in told] == ["UserLeft", "SeanceUpdated", "HostChanged"]
            assert told[2][1]["seance"]["host"] == {"id": world.gus.id, "name": "Gus"}
    assert (await row(world.people, world.room.id))["host_id"] == world.gus.id
    assert await taken(world, world.room.id) == [world.gus.id, world.ida.id]


async def test_a_room_that_nobody_is_left_in_ends(world: World) -> None:
    alone, _ = await room(world.people, world.sam)
    gone_before = seat(alone, world.gus, world.people.services.clock())
    gone_before.left_at, gone_before.left_reason = gone_before.joined_at, LeftReason.LEFT
    await keep(world.people, gone_before)
    await gone(world.sam)
    left = await row(world.people, alone.id)
    assert (left["ended_at"] is not None, left["host_id"], left["participant_count"]) == (True, None, 0)
    jobs = "select count(*) as jobs from job where entrypoint = 'CleanUp' and convert_from(payload, 'UTF8') like $1"
    assert await rows(world.people, jobs, f"%{alone.id}%") == [{"jobs": 1}]


async def test_a_room_that_has_ended_keeps_how_many_were_there(world: World) -> None:
    assert (await world.dora.ask(END, id=world.room.id)).data
    before = await row(world.people, world.room.id)
    await gone(world.gus)
    assert await row(world.people, world.room.id) == before
    await gone(world.dora)
    assert (await row(world.people, world.room.id))["host_id"] is None
    texts = "select text from seance_message where seance_id = $1"
    assert await rows(world.people, texts, world.room.id) == [{"text": "Session ended"}]


async def test_what_they_reported_and_what_was_reported_of_them_stays(world: World) -> None:
    message = said(world.room, world.gus, "Boo")
    await keep(world.people, message)
    reports = [
        SeanceReport(
            id=SeanceReport.fresh_id(), seance_id=world.room.id, message_id=message.id, reporter_id=Id(person.id),
            host_id=Id(world.dora.id), text="Boo", reason="It startled me",
        )
        for person in (world.ida, world.dora)
    ]  # fmt: skip
    await keep(world.people, *reports)
    for person in (world.ida, world.gus):
        await gone(person)
    found = (
        "select reporter_id, host_id, text from seance_report where message_id = $1 order by reporter_id nulls first"
    )
    assert await rows(world.people, found, message.id) == [
        {"reporter_id": None, "host_id": world.dora.id, "text": "Boo"},
        {"reporter_id": world.dora.id, "host_id": world.dora.id, "text": "Boo"},
    ]


@pytest.mark.parametrize("_again", range(3))
async def test_two_who_go_at_the_same_moment_leave_the_room_whole(world: World, _again: int) -> None:
    async with hearing(world.ida, world.room.id) as ida:
        await asyncio.gather(gone(world.dora), gone(world.gus))
        assert await taken(world, world.room.id) == [world.ida.id]
        left = await row(world.people, world.room.id)
        assert (left["host_id"], left["participant_count"], left["ended_at"]) == (world.ida.id, 1, None)
        while (await ida.until("HostChanged"))["seance"]["host"] != {"id": world.ida.id, "name": "Ida"}:
            pass


async def test_all_who_go_at_the_same_moment_end_it(world: World) -> None:
    """Also of several rooms, in which they sit in other orders."""
    other, _ = await room(world.people, world.ida, world.gus, world.dora)
    await asyncio.gather(*(gone(person) for person in (world.dora, world.gus, world.ida)))
    for id in (world.room.id, other.id):
        left = await row(world.people, id)
        assert (left["host_id"], left["participant_count"], left["ended_at"] is None) == (None, 0, False)
        assert await taken(world, id) == []


async def test_what_the_host_changes_while_somebody_goes_is_changed(world: World) -> None:
    goes = asyncio.create_task(gone(world.gus))
    answers = await asyncio.gather(*(update(world.dora, world.room.id, name=f"{number}") for number in range(5)))
    await goes
    assert all("errors" not in answer.body for answer in answers)
    assert (await row(world.people, world.room.id))["participant_count"] == 2


@pytest.mark.parametrize("_again", range(3))
async def test_whoever_goes_while_they_speak_and_come_in_goes_whole(world: World, _again: int) -> None:
    """What they do at the same moment is done, or refused by a code that says so."""
    other, _ = await room(world.people, world.sam, world.dora, visibility=SeanceVisibility.PUBLIC)
    speak = 'mutation ($id: ID!) { sendSeanceMessage(input: {seanceId: $id, text: "Wait"}) { id } }'
    join = "mutation ($id: ID!) { joinSeance(id: $id) { id } }"
    asked = [world.gus.ask(speak, id=world.room.id) for _ in range(5)] + [world.gus.ask(join, id=other.id)]
    going = asyncio.create_task(gone(world.gus))
    answers = await asyncio.gather(*asked)
    await going
    refused = {answer.code for answer in answers if "errors" in answer.body}
    assert refused <= {"UNAUTHENTICATED", "CONFLICT", "SEANCE_NOT_FOUND", "FORBIDDEN"}
    for id, users in ((world.room.id, [world.dora.id, world.ida.id]), (other.id, [world.sam.id, world.dora.id])):
        assert await taken(world, id) == users
        assert (await row(world.people, id))["participant_count"] == 2


async def test_a_refused_deletion_frees_no_seat(world: World) -> None:
    before = await row(world.people, world.room.id), await taken(world, world.room.id)
    for person, code in ((world.dora, "FORBIDDEN"), (world.sam, "USER_NOT_FOUND")):
        assert (await person.ask(DELETE_USER, id=world.gus.id)).code == code
    for id in ("", "user_", "nonsense", world.room.id, "\0"):
        assert (await world.dora.ask(DELETE_USER, id=id)).code == "USER_NOT_FOUND"
    assert (await row(world.people, world.room.id), await taken(world, world.room.id)) == before
    admin = await world.people.one(Role.ADMIN)
    assert (await admin.ask(DELETE_USER, id=world.gus.id)).data
    assert await taken(world, world.room.id) == [world.dora.id, world.ida.id]

"""Taking a seat, keeping it, leaving it; and who is the host then."""

import asyncio

import pytest

from db.seances.rooms import SeanceVisibility
from resolvers.seances import seats
from tests.people import People
from tests.seances.hearing import hearing
from tests.seances.sitting import KICK, SAID, join, leave, reason, row, rows, seated, set_room
from tests.seances.world import World, room


async def opened(world: World, visibility: str = "PUBLIC") -> None:
    await set_room(world.people, world.room.id, f"visibility = '{visibility}'")


@pytest.mark.parametrize("visibility", ["PUBLIC", "UNLISTED"])
async def test_whoever_knows_the_id_takes_a_seat(world: World, visibility: str) -> None:
    await opened(world, visibility)
    told = (await join(world.sam, world.room.id)).data["joinSeance"]
    assert told == {
        "id": told["id"],
        "joinedAt": told["joinedAt"],
        "leftAt": None,
        "leftReason": None,
        "bannedAt": None,
        "mutedAt": None,
        "isHost": False,
        "version": 1,
        "user": {"id": world.sam.id},
        "seance": {"id": world.room.id, "participantCount": 4, "isActive": True, "host": {"id": world.dora.id}},
    }
    assert await seated(world.people, world.room.id) == [world.dora.id, world.gus.id, world.ida.id, world.sam.id]


async def test_who_sits_there_keeps_the_seat_and_nobody_hears_of_it(world: World) -> None:
    async with hearing(world.dora, world.room.id) as dora:
        told = [(await join(world.gus, world.room.id)).data["joinSeance"] for _ in range(2)]
        assert told[0] == told[1]
        assert told[0]["id"] == world.seats[world.gus.id].id
        assert (await leave(world.gus, world.room.id)).data
        assert await dora.types(2) == ["UserLeft", "SeanceUpdated"]


async def test_joining_many_times_at_once_is_joining_once(world: World) -> None:
    await opened(world)
    async with hearing(world.dora, world.room.id) as dora:
        answers = await asyncio.gather(*(join(world.sam, world.room.id) for _ in range(8)))
        assert len({answer.data["joinSeance"]["id"] for answer in answers}) == 1
        assert await dora.types(2) == ["UserJoined", "SeanceUpdated"]
        assert (await leave(world.sam, world.room.id)).data
        assert await dora.types(2) == ["UserLeft", "SeanceUpdated"]
    assert (await row(world.people, world.room.id))["participant_count"] == 3


async def test_who_has_left_comes_back_to_the_same_seat_and_is_the_last_to_have_come(world: World) -> None:
    left = (await leave(world.gus, world.room.id)).data["leaveSeance"]
    assert (left["leftReason"], left["seance"]["participantCount"]) == ("LEFT", 2)
    assert (await leave(world.gus, world.room.id)).data["leaveSeance"] == left, "once is enough"
    back = (await join(world.gus, world.room.id)).data["joinSeance"]
    assert (back["id"], back["leftAt"], back["leftReason"]) == (left["id"], None, None), "also to a private room"
    assert await seated(world.people, world.room.id) == [world.dora.id, world.ida.id, world.gus.id]


async def test_a_private_room_is_not_there_for_who_was_never_in_it(world: World) -> None:
    assert (await join(world.sam, world.room.id)).code == "SEANCE_NOT_FOUND"
    assert (await leave(world.sam, world.room.id)).code == "SEANCE_NOT_FOUND"
    await opened(world)
    assert (await leave(world.sam, world.room.id)).code == "FORBIDDEN"
    assert len(await seated(world.people, world.room.id)) == 3


async def test_a_locked_room_keeps_who_sits_there_and_lets_nobody_else_in(world: World) -> None:
    await opened(world)
    assert (await leave(world.ida, world.room.id)).data
    await set_room(world.people, world.room.id, "locked = true")
    assert (await join(world.gus, world.room.id)).data
    for person in (world.sam, world.ida):
        assert reason(await join(person, world.room.id)) == "SEANCE_LOCKED"
    assert await seated(world.people, world.room.id) == [world.dora.id, world.gus.id]


async def test_when_the_host_leaves_who_has_been_there_longest_is_the_host(world: World) -> None:
    assert (await leave(world.gus, world.room.id)).data
    assert (await join(world.gus, world.room.id)).data
    async with hearing(world.gus, world.room.id) as gus, hearing(world.ida, world.room.id) as ida:
        left = (await leave(world.dora, world.room.id)).data["leaveSeance"]
        assert (left["isHost"], left["seance"]["host"]["id"]) == (False, world.ida.id)
        for heard in (gus, ida):
            assert await heard.types(2) == ["UserLeft", "SeanceUpdated"]
            told = await heard.next()
            assert (told["__typename"], told["seance"]["host"]["name"]) == ("HostChanged", "Ida")
            assert told["actor"] == {"name": "Dora"}
        assert (await world.ida.ask(KICK, id=world.seats[world.gus.id].id)).data


async def test_who_leaves_last_ends_the_room(world: World) -> None:
    for person in (world.dora, world.gus):
        assert (await leave(person, world.room.id)).data
    assert (await row(world.people, world.room.id))["ended_at"] is None
    told = (await leave(world.ida, world.room.id)).data["leaveSeance"]
    assert (told["seance"]["isActive"], told["seance"]["participantCount"]) == (False, 0)
    assert await rows(world.people, SAID, world.room.id) == [{"text": "Session ended"}]
    assert reason(await join(world.ida, world.room.id)) == "SEANCE_ENDED"
    assert (await join(world.sam, world.room.id)).code == "SEANCE_NOT_FOUND"


async def test_in_a_room_that_has_ended_everybody_stays_to_read(world: World) -> None:
    await set_room(world.people, world.room.id, "ended_at = now()")
    told = (await leave(world.gus, world.room.id)).data["leaveSeance"]
    assert (told["leftAt"], told["seance"]["participantCount"]) == (None, 3)
    assert reason(await join(world.gus, world.room.id)) == "SEANCE_ENDED"


async def test_when_all_leave_at_once_the_room_ends_once(people: People) -> None:
    crowd = [await people.one() for _ in range(12)]
    made, _ = await room(people, *crowd, max_users=12)
    answers = await asyncio.gather(*(leave(person, made.id) for person in crowd))
    assert all(answer.data["leaveSeance"]["leftReason"] == "LEFT" for answer in answers)
    assert await rows(people, SAID, made.id) == [{"text": "Session ended"}]
    kinds = await rows(people, "select kind from event where entity_id = $1 and kind = 'ENDED'", made.id)
    jobs = await rows(people, "select id from job where convert_from(payload, 'UTF8') like '%' || $1 || '%'", made.id)
    assert (len(kinds), len(jobs)) == (1, 1)


async def test_a_host_and_their_successor_who_leave_at_once_leave_it_to_the_third(people: People) -> None:
    for _ in range(5):
        crowd = [await people.one() for _ in range(3)]
        made, _ = await room(people, *crowd)
        answers = await asyncio.gather(*(leave(person, made.id) for person in crowd[:2]))
        assert all(answer.data for answer in answers)
        found = await row(people, made.id)
        assert (found["host_id"], found["participant_count"], found["ended_at"]) == (crowd[2].id, 1, None)


async def test_somebody_sits_in_so_many_rooms_and_no_more(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats, "MOST_TAKEN", 2)
    sam, hosts = await people.one(), [await people.one() for _ in range(6)]
    open = [(await room(people, host, visibility=SeanceVisibility.PUBLIC))[0].id for host in hosts]
    answers = await asyncio.gather(*(join(sam, id) for id in open))
    refused = [answer for answer in answers if "errors" in answer.body]
    assert {reason(answer) for answer in refused} == {"TOO_MANY_SEATS"}
    assert len(refused) == 4, "also when they ask at once"
    inside = [id for id, answer in zip(open, answers, strict=True) if answer not in refused]
    outside = next(id for id in open if id not in inside)
    assert (await join(sam, inside[0])).data, "the seat that they have"
    await set_room(people, inside[0], "ended_at = now()")
    assert (await join(sam, outside)).data, "what has ended counts no more"

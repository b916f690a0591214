"""What a host may do about those who sit there: and that who is sent away hears nothing more."""

import asyncio
from typing import Any

import pytest

from tests.people import Person
from tests.seances.hearing import Heard, hearing
from tests.seances.sitting import (
    BAN,
    KICK,
    MUTE,
    PARDON,
    TRANSFER,
    accept,
    invite,
    join,
    leave,
    reason,
    rows,
    seated,
    set_room,
)
from tests.seances.world import World, room

SEE = "query ($id: ID!) { seance(id: $id) { id name participants { totalCount } } }"
MY_SEATS = """subscription ($room: String!, $after: Cursor) { changes(topics: [$room], after: $after) {
  __typename ... on Ready { cursor } ... on EntityChanged { kind entityId node { id
    ... on SeanceParticipant { leftReason bannedAt seance { id } } } } } }"""


def seat(world: World, person: Person) -> str:
    return world.seats[person.id].id


async def done(host: Person, query: str, id: str, **more: Any) -> Any:
    """What it answers."""
    return next(iter((await host.ask(query, id=id, **more)).data.values()))


async def heard_left(heard: Heard, why: str) -> None:
    told = await heard.until("UserLeft")
    assert (told["participant"]["leftReason"], told["participant"]["user"]["name"]) == (why, "Gus")
    assert told["actor"] == {"name": "Dora"}


@pytest.mark.parametrize(("verb", "why"), [(KICK, "KICKED"), (BAN, "BANNED")])
async def test_who_is_sent_away_hears_nothing_more_and_the_others_hear_why(world: World, verb: str, why: str) -> None:
    mine = f"seats:{world.gus.id}"
    async with (
        hearing(world.gus, world.room.id) as gus,
        hearing(world.ida, world.room.id) as ida,
        hearing(world.gus, mine, query=MY_SEATS) as own,
    ):
        told = await done(world.dora, verb, seat(world, world.gus))
        assert (told["leftReason"], told["bannedAt"] is None) == (why, why == "KICKED")
        assert told["seance"]["participantCount"] == 2
        assert await gus.refused() == "FORBIDDEN"
        await heard_left(ida, why)
        node = (await own.next())["node"]
        seen = {"id": world.room.id} if why == "KICKED" else None
        assert (node["id"], node["leftReason"], node["seance"]) == (seat(world, world.gus), why, seen)
    async with world.gus.socket() as socket:
        await socket.start(
            "subscription ($room: ID!) { seanceEvents(seanceId: $room) { __typename } }", room=world.room.id
        )
        assert (await socket.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await seated(world.people, world.room.id) == [world.dora.id, world.ida.id]
    (audit,) = await rows(world.people, "select action from audit_entry where subject_id = $1", world.gus.id)
    assert audit["action"] == ("seance.kick" if why == "KICKED" else "seance.ban")


async def test_sending_away_twice_is_sending_away_once(world: World) -> None:
    for verb in (KICK, BAN):
        first, second = [await done(world.dora, verb, seat(world, world.gus)) for _ in range(2)]
        assert first == second
    assert first["leftReason"] == "BANNED", "who was kicked may be banned afterwards"
    assert await rows(world.people, "select id from event where entity_id = $1 and kind = 'LEFT'", first["id"]) != []
    (found,) = await rows(world.people, "select participant_count from seance where id = $1", world.room.id)
    assert found["participant_count"] == 2


async def test_who_was_kicked_may_come_back_where_the_room_is_open(world: World) -> None:
    await set_room(world.people, world.room.id, "visibility = 'UNLISTED'")
    await done(world.dora, KICK, seat(world, world.gus))
    assert (await join(world.gus, world.room.id)).data["joinSeance"]["id"] == seat(world, world.gus)


@pytest.mark.parametrize("sent_away", ["kicked", "pardoned"])
async def test_into_a_private_room_leads_only_an_invitation_made_since(world: World, sent_away: str) -> None:
    old = await invite(world.dora, world.room.id, mostUses=10)
    await done(world.dora, KICK if sent_away == "kicked" else BAN, seat(world, world.gus))
    if sent_away == "pardoned":
        await done(world.dora, PARDON, seat(world, world.gus))
    assert (await join(world.gus, world.room.id)).code == "FORBIDDEN"
    assert (await accept(world.gus, old["code"])).code == "SEANCE_INVITE_NOT_FOUND"
    assert (await accept(world.sam, old["code"])).data, "others come in with it"
    new = await invite(world.dora, world.room.id)
    assert (await accept(world.gus, new["code"])).data["acceptSeanceInvite"]["leftReason"] is None
    assert (await leave(world.gus, world.room.id)).data
    assert (await join(world.gus, world.room.id)).data, "who left by themselves walks in again"


@pytest.mark.parametrize("visibility", ["PRIVATE", "PUBLIC"])
async def test_who_is_banned_never_comes_in_again_unless_pardoned(world: World, visibility: str) -> None:
    await set_room(world.people, world.room.id, f"visibility = '{visibility}'")
    assert (await leave(world.gus, world.room.id)).data
    told = await done(world.dora, BAN, seat(world, world.gus))
    assert (told["leftReason"], told["bannedAt"] is None) == ("BANNED", False), "though they had left"
    code = (await invite(world.dora, world.room.id, mostUses=10))["code"]
    assert (await join(world.gus, world.room.id)).code == (
        "SEANCE_NOT_FOUND" if visibility == "PRIVATE" else "FORBIDDEN"
    )
    assert (await accept(world.gus, code)).code == "SEANCE_INVITE_NOT_FOUND"
    seen = (await world.gus.ask(SEE, id=world.room.id)).body["data"]["seance"]
    assert (seen and seen["participants"]["totalCount"]) in (None, 0)
    assert (await done(world.dora, PARDON, seat(world, world.gus)))["bannedAt"] is None
    assert (await accept(world.gus, code)).data
    assert len(await seated(world.people, world.room.id)) == 3


async def test_who_is_muted_stays_so_though_they_leave_and_come_back(world: World) -> None:
    async with hearing(world.ida, world.room.id) as ida:
        told = await done(world.dora, MUTE, seat(world, world.gus), muted=True)
        assert (await done(world.dora, MUTE, seat(world, world.gus), muted=True)) == told
        event = await ida.next()
        assert (event["__typename"], event["participant"]["mutedAt"]) == ("ParticipantChanged", told["mutedAt"])
        assert (await leave(world.gus, world.room.id)).data
        assert (await join(world.gus, world.room.id)).data["joinSeance"]["mutedAt"] == told["mutedAt"]
        assert (await done(world.dora, MUTE, seat(world, world.gus), muted=False))["mutedAt"] is None


async def test_a_room_is_passed_on_and_everybody_hears_it(world: World) -> None:
    async with hearing(world.ida, world.room.id) as ida, hearing(world.dora, world.room.id) as dora:
        told = await done(world.dora, TRANSFER, world.room.id, to=seat(world, world.gus))
        assert told["host"] == {"id": world.gus.id}
        assert [one["user"]["id"] for one in told["participants"]["nodes"] if one["isHost"]] == [world.gus.id]
        for heard in (ida, dora):
            event = await heard.next()
            assert (event["__typename"], event["seance"]["host"]["name"]) == ("HostChanged", "Gus")
    assert (await world.dora.ask(KICK, id=seat(world, world.ida))).code == "FORBIDDEN"
    assert (await world.gus.ask(TRANSFER, id=world.room.id, to=seat(world, world.gus))).data["transferSeance"][
        "version"
    ] == told["version"], "to oneself nothing changes"


async def test_a_room_is_passed_on_to_somebody_who_sits_there_alone(world: World) -> None:
    other, seats = await room(world.people, world.sam)
    assert (await leave(world.gus, world.room.id)).data
    answer = await world.dora.ask(TRANSFER, id=world.room.id, to=seat(world, world.gus))
    assert reason(answer) == "NOT_SEATED"
    for id in (seats[world.sam.id].id, other.id, "", "seat_", world.dora.id):
        answer = await world.dora.ask(TRANSFER, id=world.room.id, to=id)
        assert answer.code == "SEANCE_PARTICIPANT_NOT_FOUND"
    (found,) = await rows(world.people, "select host_id from seance where id = $1", world.room.id)
    assert found["host_id"] == world.dora.id


@pytest.mark.parametrize("verb", [KICK, BAN])
async def test_nobody_sends_themselves_away(world: World, verb: str) -> None:
    assert reason(await world.dora.ask(verb, id=seat(world, world.dora))) == "OWN_SEAT"
    assert len(await seated(world.people, world.room.id)) == 3


async def test_what_has_ended_has_no_host_powers(world: World) -> None:
    await set_room(world.people, world.room.id, "ended_at = now()")
    for verb, given in ((KICK, {}), (BAN, {}), (PARDON, {}), (MUTE, {"muted": True})):
        assert reason(await world.dora.ask(verb, id=seat(world, world.gus), **given)) == "SEANCE_ENDED"
    assert reason(await world.dora.ask(TRANSFER, id=world.room.id, to=seat(world, world.gus))) == "SEANCE_ENDED"


async def test_who_is_kicked_while_they_leave_has_left_once(world: World) -> None:
    answers = await asyncio.gather(world.dora.ask(KICK, id=seat(world, world.gus)), leave(world.gus, world.room.id))
    assert all(answer.data for answer in answers)
    events = await rows(
        world.people, "select id from event where entity_id = $1 and kind = 'LEFT'", seat(world, world.gus)
    )
    assert len(events) == 1
    (found,) = await rows(world.people, "select participant_count from seance where id = $1", world.room.id)
    assert found["participant_count"] == 2

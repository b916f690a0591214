"""Getting into a room by a code: how often, how long, and what a code tells."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.seances.invites import SeanceInvite
from kit.settings import Settings
from resolvers.limits import per_minute
from resolvers.seances import invites
from tests.clock import Watch
from tests.conftest import served
from tests.people import Answer, People
from tests.seances.hearing import hearing
from tests.seances.sitting import (
    ACCEPT,
    BAN,
    INVITE,
    PREVIEW,
    REVOKE,
    accept,
    invite,
    join,
    leave,
    reason,
    rows,
    seated,
    set_room,
)
from tests.seances.world import World
from tests.seances.world import world as made

UNKNOWN = "x" * 24
LIST = "query ($id: ID!) { seance(id: $id) { invites { totalCount nodes { id code uses } } } }"


async def uses(people: People, id: str) -> int:
    ((found,),) = [row.values() for row in await rows(people, "select uses from seance_invite where id = $1", id)]
    return int(found)


def told(answer: Answer, code: str) -> Any:
    """All of an error but what differs from one to the next."""
    error = answer.error
    return error["message"].replace(code, "CODE"), error["extensions"]["code"], answer.body["data"]


async def test_whoever_has_the_code_takes_a_seat_in_a_private_room(world: World) -> None:
    new = await invite(world.dora, world.room.id)
    assert new == {
        "id": new["id"],
        "code": new["code"],
        "expiresAt": new["expiresAt"],
        "mostUses": 1,
        "uses": 0,
        "revokedAt": None,
        "version": 1,
        "createdBy": {"id": world.dora.id},
        "seance": {"id": world.room.id},
    }
    assert len(new["code"]) == 24, "144 bits"
    days = datetime.fromisoformat(new["expiresAt"]) - world.people.services.clock()
    assert timedelta(days=6, hours=23) < days <= timedelta(days=7)
    async with hearing(world.ida, world.room.id) as ida:
        seat = (await accept(world.sam, new["code"])).data["acceptSeanceInvite"]
        assert (seat["user"], seat["seance"]["participantCount"]) == ({"id": world.sam.id}, 4)
        assert await ida.types(2) == ["UserJoined", "SeanceUpdated"]
    seen = (await world.dora.ask(LIST, id=world.room.id)).data["seance"]["invites"]
    assert seen == {"totalCount": 1, "nodes": [{"id": new["id"], "code": new["code"], "uses": 1}]}


async def test_who_sits_there_uses_nothing_and_may_ask_again(world: World) -> None:
    new = await invite(world.dora, world.room.id)
    assert (await accept(world.gus, new["code"])).data["acceptSeanceInvite"]["id"] == world.seats[world.gus.id].id
    assert await uses(world.people, new["id"]) == 0
    for _ in range(2):  # the second time it is used up
        assert (await accept(world.sam, new["code"])).data
    assert await uses(world.people, new["id"]) == 1
    assert (await leave(world.sam, world.room.id)).data
    assert (await accept(world.sam, new["code"])).code == "SEANCE_INVITE_NOT_FOUND"
    assert (await join(world.sam, world.room.id)).data, "who has been there walks in"


async def test_of_twenty_at_once_as_many_come_in_as_may(world: World) -> None:
    new = await invite(world.dora, world.room.id, mostUses=2)
    crowd = [await world.people.one() for _ in range(20)]
    answers = await asyncio.gather(*(accept(person, new["code"]) for person in crowd))
    refused = [answer for answer in answers if "errors" in answer.body]
    assert {answer.code for answer in refused} == {"SEANCE_INVITE_NOT_FOUND"}
    assert (len(answers) - len(refused), await uses(world.people, new["id"])) == (2, 2)
    assert len(await seated(world.people, world.room.id)) == 5


async def test_what_is_of_no_use_is_told_as_what_never_was(settings: Settings) -> None:
    clock = Watch(datetime.now(UTC))
    async with served(settings, clock) as house:
        world = await made(house.people, max_users=12)
        sam = world.sam
        expired, used, revoked, good = [await invite(world.dora, world.room.id, minutes=1) for _ in range(4)]
        assert (await accept(await house.people.one(), used["code"])).data
        assert (await world.dora.ask(REVOKE, id=revoked["id"])).data
        clock.at += timedelta(seconds=59)
        assert (await sam.ask(PREVIEW, code=good["code"])).data
        clock.tick()
        codes = [expired["code"], used["code"], revoked["code"], UNKNOWN, "", "\0", "x" * 10_000]
        said = [told(await accept(sam, code), code[:64]) for code in codes]
        assert said == [("SeanceInvite with id 'CODE' not found", "SEANCE_INVITE_NOT_FOUND", None)] * 3 + said[3:]
        assert {code for _, code, _ in said} == {"SEANCE_INVITE_NOT_FOUND"}
        for code in codes:
            answer = await sam.ask(PREVIEW, code=code)
            assert (answer.code, answer.body["data"]) == ("SEANCE_INVITE_NOT_FOUND", {"seanceOfInvite": None})
        assert sam.id not in await seated(house.people, world.room.id)


async def _ended(world: World) -> None:
    await set_room(world.people, world.room.id, "ended_at = now()")


async def _banned(world: World) -> None:
    seat = (await join(world.sam, world.room.id)).data["joinSeance"]
    assert (await world.dora.ask(BAN, id=seat["id"])).data


@pytest.mark.parametrize("so", [_ended, _banned])
async def test_a_code_leads_nowhere_for_who_is_banned_or_when_all_is_over(
    world: World, so: Callable[[World], Awaitable[None]]
) -> None:
    await set_room(world.people, world.room.id, "visibility = 'UNLISTED'")
    await so(world)
    await set_room(world.people, world.room.id, "visibility = 'PRIVATE'")
    async with world.people.services.db.transaction() as session:
        forgotten = SeanceInvite(
            id=SeanceInvite.fresh_id(), seance_id=world.room.id, code=world.room.id[-24:], most_uses=5
        )
        forgotten.expires_at = world.people.services.clock() + timedelta(days=1)
        session.add(forgotten)
    for query, field in ((ACCEPT, None), (PREVIEW, {"seanceOfInvite": None})):
        answer = await world.sam.ask(query, code=forgotten.code)
        assert told(answer, forgotten.code) == (
            "SeanceInvite with id 'CODE' not found",
            "SEANCE_INVITE_NOT_FOUND",
            field,
        )
    assert await uses(world.people, forgotten.id) == 0


async def test_a_code_tells_where_it_leads_and_whether_there_is_a_seat(world: World) -> None:
    new = await invite(world.dora, world.room.id)
    answer = await world.sam.ask(PREVIEW, code=new["code"])
    assert answer.data["seanceOfInvite"] == {
        "seanceName": "The attic",
        "hostName": "Dora",
        "freeSeats": 3,
        "locked": False,
    }
    assert await uses(world.people, new["id"]) == 0
    assert (await world.sam.ask("query ($id: ID!) { seance(id: $id) { id } }", id=world.room.id)).code == (
        "SEANCE_NOT_FOUND"
    )


@pytest.mark.parametrize(("so", "why"), [("locked = true", "SEANCE_LOCKED"), ("max_users = 3", "SEANCE_FULL")])
async def test_a_code_opens_no_door_that_is_shut_and_is_not_used_on_it(world: World, so: str, why: str) -> None:
    new = await invite(world.dora, world.room.id)
    await set_room(world.people, world.room.id, so)
    assert reason(await accept(world.sam, new["code"])) == why
    assert await uses(world.people, new["id"]) == 0
    dead = await world.dora.ask(REVOKE, id=new["id"])
    assert dead.data
    assert (await accept(world.sam, new["code"])).code == "SEANCE_INVITE_NOT_FOUND", "and a dead one tells nothing"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"days": 0}, "days"),
        ({"days": 91}, "days"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 1_441}, "minutes"),
        ({"minutes": 5, "days": 1}, "minutes"),
        ({"minutes": 5, "expiresAt": "2999-01-01T00:00:00Z"}, "minutes"),
        ({"mostUses": 0}, "mostUses"),
        ({"mostUses": 101}, "mostUses"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2999-01-01T00:00:00Z"}, "expiresAt"),
        ({"days": 1, "expiresAt": "2999-01-01T00:00:00Z"}, "expiresAt"),
    ],
)
async def test_an_invitation_has_its_limits(world: World, given: dict[str, Any], field: str) -> None:
    answer = await world.dora.ask(INVITE, input={"seanceId": world.room.id, **given})
    assert (answer.code, [*answer.details]) == ("VALIDATION_ERROR", [field])
    assert await rows(world.people, "select id from seance_invite where seance_id = $1", world.room.id) == []


async def test_a_room_has_so_many_open_invitations_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invites, "MOST_OPEN", 1)
    first = await invite(world.dora, world.room.id)
    assert reason(await world.dora.ask(INVITE, input={"seanceId": world.room.id})) == "TOO_MANY_INVITES"
    assert (await world.dora.ask(REVOKE, id=first["id"])).data
    await invite(world.dora, world.room.id)


async def test_revoking_twice_is_revoking_once(world: World) -> None:
    new = await invite(world.dora, world.room.id)
    first, second = [(await world.dora.ask(REVOKE, id=new["id"])).data["revokeSeanceInvite"] for _ in range(2)]
    assert first == second
    assert (first["version"], first["revokedAt"] is None) == (2, False)


async def test_codes_are_tried_only_so_often(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invites, "EACH", per_minute(2))
    for query in (ACCEPT, PREVIEW):
        codes = [(await world.sam.ask(query, code=UNKNOWN)).code for _ in range(3)]
        assert codes == ["SEANCE_INVITE_NOT_FOUND"] * 2 + ["RATE_LIMITED"]

"""Getting into a family by a code: how often, how long, and what a code tells."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from db.gifts.families import FamilyRole
from kit.settings import Settings
from resolvers.gifts import invites
from resolvers.limits import per_minute
from tests.clock import Watch
from tests.conftest import served
from tests.gifts.asking import INVITE, REMOVE, SET_ROLE, founded, invite, join, member_id, members, rows
from tests.gifts.world import World, family
from tests.people import Answer, People, Person

REVOKE = "mutation ($id: ID!) { revokeFamilyInvite(id: $id) { id revokedAt version } }"
PREVIEW = "query ($code: String!) { familyOfInvite(code: $code) { familyName invitedBy } }"
UNKNOWN = "x" * 24


async def uses(people: People, id: str) -> int:
    ((found,),) = [row.values() for row in await rows(people, "select uses from family_invite where id = $1", id)]
    return int(found)


def told(answer: Answer, code: str) -> Any:
    """All of an error but what differs from one to the next."""
    error = answer.error
    return error["message"].replace(code, "CODE"), error["extensions"]["code"], answer.body["data"]


async def test_whoever_has_the_code_joins(home: World) -> None:
    made, sam = await invite(home.dora, home.family.id), await home.people.one()
    assert made == {
        "id": made["id"],
        "code": made["code"],
        "role": "MEMBER",
        "expiresAt": made["expiresAt"],
        "mostUses": 1,
        "uses": 0,
        "revokedAt": None,
        "createdBy": {"id": home.dora.id},
        "family": {"id": home.family.id},
    }
    assert len(made["code"]) == 24, "144 bits"
    days = datetime.fromisoformat(made["expiresAt"]) - home.people.services.clock()
    assert timedelta(days=6, hours=23) < days <= timedelta(days=7)
    assert (await join(sam, made["code"])).data == {"joinFamily": {"id": home.family.id, "name": "The Millers"}}
    assert (await members(home.people, home.family.id))[sam.id] == "MEMBER"
    query = "{ activity { nodes { kind actor { id } } } }"
    assert (await home.gus.ask(query)).data["activity"]["nodes"] == [{"kind": "MEMBER_JOINED", "actor": {"id": sam.id}}]


async def test_who_is_a_member_already_uses_nothing_and_may_ask_again(home: World) -> None:
    made = await invite(home.dora, home.family.id)
    assert (await join(home.gus, made["code"])).data["joinFamily"]["id"] == home.family.id
    assert await uses(home.people, made["id"]) == 0
    sam = await home.people.one()
    for _ in range(2):  # the second time it is used up
        assert (await join(sam, made["code"])).data["joinFamily"]["id"] == home.family.id
    assert await uses(home.people, made["id"]) == 1
    assert (await members(home.people, home.family.id))[home.gus.id] == "MEMBER"


async def test_of_twenty_at_once_as_many_join_as_may(home: World) -> None:
    made = await invite(home.dora, home.family.id, mostUses=3)
    crowd = [await home.people.one() for _ in range(20)]
    answers = await asyncio.gather(*(join(person, made["code"]) for person in crowd))
    refused = [answer for answer in answers if "errors" in answer.body]
    assert {answer.code for answer in refused} == {"FAMILY_INVITE_NOT_FOUND"}
    assert (len(answers) - len(refused), await uses(home.people, made["id"])) == (3, 3)
    assert len(await members(home.people, home.family.id)) == 4 + 3


async def test_one_person_who_joins_many_times_at_once_is_one(home: World) -> None:
    made, sam = await invite(home.dora, home.family.id, mostUses=5), await home.people.one()
    answers = await asyncio.gather(*(join(sam, made["code"]) for _ in range(5)))
    assert [answer.data["joinFamily"]["id"] for answer in answers] == [home.family.id] * 5
    assert await uses(home.people, made["id"]) == 1


async def test_what_is_of_no_use_is_told_as_what_never_was(settings: Settings) -> None:
    clock = Watch(datetime.fromisoformat("2026-12-01T12:00:00Z"))
    async with served(settings, clock) as house:
        dora, gus = await house.people.one(), await house.people.one()
        made = await founded(dora)
        expired, used, revoked = [await invite(dora, made["id"], days=1) for _ in range(3)]
        assert (await join(gus, used["code"])).data
        assert (await dora.ask(REVOKE, id=revoked["id"])).data
        clock.at += timedelta(days=1)
        sam = await house.people.one()
        codes = [expired["code"], used["code"], revoked["code"], UNKNOWN, "", "\0", "x" * 10_000]
        said = [told(await join(sam, code), code[:64]) for code in codes]
        assert said == [("FamilyInvite with id 'CODE' not found", "FAMILY_INVITE_NOT_FOUND", None)] * 3 + said[3:]
        assert {code for _, code, _ in said} == {"FAMILY_INVITE_NOT_FOUND"}
        for code in codes:
            answer = await sam.ask(PREVIEW, code=code)
            assert (answer.code, answer.body["data"]) == ("FAMILY_INVITE_NOT_FOUND", {"familyOfInvite": None})
        assert await members(house.people, made["id"]) == {dora.id: "OWNER", gus.id: "MEMBER"}


async def test_a_code_tells_the_name_of_the_family_and_who_invites(home: World) -> None:
    made, sam = await invite(home.dora, home.family.id), await home.people.one()
    answer = await sam.ask(PREVIEW, code=made["code"])
    assert answer.data == {"familyOfInvite": {"familyName": "The Millers", "invitedBy": "Dora"}}
    assert await uses(home.people, made["id"]) == 0
    assert (await sam.ask("query ($id: ID!) { family(id: $id) { id } }", id=home.family.id)).code == "FAMILY_NOT_FOUND"


async def test_only_owners_invite_administrators_and_see_their_codes(people: People) -> None:
    made, users = await family(people, dora=FamilyRole.OWNER, ada=FamilyRole.ADMIN)
    dora, ada, sam = users["dora"], users["ada"], await people.one()
    assert (await ada.ask(INVITE, input={"familyId": made.id, "role": "ADMIN"})).code == "FORBIDDEN"
    assert (await ada.ask(INVITE, input={"familyId": made.id, "role": "OWNER"})).details == {
        "role": ["nobody is invited to own a family"]
    }
    for_admins, for_all = await invite(dora, made.id, role="ADMIN"), await invite(ada, made.id)
    query = "query ($id: ID!) { family(id: $id) { invites { nodes { id code } totalCount } } }"
    seen = {name: (await users[name].ask(query, id=made.id)).data["family"]["invites"] for name in users}
    assert {name: {node["id"] for node in found["nodes"]} for name, found in seen.items()} == {
        "dora": {for_admins["id"], for_all["id"]},
        "ada": {for_all["id"]},
    }
    assert (await ada.ask(REVOKE, id=for_admins["id"])).code == "FAMILY_INVITE_NOT_FOUND"
    assert (await join(sam, for_admins["code"])).data
    assert (await members(people, made.id))[sam.id] == "ADMIN"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"days": 0}, "days"),
        ({"days": 91}, "days"),
        ({"mostUses": 0}, "mostUses"),
        ({"mostUses": 101}, "mostUses"),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"expiresAt": "2999-01-01T00:00:00Z"}, "expiresAt"),
        ({"days": 1, "expiresAt": "2999-01-01T00:00:00Z"}, "expiresAt"),
    ],
)
async def test_an_invitation_has_its_limits(home: World, given: dict[str, Any], field: str) -> None:
    answer = await home.dora.ask(INVITE, input={"familyId": home.family.id, **given})
    assert (answer.code, [*answer.details]) == ("VALIDATION_ERROR", [field])
    assert await rows(home.people, "select id from family_invite where family_id = $1", home.family.id) == []


async def test_it_may_be_said_until_when(home: World) -> None:
    until = home.people.services.clock() + timedelta(days=90) - timedelta(minutes=1)
    made = await invite(home.dora, home.family.id, expiresAt=until.isoformat(), mostUses=100)
    assert (datetime.fromisoformat(made["expiresAt"]), made["mostUses"]) == (until, 100)


async def test_revoking_twice_is_revoking_once(home: World) -> None:
    made = await invite(home.dora, home.family.id)
    first, second = [(await home.dora.ask(REVOKE, id=made["id"])).data["revokeFamilyInvite"] for _ in range(2)]
    assert first == second
    assert (first["version"], first["revokedAt"] is None) == (2, False)


async def sent_away(home: World, by: Person, whom: Person) -> None:
    id = await member_id(home.people, home.family.id, whom)
    assert (await by.ask(REMOVE, id=id)).data


async def test_whoever_is_sent_away_does_not_come_back_by_a_code_they_know(home: World) -> None:
    made = await invite(home.dora, home.family.id, mostUses=10)
    await sent_away(home, home.dora, home.gus)
    assert (await join(home.gus, made["code"])).code == "FAMILY_INVITE_NOT_FOUND"
    (row,) = await rows(home.people, "select revoked_at, version from family_invite where id = $1", made["id"])
    assert (row["revoked_at"] is None, row["version"]) == (False, 2)
    fresh = await invite(home.dora, home.family.id)
    assert (await join(home.gus, fresh["code"])).data


async def test_a_lower_role_takes_codes_back_too_and_a_higher_one_does_not(home: World) -> None:
    id = await member_id(home.people, home.family.id, home.gus)
    made = await invite(home.dora, home.family.id)
    for role, open in (("ADMIN", True), ("MEMBER", False)):
        assert (await home.dora.ask(SET_ROLE, id=id, role=role)).data
        (row,) = await rows(home.people, "select revoked_at from family_invite where id = $1", made["id"])
        assert (row["revoked_at"] is None) is open


async def test_a_family_has_room_for_so_many_and_no_more(home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invites, "MOST_MEMBERS", 5)
    monkeypatch.setattr(invites, "MOST_OPEN", 1)
    made = await invite(home.dora, home.family.id, mostUses=2)
    answer = await home.dora.ask(INVITE, input={"familyId": home.family.id})
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "TOO_MANY_INVITES")
    one, two = await home.people.one(), await home.people.one()
    assert (await join(one, made["code"])).data
    answer = await join(two, made["code"])
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "FAMILY_FULL")
    assert await uses(home.people, made["id"]) == 1


async def test_codes_are_tried_only_so_often(home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invites, "EACH", per_minute(2))
    sam = await home.people.one()
    for query in ("mutation ($code: String!) { joinFamily(code: $code) { id } }", PREVIEW):
        codes = [(await sam.ask(query, code=UNKNOWN)).code for _ in range(3)]
        assert codes == ["FAMILY_INVITE_NOT_FOUND"] * 2 + ["RATE_LIMITED"]

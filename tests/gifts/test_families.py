"""Making, changing and ending families; roles, and who must stay."""

import asyncio
from typing import Any

import pytest

from db.gifts.families import FamilyRole
from tests.gifts.asking import CREATE, DELETE, LEAVE, REMOVE, SET_ROLE, founded, member_id, members, rows
from tests.gifts.world import World, family
from tests.people import People

UPDATE = """mutation ($id: ID!, $input: UpdateFamilyInput!, $version: Int) {
  updateFamily(id: $id, input: $input, expectedVersion: $version) { name currency giversSeeEachOther version } }"""


async def test_who_makes_a_family_owns_it(people: People) -> None:
    dora = await people.one()
    made = await founded(dora)
    (member,) = made.pop("members")["nodes"]
    assert (member["role"], member["user"], member["person"]) == ("OWNER", {"id": dora.id}, None)
    assert made == {
        "id": made["id"],
        "name": "The Millers",
        "currency": "EUR",
        "giversSeeEachOther": True,
        "version": 1,
    }


async def test_they_may_say_who_they_are_in_the_same_breath(people: People) -> None:
    dora = await people.one()
    made = await founded(
        dora, currency=" usd ", giversSeeEachOther=False, person={"name": " Dora ", "birthday": "1980-02-29"}
    )
    assert (made["currency"], made["giversSeeEachOther"]) == ("USD", False)
    (member,) = made["members"]["nodes"]
    assert member["person"]["name"] == "Dora"
    found = await rows(people, "select name, birthday, user_id from person where family_id = $1", made["id"])
    assert [(row["name"], str(row["birthday"]), row["user_id"]) for row in found] == [("Dora", "1980-02-29", dora.id)]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\x07"}, "name"),
        ({"currency": "EURO"}, "currency"),
        ({"currency": "E1R"}, "currency"),
        ({"person": {"name": ""}}, "person.name"),
        ({"person": {"name": "Dora", "birthday": "1700-01-01"}}, "person.birthday"),
    ],
)
async def test_what_cannot_be_is_refused_field_by_field(people: People, given: dict[str, Any], field: str) -> None:
    dora = await people.one()
    answer = await dora.ask(CREATE, input={"name": "The Millers", **given})
    assert answer.code == "VALIDATION_ERROR"
    assert [*answer.details] == [field]
    assert await rows(people, "select id from family_member where user_id = $1", dora.id) == []


async def test_administrators_change_it(people: People) -> None:
    made, users = await family(people, ada=FamilyRole.ADMIN)
    answer = await users["ada"].ask(UPDATE, id=made.id, input={"name": "We", "currency": "CHF"}, version=1)
    assert answer.data["updateFamily"] == {"name": "We", "currency": "CHF", "giversSeeEachOther": True, "version": 2}
    answer = await users["ada"].ask(UPDATE, id=made.id, input={"giversSeeEachOther": False}, version=1)
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")
    answer = await users["ada"].ask(UPDATE, id=made.id, input={"name": None})
    assert answer.details == {"name": ["must not be null"]}


async def test_an_owner_ends_it_with_all_that_belongs_to_it(home: World) -> None:
    answer = await home.dora.ask(DELETE, id=home.family.id)
    assert answer.data == {"deleteFamily": {"deletedId": home.family.id}}
    for table in ("family_member", "person", "occasion", "gift_list", "gift", "list_item", "giving"):
        left = f"select id from {table} where family_id = $1"  # noqa: S608 (names of ours)
        assert await rows(home.people, left, home.family.id) == []


async def test_who_leaves_sees_nothing_any_more(home: World) -> None:
    id = await member_id(home.people, home.family.id, home.gus)
    assert (await home.gus.ask(LEAVE, id=home.family.id)).data == {"leaveFamily": {"deletedId": id}}
    query = """query ($list: ID!, $item: ID!, $family: ID!, $ida: ID!) { families { totalCount } lists { totalCount }
      gifts { totalCount } persons { totalCount } list: node(id: $list) { id } item: node(id: $item) { id }
      family: node(id: $family) { id } ida: node(id: $ida) { id } }"""
    found = await home.gus.ask(query, list=home.list.id, item=home.item.id, family=home.family.id, ida=home.ida.id)
    nothing = {"totalCount": 0}
    assert found.data == {
        **dict.fromkeys(("families", "lists", "gifts", "persons"), nothing),
        **dict.fromkeys(("list", "item", "family", "ida")),
    }
    assert (await home.gus.ask(LEAVE, id=home.family.id)).code == "FAMILY_NOT_FOUND"


async def test_the_last_owner_must_stay(people: People) -> None:
    made, users = await family(people, dora=FamilyRole.OWNER, ada=FamilyRole.ADMIN)
    dora, id = users["dora"], await member_id(people, made.id, users["dora"])
    before = await members(people, made.id)
    for query, given in ((LEAVE, {"id": made.id}), (REMOVE, {"id": id}), (SET_ROLE, {"id": id, "role": "ADMIN"})):
        answer = await dora.ask(query, **given)
        assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "LAST_OWNER")
    assert await members(people, made.id) == before


async def test_of_two_owners_one_may_go_and_not_both_at_the_same_moment(people: People) -> None:
    made, users = await family(people, dora=FamilyRole.OWNER, olga=FamilyRole.OWNER, gus=FamilyRole.MEMBER)
    answers = await asyncio.gather(*(users[name].ask(LEAVE, id=made.id) for name in ("dora", "olga")))
    assert sorted("errors" in answer.body for answer in answers) == [False, True]
    assert sorted((await members(people, made.id)).values()) == ["MEMBER", "OWNER"]


async def test_an_owner_gives_roles_and_may_share_their_own(people: People) -> None:
    made, users = await family(people, dora=FamilyRole.OWNER, gus=FamilyRole.MEMBER)
    dora, gus = (users[name] for name in ("dora", "gus"))
    ids = {person.id: await member_id(people, made.id, person) for person in (dora, gus)}
    answer = await dora.ask(SET_ROLE, id=ids[gus.id], role="OWNER")
    assert answer.data["setFamilyMemberRole"] == {"id": ids[gus.id], "role": "OWNER", "version": 2}
    await gus.ask(SET_ROLE, id=ids[dora.id], role="MEMBER")
    assert await members(people, made.id) == {dora.id: "MEMBER", gus.id: "OWNER"}
    assert await people.audit(ids[gus.id]) == ["family_member.set_role"]


async def test_an_administrator_removes_members_and_administrators_but_no_owner(people: People) -> None:
    roles = {"dora": FamilyRole.OWNER, "olga": FamilyRole.OWNER, "ada": FamilyRole.ADMIN, "abe": FamilyRole.ADMIN}
    made, users = await family(people, **roles, gus=FamilyRole.MEMBER)
    for name in ("gus", "abe"):
        id = await member_id(people, made.id, users[name])
        assert (await users["ada"].ask(REMOVE, id=id)).data == {"removeFamilyMember": {"deletedId": id}}
    olga = await member_id(people, made.id, users["olga"])
    assert (await users["ada"].ask(REMOVE, id=olga)).code == "FORBIDDEN"
    assert {*await members(people, made.id)} == {users[name].id for name in ("dora", "olga", "ada")}
    assert (await users["dora"].ask(REMOVE, id=olga)).data == {"removeFamilyMember": {"deletedId": olga}}


async def test_members_may_remove_themselves(people: People) -> None:
    made, users = await family(people, dora=FamilyRole.OWNER, gus=FamilyRole.MEMBER)
    id = await member_id(people, made.id, users["gus"])
    assert (await users["gus"].ask(REMOVE, id=id)).data == {"removeFamilyMember": {"deletedId": id}}
    assert [*await members(people, made.id)] == [users["dora"].id]

"""A user is deleted: what becomes of their families, and of who they were there."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from db.accounts.users import Role
from db.gifts.families import FamilyMember, FamilyRole
from db.gifts.lists import GiftListVisibility
from tests.gifts.asking import FAMILY_EVENTS, SET_ROLE, founded, member_id, members, rows
from tests.gifts.hearing import CHANGES, hearing
from tests.gifts.world import World, family
from tests.people import People, Person

DELETE = "mutation ($id: ID!) { deleteUser(id: $id) { deletedId } }"


async def gone(person: Person) -> None:
    assert (await person.ask(DELETE, id=person.id)).data == {"deleteUser": {"deletedId": person.id}}


@pytest.mark.parametrize(
    ("others", "heir"),
    [
        ({"gus": FamilyRole.MEMBER, "gina": FamilyRole.MEMBER}, "gus"),
        ({"gus": FamilyRole.MEMBER, "ada": FamilyRole.ADMIN, "abe": FamilyRole.ADMIN}, "ada"),
        ({"gus": FamilyRole.MEMBER, "olga": FamilyRole.OWNER}, "olga"),
    ],
)
async def test_the_longest_standing_of_the_highest_role_follows_the_last_owner(
    people: People, others: dict[str, FamilyRole], heir: str
) -> None:
    made, users = await family(people, dora=FamilyRole.OWNER, **others)
    async with people.services.db.transaction() as session:
        for days, person in enumerate(users.values()):
            at = people.services.clock() - timedelta(days=100 - days)
            await session.execute(update(FamilyMember).where(FamilyMember.user_id == person.id).values(created_at=at))
    await gone(users["dora"])
    roles = {users[name].id: role.value for name, role in others.items()}
    assert await members(people, made.id) == roles | {users[heir].id: "OWNER"}


async def test_a_family_without_members_ends(people: People) -> None:
    dora = await people.one()
    made = await founded(dora, person={"name": "Dora"})
    await gone(dora)
    assert await rows(people, "select id from family where id = $1", made["id"]) == []


async def test_those_who_stay_hear_of_it(home: World) -> None:
    heir = await member_id(home.people, home.family.id, home.gina)
    assert (await home.dora.ask(SET_ROLE, id=heir, role="ADMIN")).data
    async with hearing(home.gus, FAMILY_EVENTS, id=home.family.id) as heard:
        member = await member_id(home.people, home.family.id, home.dora)
        await gone(home.dora)
        assert await heard.entity() == ("FAMILY_MEMBER", "UPDATED")
        assert (await heard.next())["deletedId"] == member
        assert (await members(home.people, home.family.id))[home.gina.id] == "OWNER"
        admin = await home.people.one(Role.ADMIN)
        assert (await admin.ask(DELETE, id=home.ida.id)).data
        told = [await heard.entity() for _ in range(2)]
        assert told == [("PERSON", "UPDATED"), ("FAMILY_MEMBER", "DELETED")]
    ((user,),) = [
        row.values() for row in await rows(home.people, "select user_id from person where id = $1", home.receiver.id)
    ]
    assert user is None


async def test_what_they_alone_could_see_goes_with_them_and_the_rest_stays(home: World) -> None:
    for visibility in GiftListVisibility:
        await home.another_list(home.gus, visibility.value, visibility=visibility)
    await gone(home.gus)
    left = await rows(home.people, "select name from gift_list where family_id = $1 order by name", home.family.id)
    assert [row["name"] for row in left] == ["FAMILY", "GIVERS", "Ida's wishes"]


async def test_owners_who_go_at_the_same_moment_leave_one(people: People) -> None:
    made, users = await family(people, dora=FamilyRole.OWNER, olga=FamilyRole.OWNER, gus=FamilyRole.MEMBER)
    await asyncio.gather(gone(users["dora"]), gone(users["olga"]))
    assert await members(people, made.id) == {users["gus"].id: "OWNER"}


async def test_who_goes_while_they_are_given_a_role_goes_whole(people: People) -> None:
    made, users = await family(people, dora=FamilyRole.OWNER, gus=FamilyRole.MEMBER)
    id = await member_id(people, made.id, users["gus"])
    await asyncio.gather(gone(users["gus"]), users["dora"].ask(SET_ROLE, id=id, role="OWNER"))
    assert await members(people, made.id) == {users["dora"].id: "OWNER"}


async def test_a_refused_deletion_changes_nothing_of_a_family(home: World) -> None:
    before = await members(home.people, home.family.id)
    assert (await home.gus.ask(DELETE, id=home.dora.id)).code == "FORBIDDEN"
    assert await members(home.people, home.family.id) == before
    async with hearing(home.gus, CHANGES, topics=[f"family:{home.family.id}"]) as heard:
        await gone(home.gina)
        assert "deletedId" in await heard.next(), "the first that is told"

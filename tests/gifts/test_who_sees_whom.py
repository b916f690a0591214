"""What members of one family see of each other's accounts, and others not: a name, and that they are there."""

from dataclasses import dataclass
from typing import Any

import pytest

from db.accounts.users import Role
from db.gifts.families import Family, FamilyMember, FamilyRole
from kit.ids import Id
from tests.gifts.asking import LEAVE, LINK, member_id
from tests.gifts.world import family, keep
from tests.people import People, Person
from tests.sockets import Socket

USER = "query ($id: ID!) { user(id: $id) { id name email username role timeZone version } }"
PRIVATE: dict[str, Any] = {"email": None, "username": None, "role": None, "timeZone": None}
CHANGES = "subscription ($topic: String!) { changes(topics: [$topic]) { __typename } }"
PRESENT = "subscription ($topic: String!) { presence(topic: $topic) { totalCount } }"


@dataclass(frozen=True)
class Two:
    """Dora and Gus are of one family, Gus and Gina of another; to Gina there is no Dora."""

    first: Family
    second: Family
    dora: Person
    gus: Person
    gina: Person


@pytest.fixture
async def two(people: People) -> Two:
    first, users = await family(people, dora=FamilyRole.OWNER, gus=FamilyRole.MEMBER)
    second, others = await family(people, gina=FamilyRole.OWNER)
    gus = users["gus"]
    await keep(people, FamilyMember(id=FamilyMember.fresh_id(), family_id=second.id, user_id=Id(gus.id)))
    return Two(first, second, users["dora"], gus, others["gina"])


async def test_ones_family_sees_a_name_and_no_more(two: Two) -> None:
    for asks, whom in ((two.dora, two.gus), (two.gus, two.dora), (two.gina, two.gus)):
        name = whom.user.name if whom.user else ""
        seen = (await asks.ask(USER, id=whom.id)).data["user"]
        assert seen == {"id": whom.id, "name": name, "version": 1} | PRIVATE
        query = "query ($id: ID!) { node(id: $id) { ... on User { name email role } } }"
        assert (await asks.ask(query, id=whom.id)).data["node"] == {"name": name, "email": None, "role": None}


async def test_oneself_and_administrators_see_all(two: Two) -> None:
    user = two.gus.user
    assert user is not None
    all = {"id": user.id, "name": "Gus", "email": user.email, "username": None, "role": "USER", "timeZone": "UTC"}
    for asks in (two.gus, await two.gus.people.one(Role.ADMIN)):
        assert (await asks.ask(USER, id=two.gus.id)).data["user"] == all | {"version": 1}


async def test_two_families_of_one_user_do_not_meet(two: Two) -> None:
    """To members of the one there are neither the other, nor its members, nor its memberships, even that user's."""
    other = await member_id(two.gus.people, two.second.id, two.gus)
    query = """query ($family: ID!, $member: ID!, $user: ID!) { family: node(id: $family) { id }
      member: node(id: $member) { id } user: node(id: $user) { id }
      families { nodes { id members { totalCount } } } }"""
    seen = (await two.dora.ask(query, family=two.second.id, member=other, user=two.gina.id)).data
    assert seen == {
        "family": None,
        "member": None,
        "user": None,
        "families": {"nodes": [{"id": two.first.id, "members": {"totalCount": 2}}]},
    }
    assert (await two.dora.ask(USER, id=two.gina.id)).code == "USER_NOT_FOUND"
    linked = "mutation ($input: CreatePersonInput!) { createPerson(input: $input) { id } }"
    ids = [
        (await two.gus.ask(linked, input={"familyId": one.id, "name": "Gus"})).data["createPerson"]["id"]
        for one in (two.first, two.second)
    ]
    for id in ids:  # in each family one may be somebody
        assert (await two.gus.ask(LINK, id=id, user=two.gus.id)).data["linkPerson"]["user"] == {"id": two.gus.id}
    assert (await two.dora.ask("{ persons { nodes { id } } }")).data["persons"]["nodes"] == [{"id": ids[0]}]


async def test_who_leaves_is_seen_no_more(two: Two) -> None:
    assert (await two.gus.ask(LEAVE, id=two.first.id)).data
    assert (await two.dora.ask(USER, id=two.gus.id)).code == "USER_NOT_FOUND"
    assert (await two.gus.ask(USER, id=two.dora.id)).code == "USER_NOT_FOUND"
    assert (await two.gina.ask(USER, id=two.gus.id)).data["user"]["name"] == "Gus"


async def test_ones_family_changes_nothing_of_ones_account(two: Two) -> None:
    before = await two.gus.people.row(two.gus.id)
    for verb in ('updateUser(id: $id, input: {name: "Guy"}) { id }', "deleteUser(id: $id) { deletedId }"):
        assert (await two.dora.ask(f"mutation ($id: ID!) {{ {verb} }}", id=two.gus.id)).code == "FORBIDDEN"
    assert (await two.dora.ask("{ users { totalCount } }")).code == "FORBIDDEN"
    assert await two.gus.people.row(two.gus.id) == before


async def refusal(socket: Socket, query: str, topic: str) -> str:
    await socket.start(query, topic=topic)
    frame = await socket.frame()
    assert frame["type"] == "error", frame
    return str(frame["payload"][0]["extensions"]["code"])


async def test_ones_family_does_not_follow_what_is_ones_own(two: Two) -> None:
    query = "query ($topic: String!) { presence(topic: $topic) { totalCount } }"
    async with two.dora.socket() as socket:
        for name in ("user", "sessions", "tasks", "labels", "families", "givings"):
            topic = f"{name}:{two.gus.id}"
            for subscription in (CHANGES, PRESENT):
                assert await refusal(socket, subscription, topic) == "FORBIDDEN"
            assert (await two.dora.ask(query, topic=topic)).code == "FORBIDDEN"
    admin = await two.gus.people.one(Role.ADMIN)
    assert (await admin.ask(query, topic=f"user:{two.gus.id}")).data == {"presence": {"totalCount": 0}}

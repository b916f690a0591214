"""What others may not do to a family: what they are told, and that nothing has changed."""

from typing import Any

import pytest

from db.accounts.users import Role
from db.gifts.families import FamilyRole
from tests.gifts.asking import SET_ROLE, invite, member_id, rows
from tests.gifts.world import World, family
from tests.people import Person

# With $family, $member (Gina's), $invite and $code.
VERBS = {
    "updateFamily": 'updateFamily(id: $family, input: {name: "Ours"}) { id }',
    "updateFamily(expectedVersion)": "updateFamily(id: $family, input: {}, expectedVersion: 7) { id }",
    "deleteFamily": "deleteFamily(id: $family) { deletedId }",
    "createFamilyInvite": "createFamilyInvite(input: {familyId: $family}) { id }",
    "revokeFamilyInvite": "revokeFamilyInvite(id: $invite) { id }",
    "leaveFamily": "leaveFamily(id: $family) { deletedId }",
    "removeFamilyMember": "removeFamilyMember(id: $member) { deletedId }",
    "setFamilyMemberRole": "setFamilyMemberRole(id: $member, role: OWNER) { id }",
}
MISSING = {"invite": "FAMILY_INVITE_NOT_FOUND", "member": "FAMILY_MEMBER_NOT_FOUND", "family": "FAMILY_NOT_FOUND"}
TABLES = ("family", "family_member", "family_invite", "activity")


async def state(home: World) -> list[Any]:
    columns = {"family": "id"}
    return [
        await rows(
            home.people,
            f"select * from {table} where {columns.get(table, 'family_id')} = $1 order by id",  # noqa: S608 (ours)
            home.family.id,
        )
        for table in TABLES
    ]


async def tried(home: World, verb: str, person: Person) -> str:
    """The code of the refusal, after which nothing has changed."""
    given = {
        "family": home.family.id,
        "member": await member_id(home.people, home.family.id, home.gina),
        "invite": (await invite(home.dora, home.family.id))["id"],
    }
    used = {name: value for name, value in given.items() if f"${name}" in VERBS[verb]}
    heads = ", ".join(f"${name}: ID!" for name in used)
    before = await state(home)
    answer = await person.ask(f"mutation ({heads}) {{ {VERBS[verb]} }}", **used)
    assert await state(home) == before
    return answer.code


@pytest.mark.parametrize("verb", VERBS)
async def test_a_stranger_finds_nothing(home: World, verb: str) -> None:
    _, users = await family(home.people, olga=FamilyRole.OWNER)
    missing = next(code for name, code in MISSING.items() if f"${name}" in VERBS[verb])
    for stranger in (users["olga"], await home.people.one(Role.SUPER_ADMIN)):
        assert await tried(home, verb, stranger) == missing


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("revokeFamilyInvite", "leaveFamily")])
async def test_a_plain_member_may_not(home: World, verb: str) -> None:
    assert await tried(home, verb, home.gus) == "FORBIDDEN"


async def test_to_a_plain_member_there_are_no_invitations(home: World) -> None:
    assert await tried(home, "revokeFamilyInvite", home.gus) == "FAMILY_INVITE_NOT_FOUND"


@pytest.mark.parametrize("verb", ["deleteFamily", "setFamilyMemberRole"])
async def test_what_is_for_owners_is_not_for_administrators(home: World, verb: str) -> None:
    id = await member_id(home.people, home.family.id, home.gus)
    assert (await home.dora.ask(SET_ROLE, id=id, role="ADMIN")).data
    assert await tried(home, verb, home.gus) == "FORBIDDEN"


@pytest.mark.parametrize("id", ["", "nonsense", "family_", "family_" + "0" * 32, "task_" + "0" * 32, "\0"])
async def test_what_is_no_family_is_not_found(home: World, id: str) -> None:
    asked = [("family", "deleteFamily"), ("family", "leaveFamily"), ("family", "createFamilyInvite")]
    for name, verb in [*asked, ("member", "removeFamilyMember"), ("member", "setFamilyMemberRole")]:
        answer = await home.dora.ask(f"mutation (${name}: ID!) {{ {VERBS[verb]} }}", **{name: id})
        assert answer.code == MISSING[name]


async def test_nobody_is_told_that_a_token_is_missing(home: World) -> None:
    for verb in ('createFamily(input: {name: "X"}) { id }', 'joinFamily(code: "x") { id }'):
        assert (await home.people.nobody.ask(f"mutation {{ {verb} }}")).code == "UNAUTHENTICATED"
    query = '{ familyOfInvite(code: "x") { familyName } }'
    assert (await home.people.nobody.ask(query)).code == "UNAUTHENTICATED"

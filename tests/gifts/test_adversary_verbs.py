"""The person a present is for calls every verb there is, where givers have done all they can and where nobody has.

In two families that are the same but for that, all answers must be the same, byte for byte; ids are put in order, and
moments blanked.
"""

import re

import pytest

from db.accounts.users import Role
from db.gifts.families import FamilyRole
from tests.gifts.givers import write
from tests.gifts.scenario import Stage, everything_givers_do, mutation, staged
from tests.gifts.test_topics_of_gifts import MUTATIONS
from tests.gifts.world import World, world
from tests.people import People

MOMENTS = re.compile(r'"[0-9]{4}-[0-9]{2}-[0-9]{2}T[^"]*"|"traceId":"[^"]*"')
IDS = re.compile(r"([a-z]+)_[0-9a-f]{32}")
NOBODY = "item_" + "0" * 32

ITEM = "id version status quantity note giving { version } gift { id name version }"
LIST = "id version name surprise items { totalCount nodes { id status } } counts { items idea purchased }"
EXPECTED = ", expectedVersion: 7"
OF_WISHES = [  # each also of a version that it is not of
    ("transitionListItem", "status: PURCHASED, skip: true"),
    ("transitionListItem", "status: IDEA"),
    ("transitionListItem", "status: RECEIVED"),
    ("assignListItem", "userId: $gina;"),
    ("assignListItem", ""),
    ("organizeGroupGift", "input: {targetMinor: 1}"),
    ("organizeGroupGift", "input: {targetMinor: 100000}"),
    ("updateGiving", "input: {pricePaidMinor: 1, thanked: true}"),
    ("updateGiving", "input: {}"),
]
OF_WISHES_PLAINLY = [
    ("claimListItem", "quantity: 1"),
    ("claimListItem", "quantity: 99, anonymous: true"),
    ("unclaimListItem", ""),
    ("unclaimListItem", "quantity: 1"),
    ("contribute", "amountMinor: 1"),
    ("contribute", "amountMinor: 100000"),
    ("withdrawContribution", ""),
]
GIVING = [
    f"{verb}(id: ${wish};{', ' if more else ''}{more}{version}) {{ {ITEM} }}"
    for verbs, versions in ((OF_WISHES, ("", EXPECTED)), (OF_WISHES_PLAINLY, ("",)))
    for verb, more in verbs
    for version in versions
    for wish in ("wish", "second", "third")
]
REST = [
    *(f"releaseClaim(id: {id}) {{ id }}" for id in ("$left;", f'"{NOBODY}"')),
    "releaseContribution(id: $left;) { id }",
    *(f"updateListItem(id: $wish;, input: {{quantity: {n}}}) {{ {ITEM} }}" for n in (1, 9, 1)),
    f"updateListItem(id: $second;, input: {{quantity: 1}}) {{ {ITEM} }}",
    f"updateListItem(id: $wish;, input: {{note: \"!\"}}{EXPECTED}) {{ {ITEM} }}",
    f"addListItem(listId: $list;, input: {{giftId: $known;}}) {{ {ITEM} givenBefore }}",
    f'addListItem(listId: $list;, input: {{gift: {{name: "Hat", url: "https://shop.example/skates"}}}}) {{ {ITEM} }}',
    f"addListItem(listId: $open;, input: {{giftId: $skates;, personId: $person;}}) {{ {ITEM} givenBefore }}",
    *(f"updateGiftList(id: $list;, input: {{{say}}}) {{ {LIST} }}" for say in (
        "surprise: false", "surprise: true", "revealAt: null", 'revealAt: "2030-01-01T00:00:00Z"', 'name: "Wishes"',
        "giversSeeEachOther: false", "visibility: GIVERS", "visibility: FAMILY", "occasionId: null", "type: REGISTRY",
    )),
    *(f"updateGiftList(id: $open;, input: {{{say}}}) {{ {LIST} }}" for say in (
        'surprise: true, revealAt: "2090-01-01T00:00:00Z"', "revealAt: null", "surprise: false", "surprise: true",
        "visibility: FAMILY",
    )),
    f'createGiftList(input: {{familyId: $family;, personId: $person;, name: "Mine", type: IDEAS}}) {{ {LIST} }}',
    'createGift(input: {familyId: $family;, name: "Another", url: "https://shop.example/skates"}) { id name version }',
    'createGift(input: {familyId: $family;, name: "Another", personId: $person;}) { id }',
    'updateGift(id: $skates;, input: {name: "Skates", url: "https://shop.example/skates"}) { id name version }',
    "refreshGift(id: $known;) { id version pageState }",
    "deleteGift(id: $skates;) { deletedId }",
    "restoreGift(id: $skates;) { id version }",
    "deleteGift(id: $known;) { deletedId }",
    "restoreGift(id: $known;) { id }",
    *(f'addComment(input: {{parentType: {type}, parentId: ${of};, text: "?"}}) {{ id version }}' for type, of in (
        ("ITEM", "wish"), ("LIST", "list"), ("PERSON", "person"), ("OCCASION", "occasion"), ("GIFT", "known"),
        ("GIFT", "skates"),
    )),
    'updateComment(id: "comment_%s", input: {text: "!"}) { id }' % ("0" * 32),
    'deleteComment(id: "comment_%s") { deletedId }' % ("0" * 32),
    "addPersonToOccasion(occasionId: $occasion;, personId: $tom;) { id version }",
    "addPersonToOccasion(occasionId: $occasion;, personId: $person;, budgetMinor: 1) { id version budgetMinor }",
    'updateOccasionPerson(id: "guest_%s", input: {budgetMinor: 1}) { id }' % ("0" * 32),
    "removePersonFromOccasion(occasionId: $occasion;, personId: $person;) { deletedId }",
    'updateOccasion(id: $occasion;, input: {name: "Nine"}) { id version summary { items idea spentMinor } }',
    "openNextOccasion(id: $occasion;) { id name lists { totalCount } }",
    'createOccasion(input: {familyId: $family;, name: "New", type: OTHER, day: "2031-01-01"}) { id version }',
    'updatePerson(id: $person;, input: {name: "I"}) { id version lists { totalCount } }',
    "linkPerson(id: $person;) { id }",
    "linkPerson(id: $person;, userId: $gina;) { id }",
    "linkPerson(id: $tom;, userId: $ida;) { id }",
    "deletePerson(id: $person;) { deletedId }",
    'createPerson(input: {familyId: $family;, name: "Una"}) { id version }',
    'createFamily(input: {name: "Mine"}) { id name version }',
    'updateFamily(id: $family;, input: {name: "Ours"}) { id name version }',
    "createFamilyInvite(input: {familyId: $family;}) { id uses version }",
    'revokeFamilyInvite(id: "invite_%s") { id }' % ("0" * 32),
    'joinFamily(code: "none") { id }',
    'setFamilyMemberRole(id: "member_%s", role: ADMIN) { id }' % ("0" * 32),
    'removeFamilyMember(id: "member_%s") { deletedId }' % ("0" * 32),
]  # fmt: skip
ENDS = [
    "removeListItem(id: $wish;) { deletedId }",
    "deleteOccasion(id: $occasion;) { deletedId }",
    "deletePerson(id: $tom;) { deletedId }",
    "deleteGiftList(id: $list;) { deletedId }",
    "deleteGiftList(id: $open;) { deletedId }",
    "leaveFamily(id: $family;) { deletedId }",
    "deleteFamily(id: $family;) { deletedId }",
]
CALLS = [*GIVING, *REST, *ENDS]


def blanked(text: str, names: dict[str, str]) -> str:
    """Ids by the names that they have in both families, others by the order in which they first are there."""

    def named(found: re.Match[str]) -> str:
        return names.setdefault(found[0], f"{found[1]}#{len(names)}")

    return IDS.sub(named, MOMENTS.sub('""', text))


async def answers(stage: Stage, names: dict[str, str]) -> dict[str, str]:
    """Of each call, in this order."""
    ida, found = stage.home.ida, dict[str, str]()
    for number, call in enumerate(CALLS):
        query, given = mutation(call, stage.ids)
        body = {"query": query, "variables": given}
        answer = await ida.people.http.post("/graphql", json=body, headers=ida.headers)
        found[f"{number} {call}"] = blanked(answer.text, names)
    return found


async def a_family(people: People, role: FamilyRole, of_server: Role) -> tuple[Stage, dict[str, str]]:
    home = await world(people)
    await write(home, "update family_member set role = :role where user_id = :ida", role=role.value, ida=home.ida.id)
    await write(home, "update user_account set role = :role where id = :ida", role=of_server.value, ida=home.ida.id)
    stage = await staged(home)
    stage.ids["ida"] = home.ida.id
    return stage, {id: name for name, id in stage.ids.items()}


async def test_all_verbs_answer_the_same(home: World) -> None:
    await compared(home.people, FamilyRole.MEMBER, Role.USER)


async def test_also_to_an_administrator_of_the_family_and_of_the_server(home: World) -> None:
    await compared(home.people, FamilyRole.ADMIN, Role.ADMIN)


async def test_also_to_the_owner_of_the_family(home: World) -> None:
    await compared(home.people, FamilyRole.OWNER, Role.USER)


async def compared(people: People, role: FamilyRole, of_server: Role) -> None:
    quiet, names = await a_family(people, role, of_server)
    busy, others = await a_family(people, role, of_server)
    await everything_givers_do(busy)
    expected, found = await answers(quiet, names), await answers(busy, others)
    assert {call: (expected[call], text) for call, text in found.items() if text != expected[call]} == {}
    done = [call for call, text in found.items() if '"errors"' not in text]
    assert len(done) > 20, done
    assert "INTERNAL_ERROR" not in "".join(found.values())


@pytest.mark.parametrize("verb", MUTATIONS)
def test_every_verb_is_among_them(verb: str) -> None:
    assert any(call.startswith(f"{verb}(") for call in CALLS)

"""What givers do is nobody else's: the person whom it is for cannot tell whether anything has been done."""

import re
from collections import Counter

import pytest

from db.gifts.families import FamilyRole
from db.gifts.items import Claim, Contribution
from kit.ids import Id
from tests.gifts.givers import GIVING, do, giving, kept, write
from tests.gifts.world import World
from tests.people import Answer, Person

VERBS = [
    "transitionListItem(id: $id, status: SELECTED) { id }",
    "transitionListItem(id: $id, status: IDEA) { id }",
    "transitionListItem(id: $id, status: PURCHASED) { id }",
    "transitionListItem(id: $id, status: RECEIVED, skip: true) { id }",
    "transitionListItem(id: $id, status: SELECTED, expectedVersion: 1) { id }",
    "assignListItem(id: $id) { id }",
    "assignListItem(id: $id, userId: $user) { id }",
    'assignListItem(id: $id, userId: "user_00000000000000000000000000000000") { id }',
    "assignListItem(id: $id, userId: $user, expectedVersion: 1) { id }",
    "claimListItem(id: $id) { id }",
    "claimListItem(id: $id, quantity: 99, anonymous: true) { id }",
    "unclaimListItem(id: $id) { id }",
    "unclaimListItem(id: $id, quantity: 1) { id }",
    "organizeGroupGift(id: $id, input: {targetMinor: 1}) { id }",
    'organizeGroupGift(id: $id, input: {targetMinor: 9, currency: "USD"}, expectedVersion: 1) { id }',
    "contribute(id: $id, amountMinor: 1) { id }",
    "contribute(id: $id, amountMinor: 1000000000, anonymous: true) { id }",
    "withdrawContribution(id: $id) { id }",
    "updateGiving(id: $id, input: {}) { id }",
    'updateGiving(id: $id, input: {pricePaidMinor: 1, currency: "USD", thanked: true}) { id }',
    "updateGiving(id: $id, input: {thanked: false}, expectedVersion: 1) { id }",
]
RELEASES = {
    "releaseClaim(id: $claim) { id }": "CLAIM_NOT_FOUND",
    "releaseContribution(id: $contribution) { id }": "CONTRIBUTION_NOT_FOUND",
}
WRONG = [
    "claimListItem(id: $id, quantity: 0) { id }",
    "contribute(id: $id, amountMinor: -1) { id }",
    "organizeGroupGift(id: $id, input: {targetMinor: 0}) { id }",
    "updateGiving(id: $id, input: {pricePaidMinor: -1}) { id }",
]
READS = [
    f"listItem(id: $id) {{ status version updatedAt {GIVING} }}",
    "myGivings(first: 5) { totalCount nodes { id } }",
    "myGivings(status: [PURCHASED]) { totalCount nodes { id } }",
    "nodes(ids: [$claim, $contribution]) { id }",
]


def question(kind: str, field: str) -> str:
    """An operation of this field that declares the variables in it."""
    declared = ", ".join(f"{name}: ID!" for name in dict.fromkeys(re.findall(r"\$\w+", field)))
    return f"{kind} ({declared}) {{ {field} }}" if declared else f"{kind} {{ {field} }}"


def promised(home: World) -> tuple[Id, Id]:
    """The ids that a claim and a contribution will have when givers act."""
    rest = home.giving.id.removeprefix("giving")
    return Id(f"claim{rest}"), Id(f"contribution{rest}")


def values(home: World) -> dict[str, str]:
    claim, contribution = promised(home)
    return {"id": home.item.id, "user": home.gus.id, "claim": claim, "contribution": contribution}


async def ask(who: Person, verb: str, home: World) -> Answer:
    return await who.ask(question("mutation", verb), **values(home))


async def act(home: World) -> None:
    """Givers do all that they can, with promises of the ids that are asked for."""
    await write(home, "update list_item set quantity = 9 where id = :id", id=home.item.id)
    whose = {"family_id": home.family.id, "giving_id": home.giving.id, "user_id": Id(home.gus.id)}
    await do(home.gina, "organizeGroupGift(id: $id, input: {targetMinor: 500}) { id }", home.item.id)
    await do(home.gina, "contribute(id: $id, amountMinor: 500) { id }", home.item.id)
    await do(home.gina, "claimListItem(id: $id, quantity: 8) { id }", home.item.id)
    await do(home.gina, f'assignListItem(id: $id, userId: "{home.gus.id}") {{ id }}', home.item.id)
    await do(home.gina, "transitionListItem(id: $id, status: PURCHASED, skip: true) { id }", home.item.id)
    await do(home.gina, "updateGiving(id: $id, input: {pricePaidMinor: 5, thanked: true}) { id }", home.item.id)
    await write(home, "delete from contribution where giving_id = :id", id=home.giving.id)
    claim, contribution = promised(home)
    await home.keep(Claim(id=claim, quantity=1, **whose), Contribution(id=contribution, amount_minor=500, **whose))
    await write(home, "update giving set claimed = 9 where id = :id", id=home.giving.id)
    assert (await giving(home.gina, home.item.id))["status"] == "PURCHASED"


async def transcript(who: Person, home: World) -> list[str]:
    """Every answer to the byte, without the trace's id and the time."""
    found = []
    asked = [question("mutation", verb) for verb in (*VERBS, *RELEASES, *WRONG)]
    for query in [*asked, *(question("query", field) for field in READS)]:
        body = {"query": query, "variables": values(home)}
        response = await home.people.http.post("/graphql", json=body, headers=who.headers)
        found.append(re.sub(r'"(traceId|timestamp)":"[^"]*"', "", response.text))
    return found


@pytest.mark.parametrize("role", FamilyRole)
async def test_the_person_is_refused_alike_whatever_others_have_done(home: World, role: FamilyRole) -> None:
    change = "update family_member set role = cast(:role as family_role) where user_id = :id"
    await write(home, change, role=role, id=home.ida.id)
    await write(home, "update list_item set quantity = 9 where id = :id", id=home.item.id)
    before = await transcript(home.ida, home)
    codes = Counter(code for answer in before for code in re.findall(r'"code":"(\w+)"', answer))
    assert codes == {"FORBIDDEN": len(VERBS), "VALIDATION_ERROR": len(WRONG), **dict.fromkeys(RELEASES.values(), 1)}
    await act(home)
    as_it_was = await kept(home)
    assert await transcript(home.ida, home) == before
    assert await kept(home) == as_it_was


@pytest.mark.parametrize("verb", VERBS)
async def test_the_person_may_do_nothing_of_it(home: World, verb: str) -> None:
    before = await kept(home)
    refused = await ask(home.ida, verb, home)
    assert (refused.code, refused.error["message"]) == ("FORBIDDEN", "Access denied")
    assert await kept(home) == before


async def test_of_what_others_added_the_person_is_told_that_it_is_not_there(home: World) -> None:
    other = await home.another(home.gus)
    hidden = World(**{**vars(home), "item": other})
    for verb in VERBS:
        assert (await ask(home.ida, verb, hidden)).code == "LIST_ITEM_NOT_FOUND"


async def test_strangers_find_nothing(home: World) -> None:
    await act(home)
    before, stranger = await kept(home), await home.people.one()
    for verb in VERBS:
        assert (await ask(stranger, verb, home)).code == "LIST_ITEM_NOT_FOUND"
    for verb, code in RELEASES.items():
        assert (await ask(stranger, verb, home)).code == code
    for id in ("item_1", "", "gift_00000000000000000000000000000000", "item \x00"):
        assert (await do(home.gus, "claimListItem(id: $id) { id }", id)).code == "LIST_ITEM_NOT_FOUND"
    assert await kept(home) == before


async def test_only_administrators_release_and_only_what_is_nobodys(home: World) -> None:
    await act(home)
    before = await kept(home)
    for who in (home.gina, home.gus, home.dora):
        for verb in RELEASES:
            assert (await ask(who, verb, home)).code == "FORBIDDEN"
    assert await kept(home) == before


@pytest.mark.parametrize("verb", [*VERBS, *RELEASES])
async def test_nobody_is_asked_who_they_are(home: World, verb: str) -> None:
    assert (await ask(home.people.nobody, verb, home)).code == "UNAUTHENTICATED"

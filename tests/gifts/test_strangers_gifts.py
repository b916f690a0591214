"""Who may not touch a family's gifts: strangers, plain members who did not add them, and whom they are kept from."""

from typing import Any

import pytest
from sqlalchemy import text

from db.gifts.families import FamilyMember
from db.gifts.persons import Person as Receiver
from kit.ids import Id
from tests.gifts.world import World, family
from tests.people import Answer, Person

VERBS = [
    'updateGift(id: $id, input: {name: "Mine"}) { id }',
    "updateGift(id: $id, input: {}) { id }",
    'updateGift(id: $id, input: {name: "Mine"}, expectedVersion: 7) { id }',
    "deleteGift(id: $id) { deletedId }",
    "restoreGift(id: $id) { id }",
]
CREATE = "mutation ($input: CreateGiftInput!) { createGift(input: $input) { id } }"
STREAM = "subscription ($family: ID!) { giftEvents(familyId: $family) { __typename } }"
NOTHING = {"totalCount": 0}


async def do(person: Person, verb: str, id: str) -> Answer:
    return await person.ask(f"mutation ($id: ID!) {{ {verb} }}", id=id)


async def kept(home: World) -> list[Any]:
    """All gifts and events there are of the family."""
    async with home.people.services.db.transaction() as transaction:
        gifts = await transaction.execute(
            text("select * from gift where family_id = :id order by id"), {"id": home.family.id}
        )
        events = await transaction.execute(
            text("select count(*) from event where :topic = any(topics)"), {"topic": f"family:{home.family.id}"}
        )
        return [*gifts.mappings(), events.scalar_one()]


@pytest.mark.parametrize("verb", VERBS)
async def test_a_stranger_finds_no_gift(home: World, verb: str) -> None:
    stranger, before = await home.people.one(), await kept(home)
    assert (await do(stranger, verb, home.gift.id)).code == "GIFT_NOT_FOUND"
    assert await kept(home) == before


@pytest.mark.parametrize("verb", VERBS)
async def test_a_member_who_did_not_add_it_may_not_touch_it(home: World, verb: str) -> None:
    before = await kept(home)
    assert (await do(home.gus, verb, home.gift.id)).code == "FORBIDDEN"
    assert await kept(home) == before


@pytest.mark.parametrize("verb", VERBS)
async def test_whom_it_is_kept_from_finds_no_gift(home: World, verb: str) -> None:
    item = await home.another(home.gus)
    before = await kept(home)
    assert (await do(home.ida, verb, item.gift_id)).code == "GIFT_NOT_FOUND"
    assert (await do(home.gina, verb, item.gift_id)).code == "FORBIDDEN"
    assert await kept(home) == before


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("id", ["", "gift_1", "gift_00000000000000000000000000000000"])
async def test_what_is_no_gift_is_not_found(home: World, verb: str, id: str) -> None:
    assert (await do(home.gus, verb, id)).code == "GIFT_NOT_FOUND"


async def test_nobody_adds_a_gift_to_a_family_of_others(home: World) -> None:
    stranger, before = await home.people.one(), await kept(home)
    for id in (home.family.id, "family_00000000000000000000000000000000", home.gift.id, "x"):
        assert (await stranger.ask(CREATE, input={"familyId": id, "name": "X"})).code == "FAMILY_NOT_FOUND"
    assert await kept(home) == before


async def test_a_gift_is_kept_from_people_of_its_own_family_alone(home: World) -> None:
    other, _ = await family(home.people)
    before = await kept(home)
    for id in (home.ida.id, "person_00000000000000000000000000000000", "x"):
        refused = await home.gus.ask(CREATE, input={"familyId": home.family.id, "name": "X", "personId": id})
        assert refused.code == "PERSON_NOT_FOUND"
    theirs = Receiver(id=Receiver.fresh_id(), family_id=other.id, name="Theirs")
    await home.keep(theirs, FamilyMember(id=FamilyMember.fresh_id(), family_id=other.id, user_id=Id(home.gus.id)))
    refused = await home.gus.ask(CREATE, input={"familyId": home.family.id, "name": "X", "personId": theirs.id})
    assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"personId": ["is of another family"]})
    assert await kept(home) == before


async def test_a_stranger_reads_nothing(home: World) -> None:
    stranger = await home.people.one()
    query = """query ($family: ID!) { gifts { totalCount } of: gifts(familyId: $family) { totalCount }
      searchGifts(q: "roller skates") { totalCount }
      similarGifts(familyId: $family, name: "Roller skates") { totalCount } }"""
    seen = (await stranger.ask(query, family=home.family.id)).data
    assert seen == {"gifts": NOTHING, "of": NOTHING, "searchGifts": NOTHING, "similarGifts": NOTHING}
    assert (await stranger.ask("query ($id: ID!) { gift(id: $id) { id } }", id=home.gift.id)).code == "GIFT_NOT_FOUND"


async def test_a_stranger_follows_nothing(home: World) -> None:
    async with (await home.people.one()).socket() as socket:
        await socket.start(STREAM, family=home.family.id)
        (error,) = (await socket.frame())["payload"]
    assert error["extensions"]["code"] == "FORBIDDEN"

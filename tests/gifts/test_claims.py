"""Who gives how many of an item."""

from typing import Any

import pytest

from db.gifts.families import FamilyMember
from kit.ids import Id
from live.topics import gift_list, items_of
from tests.gifts.givers import activity, do, giving, heard, kept, listening, own_topic, write
from tests.gifts.world import World, world
from tests.people import Answer, People, Person

GUS, GINA = {"name": "Gus"}, {"name": "Gina"}


async def claim(who: Person, id: str, quantity: int = 1, *, anonymous: bool = False) -> Answer:
    fields = "id giving { claimed left }"
    verb = f"claimListItem(id: $id, quantity: {quantity}, anonymous: {str(anonymous).lower()}) {{ {fields} }}"
    return await do(who, verb, id)


async def unclaim(who: Person, id: str, quantity: int | None = None) -> Answer:
    said = "" if quantity is None else f", quantity: {quantity}"
    return await do(who, f"unclaimListItem(id: $id{said}) {{ id giving {{ claimed left }} }}", id)


async def wish_for(home: World, quantity: int) -> None:
    await write(home, "update list_item set quantity = :quantity where id = :id", quantity=quantity, id=home.item.id)


async def claims(who: Person, home: World) -> list[tuple[Any, ...]]:
    found = (await giving(who, home.item.id))["claims"]
    assert found["totalCount"] == len(found["nodes"])
    return [(node["user"], node["quantity"], node["anonymous"]) for node in found["nodes"]]


async def test_what_somebody_claims_takes_the_place_of_what_they_had(home: World) -> None:
    await wish_for(home, 5)
    for quantity in (2, 4, 1):
        answer = (await claim(home.gus, home.item.id, quantity)).data["claimListItem"]
        assert answer == {"id": home.item.id, "giving": {"claimed": quantity, "left": 5 - quantity}}
        assert await claims(home.gina, home) == [(GUS, quantity, False)]
    assert await activity(home.gina) == [
        ("CLAIMED", None, "Gus"),
        ("CLAIMED", None, "Gus"),
        ("UNCLAIMED", None, "Gus"),
    ]


async def test_whoever_says_the_same_twice_has_said_it_once(home: World) -> None:
    await claim(home.gus, home.item.id)
    before = await kept(home)
    assert (await claim(home.gus, home.item.id)).data["claimListItem"]["giving"] == {"claimed": 1, "left": 0}
    assert await kept(home) == before


async def test_no_more_than_are_left_and_what_is_left_is_told(home: World) -> None:
    await wish_for(home, 3)
    await claim(home.gus, home.item.id, 2)
    before = await kept(home)
    refused = await claim(home.gina, home.item.id, 2)
    assert refused.code == "CONFLICT"
    told = refused.error["extensions"]
    assert (told["reason"], told["left"]) == ("NOT_ENOUGH_LEFT", 1)
    assert (await claim(home.gus, home.item.id, 4)).error["extensions"]["left"] == 1
    assert await kept(home) == before
    assert (await claim(home.gus, home.item.id, 3)).data["claimListItem"]["giving"] == {"claimed": 3, "left": 0}


@pytest.mark.parametrize("quantity", [0, -1, 100, 2_147_483_647])
async def test_a_number_that_cannot_be_is_refused(home: World, quantity: int) -> None:
    before = await kept(home)
    for verb in (claim, unclaim):
        refused = await verb(home.gus, home.item.id, quantity)
        assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"quantity": ["must be from 1 to 99"]})
    assert await kept(home) == before


async def test_a_claim_is_taken_back_in_part_or_whole(home: World) -> None:
    await wish_for(home, 5)
    await claim(home.gina, home.item.id, 1)
    await claim(home.gus, home.item.id, 4)
    assert (await unclaim(home.gus, home.item.id, 1)).data["unclaimListItem"]["giving"] == {"claimed": 4, "left": 1}
    assert await claims(home.gus, home) == [(GINA, 1, False), (GUS, 3, False)]
    assert (await unclaim(home.gus, home.item.id, 99)).data["unclaimListItem"]["giving"] == {"claimed": 1, "left": 4}
    await unclaim(home.gina, home.item.id)
    assert await claims(home.gus, home) == []
    before = await kept(home)
    assert (await unclaim(home.gina, home.item.id)).data["unclaimListItem"]["giving"] == {"claimed": 0, "left": 5}
    assert await kept(home) == before


async def test_where_fewer_are_wished_for_than_claimed_none_are_left(home: World) -> None:
    await wish_for(home, 3)
    await claim(home.gus, home.item.id, 3)
    await wish_for(home, 1)
    assert (await giving(home.gina, home.item.id))["left"] == 0
    assert (await claim(home.gina, home.item.id)).error["extensions"]["left"] == 0
    assert (await claim(home.gus, home.item.id, 2)).data["claimListItem"]["giving"] == {"claimed": 2, "left": 0}


async def test_givers_hear_of_a_claim_and_the_person_does_not(home: World) -> None:
    topics = gift_list(home.list.id), items_of(home.family.id)
    for topic in topics:
        async with listening(home.gina, topic) as giver, listening(home.ida, topic) as receiver:
            await claim(home.gus, home.item.id)
            await unclaim(home.gus, home.item.id)
            told, nothing = await heard(home, topic, giver, receiver)
        assert [(event["kind"], event["actor"]) for event in told] == [("UPDATED", GUS), ("UPDATED", GUS)]
        assert nothing == []


async def test_those_who_give_it_hear_of_it_wherever_they_are(home: World) -> None:
    own = own_topic(home.gus)
    async with listening(home.gus, own) as events:
        await claim(home.gina, home.item.id)  # he does not give it
        await unclaim(home.gina, home.item.id)
        await claim(home.gus, home.item.id)
        await do(home.gina, "assignListItem(id: $id) { id }", home.item.id)  # nobody was: nothing to tell
        await do(home.dora, "transitionListItem(id: $id, status: SELECTED) { id }", home.item.id)
        await unclaim(home.gus, home.item.id)
        await do(home.dora, "transitionListItem(id: $id, status: PURCHASED) { id }", home.item.id)
        (told,) = await heard(home, own, events)
    assert [(event["kind"], event["actor"]["name"]) for event in told] == [
        ("UPDATED", "Gus"),
        ("STATUS_CHANGED", "Dora"),
        ("UPDATED", "Gus"),
    ]


async def quietly(home: World, *, anonymous: bool) -> None:
    """All that Gus can do about the item, and take back."""
    await claim(home.gus, home.item.id, anonymous=anonymous)
    await do(home.gus, "transitionListItem(id: $id, status: PURCHASED, skip: true) { id }", home.item.id)
    price = 'updateGiving(id: $id, input: {pricePaidMinor: 100, currency: "EUR"}) { id }'
    await do(home.gus, price, home.item.id)


@pytest.mark.parametrize("by_list", [False, True])
async def test_of_whoever_gives_anonymously_others_see_that_and_not_who(home: World, *, by_list: bool) -> None:
    if by_list:
        await write(home, "update gift_list set givers_see_each_other = false where id = :id", id=home.list.id)
    topic = items_of(home.family.id)
    async with listening(home.gina, topic) as events:
        await quietly(home, anonymous=not by_list)
        seen, own = await giving(home.gina, home.item.id), await claims(home.gus, home)
        await unclaim(home.gus, home.item.id)
        (told,) = await heard(home, topic, events)
    assert (seen["claimed"], seen["left"], seen["claims"]) == (1, 0, {"totalCount": 0, "nodes": []})
    assert own == [(GUS, 1, True)]
    assert [(event["kind"], event["actor"]) for event in told] == [
        ("UPDATED", None),
        ("STATUS_CHANGED", None),
        ("UPDATED", None),
        ("UPDATED", None),
    ]
    assert await activity(home.gina) == [
        ("CLAIMED", None, None),
        ("STATUS_CHANGED", "PURCHASED", None),
        ("UNCLAIMED", None, None),
    ]
    assert (await home.gina.ask("query ($id: ID!) { node(id: $id) { id } }", id=await only_claim(home))).data == {
        "node": None
    }


async def only_claim(home: World) -> str:
    """The id of an anonymous claim of Gus's."""
    await claim(home.gus, home.item.id, anonymous=True)
    (node,) = (await giving(home.gus, home.item.id))["claims"]["nodes"]
    id: str = node["id"]
    return id


async def test_a_claim_may_become_anonymous_and_be_named_again(home: World) -> None:
    for anonymous, seen in ((False, [(GUS, 1, False)]), (True, []), (False, [(GUS, 1, False)])):
        await claim(home.gus, home.item.id, anonymous=anonymous)
        assert await claims(home.gina, home) == seen
    assert await activity(home.gina) == [("CLAIMED", None, "Gus")]


async def test_the_person_may_claim_of_their_own_registry_which_is_no_surprise(people: People) -> None:
    home = await world(people, surprise=False)
    assert (await claim(home.ida, home.item.id)).data["claimListItem"]["giving"] == {"claimed": 1, "left": 0}
    assert (await claim(home.gus, home.item.id)).error["extensions"]["left"] == 0


async def leave(home: World, who: Person) -> None:
    assert (await do(who, "leaveFamily(id: $id) { deletedId }", home.family.id)).data


RELEASE = "releaseClaim(id: $id) { id giving { claimed left } }"


@pytest.mark.parametrize("way", ["leaves", "is deleted"])
@pytest.mark.parametrize("anonymous", [False, True])
async def test_the_claim_of_one_who_is_gone_counts_until_an_administrator_takes_it_off(
    home: World, way: str, *, anonymous: bool
) -> None:
    id = await only_claim(home)
    await claim(home.gus, home.item.id, anonymous=anonymous)
    assert (await do(home.dora, RELEASE, id)).code == ("CLAIM_NOT_FOUND" if anonymous else "FORBIDDEN")
    if way == "leaves":
        await leave(home, home.gus)
    else:
        assert (await do(home.gus, "deleteUser(id: $id) { deletedId }", home.gus.id)).data
    assert (await claim(home.gina, home.item.id)).error["extensions"]["left"] == 0
    assert await claims(home.gina, home) == ([] if anonymous else [(None, 1, False)])
    assert await claims(home.dora, home) == [(None, 1, anonymous)]
    before = await kept(home)
    assert (await do(home.gina, RELEASE, id)).code == ("CLAIM_NOT_FOUND" if anonymous else "FORBIDDEN")
    assert (await do(home.ida, RELEASE, id)).code == "CLAIM_NOT_FOUND"
    assert await kept(home) == before
    released = (await do(home.dora, RELEASE, id)).data["releaseClaim"]
    assert released == {"id": home.item.id, "giving": {"claimed": 0, "left": 1}}
    assert (await do(home.dora, RELEASE, id)).code == "CLAIM_NOT_FOUND"
    assert (await activity(home.gina))[-1] == ("UNCLAIMED", None, "Dora")


async def test_whoever_comes_back_begins_anew(home: World) -> None:
    await claim(home.gus, home.item.id)
    await do(home.gus, f'assignListItem(id: $id, userId: "{home.gus.id}") {{ id }}', home.item.id)
    await leave(home, home.gus)
    assert (await claim(home.gus, home.item.id)).code == "LIST_ITEM_NOT_FOUND"
    await home.keep(FamilyMember(id=FamilyMember.fresh_id(), family_id=home.family.id, user_id=Id(home.gus.id)))
    assert await claims(home.gus, home) == [(None, 1, False)]
    assert (await giving(home.gus, home.item.id))["assignee"] is None
    assert (await home.gus.ask("{ myGivings { totalCount } }")).data == {"myGivings": {"totalCount": 0}}


async def test_what_has_been_given_is_not_claimed_any_more(home: World) -> None:
    await claim(home.gus, home.item.id)
    await write(home, "update giving set status = 'RECEIVED' where item_id = :id", id=home.item.id)
    await wish_for(home, 3)
    before = await kept(home)
    answer = await claim(home.gina, home.item.id)
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "ALREADY_RECEIVED")
    assert await kept(home) == before
    assert (await unclaim(home.gus, home.item.id)).data["unclaimListItem"]["giving"] == {"claimed": 0, "left": 3}

"""Who takes care of an item, what it cost, and what somebody gives."""

from typing import Any

import pytest

from db.gifts.gifts import Gift
from kit.ids import Id
from live.topics import items_of
from tests.gifts.givers import activity, do, heard, kept, listening, own_topic, write
from tests.gifts.test_claims import claim
from tests.gifts.world import World, world
from tests.people import Answer, People, Person

MINE = "query ($status: [ListItemStatus!]) { myGivings(status: $status) { totalCount nodes { item { id } status } } }"
EVENTS = """subscription ($after: Cursor) { givingEvents(after: $after) { __typename
  ... on Ready { cursor }
  ... on ListItemChanged { kind topic entityId actor { name } listItem { id giving { claimed } } }
  ... on ListItemDeleted { topic deletedId } } }"""


async def assign(who: Person, id: str, user: str | None) -> Answer:
    verb = "mutation ($id: ID!, $user: ID) { assignListItem(id: $id, userId: $user) { giving { assignee { name } } } }"
    return await who.ask(verb, id=id, user=user)


async def change(who: Person, id: str, version: int | None = None, **input: Any) -> Answer:
    verb = """mutation ($id: ID!, $input: UpdateGivingInput!, $version: Int) {
      updateGiving(id: $id, input: $input, expectedVersion: $version) {
        giving { pricePaidMinor currency thankedAt version } } }"""
    return await who.ask(verb, id=id, input=input, version=version)


def given(answer: Answer) -> Any:
    return answer.data["updateGiving"]["giving"]


async def test_a_giver_takes_care_of_it_or_another_does_or_nobody(home: World) -> None:
    topic = items_of(home.family.id)
    async with listening(home.gina, topic) as giver, listening(home.ida, topic) as receiver:
        for user, seen in ((home.gus.id, {"name": "Gus"}), (home.gus.id, {"name": "Gus"}), (None, None)):
            answer = await assign(home.gina, home.item.id, user)
            assert answer.data["assignListItem"]["giving"] == {"assignee": seen}
        told, nothing = await heard(home, topic, giver, receiver)
    assert [(event["kind"], event["actor"]) for event in told] == [("ASSIGNED", {"name": "Gina"})] * 2
    assert nothing == []
    assert await activity(home.dora) == [("ASSIGNED", None, "Gina")]


async def test_whom_it_is_taken_from_hears_of_it_too(home: World) -> None:
    await assign(home.dora, home.item.id, home.gus.id)
    his, hers = own_topic(home.gus), own_topic(home.gina)
    async with listening(home.gus, his) as before, listening(home.gina, hers) as after:
        await assign(home.dora, home.item.id, home.gina.id)
        (told,), (told_her,) = await heard(home, his, before), await heard(home, hers, after)
    assert [event["kind"] for event in (*told, *told_her)] == ["ASSIGNED", "ASSIGNED"]


async def test_only_members_who_may_see_it_take_care_of_it(home: World) -> None:
    stranger = await home.people.one()
    before = await kept(home)
    for user, code in (
        (stranger.id, "USER_NOT_FOUND"),
        ("user_00000000000000000000000000000000", "USER_NOT_FOUND"),
        ("no id \x00", "USER_NOT_FOUND"),
        (home.ida.id, "FORBIDDEN"),
    ):
        assert (await assign(home.gus, home.item.id, user)).code == code
    assert await kept(home) == before


async def test_the_person_may_take_care_of_what_is_no_surprise(people: People) -> None:
    home = await world(people, surprise=False)
    assert (await assign(home.gus, home.item.id, home.ida.id)).data["assignListItem"]["giving"] == {
        "assignee": {"name": "Ida"}
    }
    assert (await assign(home.ida, home.item.id, None)).data["assignListItem"]["giving"] == {"assignee": None}


async def test_what_it_cost_is_kept_with_a_currency_and_a_change_without_difference_is_none(home: World) -> None:
    first = given(await change(home.gus, home.item.id, pricePaidMinor=4_999))
    assert (first["pricePaidMinor"], first["currency"], first["version"]) == (4_999, "EUR", 2)
    second = given(await change(home.gina, home.item.id, version=2, pricePaidMinor=5_500, currency="USD"))
    assert (second["pricePaidMinor"], second["currency"], second["version"]) == (5_500, "USD", 3)
    before = await kept(home)
    assert given(await change(home.gus, home.item.id, pricePaidMinor=5_500)) == second
    assert given(await change(home.gus, home.item.id)) == second
    stale = await change(home.gus, home.item.id, version=2, pricePaidMinor=1)
    assert (stale.code, stale.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")
    assert await kept(home) == before
    cleared = given(await change(home.gus, home.item.id, pricePaidMinor=None))
    assert (cleared["pricePaidMinor"], cleared["currency"]) == (None, "USD")


async def test_a_price_is_in_the_gifts_currency_unless_somebody_says_otherwise(home: World) -> None:
    await write(home, "update gift set price_minor = 100, currency = 'CHF' where id = :id", id=home.gift.id)
    assert given(await change(home.gus, home.item.id, pricePaidMinor=90))["currency"] == "CHF"


@pytest.mark.parametrize(
    ("input", "field"),
    [
        ({"pricePaidMinor": -1}, "pricePaidMinor"),
        ({"pricePaidMinor": 1_000_000_001}, "pricePaidMinor"),
        ({"pricePaidMinor": 1, "currency": "eur"}, "currency"),
        ({"currency": None}, "currency"),
        ({"thanked": None}, "thanked"),
    ],
)
async def test_what_cannot_be_is_refused(home: World, input: dict[str, Any], field: str) -> None:
    before = await kept(home)
    refused = await change(home.gus, home.item.id, **input)
    assert (refused.code, [*refused.details]) == ("VALIDATION_ERROR", [field])
    assert await kept(home) == before


async def test_thanks_are_said_once_and_can_be_taken_back(home: World) -> None:
    said = given(await change(home.gus, home.item.id, thanked=True))["thankedAt"]
    assert said is not None
    assert given(await change(home.gina, home.item.id, thanked=True))["thankedAt"] == said
    assert given(await change(home.gina, home.item.id, thanked=False))["thankedAt"] is None
    assert given(await change(home.gina, home.item.id, thanked=False))["version"] == 3


async def promised(home: World) -> list[str]:
    """Four items that Gus gives, each in a way of its own, the last one twice; and one that he does not."""
    gift = Gift(id=Gift.fresh_id(), family_id=home.family.id, added_by_id=Id(home.gus.id), name="More")
    await home.keep(gift)
    ids = [(await home.put(gift, home.gus, list=home.list)).id for _ in range(5)]
    await claim(home.gus, ids[0], anonymous=True)
    await assign(home.gina, ids[1], home.gus.id)
    await do(home.gus, "organizeGroupGift(id: $id, input: {targetMinor: 100}) { id }", ids[2])
    await do(home.gina, "organizeGroupGift(id: $id, input: {targetMinor: 100}) { id }", ids[3])
    await do(home.gus, "contribute(id: $id, amountMinor: 50) { id }", ids[3])
    await claim(home.gus, ids[3])
    await claim(home.gina, ids[4])
    return [*ids]


async def test_my_givings_are_what_the_viewer_gives_in_any_way(home: World) -> None:
    ids = await promised(home)
    await do(home.gus, "transitionListItem(id: $id, status: SELECTED) { id }", ids[1])

    async def mine(who: Person, *status: str) -> tuple[int, list[str]]:
        found = (await who.ask(MINE, status=[*status] or None)).data["myGivings"]
        return found["totalCount"], [node["item"]["id"] for node in found["nodes"]]

    assert await mine(home.gus) == (4, [ids[3], ids[2], ids[1], ids[0]])
    assert await mine(home.gus, "SELECTED") == (1, [ids[1]])
    assert await mine(home.gus, "IDEA", "RECEIVED") == (3, [ids[3], ids[2], ids[0]])
    assert await mine(home.gina) == (2, [ids[4], ids[3]])
    assert await mine(home.ida) == (0, [])


async def test_what_becomes_the_viewers_own_present_is_not_theirs_to_give(people: People) -> None:
    """As when a registry is made a surprise after all."""
    home = await world(people, surprise=False)
    await claim(home.ida, home.item.id)
    assert (await home.ida.ask(MINE)).data["myGivings"]["totalCount"] == 1
    await write(
        home,
        "update list_item set kept_from_id = person_id, kept_until = 'infinity' where id = :id",
        id=home.item.id,
    )
    assert (await home.ida.ask(MINE)).data["myGivings"]["totalCount"] == 0


async def test_giving_events_tell_of_the_items_that_the_viewer_gives(home: World) -> None:
    topic, more = own_topic(home.gus), own_topic(home.gina)
    async with listening(home.gus, query=EVENTS) as his, listening(home.gina, query=EVENTS) as hers:
        await claim(home.gus, home.item.id)
        (told,) = await heard(home, topic, his)
        (nothing,) = await heard(home, more, hers)
    assert nothing == []
    assert told == [
        {
            "__typename": "ListItemChanged",
            "kind": "UPDATED",
            "topic": topic,
            "entityId": home.item.id,
            "actor": {"name": "Gus"},
            "listItem": {"id": home.item.id, "giving": {"claimed": 1}},
        }
    ]


async def test_nobody_follows_what_another_gives(home: World) -> None:
    query = f'subscription {{ changes(topics: ["{own_topic(home.gus)}"]) {{ __typename }} }}'
    async with home.gina.socket() as socket:
        (error,) = await socket.ask(query)
    assert error["extensions"]["code"] == "FORBIDDEN"

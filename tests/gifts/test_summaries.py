"""What an occasion comes to: how far its presents are, and what they cost, of what the viewer sees."""

from typing import Any

import pytest
from sqlalchemy import text

from db.gifts.gifts import Gift
from db.gifts.items import ItemStatus, ListItem
from db.gifts.lists import GiftList, GiftListType, GiftListVisibility
from db.gifts.occasions import OccasionPerson
from db.gifts.persons import Person as Receiver
from tests.conftest import Served
from tests.gifts.world import World
from tests.people import Person
from tests.statements import Statements

SUMS = "items idea selected purchased received currency budgetMinor plannedMinor spentMinor leftMinor unpricedCount"
ALL = f"""query ($id: ID!) {{ occasionSummary(id: $id) {{ {SUMS} }}
  occasion(id: $id) {{ summary {{ {SUMS} }}
    people {{ nodes {{ person {{ name }} summary {{ {SUMS} }} }} }} }}
  occasions {{ nodes {{ summary {{ {SUMS} }} people {{ nodes {{ occasion {{ summary {{ items }} }} }} }} }} }} }}"""
NOTHING = dict.fromkeys(SUMS.split(), 0) | {"currency": "EUR", "budgetMinor": None, "leftMinor": None}


async def sums(person: Person, home: World) -> tuple[Any, dict[str, Any]]:
    """Of the occasion, and of its people by name."""
    data = (await person.ask(ALL, id=home.occasion.id)).data
    one = data["occasion"]
    assert data["occasionSummary"] == one["summary"] == data["occasions"]["nodes"][0]["summary"]
    return one["summary"], {guest["person"]["name"]: guest["summary"] for guest in one["people"]["nodes"]}


async def give(
    home: World, by: Person, price: int | None, status: ItemStatus = ItemStatus.IDEA, *, of: str = "EUR", **more: Any
) -> ListItem:
    """One more present on a list, at this price, and how far it has come."""
    item = await home.another(by, **{name: more.pop(name) for name in ("list", "quantity") if name in more})
    async with home.people.services.db.transaction() as session:
        gift = await session.get_one(Gift, item.gift_id)
        gift.price_minor, gift.currency = price, None if price is None else of
    await advance(home, item, status, **more)
    return item


async def advance(
    home: World, item: ListItem, status: ItemStatus, *, paid: int | None = None, in_: str = "EUR"
) -> None:
    of_it = text("update giving set status = :status, price_paid_minor = :paid, currency = :in where item_id = :id")
    values = {"status": status.value, "paid": paid, "in": in_ if paid is not None else None, "id": item.id}
    async with home.people.services.db.transaction() as session:
        await session.execute(of_it, values)


async def budget(home: World, amount: int, on: int) -> None:
    async with home.people.services.db.transaction() as session:
        await session.execute(text("update occasion set budget_minor = :n"), {"n": amount})
        await session.execute(text("update occasion_person set budget_minor = :n"), {"n": on})


async def for_all(home: World) -> GiftList:
    """Another list for the occasion, with presents for whomever; and a second person, who has one of them."""
    shared = await home.another_list(home.gus, "For all", type=GiftListType.SHOPPING, occasion_id=home.occasion.id)
    tom = Receiver(id=Receiver.fresh_id(), family_id=home.family.id, name="Tom")
    await home.keep(tom)
    given = {"family_id": home.family.id, "occasion_id": home.occasion.id, "person_id": tom.id}
    await home.keep(OccasionPerson(id=OccasionPerson.fresh_id(), **given))
    item = await give(home, home.gus, 700, list=shared)
    async with home.people.services.db.transaction() as session:
        (await session.get_one(ListItem, item.id)).person_id = tom.id
    return shared


async def test_presents_are_counted_and_priced_as_far_as_they_have_come(home: World) -> None:
    await budget(home, 10_000, on=4_000)
    await give(home, home.gus, 1_000, quantity=3)
    await give(home, home.gus, 500, ItemStatus.SELECTED)
    await give(home, home.gus, 2_000, ItemStatus.PURCHASED, paid=1_800)
    await give(home, home.gus, 300, ItemStatus.RECEIVED, paid=250)
    await give(home, home.gus, 900, of="USD")
    await give(home, home.gus, 900, ItemStatus.PURCHASED, paid=80, in_="USD")
    await give(home, home.gus, 400, ItemStatus.PURCHASED)
    await give(home, home.gus, 400, ItemStatus.SELECTED, paid=399)  # nothing is bought before it is
    await for_all(home)
    all, people = await sums(home.gina, home)
    hers = {
        "items": 9,
        "idea": 3,  # with her own wish, which has no price
        "selected": 2,
        "purchased": 3,
        "received": 1,
        "currency": "EUR",
        "budgetMinor": 4_000,
        "plannedMinor": 3_900,
        "spentMinor": 2_050,
        "leftMinor": 1_950,
        "unpricedCount": 4,
    }
    toms = NOTHING | {"items": 1, "idea": 1, "plannedMinor": 700}
    assert people == {"Ida": hers, "Tom": toms}
    assert all == hers | {"items": 10, "idea": 4, "plannedMinor": 4_600, "budgetMinor": 10_000, "leftMinor": 7_950}


async def test_without_lists_and_budget_there_is_nothing(home: World) -> None:
    async with home.people.services.db.transaction() as session:
        (await session.get_one(GiftList, home.list.id)).occasion_id = None
    assert await sums(home.gina, home) == (NOTHING, {"Ida": NOTHING})


async def test_whoever_it_is_for_sees_numbers_as_if_nobody_had_done_anything(home: World) -> None:
    await budget(home, 10_000, on=4_000)
    wish = await give(home, home.ida, 1_500, quantity=2)
    id = home.occasion.id
    before = (await ask(home.ida, id), await ask(home.gus, id))
    await advance(home, wish, ItemStatus.PURCHASED, paid=1_400)
    await advance(home, home.item, ItemStatus.SELECTED)
    await give(home, home.gus, 9_900)
    await give(home, home.gus, 9_900, ItemStatus.RECEIVED, paid=9_800, list=await hidden(home))
    assert await ask(home.ida, id) == before[0]
    assert await ask(home.gus, id) != before[1]
    all, people = await sums(home.ida, home)
    hers = NOTHING | {"items": 2, "idea": 2, "plannedMinor": 3_000, "unpricedCount": 1}
    assert all == hers | {"budgetMinor": 10_000, "leftMinor": 10_000}
    assert people == {"Ida": hers | {"budgetMinor": 4_000, "leftMinor": 4_000}}


async def ask(person: Person, occasion: str) -> bytes:
    asked = {"query": ALL, "variables": {"id": occasion}}
    return (await person.people.http.post("/graphql", json=asked, headers=person.headers)).content


async def hidden(home: World) -> GiftList:
    shown = {"occasion_id": home.occasion.id, "visibility": GiftListVisibility.GIVERS}
    return await home.another_list(home.gus, "Ideas", home.receiver, **shown)


async def test_what_is_revealed_is_summed_for_the_person_too(home: World) -> None:
    wish = await give(home, home.ida, 1_500)
    await advance(home, wish, ItemStatus.RECEIVED, paid=1_400)
    async with home.people.services.db.transaction() as session:
        (await session.get_one(ListItem, wish.id)).kept_until = None
    all, _ = await sums(home.ida, home)
    assert all == NOTHING | {"items": 2, "idea": 1, "received": 1, "spentMinor": 1_400, "unpricedCount": 1}


async def test_sums_are_larger_than_an_int(home: World) -> None:
    for _ in range(3):
        await give(home, home.gus, 1_000_000_000, quantity=99)
    all, _ = await sums(home.gina, home)
    assert all["plannedMinor"] == 297_000_000_000


@pytest.mark.usefixtures("once")
async def test_ten_people_with_their_sums_are_one_statement(
    house: Served, home: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "bcdefghij":
        person = Receiver(id=Receiver.fresh_id(), family_id=home.family.id, name=name)
        await home.keep(person)
        given = {"family_id": home.family.id, "occasion_id": home.occasion.id, "person_id": person.id}
        await home.keep(OccasionPerson(id=OccasionPerson.fresh_id(), **given))
    query = ALL[: ALL.index("  occasions {")].replace(f"occasionSummary(id: $id) {{ {SUMS} }}", "") + "}"
    await home.gina.ask("{ __typename }")
    statements = Statements(house, monkeypatch)
    answer = await home.gina.ask(query, id=home.occasion.id)
    assert len(answer.data["occasion"]["people"]["nodes"]) == 10
    assert len(statements) == 1
    assert statements[0].count("FROM giving") == 2  # the one of all, and the one of each person


async def test_several_sums_stand_in_one_question(home: World) -> None:
    query = """query ($id: ID!) { occasion(id: $id) { a: summary { items } b: summary { __typename idea }
      c: summary { leftMinor currency } people { nodes { summary { budgetMinor } } edges { node { summary { items
      unpricedCount } } } } lists { nodes { occasion { summary { n: items items } } } } } }"""
    items = {"n": 1, "items": 1}
    assert (await home.gina.ask(query, id=home.occasion.id)).data["occasion"] == {
        "a": {"items": 1},
        "b": {"__typename": "OccasionSummary", "idea": 1},
        "c": {"leftMinor": None, "currency": "EUR"},
        "people": {
            "nodes": [{"summary": {"budgetMinor": None}}],
            "edges": [{"node": {"summary": {"items": 1, "unpricedCount": 1}}}],
        },
        "lists": {"nodes": [{"occasion": {"summary": items}}]},
    }

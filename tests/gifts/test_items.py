"""Items: put on lists, changed and taken off, and found again."""

from typing import Any

import pytest

from db.gifts.families import FamilyMember, FamilyRole
from db.gifts.gifts import Gift
from db.gifts.items import ItemStatus, ListItem
from db.gifts.persons import Person as Receiver
from kit.ids import Id
from tests.gifts.listing import ADD, CHANGE, REMOVE, add, create, row, rows, write
from tests.gifts.world import World, family

ITEMS = """query ($list: ID, $family: ID, $filter: ListItemFilter, $by: ListItemOrder, $first: Int, $after: String) {
  listItems(listId: $list, familyId: $family, filter: $filter, orderBy: $by, first: $first, after: $after) {
    totalCount nodes { id status gift { name } } pageInfo { endCursor hasNextPage } } }"""
NESTED = """query ($list: ID!, $filter: ListItemFilter, $by: ListItemOrder) { list(id: $list) {
  counts { total idea selected purchased received } items(filter: $filter, orderBy: $by) {
    totalCount nodes { gift { name } status } } } }"""
KITE = {
    "name": "Kite",
    "url": "https://shop.example/kite",
    "priceMinor": 1999,
    "currency": "EUR",
    "description": "A red one.",
    "imageUrl": "https://shop.example/kite.png",
    "tags": ["toys", "wind"],
}


async def found(person: Any, **asked: Any) -> list[str]:
    return [node["gift"]["name"] for node in (await person.ask(ITEMS, **asked)).data["listItems"]["nodes"]]


async def reach(home: World, item: str, status: ItemStatus) -> None:
    """What the verbs of givings do, as far as it matters here."""
    at = home.people.services.clock() if status is ItemStatus.RECEIVED else None
    await write(
        home,
        "update giving set status = :status, received_at = :at where item_id = :item",
        status=status,
        at=at,
        item=item,
    )
    if at is not None:
        await write(home, "update list_item set kept_until = null where id = :item", item=item)


async def test_an_item_is_made_with_its_gift_and_its_other_side(home: World) -> None:
    made = await add(home.gus, home.list.id, gift=KITE, quantity=2, note="Red!")
    assert made == {
        "id": made["id"],
        "quantity": 2,
        "note": "Red!",
        "status": "IDEA",
        "givenBefore": False,
        "version": 1,
        "person": {"name": "Ida"},
        "addedBy": {"name": "Gus"},
        "list": {"id": home.list.id},
        "gift": KITE | {"id": made["gift"]["id"], "addedBy": {"name": "Gus"}},
        "giving": {"status": "IDEA", "claimed": 0},
    }
    assert [giving["item_id"] for giving in await rows(home, "giving")] == sorted([home.item.id, made["id"]])


async def test_an_item_may_be_of_a_gift_that_there_is(home: World) -> None:
    input = {"giftId": home.gift.id}
    made = (await home.gus.ask(ADD, list=home.list.id, input=input)).data["addListItem"]
    assert (made["gift"]["id"], made["quantity"], made["note"]) == (home.gift.id, 1, None)
    assert len(await rows(home, "gift")) == 1


async def test_the_gift_of_an_item_is_taken_in_as_any_other(home: World) -> None:
    """So that the same page is known again, whichever way it came."""
    input = {"gift": {"url": "HTTPS://www.Shop.example:443/kite", "tags": ["Toys", "toys "]}}
    made = (await home.gus.ask(ADD, list=home.list.id, input=input)).data["addListItem"]
    assert {key: made["gift"][key] for key in ("name", "url", "tags")} == {
        "name": "shop.example",
        "url": "https://www.shop.example/kite",
        "tags": ["toys"],
    }


async def test_a_link_alone_is_enough_and_its_page_is_read(home: World) -> None:
    link = "https://WWW.shop.example/kite"
    made = await add(home.gus, home.list.id, gift={"url": link})
    assert (made["gift"]["name"], made["gift"]["url"]) == ("shop.example", "https://www.shop.example/kite")
    waiting = "select convert_from(payload, 'UTF8') as job from job where entrypoint = 'ReadPage'"
    jobs = [row["job"] for row in await home.people.services.db.fetch(waiting)]
    assert len([job for job in jobs if made["gift"]["id"] in job]) == 1


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "giftId"),
    ({"giftId": None}, "giftId"),
    ({"gift": {"name": "Kite"}, "giftId": "gift_" + "0" * 32}, "giftId"),
    ({"gift": {"name": " "}}, "gift.name"),
    ({"gift": {"name": "x" * 201}}, "gift.name"),
    ({"gift": {"name": "Kite", "url": "javascript:alert(1)"}}, "gift.url"),
    ({"gift": {"name": "Kite", "url": "https://x/" + "x" * 2000}}, "gift.url"),
    ({"gift": {"name": "Kite", "imageUrl": "ftp://x"}}, "gift.imageUrl"),
    ({"gift": {"name": "Kite", "url": "https://gus:secret@shop.example/kite"}}, "gift.url"),
    ({"gift": {"tags": ["toys"]}}, "name"),
    ({"gift": {}}, "name"),
    ({"gift": {"url": "https://me:secret@shop.example/"}}, "gift.url"),
    ({"gift": {"name": "Kite", "url": "http://[::1"}}, "gift.url"),
    ({"gift": {"name": "Kite", "priceMinor": 5}}, "currency"),
    ({"gift": {"name": "Kite", "currency": "EUR"}}, "priceMinor"),
    ({"gift": {"name": "Kite", "priceMinor": -1, "currency": "EUR"}}, "gift.priceMinor"),
    ({"gift": {"name": "Kite", "priceMinor": 1_000_000_001, "currency": "EUR"}}, "gift.priceMinor"),
    ({"gift": {"name": "Kite", "priceMinor": 5, "currency": "eur"}}, "gift.currency"),
    ({"gift": {"name": "Kite", "description": "x" * 10_001}}, "gift.description"),
    ({"gift": {"name": "Kite", "tags": ["x"] * 21}}, "gift.tags"),
    ({"gift": {"name": "Kite", "tags": [" "]}}, "gift.tags.0"),
    ({"gift": {"name": "Kite", "tags": ["x" * 31]}}, "gift.tags.0"),
    ({"gift": {"name": "Kite"}, "quantity": 0}, "quantity"),
    ({"gift": {"name": "Kite"}, "quantity": 100}, "quantity"),
    ({"gift": {"name": "Kite"}, "quantity": None}, "quantity"),
    ({"gift": {"name": "Kite"}, "note": "x" * 2001}, "note"),
    ({"gift": {"name": "Kite"}, "note": "a\x00b"}, "note"),
]


@pytest.mark.parametrize(("input", "said"), BAD)
async def test_what_an_item_cannot_be_is_refused(home: World, input: Any, said: str) -> None:
    answer = await home.gus.ask(ADD, list=home.list.id, input=input)
    assert answer.code == "VALIDATION_ERROR"
    assert [*answer.details] == [said]
    assert [len(await rows(home, table)) for table in ("gift", "list_item", "giving")] == [1, 1, 1]


@pytest.mark.parametrize("input", [{"quantity": 0}, {"quantity": None}, {"note": "x" * 2001}, {"giftId": "gift_1"}])
async def test_what_an_item_cannot_become_is_refused(home: World, input: Any) -> None:
    answer = await home.ida.ask(CHANGE, id=home.item.id, input=input)
    assert answer.code == "VALIDATION_ERROR"
    assert [*answer.details] == [*input]
    assert (await rows(home, "list_item"))[0]["version"] == 1


async def test_an_item_is_for_the_person_of_its_list_or_for_any_where_that_is_for_nobody(home: World) -> None:
    ann = Receiver(id=Receiver.fresh_id(), family_id=home.family.id, name="Ann")
    await home.keep(ann)
    assert (await add(home.gus, home.list.id, personId=home.receiver.id))["person"] == {"name": "Ida"}
    input = {"gift": {"name": "Kite"}, "personId": ann.id}
    refused = await home.gus.ask(ADD, list=home.list.id, input=input)
    assert (refused.code, refused.details) == (
        "VALIDATION_ERROR",
        {"personId": ["must be the person whom the list is for"]},
    )
    shared = await create(home.gus, home, type="SHOPPING")
    assert (await add(home.gus, shared["id"], personId=ann.id))["person"] == {"name": "Ann"}
    assert (await add(home.gus, shared["id"]))["person"] is None


async def test_persons_and_gifts_of_other_families_are_not_for_this_list(home: World) -> None:
    other, _ = await family(home.people, ann=FamilyRole.OWNER)
    ann = Receiver(id=Receiver.fresh_id(), family_id=other.id, name="Ann")
    gift = Gift(id=Gift.fresh_id(), family_id=other.id, name="Drum")
    gone = Gift(id=Gift.fresh_id(), family_id=home.family.id, name="Gone", removed_at=home.people.services.clock())
    await home.keep(ann, gift, gone)
    shared = (await create(home.gus, home, type="SHOPPING"))["id"]
    named = {"gift": {"name": "Kite"}, "personId": ann.id}
    answers = [await home.gus.ask(ADD, list=shared, input=input) for input in (named, {"giftId": gift.id})]
    assert [answer.code for answer in answers] == ["PERSON_NOT_FOUND", "GIFT_NOT_FOUND"]
    assert (await home.gus.ask(ADD, list=shared, input={"giftId": gone.id})).code == "GIFT_NOT_FOUND"
    await home.keep(FamilyMember(id=FamilyMember.fresh_id(), family_id=other.id, user_id=Id(home.gus.id)))
    answers = [await home.gus.ask(ADD, list=shared, input=input) for input in (named, {"giftId": gift.id})]
    assert [answer.details for answer in answers] == [
        {"personId": ["is of another family"]},
        {"giftId": ["is of another family"]},
    ]
    assert len(await rows(home, "list_item")) == 1


async def test_an_item_is_changed_by_who_added_it_and_by_whom_it_is_for(home: World) -> None:
    made = await add(home.gus, home.list.id, note="Red!")
    answer = (await home.gus.ask(CHANGE, id=made["id"], input={"quantity": 3, "note": None}, version=1)).data
    assert answer == {"updateListItem": {"id": made["id"], "quantity": 3, "note": None, "version": 2}}
    stale = await home.gus.ask(CHANGE, id=made["id"], input={"quantity": 4}, version=1)
    assert (stale.code, stale.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")
    answer = (await home.ida.ask(CHANGE, id=home.item.id, input={"note": "Size 35"})).data
    assert answer["updateListItem"] == {"id": home.item.id, "quantity": 1, "note": "Size 35", "version": 2}
    assert (await home.ida.ask(CHANGE, id=home.item.id, input={})).data["updateListItem"]["version"] == 2


async def test_an_item_goes_with_its_other_side_and_leaves_its_gift(home: World) -> None:
    assert (await home.ida.ask(REMOVE, id=home.item.id)).data == {"removeListItem": {"deletedId": home.item.id}}
    assert [len(await rows(home, table)) for table in ("list_item", "giving", "gift")] == [0, 0, 1]
    assert (await home.ida.ask(REMOVE, id=home.item.id)).code == "LIST_ITEM_NOT_FOUND"


async def shelf(home: World) -> dict[str, str]:
    """More on Ida's list: a book that Gina has bought, a ball that was given, an umbrella that Gus has chosen."""
    ids: dict[str, str] = {"Roller skates": home.item.id}
    for name, person, status, price in (
        ("Book", home.gus, ItemStatus.PURCHASED, 1200),
        ("Ball", home.gus, ItemStatus.RECEIVED, 500),
        ("Umbrella", home.gina, ItemStatus.SELECTED, None),
    ):
        gift = {"name": name} | ({"priceMinor": price, "currency": "EUR"} if price else {})
        ids[name] = (await add(person, home.list.id, gift=gift))["id"]
        await reach(home, ids[name], status)
    await write(
        home, "update giving set assignee_id = :gina where item_id = :book", gina=home.gina.id, book=ids["Book"]
    )
    return ids


async def test_items_are_found_by_what_is_asked_for(home: World) -> None:
    await shelf(home)
    for filter, expected in (
        ({"status": "IDEA"}, ["Roller skates"]),
        ({"status": "PURCHASED"}, ["Book"]),
        ({"status": "RECEIVED"}, ["Ball"]),
        ({"assigneeId": home.gina.id}, ["Book"]),
        ({"assigneeId": home.gus.id}, []),
        ({"addedById": home.gus.id}, ["Book", "Ball"]),
        ({"personId": home.receiver.id}, ["Roller skates", "Book", "Ball", "Umbrella"]),
        ({"personId": None}, []),
        ({"search": "b"}, ["Book", "Ball"]),
        ({"search": "b", "status": "RECEIVED", "addedById": home.gus.id}, ["Ball"]),
    ):
        for place in ({"list": home.list.id}, {"family": home.family.id}, {}):
            assert await found(home.gus, filter=filter, **place) == expected
        nested = (await home.gus.ask(NESTED, list=home.list.id, filter=filter)).data["list"]["items"]
        assert (nested["totalCount"], [node["gift"]["name"] for node in nested["nodes"]]) == (len(expected), expected)
    assert await found(home.gus, list="list_" + "0" * 32) == await found(home.gus, family="family_" + "0" * 32) == []


SORTED = {
    "CREATED_AT": ["Roller skates", "Book", "Ball", "Umbrella"],
    "STATUS": ["Roller skates", "Umbrella", "Book", "Ball"],
    "GIFT_NAME": ["Ball", "Book", "Roller skates", "Umbrella"],
    "PRICE": ["Ball", "Book", "Roller skates", "Umbrella"],
}
FALLING = {field: names[::-1] for field, names in SORTED.items()} | {
    "PRICE": ["Book", "Ball", "Umbrella", "Roller skates"]
}


@pytest.mark.parametrize("field", SORTED)
@pytest.mark.parametrize(("direction", "expected"), [("ASC", SORTED), ("DESC", FALLING)])
async def test_items_are_paged_in_every_order(home: World, field: str, direction: str, expected: Any) -> None:
    await shelf(home)
    by, after, paged = {"field": field, "direction": direction}, None, list[str]()
    while True:
        page = (await home.gus.ask(ITEMS, list=home.list.id, by=by, first=1, after=after)).data["listItems"]
        paged += [node["gift"]["name"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert paged == expected[field]
    nested = (await home.gus.ask(NESTED, list=home.list.id, by=by)).data["list"]
    assert [node["gift"]["name"] for node in nested["items"]["nodes"]] == expected[field]
    assert nested["counts"] == {"total": 4, "idea": 1, "selected": 1, "purchased": 1, "received": 1}


HISTORY = """query ($id: ID!) { personHistory(personId: $id) { totalCount nodes {
    gift { name } list { occasion { name } } giving { receivedAt } } }
  person(id: $id) { history(first: 1) { totalCount nodes { gift { name } } } } }"""


async def test_the_history_of_a_person_is_what_they_have_received(home: World) -> None:
    ids = await shelf(home)
    await reach(home, ids["Umbrella"], ItemStatus.RECEIVED)
    for person in (home.gus, home.ida):
        told = (await person.ask(HISTORY, id=home.receiver.id)).data
        assert [node["gift"]["name"] for node in told["personHistory"]["nodes"]] == ["Umbrella", "Ball"]
        assert told["personHistory"]["nodes"][0]["list"]["occasion"] == {"name": "Ida turns 9"}
        assert told["person"]["history"] == {"totalCount": 2, "nodes": [{"gift": {"name": "Umbrella"}}]}


async def test_an_item_says_whether_the_person_has_it_already(home: World) -> None:
    page = {"url": "https://shop.example/ball"}
    first = await add(home.gus, home.list.id, gift={"name": "Ball", **page})
    input = {"giftId": first["gift"]["id"]}
    same = (await home.gus.ask(ADD, list=home.list.id, input=input)).data["addListItem"]
    assert not same["givenBefore"]
    await reach(home, first["id"], ItemStatus.RECEIVED)
    query = "query ($id: ID!) { listItem(id: $id) { givenBefore } }"
    again = await add(home.gus, home.list.id, gift={"name": "A ball", **page})
    other = await add(home.gus, home.list.id, gift={"name": "Ball"})
    shared = (await create(home.gus, home, type="SHOPPING"))["id"]
    anybody = await add(home.gus, shared, gift={"name": "Ball", **page})
    for item, before in ((first, False), (same, True), (again, True), (other, False), (anybody, False)):
        assert (await home.gina.ask(query, id=item["id"])).data["listItem"] == {"givenBefore": before}
    wish = await add(home.ida, home.list.id, gift={"name": "A ball like that", **page})
    assert (await home.ida.ask(query, id=wish["id"])).data["listItem"] == {"givenBefore": True}
    assert (await row(home, ListItem, wish["id"])) is not None

"""Finding gifts: by words, in spite of typing errors, by tags and prices, in order and page by page."""

from typing import Any

import pytest

from tests.gifts.test_gifts import LIST, SHOP, change, create, names
from tests.gifts.world import World, family
from tests.people import Person

SEARCH = """query ($q: String!, $family: ID, $first: Int, $after: String, $last: Int, $before: String) {
  searchGifts(q: $q, familyId: $family, first: $first, after: $after, last: $last, before: $before) {
    totalCount pageInfo { hasNextPage hasPreviousPage } edges { cursor node { name } } } }"""
SIMILAR = """query ($family: ID!, $name: String, $url: String) {
  similarGifts(familyId: $family, name: $name, url: $url) { nodes { name } } }"""


async def search(person: Person, q: str, **more: Any) -> list[str]:
    return [edge["node"]["name"] for edge in await edges(person, q, **more)]


async def edges(person: Person, q: str, **more: Any) -> Any:
    return (await person.ask(SEARCH, q=q, **more)).data["searchGifts"]["edges"]


async def similar(home: World, **given: Any) -> list[str]:
    found = (await home.gus.ask(SIMILAR, family=home.family.id, **given)).data["similarGifts"]
    return [gift["name"] for gift in found["nodes"]]


async def stock(home: World) -> None:
    await create(home, name="Inline skates", tags=["sport", "wheels"], priceMinor=9_000, currency="EUR")
    await create(home, name="Roller skates deluxe", tags=["sport"], priceMinor=12_000, currency="EUR")
    await create(home, name="Cast iron pan", description="Also for skates of fish", tags=["kitchen"], source="Shop")
    await create(home, name="50% off_book's", priceMinor=900, currency="USD")


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("skates", ["Inline skates", "Roller skates", "Roller skates deluxe", "Cast iron pan"]),
        ("SKAT roll", ["Roller skates", "Roller skates deluxe"]),
        ("rolller skate", ["Roller skates", "Roller skates deluxe"]),
        ("roler skats", ["Roller skates", "Roller skates deluxe"]),
        ("cast iron pna", ["Cast iron pan"]),
        ("shop", ["Cast iron pan"]),
        ("fish", ["Cast iron pan"]),
        ("50%", ["50% off_book's"]),
        ("book's", ["50% off_book's"]),
        ("%", []),
        ("_", []),
        ("'", []),
        ("' | !skates", ["Inline skates", "Roller skates", "Roller skates deluxe", "Cast iron pan"]),
        (".*", []),
        ("\\", []),
        ("'':*& <-> (", []),
        ("trumpet", []),
    ],
)
async def test_gifts_are_found_by_words_and_by_what_is_nearly_their_name(home: World, q: str, found: list[str]) -> None:
    await stock(home)
    assert await search(home.gina, q) == found
    asked = (await home.gina.ask(LIST, filter={"search": q})).data["gifts"]
    assert asked == {"totalCount": len(found), "nodes": [{"name": name} for name in found]}


async def test_a_blank_search_is_refused(home: World) -> None:
    refused = await home.gus.ask(SEARCH, q="  ")
    assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"q": ["must not be blank"]})


async def test_a_search_is_read_page_by_page_both_ways(home: World) -> None:
    for number in range(12):
        await create(home, name=f"Skates {'x' * (number // 3)}")
    whole = await edges(home.gus, "skates", first=100)
    assert len(whole) == 13
    forward: list[Any] = []
    while len(page := await edges(home.gus, "skates", first=3, after=forward[-1]["cursor"] if forward else None)) == 3:
        forward += page
    assert forward + page == whole
    assert await edges(home.gus, "skates", last=4, before=whole[9]["cursor"]) == whole[5:9]


async def test_a_cursor_of_a_search_is_of_no_other_order(home: World) -> None:
    cursor = (await edges(home.gus, "skates"))[0]["cursor"]
    query = "query ($after: String) { gifts(after: $after) { nodes { id } } }"
    refused = await home.gus.ask(query, after=cursor)
    assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"after": ["is a cursor of another list or order"]})


@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"tags": ["Sport"]}, ["Inline skates", "Roller skates deluxe"]),
        ({"tags": ["kitchen", "wheels"]}, ["Cast iron pan", "Inline skates"]),
        ({"tags": []}, []),
        ({"minPriceMinor": 9_000}, ["Inline skates", "Roller skates deluxe"]),
        ({"maxPriceMinor": 9_000}, ["50% off_book's", "Inline skates"]),
        ({"maxPriceMinor": 9_000, "currency": "EUR"}, ["Inline skates"]),
        ({"search": "skates", "tags": ["wheels"]}, ["Inline skates"]),
        ({"removed": False, "currency": "USD"}, ["50% off_book's"]),
    ],
)
async def test_gifts_are_filtered(home: World, filter: Any, found: list[str]) -> None:
    await stock(home)
    assert await names(home.gina, filter=filter) == found


async def test_gifts_are_filtered_by_who_added_them_and_by_family(home: World) -> None:
    await stock(home)
    assert await names(home.gina, filter={"addedById": home.ida.id}) == ["Roller skates"]
    assert len(await names(home.gina, family=home.family.id)) == 5
    other, _ = await family(home.people)
    assert await names(home.gina, family=other.id) == []
    assert await search(home.gina, "skates", family=other.id) == []
    assert await search(home.gina, "cast", family=home.family.id) == ["Cast iron pan"]
    elsewhere = {"family": other.id, "name": "Roller skates"}
    assert (await home.gina.ask(SIMILAR, **elsewhere)).data["similarGifts"]["nodes"] == []


@pytest.mark.parametrize(
    ("by", "first"),
    [
        ({"field": "NAME"}, "50% off_book's"),
        ({"field": "NAME", "direction": "DESC"}, "Roller skates deluxe"),
        ({"field": "CREATED_AT"}, "Roller skates"),
        ({"field": "CREATED_AT", "direction": "DESC"}, "50% off_book's"),
        ({"field": "UPDATED_AT", "direction": "DESC"}, "Cast iron pan"),
        ({"field": "PRICE"}, "50% off_book's"),
        ({"field": "PRICE", "direction": "DESC"}, "Roller skates deluxe"),
    ],
)
async def test_gifts_are_sorted(home: World, by: Any, first: str) -> None:
    await stock(home)
    (pan,) = (await home.gus.ask('{ searchGifts(q: "pan") { nodes { id } } }')).data["searchGifts"]["nodes"]
    await change(home.gus, pan, description="For skates")
    sorted = await names(home.gina, by=by)
    assert (len(sorted), sorted[0]) == (5, first)
    assert (await names(home.gina, by=by, filter={"search": "skates"}))[0] in sorted


async def test_what_is_there_already_is_shown_before_it_is_added_again(home: World) -> None:
    await stock(home)
    await create(home, name="A surprise", url=SHOP)
    removed = await create(home, name="Roller skate")
    await home.gus.ask("mutation ($id: ID!) { deleteGift(id: $id) { deletedId } }", id=removed["id"])
    assert await similar(home, name="roller-skates") == ["Roller skates", "Roller skates deluxe"]
    assert await similar(home, url=SHOP) == ["A surprise"]
    assert await similar(home, name="Roller skates", url="HTTPS://SHOP.example/skates") == [
        "A surprise",
        "Roller skates",
        "Roller skates deluxe",
    ]
    assert await similar(home) == []
    assert await similar(home, name="", url="https:/") == []

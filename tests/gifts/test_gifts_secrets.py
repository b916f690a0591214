"""What Ida may notice of gifts that are kept from her: nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from db.gifts.gifts import Gift
from resolvers.gifts import keeping
from tests.gifts.test_gifts import DELETE, RESTORE, SHOP, UPDATE, change, create, created
from tests.gifts.world import World
from tests.people import Answer, Person
from tests.sockets import Events

GIFT = """id name tags priceMinor lowestPriceMinor highestPriceMinor version updatedAt
  prices { totalCount nodes { id priceMinor } }"""
PAGE = f"totalCount pageInfo {{ hasNextPage endCursor }} edges {{ cursor node {{ {GIFT} }} }}"
SEEN = f"""query ($family: ID!, $mine: ID!, $hidden: ID!, $price: ID!, $ids: [ID!]!) {{
  all: gifts {{ {PAGE} }} of: gifts(familyId: $family, first: 1) {{ {PAGE} }}
  tagged: gifts(filter: {{tags: ["secret"]}}) {{ {PAGE} }}
  priced: gifts(filter: {{minPriceMinor: 1, maxPriceMinor: 99999, currency: "EUR"}}) {{ {PAGE} }}
  dear: gifts(last: 1, orderBy: {{field: PRICE}}) {{ {PAGE} }}
  new: gifts(last: 1, orderBy: {{field: CREATED_AT}}) {{ {PAGE} }}
  removed: gifts(filter: {{removed: true}}) {{ {PAGE} }}
  found: searchGifts(q: "roller skate") {{ {PAGE} }} typo: searchGifts(q: "rolller skatse delux") {{ {PAGE} }}
  like: similarGifts(familyId: $family, name: "Roller skates deluxe") {{ {PAGE} }}
  same: similarGifts(familyId: $family, url: "{SHOP}") {{ {PAGE} }}
  gift(id: $mine) {{ {GIFT} }}
  node(id: $hidden) {{ id }} price: node(id: $price) {{ id }} nodes(ids: $ids) {{ id }} }}"""
ONE = "query ($id: ID!) { gift(id: $id) { id } }"
TOLD = """subscription ($family: ID!, $after: Cursor) { giftEvents(familyId: $family, after: $after) { __typename
  ... on Ready { cursor } ... on GiftChanged { kind topic entityId gift { name removedAt } }
  ... on GiftDeleted { deletedId } } }"""
ALL = """subscription ($topics: [String!], $after: Cursor) { changes(topics: $topics, after: $after) { __typename
  ... on Ready { cursor } ... on EntityChanged { kind topic entityType entityId }
  ... on EntityDeleted { entityType deletedId } } }"""
NOBODYS = "gift_00000000000000000000000000000000"
SECRET: dict[str, Any] = {
    "name": "Roller skates deluxe",
    "url": SHOP,
    "tags": ["secret"],
    "priceMinor": 20_000,
    "currency": "EUR",
}


async def hide(home: World, by: Person | None = None, **more: Any) -> Any:
    return await create(home, by, **SECRET, **more, personId=home.receiver.id)


async def transcript(home: World, hidden: str, price: str) -> list[Any]:
    """All that Ida can ask of the catalogue, and what she is told when she tries to touch what is hidden."""
    answers: list[Answer] = [
        await home.ida.ask(
            SEEN,
            family=home.family.id,
            mine=home.gift.id,
            hidden=hidden,
            price=price,
            ids=[home.gift.id, hidden, price],
        )
    ]
    for query in (ONE, UPDATE, DELETE, RESTORE):
        answers.append(await home.ida.ask(query, id=hidden, input={"name": "Mine"}, version=7))
    told = [answer.body for answer in answers]
    for body in told:
        for error in body.get("errors", ()):
            del error["extensions"]["traceId"], error["extensions"]["timestamp"]
    return told


async def test_all_of_the_catalogue_is_to_ida_as_before(home: World) -> None:
    await change(home.ida, {"id": home.gift.id}, priceMinor=1_000, currency="EUR")
    hidden, price = Gift.fresh_id(), "price_00000000000000000000000000000000"
    before = await transcript(home, hidden, price)
    assert [answer["errors"][0]["extensions"]["code"] for answer in before[1:]] == ["GIFT_NOT_FOUND"] * 4
    secret = keeping.from_person(home.receiver.id)
    kept = {"price_minor" if name == "priceMinor" else name: value for name, value in SECRET.items()}
    await home.keep(Gift(id=hidden, family_id=home.family.id, added_by_id=home.gus.id, **kept, **secret))
    await hide(home)
    await change(home.gus, {"id": hidden}, priceMinor=30_000)
    assert await transcript(home, hidden, price) == before
    assert (await home.gus.ask(ONE, id=hidden)).data["gift"] == {"id": hidden}
    assert (await home.gina.ask("{ gifts { totalCount } }")).data["gifts"] == {"totalCount": 3}


async def test_a_price_of_a_hidden_gift_is_hidden(home: World) -> None:
    gift = await hide(home)
    query = "query ($id: ID!) { gift(id: $id) { prices { nodes { id } } } }"
    (price,) = (await home.gus.ask(query, id=gift["id"])).data["gift"]["prices"]["nodes"]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await home.gina.ask(node, id=price["id"])).data == {"node": price}
    assert (await home.ida.ask(node, id=price["id"])).data == {"node": None}


async def test_of_ones_own_person_nothing_is_kept(home: World) -> None:
    refused = await created(home, home.ida, name="For me", personId=home.receiver.id)
    assert (refused.code, [*refused.details]) == ("VALIDATION_ERROR", ["personId"])
    assert (await home.dora.ask("{ gifts { totalCount } }")).data["gifts"] == {"totalCount": 1}


async def test_what_ida_adds_and_deletes_is_alike_whether_or_not_others_mean_to_give_it(home: World) -> None:
    told = []
    for secretly in (False, True):
        gift = await create(home, home.ida, name="Scooter")
        if secretly:
            row = Gift(id=gift["id"], family_id=home.family.id)
            await home.put(row, home.gus, list=home.list)
        verbs = [(UPDATE, {"name": "A scooter"}), (DELETE, {}), (ONE, {}), (RESTORE, {})]
        answers = [(await home.ida.ask(verb, id=gift["id"], input=input)).body for verb, input in verbs]
        told.append(str(answers).replace(gift["id"], "it"))
    assert told[0] == told[1]


@asynccontextmanager
async def following(home: World, person: Person, query: str) -> AsyncIterator[Events]:
    topics = [f"family:{home.family.id}", f"gift:{home.gift.id}"]
    variables = {"family": home.family.id} if query is TOLD else {"topics": topics}
    async with person.socket() as socket:
        await socket.start(query, **variables)
        events = Events(socket, "1")
        assert (await events.next())["__typename"] == "Ready"
        yield events


async def heard(events: Events, marker: Any) -> list[tuple[str, str]]:
    """Kind and type of all that was told until the marker was made."""
    found = []
    while (event := await events.next()).get("entityId") != marker["id"]:
        found.append((event.get("kind", "DELETED"), event.get("entityType", "Gift")))
    return found


@pytest.mark.parametrize("query", [TOLD, ALL], ids=["giftEvents", "changes"])
async def test_gifts_are_told_of_to_those_who_see_them(home: World, query: str) -> None:
    async with following(home, home.gina, query) as gina, following(home, home.ida, query) as ida:
        gift = await hide(home)
        await change(home.gus, gift, name="Skates", priceMinor=1)
        await change(home.gus, gift, name="Skates", priceMinor=1)
        await home.gus.ask(DELETE, id=gift["id"])
        await home.gus.ask(RESTORE, id=gift["id"])
        marker = await create(home, name="Marker")
        price = [] if query is TOLD else [("ADDED", "GIFT_PRICE")]
        kind = "Gift" if query is TOLD else "GIFT"
        assert await heard(gina, marker) == [
            ("ADDED", kind),
            *price,
            ("UPDATED", kind),
            *price,
            ("DELETED", kind),
            ("ADDED", kind),
        ]
        assert await heard(ida, marker) == []


async def test_the_end_of_a_gift_is_a_change_to_those_who_still_have_it_on_a_list(home: World) -> None:
    async with following(home, home.gina, TOLD) as gina:
        await home.ida.ask(DELETE, id=home.gift.id)
        assert await gina.next() == {"__typename": "GiftDeleted", "deletedId": home.gift.id}
        changed = await gina.next()
        assert (changed["kind"], changed["gift"]["name"]) == ("UPDATED", "Roller skates")
        assert changed["gift"]["removedAt"] is not None


async def test_what_is_hidden_cannot_be_followed(home: World) -> None:
    gift = await hide(home)
    for person, id in ((home.ida, gift["id"]), (home.ida, NOBODYS), (home.gina, NOBODYS)):
        async with person.socket() as socket:
            await socket.start(ALL, topics=[f"gift:{id}"])
            (error,) = (await socket.frame())["payload"]
            assert (error["message"], error["extensions"]["code"]) == (
                f"gift:{id} cannot be followed",
                "FORBIDDEN",
            )

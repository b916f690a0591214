"""Gifts of a family's catalogue: made, changed, taken out and brought back."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.gifts.world import World
from tests.people import Answer, Person

FIELDS = """id name description url priceMinor currency imageUrl source tags pageState pageWarnings removedAt version
  addedBy { name } family { name } lowestPriceMinor highestPriceMinor prices { nodes { priceMinor currency } }"""
CREATE = f"mutation ($input: CreateGiftInput!) {{ createGift(input: $input) {{ {FIELDS} }} }}"
UPDATE = f"""mutation ($id: ID!, $input: UpdateGiftInput!, $version: Int) {{
  updateGift(id: $id, input: $input, expectedVersion: $version) {{ {FIELDS} }} }}"""
DELETE = "mutation ($id: ID!) { deleteGift(id: $id) { deletedId } }"
RESTORE = f"mutation ($id: ID!) {{ restoreGift(id: $id) {{ {FIELDS} }} }}"
ONE = f"query ($id: ID!) {{ gift(id: $id) {{ {FIELDS} }} }}"
LIST = """query ($family: ID, $filter: GiftFilter, $by: GiftOrder) {
  gifts(familyId: $family, filter: $filter, orderBy: $by) { totalCount nodes { name } } }"""
SHOP = "https://shop.example/skates"


async def create(home: World, by: Person | None = None, **input: Any) -> Any:
    return (await created(home, by, **input)).data["createGift"]


async def created(home: World, by: Person | None = None, **input: Any) -> Answer:
    return await (by or home.gus).ask(CREATE, input={"familyId": home.family.id, **input})


async def change(person: Person, gift: Any, **input: Any) -> Any:
    return (await person.ask(UPDATE, id=gift["id"], input=input)).data["updateGift"]


async def names(person: Person, **variables: Any) -> list[str]:
    return [gift["name"] for gift in (await person.ask(LIST, **variables)).data["gifts"]["nodes"]]


async def typed(home: World, gift: Any) -> Any:
    """The columns that its page may not fill."""
    return (await row(home, gift))["typed"]


async def row(home: World, gift: Any) -> Any:
    async with home.people.services.db.transaction() as transaction:
        return (
            (await transaction.execute(text("select * from gift where id = :id"), {"id": gift["id"]})).mappings().one()
        )


async def test_a_gift_is_made_with_all_that_is_known_of_it(home: World) -> None:
    known: dict[str, Any] = {
        "name": "Scooter",
        "description": "Red",
        "url": SHOP,
        "priceMinor": 4_999,
        "currency": "EUR",
        "imageUrl": "https://shop.example/scooter.jpg",
        "source": "The shop",
    }
    gift = await create(home, **known, tags=[" Outdoor ", "wheels", "OUTDOOR"])
    assert gift == known | {
        "id": gift["id"],
        "tags": ["outdoor", "wheels"],
        "pageState": "PENDING",
        "pageWarnings": [],
        "removedAt": None,
        "version": 1,
        "addedBy": {"name": "Gus"},
        "family": {"name": "The Millers"},
        "lowestPriceMinor": 4_999,
        "highestPriceMinor": 4_999,
        "prices": {"nodes": [{"priceMinor": 4_999, "currency": "EUR"}]},
    }
    assert await typed(home, gift) == ["currency", "description", "image_url", "name", "price_minor", "source"]


async def test_a_name_alone_will_do(home: World) -> None:
    gift = await create(home, name="A walk")
    assert (gift["name"], gift["url"], gift["source"], gift["tags"]) == ("A walk", None, None, [])
    assert (gift["pageState"], gift["prices"]["nodes"]) == ("NONE", [])


async def test_a_link_alone_will_do_and_its_host_is_the_name_meanwhile(home: World) -> None:
    gift = await create(home, url="HTTPS://www.Shop.example:443/a b?c=1#d")
    assert gift["url"] == "https://www.shop.example/a%20b?c=1#d"
    assert (gift["name"], gift["source"], gift["pageState"]) == ("shop.example", "shop.example", "PENDING")
    assert await typed(home, gift) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://shop.example/x", "must be an http or https address"),
        ("javascript:alert(1)", "must be an http or https address"),
        ("file:///etc/passwd", "must be an http or https address"),
        ("shop.example/x", "must be an http or https address"),
        ("https://", "must be an http or https address"),
        ("", "must be an http or https address"),
        ("https://dora@shop.example/", "must not have a user name or password in it"),
        ("https://:secret@shop.example/", "must not have a user name or password in it"),
        ("https://shop.example/" + "é" * 1_000, "must be at most 2,000 characters"),
    ],
)
async def test_links_lead_to_pages(home: World, url: str, said: str) -> None:
    for field in ("url", "imageUrl"):
        given: dict[str, Any] = {field: url}
        refused = await created(home, name="X", **given)
        assert refused.code == "VALIDATION_ERROR"
        assert refused.details == {field: [said]}


@pytest.mark.parametrize(
    ("input", "field"),
    [
        ({}, "name"),
        ({"name": None, "url": None}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "A\u0007"}, "name"),
        ({"name": "X", "description": "x" * 10_001}, "description"),
        ({"name": "X", "priceMinor": 5}, "currency"),
        ({"name": "X", "currency": "EUR"}, "priceMinor"),
        ({"name": "X", "priceMinor": -1, "currency": "EUR"}, "priceMinor"),
        ({"name": "X", "priceMinor": 1_000_000_001, "currency": "EUR"}, "priceMinor"),
        ({"name": "X", "priceMinor": 1, "currency": "eur"}, "currency"),
        ({"name": "X", "tags": [f"tag {n}" for n in range(21)]}, "tags"),
        ({"name": "X", "tags": ["x" * 31]}, "tags.0"),
        ({"name": "X", "tags": [" "]}, "tags.0"),
    ],
)
async def test_what_cannot_be_a_gift_is_refused(home: World, input: Any, field: str) -> None:
    refused = await created(home, **input)
    assert refused.code == "VALIDATION_ERROR"
    assert [*refused.details] == [field]
    assert await names(home.gus) == ["Roller skates"]


async def test_a_change_keeps_what_is_not_given_and_clears_what_is_null(home: World) -> None:
    gift = await create(home, name="Scooter", description="Red", priceMinor=5_000, currency="EUR", tags=["a"])
    changed = await change(home.gus, gift, description=None, tags=["B"])
    assert changed == gift | {"description": None, "tags": ["b"], "version": 2}
    assert await typed(home, gift) == ["currency", "name", "price_minor"]
    assert (await change(home.gus, gift, name="Scooter"))["version"] == 2


@pytest.mark.parametrize(
    ("input", "field"),
    [
        ({"name": None}, "name"),
        ({"tags": None}, "tags"),
        ({"url": "ftp://x"}, "url"),
        ({"priceMinor": None}, "priceMinor"),
        ({"currency": None}, "currency"),
    ],
)
async def test_a_change_that_cannot_be_is_refused(home: World, input: Any, field: str) -> None:
    gift = await create(home, name="Scooter", priceMinor=5_000, currency="EUR")
    refused = await home.gus.ask(UPDATE, id=gift["id"], input=input)
    assert (refused.code, [*refused.details]) == ("VALIDATION_ERROR", [field])
    assert (await home.gus.ask(ONE, id=gift["id"])).data["gift"] == gift


async def test_a_price_that_changes_goes_into_its_history(home: World) -> None:
    gift = await create(home, name="Scooter", priceMinor=5_000, currency="EUR")
    await change(home.gus, gift, priceMinor=4_000)
    await change(home.gus, gift, priceMinor=4_000, name="A scooter")
    await change(home.gus, gift, priceMinor=None, currency=None)
    await change(home.gus, gift, priceMinor=3_000, currency="USD")
    changed = await change(home.gus, gift, priceMinor=6_000, currency="EUR")
    assert [(price["priceMinor"], price["currency"]) for price in changed["prices"]["nodes"]] == [
        (5_000, "EUR"),
        (4_000, "EUR"),
        (3_000, "USD"),
        (6_000, "EUR"),
    ]
    assert (changed["lowestPriceMinor"], changed["highestPriceMinor"]) == (4_000, 6_000)


async def test_another_link_is_read_again(home: World) -> None:
    gift = await create(home, name="Scooter", url=SHOP)
    async with home.people.services.db.transaction() as transaction:
        read = "update gift set page_state = 'READY', page_warnings = '{a}', page_read_at = now() where id = :id"
        await transaction.execute(text(read), {"id": gift["id"]})
    assert (await change(home.gus, gift, url=SHOP, name="Skates"))["pageState"] == "READY"
    changed = await change(home.gus, gift, url="https://other.example/")
    assert (changed["pageState"], changed["pageWarnings"], changed["source"]) == ("PENDING", [], "other.example")
    assert (await row(home, gift))["page_read_at"] is None
    cleared = await change(home.gus, gift, url=None)
    assert (cleared["name"], cleared["source"], cleared["pageState"]) == ("Skates", None, "NONE")


async def test_what_the_page_before_said_is_not_so_of_another(home: World) -> None:
    """But its name, and what was typed; its price stays in the history."""
    gift = await create(home, url=SHOP, description="Mine")
    said = "name = 'Scooter', image_url = 'https://x/y', price_minor = 4999, currency = 'EUR', source = 'Wheels'"
    async with home.people.services.db.transaction() as transaction:
        await transaction.execute(text(f"update gift set {said} where id = :id"), {"id": gift["id"]})  # noqa: S608
    fields = ("name", "description", "imageUrl", "priceMinor", "currency", "source")
    changed = await change(home.gus, gift, url="https://other.example/")
    assert tuple(changed[field] for field in fields) == ("Scooter", "Mine", None, None, None, "other.example")
    priced = await change(home.gus, gift, url=SHOP, priceMinor=1, currency="USD")
    assert (priced["priceMinor"], priced["currency"], priced["source"]) == (1, "USD", "shop.example")
    kept = await change(home.gus, gift, url=None)
    assert tuple(kept[field] for field in fields) == ("Scooter", "Mine", None, 1, "USD", None)


async def test_a_shop_that_was_typed_stays(home: World) -> None:
    gift = await create(home, name="Scooter", url=SHOP, source="Wheels")
    assert (await change(home.gus, gift, url="https://other.example/"))["source"] == "Wheels"


async def test_a_change_of_an_old_version_is_refused(home: World) -> None:
    gift = await create(home, name="Scooter")
    await change(home.gus, gift, name="Skates")
    refused = await home.gus.ask(UPDATE, id=gift["id"], input={"name": "Ball"}, version=1)
    assert (refused.code, refused.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")
    assert (await home.gus.ask(ONE, id=gift["id"])).data["gift"]["name"] == "Skates"


async def test_an_administrator_of_the_family_may_change_and_delete_it(home: World) -> None:
    gift = await create(home, name="Scooter")
    assert (await change(home.dora, gift, name="Skates"))["name"] == "Skates"
    assert (await home.dora.ask(DELETE, id=gift["id"])).data == {"deleteGift": {"deletedId": gift["id"]}}


async def test_a_removed_gift_is_there_for_whoever_added_it(home: World) -> None:
    gift = await create(home, name="Scooter")
    await home.gus.ask(DELETE, id=gift["id"])
    for person in (home.gus, home.gina):
        assert await names(person) == ["Roller skates"]
    assert await names(home.gus, filter={"removed": True}) == ["Scooter"]
    assert await names(home.gina, filter={"removed": True}) == []
    assert (await home.gus.ask(ONE, id=gift["id"])).data["gift"]["removedAt"] is not None
    assert (await home.gina.ask(ONE, id=gift["id"])).code == "GIFT_NOT_FOUND"
    for verb in (DELETE, UPDATE):
        assert (await home.gus.ask(verb, id=gift["id"], input={})).code == "GIFT_NOT_FOUND"
    assert (await home.gina.ask(RESTORE, id=gift["id"])).code == "GIFT_NOT_FOUND"
    restored = (await home.gus.ask(RESTORE, id=gift["id"])).data["restoreGift"]
    assert restored == gift | {"version": 3}
    assert await names(home.gina) == ["Roller skates", "Scooter"]
    assert (await home.gus.ask(RESTORE, id=gift["id"])).data["restoreGift"] == restored


async def test_lists_keep_a_gift_that_was_removed(home: World) -> None:
    await home.ida.ask(DELETE, id=home.gift.id)
    seen = (
        await home.gina.ask("query ($id: ID!) { list(id: $id) { items { nodes { gift { name } } } } }", id=home.list.id)
    ).data
    assert seen["list"]["items"]["nodes"] == [{"gift": {"name": "Roller skates"}}]
    assert await names(home.gina) == []

"""A gift from a link: its page fills in what nobody has typed, softly, and nothing is asked for inside the network."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from db.gifts.gifts import Gift, PageState
from kit.errors import Unauthenticated
from kit.outside import Outside
from kit.settings import Settings
from kit.unread import Reason, Unread
from resolvers.context import Context
from resolvers.gifts.pages import ReadPage
from tests.conftest import served, settings_for
from tests.databases import database
from tests.gifts.world import World, world
from tests.kit.shop import Shop, answer, at_home, redirect, shop
from tests.waiting import until

PAGE = """<title>Roller skates</title>
<meta property="og:title" content="Roller skates, blue"><meta property="og:image" content="/blue.png">
<meta property="og:description" content="Size 35"><meta property="og:site_name" content="Wheels">
<meta property="product:price:amount" content="49.90"><meta property="product:price:currency" content="EUR">"""
PRICES = "select price_minor, currency from gift_price where gift_id = $1 order by created_at, id"


@pytest.fixture
async def wheels() -> AsyncIterator[Shop]:
    async with shop() as made:
        made.says = answer(PAGE.encode())
        yield made


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Settings]:
    async with database(database_url, migrated=True) as url:
        yield settings_for(url, job_concurrency=2)


async def linked(home: World, url: str, **more: Any) -> Gift:
    """A gift that waits for its page, as Gus has added it."""
    given = {"name": "shop.example", "source": "shop.example", "page_state": PageState.PENDING, "typed": [], "tags": []}
    gift = Gift(id=Gift.fresh_id(), family_id=home.family.id, added_by_id=home.gus.id, url=url, **(given | more))
    await home.keep(gift)
    return gift


async def read(home: World, gift: Gift, url: str | None = None) -> None:
    """One try of the job, by a server that may go to the loopback."""
    services = replace(home.people.services, outside=at_home())
    ctx = Context(services, Unauthenticated(), trace_id="job-1", address="local")
    await ReadPage(gift_id=gift.id, url=url or gift.url or "").run(ctx)


async def row(home: World, gift: Gift) -> dict[str, Any]:
    rows = await home.people.services.db.fetch("select * from gift where id = $1", gift.id)
    return dict(rows[0]) if rows else {}


async def prices(home: World, gift: Gift) -> list[tuple[int, str]]:
    return [(row["price_minor"], row["currency"]) for row in await home.people.services.db.fetch(PRICES, gift.id)]


async def test_a_page_fills_in_what_it_says(home: World, wheels: Shop) -> None:
    gift = await linked(home, wheels.url)
    await read(home, gift)
    kept = await row(home, gift)
    said = ("Roller skates, blue", "Size 35", f"{wheels.url}blue.png", "Wheels", 4_990, "EUR")
    columns = ("name", "description", "image_url", "source", "price_minor", "currency")
    assert tuple(kept[name] for name in columns) == said
    assert (kept["page_state"], kept["page_warnings"], kept["version"]) == ("READY", [], 2)
    assert kept["page_read_at"] is not None
    assert await prices(home, gift) == [(4_990, "EUR")]


async def test_what_somebody_has_typed_stays(home: World, wheels: Shop) -> None:
    typed = ["currency", "description", "name", "price_minor"]
    mine = {"name": "The blue ones", "description": "In blue!", "price_minor": 4_000, "currency": "USD"}
    gift = await linked(home, wheels.url, typed=typed, **mine)
    await read(home, gift)
    kept = await row(home, gift)
    assert {name: kept[name] for name in mine} == mine
    assert (kept["image_url"], kept["source"], kept["page_state"]) == (f"{wheels.url}blue.png", "Wheels", "READY")
    assert await prices(home, gift) == []


async def test_what_is_missing_is_a_warning_and_what_was_there_stays(home: World, wheels: Shop) -> None:
    wheels.says = answer(b"<p>nothing</p>")
    gift = await linked(home, wheels.url, typed=["name"], image_url="https://shop.example/old.png")
    await read(home, gift)
    kept = await row(home, gift)
    assert (kept["page_state"], kept["page_warnings"]) == ("READY", ["NO_PRICE", "NO_IMAGE", "NO_DESCRIPTION"])
    assert (kept["name"], kept["image_url"]) == ("shop.example", "https://shop.example/old.png")


async def test_a_price_that_has_changed_is_added_to_its_history_and_the_same_is_not(home: World, wheels: Shop) -> None:
    gift = await linked(home, wheels.url)
    for amount in ("49.90", "49.90", "39.90"):
        wheels.says = answer(PAGE.replace("49.90", amount).encode())
        await pending(home, gift)
        await read(home, gift)
    assert await prices(home, gift) == [(4_990, "EUR"), (3_990, "EUR")]


async def pending(home: World, gift: Gift) -> None:
    async with home.people.services.db.transaction() as session:
        await session.execute(text("update gift set page_state = 'PENDING' where id = :id"), {"id": gift.id})


async def test_a_page_that_is_none_is_a_failure_with_its_reason_and_changes_nothing_else(
    home: World, wheels: Shop
) -> None:
    wheels.says = answer(b"{}", "200 OK", "application/json")
    gift = await linked(home, wheels.url)
    await read(home, gift)
    kept = await row(home, gift)
    assert (kept["page_state"], kept["page_warnings"], kept["page_read_at"]) == ("FAILED", ["NOT_A_PAGE"], None)
    assert (kept["name"], kept["price_minor"], kept["image_url"]) == ("shop.example", None, None)


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://10.0.0.1/", "http://[::ffff:10.0.0.1]/"])
async def test_nothing_inside_is_contacted_nor_by_way_of_a_redirect(home: World, wheels: Shop, url: str) -> None:
    wheels.says = redirect(url)
    direct, led = await linked(home, url), await linked(home, wheels.url)
    for gift in (direct, led):
        await read(home, gift)
        kept = await row(home, gift)
        assert (kept["page_state"], kept["page_warnings"]) == ("FAILED", ["FORBIDDEN_ADDRESS"])
    assert len(wheels.asked) == 1


async def test_a_shop_that_is_away_is_tried_again_and_at_last_given_up(home: World, wheels: Shop) -> None:
    wheels.says = answer(status="503 Busy")
    gift = await linked(home, wheels.url)
    with pytest.raises(Unread) as told:
        await read(home, gift)
    assert told.value.reason is Reason.BUSY
    assert (await row(home, gift))["page_state"] == "PENDING"
    ctx = Context(home.people.services, Unauthenticated(), trace_id="job-1", address="local")
    await ReadPage(gift_id=gift.id, url=wheels.url).gave_up(ctx)
    kept = await row(home, gift)
    assert (kept["page_state"], kept["page_warnings"]) == ("FAILED", ["UNREACHABLE"])


async def test_a_job_that_comes_too_late_or_twice_does_nothing(home: World, wheels: Shop) -> None:
    done = await linked(home, wheels.url, page_state=PageState.READY)
    moved = await linked(home, wheels.url + "new")
    await read(home, done)
    await read(home, moved, wheels.url)
    await read(home, Gift(id=Gift.fresh_id()), wheels.url)
    assert [(await row(home, gift))["version"] for gift in (done, moved)] == [1, 1]
    assert wheels.asked == []


async def test_what_becomes_of_a_gift_while_its_page_is_read_stays(home: World, wheels: Shop) -> None:
    gift = await linked(home, wheels.url)

    async def meanwhile(writer: Any) -> None:
        async with home.people.services.db.transaction() as session:
            changed = "update gift set name = 'Typed', typed = '{name}' where id = :id"
            await session.execute(text(changed), {"id": gift.id})
        writer.write(answer(PAGE.encode()))

    wheels.says = meanwhile
    await read(home, gift)
    kept = await row(home, gift)
    assert (kept["name"], kept["source"], kept["page_state"]) == ("Typed", "Wheels", "READY")


async def test_a_gift_that_is_removed_while_its_page_is_read_is_gone(home: World, wheels: Shop) -> None:
    gift = await linked(home, wheels.url)

    async def meanwhile(writer: Any) -> None:
        async with home.people.services.db.transaction() as session:
            await session.execute(text("delete from gift where id = :id"), {"id": gift.id})
        writer.write(answer(PAGE.encode()))

    wheels.says = meanwhile
    await read(home, gift)
    assert await row(home, gift) == {}


async def test_the_family_hears_of_it_and_of_no_actor(home: World, wheels: Shop) -> None:
    gift = await linked(home, wheels.url)
    await read(home, gift)
    events = "select kind, entity, actor_id from event where $1 = any(topics) order by id"
    told = await home.people.services.db.fetch(events, f"family:{home.family.id}")
    assert sorted(tuple(row.values()) for row in told) == [("ADDED", "GiftPrice", None), ("UPDATED", "Gift", None)]


CREATE = """mutation ($input: CreateGiftInput!) { createGift(input: $input) { id name pageState pageWarnings } }"""
REFRESH = "mutation ($id: ID!) { refreshGift(id: $id) { id version pageState pageWarnings } }"
STATE = "query ($id: ID!) { gift(id: $id) { name pageState pageWarnings pageReadAt priceMinor currency version } }"


async def test_a_gift_is_there_at_once_and_what_its_page_says_a_moment_later(own: Settings, wheels: Shop) -> None:
    async with served(own, outside=at_home()) as house:
        home = await world(house.people)
        made = (await home.gus.ask(CREATE, input={"familyId": home.family.id, "url": wheels.url})).data["createGift"]
        assert made == {"id": made["id"], "name": "shop.example", "pageState": "PENDING", "pageWarnings": []}
        ready = await until_read(home, made["id"])
        assert (ready["name"], ready["pageState"], ready["pageWarnings"]) == ("Roller skates, blue", "READY", [])
        assert (ready["priceMinor"], ready["currency"]) == (4_990, "EUR")

        wheels.says = answer(PAGE.replace("49.90", "39.90").encode())
        again = (await home.dora.ask(REFRESH, id=made["id"])).data["refreshGift"]
        assert (again["pageState"], again["version"]) == ("PENDING", ready["version"] + 1)
        assert (await until_read(home, made["id"]))["priceMinor"] == 3_990
        assert len(wheels.asked) == 2


async def until_read(home: World, id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    async def done() -> bool:
        nonlocal found
        found = (await home.gus.ask(STATE, id=id)).data["gift"]
        return bool(found["pageState"] != "PENDING")

    await until(done)
    return found


async def test_a_link_to_the_inside_is_a_gift_all_the_same(own: Settings) -> None:
    async with served(own, outside=Outside()) as house:
        home = await world(house.people)
        url = "http://169.254.169.254/latest/meta-data"
        made = (await home.gus.ask(CREATE, input={"familyId": home.family.id, "url": url})).data["createGift"]
        failed = await until_read(home, made["id"])
        assert (failed["pageState"], failed["pageWarnings"]) == ("FAILED", ["FORBIDDEN_ADDRESS"])
        assert failed["name"] == "169.254.169.254"


async def test_only_what_has_a_page_is_refreshed(home: World) -> None:
    plain = await linked(home, "", page_state=PageState.NONE)
    async with home.people.services.db.transaction() as session:
        await session.execute(text("update gift set url = null where id = :id"), {"id": plain.id})
    assert (await home.gus.ask(REFRESH, id=plain.id)).code == "VALIDATION_ERROR"
    assert (await row(home, plain))["version"] == 1


async def test_a_stranger_refreshes_nothing(home: World, wheels: Shop) -> None:
    gift = await linked(home, wheels.url, page_state=PageState.READY)
    stranger = await home.people.one()
    assert (await stranger.ask(REFRESH, id=gift.id)).code == "GIFT_NOT_FOUND"
    assert (await home.people.nobody.ask(REFRESH, id=gift.id)).code == "UNAUTHENTICATED"
    assert (await row(home, gift))["page_state"] == "READY"
    assert wheels.asked == []

"""What is added, said or promised at the very moment when a surprise ends or begins is kept as all else on the list."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from tests.gifts.listing import ADD, DELETE, REMOVE, UPDATE, add, rows, write
from tests.gifts.world import World
from tests.people import Answer
from tests.waiting import until

COMMENT = "mutation ($input: AddCommentInput!) { addComment(input: $input) { id } }"
CLAIM = "mutation ($id: ID!) { claimListItem(id: $id) { id } }"
DELETE_PERSON = "mutation ($id: ID!) { deletePerson(id: $id) { deletedId } }"
WAITING = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
Asked = Callable[[], Awaitable[Answer]]


async def one_after_the_other(home: World, table: str, id: str, *asked: Asked) -> list[Answer]:
    """Each asks while the row is locked by somebody else, and waits; they go on at the same moment, in this order."""
    async with home.people.services.db.transaction() as session:
        await session.execute(text(f"select from {table} where id = :id for update"), {"id": id})
        tasks = list[asyncio.Task[Answer]]()
        for number, ask in enumerate(asked, 1):
            tasks.append(asyncio.ensure_future(ask()))

            async def waits(number: int = number) -> bool:
                async with home.people.services.db.transaction() as other:
                    return (await other.scalar(text(WAITING)) or 0) >= number

            await until(waits)
    return [*(await asyncio.gather(*tasks))]


def surprise(home: World, *, on: bool) -> Asked:
    return lambda: home.dora.ask(UPDATE, id=home.list.id, input={"surprise": on})


def orders(*asked: Asked) -> list[tuple[Asked, ...]]:
    return [asked, asked[::-1]]


async def until_when(home: World, table: str) -> set[datetime | None]:
    """Until when rows of the table that are about an item of the list are kept."""
    return {row["kept_until"] for row in await rows(home, table) if table == "list_item" or row["item_id"]}


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("on", [True, False])
async def test_what_is_added_meanwhile_is_kept_as_the_list_is_in_the_end(home: World, on: bool, first: int) -> None:
    assert (await surprise(home, on=not on)()).data
    adding: Asked = lambda: home.gus.ask(ADD, list=home.list.id, input={"gift": {"name": "Kite"}})  # noqa: E731
    asked = orders(adding, surprise(home, on=on))[first]
    answers = await one_after_the_other(home, "gift_list", home.list.id, *asked)
    assert [answer.code for answer in answers if "errors" in answer.body] == []
    kept = await until_when(home, "list_item")
    assert (len(kept), None in kept) == (1, not on)
    assert await until_when(home, "activity") == kept


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("parent", ["ITEM", "LIST"])
async def test_what_is_said_while_it_ends_is_open_in_the_end(home: World, parent: str, first: int) -> None:
    id, table = (home.item.id, "list_item") if parent == "ITEM" else (home.list.id, "gift_list")
    input = {"parentType": parent, "parentId": id, "text": "mine"}
    saying: Asked = lambda: home.gus.ask(COMMENT, input=input)  # noqa: E731
    asked = orders(saying, surprise(home, on=False))[first]
    answers = await one_after_the_other(home, table, id, *asked)
    assert [answer.code for answer in answers if "errors" in answer.body] == []
    (comment,) = await rows(home, "comment")
    assert comment["kept_until"] is None


@pytest.mark.parametrize("first", [0, 1])
async def test_what_is_promised_while_it_ends_is_shown_with_the_rest(home: World, first: int) -> None:
    claiming: Asked = lambda: home.gus.ask(CLAIM, id=home.item.id)  # noqa: E731
    asked = orders(claiming, surprise(home, on=False))[first]
    answers = await one_after_the_other(home, "gift_list", home.list.id, *asked)
    assert [answer.code for answer in answers if "errors" in answer.body] == []
    assert await until_when(home, "activity") == {None}


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("ending", ["item", "list", "person"])
async def test_whoever_claims_what_ends_hears_of_it_or_finds_nothing(home: World, ending: str, first: int) -> None:
    ends: dict[str, tuple[str, str, str]] = {
        "item": (REMOVE, home.item.id, "list_item"),
        "list": (DELETE, home.list.id, "gift_list"),
        "person": (DELETE_PERSON, home.receiver.id, "gift_list"),
    }
    verb, id, table = ends[ending]
    claiming: Asked = lambda: home.gus.ask(CLAIM, id=home.item.id)  # noqa: E731
    asked = orders(claiming, lambda: home.dora.ask(verb, id=id))[first]
    row = home.item.id if table == "list_item" else home.list.id
    answers = await one_after_the_other(home, table, row, *asked)
    codes = [answer.body.get("errors", [{}])[0].get("extensions", {}).get("code") for answer in answers]
    told = "select topics from event where entity_id = $1 and kind = 'DELETED'"
    (event,) = await home.people.services.db.fetch(told, home.item.id)
    heard = f"givings:{home.gus.id}" in event["topics"]
    assert (codes[first], heard) in ((None, True), ("LIST_ITEM_NOT_FOUND", False))
    assert codes[1 - first] is None
    assert [len(await rows(home, table)) for table in ("list_item", "giving", "claim")] == [0, 0, 0]


async def test_all_that_may_happen_to_a_list_at_once_ends_without_a_deadlock_that_nobody_answers(home: World) -> None:
    """Some are told to try again; nobody waits for ever, and what is left is whole."""
    kites = [(await add(home.gus, home.list.id))["id"] for _ in range(4)]
    await write(home, "update list_item set quantity = 50 where family_id = :id", id=home.family.id)
    verbs: list[Any] = []
    for number, kite in enumerate(kites):
        verbs += [surprise(home, on=bool(number % 2))(), home.gina.ask(CLAIM, id=kite), home.gus.ask(CLAIM, id=kite)]
        comment = {"parentType": "ITEM", "parentId": kite, "text": "mine"}
        verbs += [home.gus.ask(COMMENT, input=comment), home.gus.ask(REMOVE, id=kite) if number == 3 else add(
            home.gina, home.list.id
        )]  # fmt: skip
    answers = [answer for answer in await asyncio.gather(*verbs) if isinstance(answer, Answer)]
    refused = [answer for answer in answers if "errors" in answer.body]
    assert {answer.code for answer in refused} <= {"CONFLICT", "LIST_ITEM_NOT_FOUND"}
    kept = await until_when(home, "list_item")
    assert len(kept) == 1
    givings = {giving["item_id"] for giving in await rows(home, "giving")}
    assert givings == {item["id"] for item in await rows(home, "list_item")}

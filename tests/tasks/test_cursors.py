"""Cursors come from outside: whatever they are made of, the answer is a page or says which argument is amiss."""

import base64
import json
from typing import Any

import pytest

from tests.people import Answer, People, Person

LIST = """query ($orderBy: TaskOrder, $first: Int, $after: String, $last: Int, $before: String) {
  tasks(orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    nodes { title } pageInfo { startCursor endCursor } } }"""
LABELS = """query ($after: String) { labels(first: 1, after: $after) { nodes { name } pageInfo { endCursor } } }"""
SUBTASKS = """query ($id: ID!, $after: String) {
  task(id: $id) { subtasks(first: 1, after: $after) { nodes { title } pageInfo { endCursor } } } }"""
ID = "task_" + "0" * 32
MOMENT = "2026-03-10T12:00:00+00:00"
BOTH = pytest.mark.parametrize(("side", "size"), [("after", "first"), ("before", "last")])


def packed(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def forged(*values: Any) -> str:
    return packed(json.dumps(values).encode())


def refused(answer: Answer, side: str) -> None:
    assert answer.code == "VALIDATION_ERROR", answer.body
    assert list(answer.details) == [side]


async def page(person: Person, **arguments: Any) -> Answer:
    return await person.ask(LIST, **arguments)


NO_CURSORS = {
    "nothing": "",
    "a word": "x",
    "no base64": "!!!!",
    "other letters": "ä",
    "padding": "====",
    "half of one": forged("created_at-", MOMENT, ID)[:-3],
    "blanks in it": " " + forged("created_at-", MOMENT, ID),
    "url-safe base64": base64.urlsafe_b64encode(b'["created_at-","\xc3\xbf\xc3\xbe?>"]').decode(),
    "no JSON": packed(b"created_at-"),
    "a number": packed(b"5"),
    "null": packed(b"null"),
    "a text": packed(b'"created_at-"'),
    "an object": packed(b'{"created_at-": 1}'),
    "an empty list": packed(b"[]"),
    "a list of lists": packed(b"[[], []]"),
    "lists without end": packed(b"[" * 5_000),
    "broken UTF-8": packed(b'["created_at-", "\xff", "x"]'),
    "half a surrogate": packed(b'["created_at-", "' + MOMENT.encode() + b'", "\\ud800"]'),
    "no JSON number": packed(b'["created_at-", NaN, "x"]'),
    "very deep": packed(b'["created_at-", ' + b"[" * 900 + b"]" * 900 + b"]"),
    "no keys": forged("created_at-"),
    "too few keys": forged("created_at-", MOMENT),
    "too many keys": forged("created_at-", MOMENT, ID, ID),
    "no order": forged("", MOMENT, ID),
    "an unknown order": forged("owner_id+", ID, ID),
    "another order": forged("title+", "A task", ID),
    "another way": forged("created_at+", MOMENT, ID),
    "an order that is no text": forged(1, MOMENT, ID),
    "SQL": forged("created_at-' or true --", MOMENT, ID),
    "a number for a moment": forged("created_at-", 1_773_144_000, ID),
    "a word for a moment": forged("created_at-", "noon", ID),
    "a boolean for a moment": forged("created_at-", True, ID),
    "a moment without offset": forged("created_at-", "2026-03-10T12:00:00", ID),
    "a moment that never was": forged("created_at-", "2026-02-30T12:00:00+00:00", ID),
    "a moment before all time": forged("created_at-", "0001-01-01T00:00:00+14:00", ID),
    "a moment after all time": forged("created_at-", "9999-12-31T23:59:59-14:00", ID),
    "a list for a moment": forged("created_at-", [MOMENT], ID),
    "an object for a moment": forged("created_at-", {}, ID),
    "a number for an id": forged("created_at-", MOMENT, 5),
    "an id with NUL": forged("created_at-", MOMENT, "task_\x00"),
    "a list for an id": forged("created_at-", MOMENT, [ID]),
}
KEYS: list[Any] = [
    None,
    True,
    0,
    -1,
    1e308,
    10**30,
    "",
    "x",
    "NaN",
    "-Infinity",
    "1e999",
    "HIGH",
    "none",
    "a\x00",
    MOMENT,
    [],
    {},
]


@BOTH
@pytest.mark.parametrize("name", NO_CURSORS)
async def test_what_is_no_cursor_of_the_list_is_refused(people: People, name: str, side: str, size: str) -> None:
    refused(await page(await people.one(), **{side: NO_CURSORS[name], size: 5}), side)


@BOTH
@pytest.mark.parametrize(
    "order", ["CREATED_AT", "UPDATED_AT", "DUE_AT", "COMPLETED_AT", "PRIORITY", "TITLE", "POSITION"]
)
async def test_a_key_of_any_kind_in_any_order_is_a_page_or_refused(
    people: People, order: str, side: str, size: str
) -> None:
    dora = await people.one()
    for key in KEYS:
        cursor = forged(f"{order.lower()}+", key, ID)
        answer = await page(dora, orderBy={"field": order}, **{side: cursor, size: 5})
        if "errors" in answer.body:
            refused(answer, side)


@BOTH
async def test_a_key_may_be_null_only_where_the_column_may(people: People, side: str, size: str) -> None:
    dora = await people.one()
    refused(await page(dora, **{side: forged("created_at-", None, ID), size: 5}), side)
    refused(await page(dora, **{side: forged("created_at-", MOMENT, None), size: 5}), side)
    nullable = {"orderBy": {"field": "DUE_AT"}, side: forged("due_at+", None, ID), size: 5}
    assert (await page(dora, **nullable)).data["tasks"]["nodes"] == []


async def test_a_cursor_of_another_order_is_refused_and_told_why(people: People) -> None:
    dora = await people.one()
    await dora.task()
    cursor = (await page(dora)).data["tasks"]["pageInfo"]["endCursor"]
    answer = await page(dora, orderBy={"field": "TITLE"}, after=cursor)
    assert answer.details == {"after": ["is a cursor of another list or order"]}
    refused(await page(dora, orderBy={"field": "CREATED_AT", "direction": "ASC"}, after=cursor), "after")


async def test_a_cursor_of_another_list_is_refused(people: People) -> None:
    dora = await people.one()
    await dora.label()
    await dora.task()
    label = (await dora.ask(LABELS)).data["labels"]["pageInfo"]["endCursor"]
    task = (await page(dora)).data["tasks"]["pageInfo"]["endCursor"]
    refused(await page(dora, after=label), "after")
    refused(await page(dora, orderBy={"field": "TITLE"}, after=label), "after")
    refused(await dora.ask(LABELS, after=task), "after")


async def test_a_cursor_of_a_strangers_row_shows_nothing_of_theirs(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    for title in ("One", "Two"):
        await dora.task(title)
    await sam.task("Sam's")
    cursor = (await page(dora, first=1)).data["tasks"]["pageInfo"]["endCursor"]
    assert (await page(sam, after=cursor)).data["tasks"]["nodes"] == []
    assert (await page(sam, last=5, before=cursor)).data["tasks"]["nodes"] == [{"title": "Sam's"}]


async def test_a_forged_cursor_within_a_task_is_refused_too(people: People) -> None:
    dora = await people.one()
    parent = await dora.task()
    for cursor in NO_CURSORS["a word"], NO_CURSORS["another order"], NO_CURSORS["a word for a moment"]:
        refused(await dora.ask(SUBTASKS, id=parent["id"], after=cursor), "after")


async def test_a_cursor_may_be_long_without_harm(people: People) -> None:
    answer = await page(await people.one(), after=forged("created_at-", MOMENT, "x" * 100_000))
    assert answer.data["tasks"]["nodes"] == []

"""Apollo's multipart protocol for subscriptions, byte by byte: subscriptionSpec 1.0."""

import json
from typing import Any

import pytest

from tests.conftest import served, settings_for
from tests.people import People
from tests.streams import MULTIPART, PART, asked

TITLES = "subscription ($after: Cursor) { taskEvents(after: $after) { ... on TaskChanged { task { title } } } }"
CURSORS = """subscription ($after: Cursor) { taskEvents(after: $after) {
  ... on Ready { cursor } ... on TaskChanged { cursor task { title } } } }"""
CREATE = 'mutation { createTask(input: {title: "In one piece"}) { title } }'
KIND = 'multipart/mixed;boundary="graphql";subscriptionspec=1.0'


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_each_event_is_a_part_that_ends_with_the_boundary(people: People, method: str) -> None:
    dora = await people.one()
    async with asked(dora, TITLES, accept=MULTIPART, method=method) as response:
        assert (response.status, response.headers["content-type"]) == (200, KIND)
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-accel-buffering"] == "no"
        assert await response.chunk() == b"\r\n--graphql"
        assert await response.chunk() == PART % b'{"payload":{"data":{"taskEvents":{}}}}'
        await dora.task("Water the plants")
        payload = b'{"data":{"taskEvents":{"task":{"title":"Water the plants"}}}}'
        assert await response.chunk() == PART % b'{"payload":%b}' % payload


async def test_heartbeats_are_parts_of_an_empty_object(database_url: str, settings: Any) -> None:
    async with (
        served(settings_for(database_url, socket_ping_seconds=1)) as house,
        asked(await house.people.one(), TITLES, accept=MULTIPART) as response,
    ):
        await response.part()
        assert await response.chunk() == PART % b"{}"


@pytest.mark.parametrize("how", ["after", "last-event-id"])
async def test_who_comes_back_after_a_cursor_misses_nothing_and_hears_nothing_twice(people: People, how: str) -> None:
    dora = await people.one()
    async with asked(dora, CURSORS, accept=MULTIPART) as response:
        await response.part()
        await dora.task("One")
        cursor = (await response.part())["payload"]["data"]["taskEvents"]["cursor"]
        response.cut()
    for title in ("Two", "Three", "Four"):
        await dora.task(title)
    more: dict[str, Any] = {"variables": {"after": cursor}} if how == "after" else {"last_event_id": cursor}
    async with asked(dora, CURSORS, accept=MULTIPART, **more) as response:
        told = [(await response.part())["payload"]["data"]["taskEvents"] for _ in range(4)]
        assert told[0] == {"cursor": cursor}
        assert [event["task"]["title"] for event in told[1:]] == ["Two", "Three", "Four"]
        await dora.task("Five")
        assert (await response.part())["payload"]["data"]["taskEvents"]["task"] == {"title": "Five"}


async def test_what_may_not_be_followed_is_an_error_of_the_transport(people: People) -> None:
    async with asked(people.nobody, TITLES, accept=MULTIPART) as response:
        assert response.status == 200
        head, part, end = (await response.rest()).partition(b"\r\ncontent-type: application/json\r\n\r\n")
    assert head == b"\r\n--graphql"
    assert part
    assert end.endswith(b"\r\n--graphql--\r\n")
    told = json.loads(end.removesuffix(b"\r\n--graphql--\r\n"))
    assert told["payload"] is None
    (error,) = told["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["extensions"]["traceId"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [
        (MULTIPART, 200, "application/json; charset=utf-8"),
        (
            f"{MULTIPART};q=0.9, application/graphql-response+json",
            400,
            "application/graphql-response+json; charset=utf-8",
        ),
    ],
)
async def test_what_is_amiss_in_the_document_is_an_answer_in_one_piece(
    people: People, accept: str, status: int, kind: str
) -> None:
    for query in ("subscription { nope }", "subscription {"):
        async with asked(await people.one(), query, accept=accept) as response:
            assert (response.status, response.headers["content-type"]) == (status, kind)
            (error,) = json.loads(await response.rest())["errors"]
            assert error["extensions"]["code"] == "VALIDATION_ERROR"


async def test_queries_and_mutations_are_answered_in_one_piece(people: People) -> None:
    dora = await people.one()
    for query, answer in (
        ("{ __typename }", b'{"data":{"__typename":"Query"}}'),
        (CREATE, b'{"data":{"createTask":{"title":"In one piece"}}}'),
    ):
        async with asked(dora, query, accept=MULTIPART) as response:
            assert (response.status, response.headers["content-type"]) == (200, "application/json; charset=utf-8")
            assert await response.rest() == answer

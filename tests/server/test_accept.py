"""Who gets a stream, and who gets JSON."""

from typing import Any

import pytest

from tests.people import People
from tests.server.asking import CREATE, GRAPHQL, JSON, post, refusal, tasks_of
from tests.sockets import EVENTS
from tests.streams import asked

SSE = "text/event-stream"
MULTIPART = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
SPEC = "multipart/mixed;subscriptionSpec=1.0"
URQL = f"{GRAPHQL}, application/graphql+json, {JSON}, {SSE}, multipart/mixed"
APOLLO = "application/graphql-response+json,application/json;q=0.9"

NONE = "nothing there is: 406"

# What is accepted; the type of the answer to a subscription, and to a query.
ACCEPTED: list[tuple[str | None, str, str]] = [
    (None, JSON, JSON),
    ("", JSON, JSON),
    ("*/*", JSON, JSON),
    ("application/json, */*", JSON, JSON),
    ("application/json, text/plain, */*", JSON, JSON),
    ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON, JSON),
    ("text/*", NONE, NONE),
    ("multipart/*", NONE, NONE),
    ("multipart/mixed", NONE, NONE),
    ("multipart/mixed;deferSpec=20220824, application/json", JSON, JSON),
    ("multipart/mixed;subscriptionSpec=2.0, application/json", JSON, JSON),
    (URQL, GRAPHQL, GRAPHQL),
    (APOLLO, GRAPHQL, GRAPHQL),
    (f"{JSON}, {GRAPHQL}", GRAPHQL, GRAPHQL),
    (f"{JSON}, {GRAPHQL};q=0.9", JSON, JSON),
    (f"{GRAPHQL};q=0, */*", JSON, JSON),
    (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL, GRAPHQL),
    (f"{GRAPHQL}; charset=utf-16, {JSON}; charset=UTF-8", JSON, JSON),
    ("application/*;q=0.1", JSON, JSON),
    # graphql-sse and EventSource; urql's subscriptions; Apollo's subscriptions.
    (SSE, SSE, SSE),
    (f"{SSE}, multipart/mixed", SSE, SSE),
    (f"multipart/mixed;boundary=graphql;subscriptionSpec=1.0,{APOLLO}", MULTIPART, GRAPHQL),
    (SPEC, MULTIPART, JSON),
    (f"{SPEC}, {JSON}", MULTIPART, JSON),
    ('Multipart/Mixed; subscriptionSpec="1.0"; boundary="a,b;c"', MULTIPART, JSON),
    # Of equal wishes the first, of unequal ones the larger; what is named before what is only included.
    (f"{JSON}, {SSE}", JSON, JSON),
    (f"{SSE}, {JSON}", SSE, SSE),
    (f"{SSE};q=0.5, {JSON}", JSON, JSON),
    (f"{JSON};q=0.5, {SSE};q=0.7", SSE, SSE),
    (f"{JSON};q=0.5,{SSE};q=0.7,{SPEC};q=0.8", MULTIPART, JSON),
    (f"*/*, {SSE}", SSE, SSE),
    (f"*/*, {SSE};q=0.9", JSON, JSON),
    (f"{SSE}, {GRAPHQL};q=0.5", SSE, SSE),
    # Not wanted, or not to be understood.
    (f"{SSE};q=0", NONE, NONE),
    (f"{SSE};q=0.000", NONE, NONE),
    (f"{SSE};q=2", NONE, NONE),
    (f"{SSE};q=nan", NONE, NONE),
    (f"text/event-streams, {SSE}x", NONE, NONE),
    (f'text/plain;x="{SSE}, {SSE}"', NONE, NONE),
    (f'text/plain;x="\\", {SSE}', NONE, NONE),
    (",;,q=1;,=;", NONE, NONE),
    (" , ,", JSON, JSON),
    ("text/html", NONE, NONE),
    (f"{JSON}; charset=latin1", NONE, NONE),
    (f"{', ' * 600}{SSE}", JSON, JSON),
]


@pytest.mark.parametrize(("accept", "subscription", "query"), ACCEPTED)
async def test_a_stream_is_only_for_those_who_name_and_prefer_one(
    people: People, accept: str | None, subscription: str, query: str
) -> None:
    dora = await people.one()
    async with asked(dora, EVENTS, accept=accept) as response:
        assert response.headers["content-type"] == written(subscription)
        assert response.status == {NONE: 406, JSON: 400, GRAPHQL: 400}.get(subscription, 200)
    async with asked(dora, "{ __typename }", accept=accept) as response:
        assert response.headers["content-type"] == written(query)
        assert response.status == (406 if query is NONE else 200)
        assert (b'{"data":{"__typename":"Query"}}' in await response.rest()) is (query is not NONE)


def written(kind: str) -> str:
    """As it stands in the header; even an error that is not acceptable is JSON."""
    return kind.lower() if kind in (SSE, MULTIPART) else f"{GRAPHQL if kind == GRAPHQL else JSON}; charset=utf-8"


async def test_a_mutation_whose_answer_could_not_be_read_is_not_done(people: People) -> None:
    dora = await people.one()
    response = await post(dora, {"query": CREATE}, "text/html")
    assert response.status_code == 406
    assert refusal(response) == (
        "Answers are application/graphql-response+json or application/json: the Accept header names neither"
    )
    assert await tasks_of(dora) == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("accept", [JSON, "*/*", URQL, None])
async def test_a_subscription_that_gets_no_stream_is_told_of_all_the_ways(
    people: People, method: str, accept: Any
) -> None:
    dora = await people.one()
    async with asked(dora, EVENTS, accept=accept, method=method) as response:
        assert response.status == 400
        assert (
            b"Subscriptions need a WebSocket with graphql-transport-ws, or an Accept header that prefers "
            b"text/event-stream or multipart/mixed;subscriptionSpec=1.0" in await response.rest()
        )

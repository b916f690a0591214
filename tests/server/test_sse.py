"""graphql-sse, distinct connections mode, byte by byte (PROTOCOL.md of enisdenjo/graphql-sse)."""

import json
from typing import Any

import pytest

from tests.conftest import served, settings_for
from tests.people import People, Person
from tests.streams import SSE, Response, asked, following

TITLES = "subscription ($after: Cursor) { taskEvents(after: $after) { ... on TaskChanged { task { title } } } }"
CREATE = 'mutation { createTask(input: {title: "By a stream"}) { title } }'
COUNT = "{ tasks(first: 1) { totalCount } }"
LIVE = "subscription { liveTaskCounts { total } }"
COMPLETE = b"event: complete\ndata:\n\n"


async def refusal(response: Response) -> Any:
    """The one error of a stream that says nothing else, and completes."""
    told = (await response.rest()).removeprefix(b"retry: 1000\n\n")
    assert told.startswith(b"event: next\ndata: "), told
    assert told.endswith(b"\n\n" + COMPLETE)
    answer = json.loads(told.removeprefix(b"event: next\ndata: ").removesuffix(b"\n\n" + COMPLETE))
    assert list(answer) == ["errors"]
    (error,) = answer["errors"]
    assert error["extensions"]["traceId"] == response.headers["x-request-id"]
    return error


def code(error: Any) -> str:
    found: str = error["extensions"]["code"]
    return found


async def tasks_of(person: Person) -> int:
    count: int = (await person.ask(COUNT)).data["tasks"]["totalCount"]
    return count


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_each_event_is_a_chunk_with_its_cursor_as_id(people: People, method: str) -> None:
    dora = await people.one()
    async with asked(dora, TITLES, method=method) as response:
        assert (response.status, response.headers["content-type"]) == (200, SSE)
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["transfer-encoding"] == "chunked"
        assert await response.chunk() == b"retry: 1000\n\n"
        ready = (await response.chunk()).split(b"\n")
        assert ready[0] == b"event: next"
        assert ready[1].startswith(b"id: ")
        assert ready[2:] == [b'data: {"data":{"taskEvents":{}}}', b"", b""]
        await dora.task("Water\nthe plänts")
        told = (await response.chunk()).split(b"\n")
        assert told[1].startswith(b"id: ")
        assert told[1] != ready[1]
        data = 'data: {"data":{"taskEvents":{"task":{"title":"Water\\nthe plänts"}}}}'.encode()
        assert [told[0], *told[2:]] == [b"event: next", data, b"", b""]


async def test_a_list_that_is_written_in_several_lines_is_one_line_of_data(people: People) -> None:
    dora = await people.one()
    query = "subscription { taskEvents { ... on TaskChanged { task { labels { name } } } } }"
    labels = [(await dora.label(name))["id"] for name in ("a", "b")]
    async with asked(dora, query) as response:
        await response.event()
        await dora.task(labelIds=labels)
        told = json.loads((await response.event())["data"])
    assert told["data"]["taskEvents"]["task"]["labels"] == [{"name": "a"}, {"name": "b"}]


async def test_a_live_query_has_no_ids(people: People) -> None:
    dora = await people.one()
    async with asked(dora, LIVE, last_event_id="whatever") as response:
        assert await response.chunk() == b"retry: 1000\n\n"
        assert await response.chunk() == b'event: next\ndata: {"data":{"liveTaskCounts":{"total":0}}}\n\n'
        await dora.task()
        assert await response.chunk() == b'event: next\ndata: {"data":{"liveTaskCounts":{"total":1}}}\n\n'


async def test_a_query_is_one_event_and_the_end(people: People) -> None:
    dora = await people.one()
    for method in ("GET", "POST"):
        async with asked(dora, COUNT, method=method) as response:
            assert (response.status, response.headers["content-type"]) == (200, SSE)
            answer = b'event: next\ndata: {"data":{"tasks":{"totalCount":0}}}\n\n'
            assert await response.rest() == answer + COMPLETE


async def test_a_mutation_is_one_event_and_the_end(people: People) -> None:
    dora = await people.one()
    async with asked(dora, CREATE) as response:
        answer = b'event: next\ndata: {"data":{"createTask":{"title":"By a stream"}}}\n\n'
        assert await response.rest() == answer + COMPLETE
    assert await tasks_of(dora) == 1


async def test_a_mutation_by_get_is_refused_and_nothing_is_done(people: People) -> None:
    dora = await people.one()
    async with asked(dora, CREATE, method="GET") as response:
        assert (response.status, response.headers["content-type"]) == (405, "application/json; charset=utf-8")
    assert await tasks_of(dora) == 0


AMISS = [
    ("subscription {", {}, "Syntax Error: Expected Name, found <EOF>."),
    ("{ qqqqq }", {}, "Cannot query field 'qqqqq' on type 'Query'."),
    ("subscription { qqqqq }", {}, "Cannot query field 'qqqqq' on type 'Subscription'."),
    (
        "subscription ($topics: [String!]) { changes(topics: $topics) { __typename } }",
        {"topics": 5, "x": 1},
        "Variable '$topics' has invalid value: String cannot represent a non string value: 5",
    ),
]


@pytest.mark.parametrize("accept", [SSE, f"{SSE}, application/graphql-response+json;q=0.5"])
@pytest.mark.parametrize(("query", "variables", "message"), AMISS)
async def test_what_is_amiss_in_the_document_is_told_in_the_stream(
    people: People, query: str, variables: Any, message: str, accept: str
) -> None:
    """For an EventSource, which shows no answer but a stream."""
    dora = await people.one()
    async with asked(dora, query, variables=variables, accept=accept) as response:
        assert (response.status, response.headers["content-type"]) == (200, SSE)
        error = await refusal(response)
    assert (error["message"], code(error)) == (message, "VALIDATION_ERROR")


async def test_a_request_that_is_none_gets_a_status(people: People) -> None:
    async with asked(await people.one(), "") as response:
        assert (response.status, response.headers["content-type"]) == (400, "application/json; charset=utf-8")


@pytest.mark.parametrize(
    ("headers", "message"), [({}, "Missing access token"), ({"authorization": "Bearer x"}, "Invalid or expired token")]
)
async def test_nobody_may_follow(people: People, headers: dict[str, str], message: str) -> None:
    async with asked(people.nobody, **headers) as response:  # type: ignore[arg-type]
        assert response.status == 200
        error = await refusal(response)
    assert (error["message"], code(error)) == (message, "UNAUTHENTICATED")


async def test_a_token_in_the_address_is_refused(people: People) -> None:
    dora = await people.one()
    response = await people.http.get("/graphql", params={"query": TITLES, "token": dora.token}, headers={"accept": SSE})
    assert response.status_code == 400


async def test_what_may_not_be_followed_is_told_in_the_stream(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    query = "subscription ($topics: [String!]) { changes(topics: $topics) { __typename } }"
    async with asked(dora, query, variables={"topics": [f"tasks:{sam.id}"]}) as response:
        assert code(await refusal(response)) == "FORBIDDEN"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_comes_back_after_the_last_event_misses_none_and_hears_none_twice(
    people: People, method: str
) -> None:
    dora = await people.one()
    async with following(dora, method=method) as (response, _):
        await dora.task("One")
        last = await response.next()
        response.cut()
    for title in ("Two", "Three", "Four"):
        await dora.task(title)
    async with following(dora, method=method, last_event_id=last["cursor"]) as (response, first):
        assert first == {"__typename": "Ready", "cursor": last["cursor"]}
        missed = [(await response.next())["task"]["title"] for _ in range(3)]
        await dora.task("Five")
        assert [*missed, (await response.next())["task"]["title"]] == ["Two", "Three", "Four", "Five"]


async def test_the_last_event_counts_and_not_the_variable_that_a_client_began_with(people: People) -> None:
    dora = await people.one()
    async with following(dora) as (response, ready):
        await dora.task("One")
        one = await response.next()
        await dora.task("Two")
    async with following(dora, ready["cursor"], last_event_id=one["cursor"]) as (response, first):
        assert first["cursor"] == one["cursor"]
        assert (await response.next())["task"]["title"] == "Two"
    async with following(dora, one["cursor"], last_event_id="") as (response, first):
        assert first["cursor"] == one["cursor"]


@pytest.mark.parametrize("id", ["nonsense", "ä", "x" * 4_000])
async def test_a_last_event_that_never_was_one_is_told_in_the_stream(people: People, id: str) -> None:
    async with asked(await people.one(), last_event_id=id) as response:
        error = await refusal(response)
    assert (code(error), list(error["extensions"]["details"])) == ("VALIDATION_ERROR", ["after"])


async def test_heartbeats_come_while_nothing_happens(database_url: str, settings: Any) -> None:
    async with (
        served(settings_for(database_url, socket_ping_seconds=1)) as house,
        following(await house.people.one()) as (response, _),
    ):
        assert await response.chunk() == b":\n\n"
        assert await response.chunk() == b":\n\n"


async def test_pages_of_allowed_origins_may_read_a_stream(people: People) -> None:
    dora = await people.one()
    async with following(dora, origin="http://localhost:3000") as (response, _):
        await dora.task("Across")
        assert (await response.next())["task"]["title"] == "Across"
    assert response.headers["access-control-allow-origin"] == "http://localhost:3000"


async def test_a_page_of_a_foreign_origin_gets_none(people: People) -> None:
    async with asked(await people.one(), origin="https://evil.example") as response:
        assert response.status == 403


async def test_pages_may_say_where_they_go_on(people: People) -> None:
    asking = {"origin": "http://localhost:3000", "access-control-request-method": "POST"}
    response = await people.http.options(
        "/graphql", headers=asking | {"access-control-request-headers": "last-event-id"}
    )
    assert response.status_code == 200
    assert "last-event-id" in response.headers["access-control-allow-headers"].lower()

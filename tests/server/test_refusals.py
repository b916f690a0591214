"""Requests that are none: what is sent, and with which status, code and message it comes back.

None of them is executed, and none costs more than one line in the log.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.typing import EventDict

from tests.logged import lines
from tests.people import People
from tests.server.asking import CREATE, GRAPHQL, JSON, METHODS, post, refusal, tasks_of

OBJECT = "The request must be one JSON object"
UNPARSABLE = "Unable to parse request body as JSON"
MISSING = "No GraphQL query found in the request"
PARAMETERS = "Unable to parse the parameters of the request"
TYPE = "Only application/json in UTF-8 is understood"
CODING = "A body must come without content coding"
LARGE = "The body is larger than 262144 bytes"
QUERY = json.dumps({"query": CREATE}).encode()


def with_(**more: Any) -> bytes:
    return json.dumps({"query": CREATE, **more}).encode()


def repr_of(value: object) -> str:
    return repr(value)[:40]


def no(name: str, kind: str) -> str:
    return f"The GraphQL operation's `{name}` must be {kind} or null, if provided."


BODIES: list[tuple[bytes, int, str]] = [
    # JSON, but not an object; an object, but no request.
    (b"null", 400, OBJECT),
    (b"5", 400, OBJECT),
    (b'"x"', 400, OBJECT),
    (b"true", 400, OBJECT),
    (b"[]", 400, OBJECT),
    (b"[1]", 400, OBJECT),
    (b"[%b]" % QUERY, 400, OBJECT),
    (b"{}", 400, MISSING),
    (b'{"qeury":"{ __typename }"}', 400, MISSING),
    (b'{"query":null}', 400, MISSING),
    (b'{"query":""}', 400, MISSING),
    (b'{"query":5}', 400, no("query", "a string")),
    (b'{"query":["{ __typename }"]}', 400, no("query", "a string")),
    (with_(variables=[]), 400, no("variables", "an object")),
    (with_(variables="{}"), 400, no("variables", "an object")),
    (with_(variables=False), 400, no("variables", "an object")),
    (with_(extensions=5), 400, no("extensions", "an object")),
    (with_(operationName=5), 400, no("operationName", "a string")),
    (with_(operationName=["x"]), 400, no("operationName", "a string")),
    (with_(documentId=5), 400, no("documentId", "a string")),
    # Not JSON, or not UTF-8.
    (b"", 400, UNPARSABLE),
    (b" ", 400, UNPARSABLE),
    (b'{"query":', 400, UNPARSABLE),
    (QUERY + b",", 400, UNPARSABLE),
    (QUERY + QUERY, 400, UNPARSABLE),
    (b"query=" + CREATE.encode(), 400, UNPARSABLE),
    (b'{"query":"\xff"}', 400, UNPARSABLE),
    (b'{"query":"\xed\xa0\x80"}', 400, UNPARSABLE),
    (b'{"query":"\\ud800"}', 400, UNPARSABLE),
    (b'{"query":"a\0b"}', 400, UNPARSABLE),
    (b"\xef\xbb\xbf" + QUERY, 400, UNPARSABLE),
    (QUERY.decode().encode("utf-16"), 400, UNPARSABLE),
    (b"\x1f\x8b\x08\x00", 400, UNPARSABLE),
    # Numbers that JSON has not, and those that nothing can hold.
    (b"NaN", 400, UNPARSABLE),
    (b'{"query":"{ __typename }","variables":{"n":NaN}}', 400, UNPARSABLE),
    (b'{"query":"{ __typename }","variables":{"n":-Infinity}}', 400, UNPARSABLE),
    (b'{"query":"{ __typename }","variables":{"n":1e400}}', 400, UNPARSABLE),
    (b'{"query":"{ __typename }","variables":{"n":%b}}' % (b"9" * 400), 400, UNPARSABLE),
    # Nesting bombs.
    (b"[" * 100_000, 400, UNPARSABLE),
    (b'{"query":' * 20_000, 400, UNPARSABLE),
    (b'{"query":"{ __typename }","variables":{"n":%b}}' % (b"[" * 5_000 + b"]" * 5_000), 400, UNPARSABLE),
    # Too long.
    (QUERY.ljust(262_145), 413, LARGE),
    (b"[" * 300_000, 413, LARGE),
]


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
@pytest.mark.parametrize(("body", "status", "message"), BODIES, ids=repr_of)
async def test_a_body_that_is_no_request_is_refused(
    people: People, logged: list[EventDict], body: bytes, status: int, message: str, accept: str
) -> None:
    dora = await people.one()
    response = await post(dora, body, accept)
    assert (response.status_code, refusal(response)) == (status, message)
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert len(lines(logged)) <= 1
    assert await tasks_of(dora) == 0


HEADERS: list[tuple[dict[str, str], int, str]] = [
    # What a foreign page could send by itself, without asking beforehand.
    ({"content-type": ""}, 415, TYPE),
    ({"content-type": "text/plain"}, 415, TYPE),
    ({"content-type": "text/plain; application/json"}, 415, TYPE),
    ({"content-type": "text/plain, application/json"}, 415, TYPE),
    ({"content-type": "application/x-www-form-urlencoded"}, 415, TYPE),
    ({"content-type": "multipart/form-data; boundary=application/json"}, 415, TYPE),
    # What nobody should.
    ({"content-type": "application/graphql"}, 415, TYPE),
    ({"content-type": "application/jsonp"}, 415, TYPE),
    ({"content-type": "application/json, application/json"}, 415, TYPE),
    ({"content-type": "application/json; charset=utf-16"}, 415, TYPE),
    ({"content-type": 'application/json;x=1; CHARSET="latin1"'}, 415, TYPE),
    ({"content-encoding": "gzip"}, 415, CODING),
    ({"content-encoding": "identity, br"}, 415, CODING),
]


@pytest.mark.parametrize(("headers", "status", "message"), HEADERS)
async def test_a_body_of_another_kind_is_refused(
    people: People, logged: list[EventDict], headers: dict[str, str], status: int, message: str
) -> None:
    dora = await people.one()
    response = await post(dora, QUERY, **headers)
    assert (response.status_code, refusal(response)) == (status, message)
    assert len(lines(logged)) <= 1
    assert await tasks_of(dora) == 0


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        'Application/JSON ; charset="utf-8"',
        "application/json; charset=utf8",
        "application/json;",
        "application/json; profile=x",
    ],
)
async def test_json_may_be_named_in_several_ways(people: People, content_type: str) -> None:
    dora = await people.one()
    assert (await post(dora, QUERY, **{"content-type": content_type})).status_code == 200
    assert await tasks_of(dora) == 1


async def test_a_refusal_says_what_would_be_taken(people: People) -> None:
    assert (await post(people.nobody, QUERY, **{"content-type": "text/plain"})).headers["accept"] == JSON
    assert (await post(people.nobody, QUERY, **{"content-encoding": "br"})).headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "QUERY", "PROPFIND"])
async def test_other_methods_are_refused(people: People, method: str) -> None:
    response = await people.http.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == METHODS
    assert refusal(response) == "GraphQL only supports GET and POST requests."


URLS: list[tuple[str, str]] = [
    ("", MISSING),
    ("query=", MISSING),
    ("variables={}", MISSING),
    ("query=%FF", PARAMETERS),
    ("query=%ED%A0%80", PARAMETERS),
    ("&".join(f"a{n}=1" for n in range(21)), PARAMETERS),
    ("query={__typename}&query={me{id}}", "A parameter of the request is given twice"),
    ("query={__typename}&variables={", "Unable to parse variables as JSON"),
    ("query={__typename}&variables=nope", "Unable to parse variables as JSON"),
    (f"query={{__typename}}&variables={'%5B' * 1_025}", "Unable to parse variables as JSON"),
    ("query={__typename}&variables=%7B%22a%22:%22%5Cud800%22%7D", "Unable to parse variables as JSON"),
    ("query={__typename}&extensions={", "Unable to parse extensions as JSON"),
    ("query={__typename}&variables=5", no("variables", "an object")),
    ("query={__typename}&variables=%5B1%5D", no("variables", "an object")),
    ("query={__typename}&variables=%22x%22", no("variables", "an object")),
    ("query={__typename}&extensions=%5B%5D", no("extensions", "an object")),
]


@pytest.mark.parametrize(("parameters", "message"), URLS, ids=repr_of)
async def test_an_address_that_is_no_request_is_refused(
    people: People, logged: list[EventDict], parameters: str, message: str
) -> None:
    response = await people.http.get(f"/graphql?{parameters}")
    assert (response.status_code, refusal(response)) == (400, message)
    assert len(lines(logged)) <= 1


@pytest.mark.parametrize("parameters", ["variables=null", "extensions=null", "variables=&extensions=&operationName="])
async def test_null_and_nothing_are_as_good_as_absent(people: People, parameters: str) -> None:
    response = await people.http.get(f"/graphql?query={{__typename}}&{parameters}")
    assert (response.status_code, response.json()) == (200, {"data": {"__typename": "Query"}})


VALUES: list[tuple[str, str]] = [
    ("%s" % ("[" * 900 + "]" * 900), "String cannot represent a non string value: [[[...]]]"),
    ("%s" % ('{"a":' * 900 + "1" + "}" * 900), "String cannot represent a non string value: {'a': {'a': {...}}}"),
    ("9" * 40, "String cannot represent a non string value: "),
    ('"a\\u0000b"', "must not contain control characters"),
]


@pytest.mark.parametrize(("value", "message"), VALUES, ids=repr_of)
async def test_a_value_that_nothing_can_hold_is_refused(people: People, value: str, message: str) -> None:
    dora = await people.one()
    query = "mutation ($title: String!) { createTask(input: {title: $title}) { id } }"
    body = json.dumps({"query": query, "variables": {"title": 0}}).replace("0", value)
    (error,) = (await post(dora, body.encode())).json()["errors"]
    assert error["extensions"]["code"] == "VALIDATION_ERROR"
    assert message in error["message"]
    assert len(error["message"]) < 500
    assert await tasks_of(dora) == 0


async def test_a_number_of_thousands_of_digits_is_refused_without_a_word_of_python(people: People) -> None:
    response = await post(people.nobody, {"query": f"{{ tasks(first: {'9' * 5_000}) {{ totalCount }} }}"}, GRAPHQL)
    assert (response.status_code, refusal(response)) == (400, "Expected value of type 'Int'")


async def test_a_body_of_exactly_the_limit_is_taken(people: People) -> None:
    dora = await people.one()
    assert (await post(dora, QUERY.ljust(262_144))).status_code == 200
    assert await tasks_of(dora) == 1


async def test_a_large_body_in_chunks_without_a_length_is_413(people: People) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" " * 1_024

    response = await people.http.post("/graphql", content=chunks(), headers={"content-type": JSON})
    assert (response.status_code, refusal(response)) == (413, LARGE)

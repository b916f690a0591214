"""GraphQL over HTTP: what may come in, by which method, and with which status it is answered."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from tests.people import People, Person

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
CREATE = 'mutation { createTask(input: {title: "x"}) { id } }'
CREATE_B = CREATE.replace("mutation", "mutation B")
COUNT = "{ tasks(first: 1) { totalCount } }"


async def post(person: Person, body: Any, accept: str = JSON, **headers: str) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": JSON, "accept": accept, **person.headers, **headers}
    return await person.people.http.post("/graphql", content=content, headers=given)


async def get(person: Person, **parameters: str) -> httpx2.Response:
    return await person.people.http.get("/graphql", params=parameters, headers=person.headers)


async def tasks_of(person: Person) -> int:
    count: int = (await person.ask(COUNT)).data["tasks"]["totalCount"]
    return count


def refusal(response: httpx2.Response) -> str:
    """The message of an answer that is nothing but one VALIDATION_ERROR, stamped."""
    answer = response.json()
    assert list(answer) == ["errors"], answer
    (error,) = answer["errors"]
    extensions = error["extensions"]
    assert extensions["code"] == "VALIDATION_ERROR"
    assert extensions["traceId"] == response.headers["x-request-id"]
    assert abs((datetime.now(UTC) - datetime.fromisoformat(extensions["timestamp"])).total_seconds()) < 60
    message: str = error["message"]
    return message


async def test_a_query_is_answered_by_post(people: People) -> None:
    dora = await people.one()
    response = await post(dora, {"query": "query ($n: Int) { me { id } tasks(first: $n) { totalCount } }"})
    assert response.status_code == 200
    assert response.json() == {"data": {"me": {"id": dora.id}, "tasks": {"totalCount": 0}}}


async def test_a_query_is_answered_by_get(people: People) -> None:
    dora = await people.one()
    response = await get(
        dora,
        query="query A { me { email } } query B($id: ID!) { user(id: $id) { id } }",
        operationName="B",
        variables=json.dumps({"id": dora.id}),
    )
    assert response.status_code == 200
    assert response.headers["content-type"] == JSON
    assert response.json() == {"data": {"user": {"id": dora.id}}}


async def test_a_mutation_by_get_is_refused_and_nothing_is_done(people: People) -> None:
    dora = await people.one()
    response = await get(dora, query=CREATE)
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    assert refusal(response) == "Mutations need POST"
    assert await tasks_of(dora) == 0


async def test_a_mutation_named_among_queries_is_refused_by_get_too(people: People) -> None:
    dora = await people.one()
    response = await get(dora, query=f"query A {{ me {{ id }} }} {CREATE_B}", operationName="B")
    assert response.status_code == 405
    assert await tasks_of(dora) == 0


async def test_a_get_without_a_query_is_refused(people: People) -> None:
    response = await get(people.nobody)
    assert response.status_code == 400
    assert refusal(response) == "No GraphQL query found in the request"


@pytest.mark.parametrize("parameter", ["variables", "extensions"])
@pytest.mark.parametrize("text", ["[1]", "5", "{", "[" * 1_000])
async def test_a_broken_parameter_of_a_get_is_refused(people: People, parameter: str, text: str) -> None:
    response = await get(people.nobody, query="{ __typename }", **{parameter: text})
    assert response.status_code == 400
    assert refusal(response)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_other_methods_are_refused(people: People, method: str) -> None:
    response = await people.http.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"
    assert refusal(response) == "GraphQL only supports GET and POST requests."


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (JSON, JSON),
        ("*/*", JSON),
        ("", JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
    ],
)
async def test_the_answer_has_the_type_that_is_accepted(people: People, accept: str, answered: str) -> None:
    for query in ("{ __typename }", "{ nope }"):
        response = await post(people.nobody, {"query": query}, accept)
        assert response.headers["content-type"] == answered


IN_THE_DOCUMENT: list[tuple[str, Any, str]] = [
    ("{", {}, "Syntax Error: Expected Name, found <EOF>."),
    ("#", {}, "Syntax Error: Unexpected <EOF>."),
    (CREATE.replace("id }", "nope }"), {}, "Cannot query field 'nope' on type 'Task'."),
    (
        "mutation ($title: String!) { createTask(input: {title: $title}) { id } }",
        {},
        "Variable '$title' has invalid value: Expected a value of non-null type 'String!' to be provided.",
    ),
    (
        "mutation ($title: String!) { createTask(input: {title: $title}) { id } }",
        {"title": 5},
        "Variable '$title' has invalid value: String cannot represent a non string value: 5",
    ),
]


@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 400), (JSON, 200)])
@pytest.mark.parametrize(("query", "variables", "message"), IN_THE_DOCUMENT)
async def test_what_is_amiss_in_the_document_is_400_for_those_who_know_the_type_of_graphql(
    people: People, query: str, variables: Any, message: str, accept: str, status: int
) -> None:
    dora = await people.one()
    response = await post(dora, {"query": query, "variables": variables}, accept)
    assert refusal(response) == message
    assert response.status_code == status
    assert await tasks_of(dora) == 0


@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 400), (JSON, 200)])
@pytest.mark.parametrize("query", [f"query A {{ me {{ id }} }} {CREATE_B}", f"{CREATE_B} query A {{ me {{ id }} }}"])
async def test_of_several_operations_one_must_be_named(people: People, query: str, accept: str, status: int) -> None:
    dora = await people.one()
    response = await post(dora, {"query": query}, accept)
    assert await tasks_of(dora) == 0
    assert refusal(response) == "Must provide operation name if query contains multiple operations."
    assert response.status_code == status


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_an_error_of_a_field_is_200_with_data(people: People, accept: str) -> None:
    dora = await people.one()
    response = await post(dora, {"query": '{ me { id } task(id: "nope") { id } }'}, accept)
    assert response.status_code == 200
    assert response.json()["data"] == {"me": {"id": dora.id}, "task": None}
    assert [error["path"] for error in response.json()["errors"]] == [["task"]]


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
async def test_an_error_that_takes_all_data_with_it_leaves_null(people: People, accept: str) -> None:
    response = await post(people.nobody, {"query": "{ me { id } }"}, accept)
    assert response.status_code == 200
    assert response.json()["data"] is None
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


OBJECT = "The request must be one JSON object"
UNPARSABLE = "Unable to parse request body as JSON"
MISSING = "No GraphQL query found in the request"
BODIES: list[tuple[bytes, str]] = [
    (b"null", OBJECT),
    (b"5", OBJECT),
    (b'"x"', OBJECT),
    (b"true", OBJECT),
    (b"[]", OBJECT),
    (b"[1]", OBJECT),
    (json.dumps([{"query": CREATE}]).encode(), OBJECT),
    (b"{}", MISSING),
    (b'{"query":null}', MISSING),
    (b'{"query":""}', MISSING),
    (b'{"query":5}', "The GraphQL operation's `query` must be a string or null, if provided."),
    (
        json.dumps({"query": CREATE, "variables": []}).encode(),
        "The GraphQL operation's `variables` must be an object or null, if provided.",
    ),
    (
        json.dumps({"query": CREATE, "extensions": 5}).encode(),
        "The GraphQL operation's `extensions` must be an object or null, if provided.",
    ),
    (json.dumps({"query": CREATE, "operationName": "Other"}).encode(), 'Unknown operation named "Other".'),
    (
        json.dumps({"query": CREATE, "operationName": 5}).encode(),
        "The GraphQL operation's `operationName` must be a string or null, if provided.",
    ),
    (
        json.dumps({"query": CREATE, "operationName": ["x"]}).encode(),
        "The GraphQL operation's `operationName` must be a string or null, if provided.",
    ),
    (b'{"query":"fragment A on Task { id }"}', "Can't get GraphQL operation type"),
    (b'{"query":"\xff"}', UNPARSABLE),
    (b'{"query":"\\ud800"}', UNPARSABLE),
    (b"[" * 100_000, UNPARSABLE),
    (b'{"query":' * 20_000, UNPARSABLE),
    (b'{"query":', UNPARSABLE),
    (json.dumps({"query": CREATE}).encode() + b",", UNPARSABLE),
    (b"NaN", UNPARSABLE),
    (b"", UNPARSABLE),
]


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
@pytest.mark.parametrize(("body", "message"), BODIES, ids=lambda value: str(value[:40]))
async def test_a_body_that_is_no_request_is_400_and_nothing_is_done(
    people: People, body: bytes, message: str, accept: str
) -> None:
    dora = await people.one()
    response = await post(dora, body, accept)
    assert refusal(response) == message
    assert response.status_code == 400
    assert response.headers["content-type"] == accept
    assert await tasks_of(dora) == 0


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", "multipart/form-data", ""],
)
async def test_a_body_that_a_foreign_page_could_send_by_itself_is_refused(people: People, content_type: str) -> None:
    dora = await people.one()
    response = await post(dora, {"query": CREATE}, **{"content-type": content_type})
    assert response.status_code == 400
    assert refusal(response) == "Unsupported content type"
    assert await tasks_of(dora) == 0


async def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_413(people: People) -> None:
    dora = await people.one()
    body = json.dumps({"query": CREATE}).encode().ljust(262_145)
    response = await post(dora, body, GRAPHQL)
    assert response.status_code == 413
    assert refusal(response) == "The body is larger than 262144 bytes"
    assert await tasks_of(dora) == 0
    assert (await post(dora, body[:-1])).status_code == 200
    assert await tasks_of(dora) == 1


async def test_a_large_body_in_chunks_without_a_length_is_413(people: People) -> None:
    async def chunks() -> Any:
        for _ in range(300):
            yield b" " * 1_024

    response = await people.http.post("/graphql", content=chunks(), headers={"content-type": JSON})
    assert response.status_code == 413


async def test_nothing_else_is_served(people: People) -> None:
    assert (await people.http.get("/graphiql")).status_code == 404
    assert (await people.http.get("/")).text == "Parlor: GraphQL at /graphql, over HTTP and WebSockets.\n"

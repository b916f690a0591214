"""GraphQL over HTTP: what may come in, by which method, and with which status it is answered."""

import json
from typing import Any

import httpx2
import pytest

from tests.people import People, Person
from tests.server.asking import CREATE, GRAPHQL, JSON, METHODS, post, refusal, tasks_of
from tests.sockets import EVENTS

CREATE_B = CREATE.replace("mutation", "mutation B")


async def get(person: Person, **parameters: str) -> httpx2.Response:
    return await person.people.http.get("/graphql", params=parameters, headers=person.headers)


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
    assert response.headers["content-type"] == f"{JSON}; charset=utf-8"
    assert response.json() == {"data": {"user": {"id": dora.id}}}


async def test_a_mutation_by_get_is_refused_and_nothing_is_done(people: People) -> None:
    dora = await people.one()
    response = await get(dora, query=CREATE)
    assert response.status_code == 405
    assert response.headers["allow"] == METHODS
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


async def test_head_is_get_without_the_body(people: People) -> None:
    dora = await people.one()
    params = {"query": "{ me { id } }"}
    head = await people.http.head("/graphql", params=params, headers=dora.headers)
    answered = await people.http.get("/graphql", params=params, headers=dora.headers)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "content-length", "vary", "cache-control"):
        assert head.headers[name] == answered.headers[name]


async def test_a_mutation_by_head_is_refused_and_nothing_is_done(people: People) -> None:
    dora = await people.one()
    response = await people.http.head("/graphql", params={"query": CREATE}, headers=dora.headers)
    assert response.status_code == 405
    assert await tasks_of(dora) == 0


async def test_head_begins_no_stream(people: People) -> None:
    dora = await people.one()
    response = await people.http.head(
        "/graphql", params={"query": EVENTS}, headers={**dora.headers, "accept": "text/event-stream"}
    )
    assert response.status_code == 400


async def test_options_says_which_methods_there_are(people: People) -> None:
    response = await people.http.options("/graphql")
    assert (response.status_code, response.headers["allow"], response.content) == (204, METHODS, b"")


async def test_answers_are_neither_kept_nor_guessed_at(people: People) -> None:
    for response in (await post(people.nobody, {"query": "{ __typename }"}), await post(people.nobody, b"")):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["vary"] == "Accept, Origin"


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
        assert response.headers["content-type"] == f"{answered}; charset=utf-8"


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
    ("fragment A on Task { id }", {}, "Can't get GraphQL operation type"),
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


@pytest.mark.parametrize(("accept", "status"), [(GRAPHQL, 400), (JSON, 200)])
async def test_an_operation_that_is_not_there_cannot_be_named(people: People, accept: str, status: int) -> None:
    dora = await people.one()
    response = await post(dora, {"query": CREATE, "operationName": "Other"}, accept)
    assert refusal(response) == 'Unknown operation named "Other".'
    assert response.status_code == status
    assert await tasks_of(dora) == 0


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


async def test_nothing_else_is_served(people: People) -> None:
    assert (await people.http.get("/graphiql")).status_code == 404
    assert (await people.http.get("/")).text == "Parlor: GraphQL at /graphql, over HTTP and WebSockets.\n"

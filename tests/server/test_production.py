"""What production keeps to itself: the schema is for administrators, and nobody is told what may have been meant."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from graphql import get_introspection_query

from db.accounts.users import Role
from tests.conftest import Served, served, settings_for
from tests.people import Person
from tests.server.processes import parlor

STRONG = "b7Gq2vXn9RkTzL4eWm8YcJd5HsAf3PuK"
REFUSAL = "Introspection is for administrators here"
GRAPHQL_RESPONSE = {"accept": "application/graphql-response+json"}
SNEAKING = {
    "the whole": get_introspection_query(),
    "a type": '{ __type(name: "Task") { name } }',
    "an alias": "{ health: __schema { queryType { name } } }",
    "an inline fragment": "{ ... on Query { ... { __schema { queryType { name } } } } }",
    "a fragment": "{ ...A } fragment A on Query { ...B } fragment B on Query { __schema { queryType { name } } }",
    "switched off": "{ __typename __schema @skip(if: true) { queryType { name } } }",
    "by a variable": "query ($on: Boolean = false) { __typename __schema @include(if: $on) { queryType { name } } }",
    "beside what is allowed": "{ health { status } __schema { queryType { name } } }",
    "beside what the reader answers": "{ tasks { nodes { id } } __schema { queryType { name } } }",
}


@pytest.fixture(scope="module")
async def production(database_url: str, settings: object) -> AsyncIterator[Served]:
    async with served(settings_for(database_url, environment="production", jwt_secret=STRONG)) as house:
        yield house


async def asked(house: Served, query: str, **more: str) -> tuple[int, Any]:
    response = await house.people.http.post("/graphql", json={"query": query}, headers=GRAPHQL_RESPONSE | more)
    return response.status_code, response.json()


@pytest.mark.parametrize("query", SNEAKING.values(), ids=SNEAKING)
async def test_the_schema_is_nobodys_to_ask_about(production: Served, query: str) -> None:
    status, body = await asked(production, query)
    assert status == 400
    assert [(error["message"], error["extensions"]["code"]) for error in body["errors"]] == [
        (REFUSAL, "VALIDATION_ERROR")
    ]
    assert "data" not in body


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
async def test_nor_is_it_of_those_who_have_signed_in(production: Served, role: Role) -> None:
    person = await production.people.one(role)
    for query in SNEAKING.values():
        assert (await person.ask(query)).error["message"] == REFUSAL


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPER_ADMIN])
async def test_administrators_may_ask_the_same_documents_before_and_after_others(
    production: Served, role: Role
) -> None:
    admin, other = await production.people.one(role), await production.people.one()
    query = f"{{ __schema {{ queryType {{ name }} }} __typename }} # {role}"
    expected = {"__schema": {"queryType": {"name": "Query"}}, "__typename": "Query"}
    assert (await admin.ask(query)).data == expected
    assert (await other.ask(query)).error["message"] == REFUSAL
    assert (await admin.ask(query)).data == expected


async def test_sockets_are_no_way_around_it(production: Served) -> None:
    admin, other = await production.people.one(Role.ADMIN), await production.people.one()
    async with admin.socket() as socket:
        answer = await socket.ask("{ __schema { queryType { name } } }")
        assert answer == {"data": {"__schema": {"queryType": {"name": "Query"}}}}
    async with other.socket() as socket:
        for query in SNEAKING.values():
            (error,) = await socket.ask(query)
            assert error["message"] == REFUSAL


@pytest.mark.parametrize("operation", ["mutation", "subscription"])
async def test_it_cannot_be_asked_elsewhere_than_in_a_query(production: Served, operation: str) -> None:
    admin = await production.people.one(Role.ADMIN)
    async with admin.socket() as socket:
        errors = await socket.ask(f"{operation} {{ __schema {{ queryType {{ name }} }} }}")
    told = f"Cannot query field '__schema' on type '{operation.capitalize()}'."
    assert told in [error["message"] for error in errors]


async def test_an_operation_that_does_not_ask_is_answered_beside_one_that_does(production: Served) -> None:
    dora = await production.people.one()
    query = "query Asks { __schema { queryType { name } } } query Does { __typename tasks { nodes { __typename } } }"
    response = await production.people.http.post(
        "/graphql", json={"query": query, "operationName": "Does"}, headers=dora.headers
    )
    assert response.json() == {"data": {"__typename": "Query", "tasks": {"nodes": []}}}


MISSPELT: dict[str, tuple[str, dict[str, Any]]] = {
    "a field": ("{ task(id: 1) { titel } }", {}),
    "a root field": ("{ taskz { nodes { id } } }", {}),
    "an argument": ("{ tasks(frist: 1) { nodes { id } } }", {}),
    "a type": ("query ($a: CreateTaskInputt) { __typename }", {}),
    "a value of an enum": ("{ websocketHealth(period: ALL_TIMES) { errors } }", {}),
    "a value of an enum in a variable": (
        "query ($period: MetricsPeriod!) { websocketHealth(period: $period) { errors } }",
        {"period": "ALL_TIMES"},
    ),
    "a field of an input": ("mutation { createTask(input: {titel: 1}) { id } }", {}),
    "a field of an input in a variable": (
        "mutation ($input: CreateTaskInput!) { createTask(input: $input) { id } }",
        {"input": {"title": "a", "titel": "b"}},
    ),
    "a subscription's variable": (
        "subscription ($types: [EntityType!]) { changes(types: $types) { __typename } }",
        {"types": ["TASKK"]},
    ),
}


@pytest.mark.parametrize(("query", "variables"), MISSPELT.values(), ids=MISSPELT)
async def test_what_may_have_been_meant_is_told_in_development_alone(
    production: Served, house: Served, query: str, variables: dict[str, Any]
) -> None:
    for where, told in ((house, True), (production, False)):
        errors = await _errors(await where.people.one(Role.ADMIN), query, variables)
        assert errors
        assert any("Did you mean" in error["message"] for error in errors) is told, errors


async def _errors(person: Person, query: str, variables: dict[str, Any]) -> list[Any]:
    async with person.socket() as socket:
        errors: list[Any] = await socket.ask(query, **variables)
        return errors


async def test_development_tells_the_schema_to_anybody(house: Served) -> None:
    assert (await asked(house, "{ __schema { queryType { name } } }"))[0] == 200


def test_the_people_of_the_demo_do_not_come_into_production(tmp_path: Path) -> None:
    done = parlor("serve", "--demo", cwd=tmp_path, ENVIRONMENT="production", JWT_SECRET=STRONG)
    assert (done.code, done.said) == (
        1,
        "✗ --demo is not for production: whoever has read its manual could sign in as an administrator.\n",
    )
    assert not (tmp_path / ".parlor").exists()

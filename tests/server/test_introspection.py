"""What is asked about the schema itself is answered as graphql-core answers it, and made once."""

import asyncio
from typing import Any

import orjson
import pytest
from graphql import execute_sync, get_introspection_query, parse

from schema import introspected
from schema.schema import made
from tests.conftest import Served

TYPE = "query Named($name: String!, $all: Boolean = false) { __type(name: $name) { name kind @include(if: $all) } }"
ASKED: list[tuple[str, dict[str, Any]]] = [
    (get_introspection_query(), {}),
    ("{ __typename __schema { queryType { name } } }", {}),
    ('{ ...A } fragment A on Query { again: __typename __type(name: "Task") { fields { name } } }', {}),
    (TYPE, {"name": "Task"}),
    (TYPE, {"name": "User", "all": True}),
    (TYPE, {"name": "Nonsense", "all": False}),
    ("query ($on: Boolean!) { __typename __schema @skip(if: $on) { types { name } } }", {"on": True}),
]


async def asked(house: Served, query: str, variables: dict[str, Any]) -> bytes:
    given = {"query": query, "variables": variables}
    return (await house.people.http.post("/graphql", json=given)).content


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The names of the operations whose answers are made."""
    names: list[str | None] = []
    make = introspected._made

    def noted(schema: Any, document: Any, name: str | None, values: dict[str, Any]) -> Any:
        names.append(name)
        return make(schema, document, name, values)

    monkeypatch.setattr(introspected, "_made", noted)
    return names


@pytest.mark.parametrize(("query", "variables"), ASKED)
async def test_it_is_answered_as_graphql_core_does_each_time(
    house: Served, query: str, variables: dict[str, Any], making: list[str | None]
) -> None:
    truth = execute_sync(made()._schema, parse(query), variable_values=variables)
    assert truth.errors is None
    unique = f"{query} # {variables}"
    answers = [await asked(house, unique, variables) for _ in range(3)]
    assert answers == [b'{"data":%b}' % orjson.dumps(truth.data)] * 3
    assert making == [None]


async def test_those_who_ask_the_same_at_once_have_it_made_once(house: Served, making: list[str | None]) -> None:
    query = f"{get_introspection_query()} # at once"
    answers = await asyncio.gather(*(asked(house, query, {}) for _ in range(5)))
    assert len(set(answers)) == len(making) == 1


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        (TYPE, {}, "VALIDATION_ERROR"),
        (TYPE, {"name": 7}, "VALIDATION_ERROR"),
        ("{ __schema { types { nonsense } } }", {}, "VALIDATION_ERROR"),
    ],
)
async def test_what_is_amiss_is_told_and_nothing_made(
    house: Served, query: str, variables: dict[str, Any], code: str, making: list[str | None]
) -> None:
    (error,) = orjson.loads(await asked(house, query, variables))["errors"]
    assert error["extensions"]["code"] == code
    assert making == []


async def test_beside_something_else_it_is_the_executors(house: Served, making: list[str | None]) -> None:
    dora = await house.people.one()
    answer = await dora.ask("{ __schema { queryType { name } } tasks { totalCount } }")
    assert answer.data == {"__schema": {"queryType": {"name": "Query"}}, "tasks": {"totalCount": 0}}
    assert making == []


async def test_what_is_kept_for_weighs_as_much_as_what_is_kept(making: list[str | None]) -> None:
    schema, document = made()._schema, parse(TYPE)
    kept = introspected.Introspected(schema)
    names = ["x" * 100_000 + str(number) for number in range(introspected.MOST_KEPT // 100_000 + 1)]
    for name in [*names, names[0]]:
        await kept.answer(TYPE, document, "Named", {"name": name, "all": False})
    assert len(making) == len(names) + 1

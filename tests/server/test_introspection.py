"""What is asked about the schema itself is answered as graphql-core answers it, and made once."""

import asyncio
from threading import Event, get_ident
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
        (TYPE, {"name": "Task", "all": None}, "VALIDATION_ERROR"),
        (
            "query ($on: Boolean = true) { __schema @skip(if: $on) { types { name } } }",
            {"on": None},
            "VALIDATION_ERROR",
        ),
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


async def test_what_was_asked_counts_for_as_much_as_what_was_answered(making: list[str | None]) -> None:
    schema, document = made()._schema, parse(TYPE)
    answers = introspected.Introspected(schema)
    for number in [*range(100), 0]:
        values = {"name": f"{number}".rjust(100_000), "all": False}
        assert (await answers.answer(TYPE, document, None, values)).data == b'{"__type":null}'
    assert len(making) == 101, "the first of 10 MB was forgotten"


async def test_whoever_goes_meanwhile_takes_no_second_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    make, begun, go = introspected._made, asyncio.Event(), Event()
    loop, threads = asyncio.get_running_loop(), list[int]()

    def slow(*given: Any) -> Any:
        threads.append(get_ident())
        loop.call_soon_threadsafe(begun.set)
        assert go.wait(5)
        return make(*given)

    monkeypatch.setattr(introspected, "_made", slow)
    document, answers = parse(TYPE), introspected.Introspected(made()._schema)
    gone = asyncio.create_task(answers.answer(TYPE, document, None, {"name": "one"}))
    await begun.wait()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    loop.call_soon(go.set)  # once the next one waits
    assert (await answers.answer(TYPE, document, None, {"name": "two"})).data == b'{"__type":null}'
    assert len(threads) == 2
    assert len(set(threads)) == 1

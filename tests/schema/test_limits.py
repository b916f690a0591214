"""Which questions are too large: told by exact numbers, and shown by steps instead of seconds."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from graphql import (
    GraphQLSyntaxError,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    get_introspection_query,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import TooComplex
from schema.limits import Most, measured, parsed, validated
from schema.question import fragments_of
from schema.variables import Variables
from schema.weighing import Walk
from tests.measuring import MOST, SCHEMA, measure, operation, refusal


def walked(query: str, most: Most = MOST) -> Walk:
    """A walk that may have been ended by a limit."""
    document = parsed(query, most)
    walk = Walk(SCHEMA, fragments_of(document), most, Variables())
    with suppress(TooComplex):
        walk.operation(operation(document))
    return walk


def nested(field: str, levels: int, leaf: str = "id") -> str:
    return f"{field} {{ " * levels + leaf + " }" * levels


def fragments(count: int, body: str) -> str:
    """f0, f1 … of Task; each %s of the body spreads the next one."""
    made = [f"fragment f{i} on Task {{ {body.replace('%s', f'...f{i + 1}')} }}" for i in range(count)]
    return " ".join([*made, f"fragment f{count} on Task {{ id }}"])


DOUBLING = ["a: parent { %s } b: parent { %s }", "parent { %s } parent { %s }", "%s %s", "... { %s } ... { %s }"]

REFUSED = {
    "depth": (
        f'{{ task(id: "x") {{ {nested("parent", 12)} }} }}',
        "The query is nested deeper than 12 levels",
        {"limit": 12},
    ),
    "fields": (
        "{ me { "
        + " ".join(f"id{i}: id name{i}: name" for i in range(50))
        + " ".join(f" x{i}" for i in range(401))
        + " } }",
        "The query asks for more than 500 fields",
        {"fields": 501, "limit": 500},
    ),
    "aliases": (
        "{ me { " + " ".join(f"a{i}: id" for i in range(51)) + " } }",
        "The query asks for more than 50 aliases of one field",
        {"aliases": 51, "limit": 50},
    ),
    "repeats": (
        "{ me { " + "id " * 101 + "} }",
        "The query asks for more than 100 repeats of one field",
        {"repeats": 101, "limit": 100},
    ),
    "root fields": (
        "{ " + " ".join(f"a{i}: me {{ id }} b{i}: taskCounts {{ open }}" for i in range(26)) + " }",
        "The query asks for more than 50 root fields",
        {"rootFields": 52, "limit": 50},
    ),
    "operations": (
        " ".join(f"query q{i} {{ me {{ id }} }}" for i in range(51)),
        "The document has more than 50 operations",
        {"operations": 51, "limit": 50},
    ),
}


@pytest.mark.parametrize(("query", "message", "counted"), REFUSED.values(), ids=REFUSED)
def test_what_is_too_large_is_told_with_its_limit(query: str, message: str, counted: dict[str, int]) -> None:
    refused = refusal(query)
    assert refused.message == message
    assert refused.extensions() == {"code": "QUERY_TOO_COMPLEX", **counted}


def test_edges_are_no_level_of_their_own() -> None:
    deep = "{ tasks { edges { node { " + "subtasks { edges { node { " * 5 + "id" + " } } }" * 5 + " } } } }"
    assert measure(deep)
    assert refusal(deep.replace("id", "parent { id }")).message == "The query is nested deeper than 12 levels"


@pytest.mark.parametrize("body", DOUBLING)
def test_fragments_that_double_are_looked_at_once(body: str) -> None:
    deep = replace(MOST, depth=1_000, tokens=1_000_000)
    steps = [
        walked(f'{{ task(id: "x") {{ ...f0 }} }} {fragments(levels, body)}', deep).steps for levels in (25, 50, 100)
    ]
    assert steps[2] - steps[1] == 2 * (steps[1] - steps[0])


@pytest.mark.parametrize("body", DOUBLING[:2])
def test_the_bomb_of_25_fragments_is_refused_after_a_few_steps(body: str) -> None:
    query = f'{{ task(id: "x") {{ ...f0 }} }} {fragments(25, body)}'
    assert walked(query).steps < 100
    assert refusal(query).message == "The query is nested deeper than 12 levels"


def test_fragments_that_meet_in_ever_new_company_end_the_walk() -> None:
    spreads = [" ".join(f"...g{j}" for j in range(i + 1, 60)) for i in range(60)]
    company = " ".join(f"fragment g{i} on Task {{ parent {{ {spread} }} }}" for i, spread in enumerate(spreads))
    query = f'{{ task(id: "x") {{ ...g0 }} }} {company}'
    assert walked(query).steps == 10_001
    assert refusal(query).message == "The query spreads its fragments too often"


def test_the_standard_introspection_with_all_that_it_can_ask_passes() -> None:
    query = get_introspection_query(
        descriptions=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
        experimental_directive_deprecation=True,
        one_of=True,
    )
    assert measure(query).check({}) < MOST.cost / 2
    assert validated(SCHEMA, parsed(query, MOST), len(query)) == []


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { " + "fields { type { " * 12 + "name" + " } }" * 12 + " } } }",
        "{ " + " ".join(f"a{i}: __schema {{ types {{ fields {{ args {{ name }} }} }} }}" for i in range(50)) + " }",
    ],
)
def test_introspection_is_limited_like_all_else(query: str) -> None:
    assert refusal(query)


INVALID = [
    "{ nothing { of { the: kind } } }",
    "{ me { ...Missing ... on Nothing { id } } }",
    "{ tasks { nodes { ...A } } } fragment A on Task { parent { ...B } } fragment B on Task { parent { ...A } }",
    "{ ...A } fragment A on Query { ...A me { id } }",
    "{ me { id @skip @include(unless: 1) @skip(if: 5) } }",
    '{ tasks(first: "x", last: { a: [1] }, ids: $ids) { nodes } }',
    "mutation { completeTasks(ids: 5) { id { id } } }",
    "subscription { taskEvents nothing }",
]


@pytest.mark.parametrize("query", INVALID)
def test_what_is_invalid_is_left_to_validation(query: str) -> None:
    assert measure(query).check({}) < 100
    assert validated(SCHEMA, parse(query), len(query)) != []


WHOLE = [
    *INVALID,
    "query ($n: Int, $skipped: Boolean!) { tasks(first: $n) { nodes @skip(if: $skipped) { ...A } totalCount } }"
    " fragment A on Task { id parent { title } subtasks(last: 5) { edges { cursor node { id } } } }",
    "query ($ids: [ID!]!) { node(id: $ids) { ... on Task { labels { id } } ... on Label @include(if: $n) { name } } }",
    "mutation ($ids: [ID!]!) { completeTasks(ids: $ids) { id __typename } }",
    "subscription { taskEvents { __typename ... on Ready { cursor } ... on Change { actor { name } } } }",
    '{ __schema { types { ...T } } __type(name: "T") { ...T } } fragment T on __Type { fields { args { name } } }',
]
WORDS = st.sampled_from([word for query in WHOLE for word in query.split() if len(word) < 50] + ["...", "}", "{"])


VALUES = st.none() | st.booleans() | st.integers(-5, 200) | st.lists(st.integers(), max_size=3) | st.just("x")


@given(st.sampled_from(WHOLE), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 2), WORDS), max_size=6), VALUES)
def test_nothing_but_too_complex_is_ever_raised(query: str, changes: list[tuple[int, int, str]], value: Any) -> None:
    words = query.split()
    for at, dropped, word in changes:
        words[at % len(words) : at % len(words) + dropped] = [word]
    try:
        document = parsed(" ".join(words), MOST)
    except GraphQLSyntaxError:
        return
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            with suppress(TooComplex):
                measured(SCHEMA, document, node, MOST).check(dict.fromkeys(["n", "m", "ids", "skipped"], value))


@pytest.mark.parametrize("query", ["{ me { " + "id " * 5_000 + "} }", "{ me { id } }" + " " * 100_000, "{ a " * 2_000])
def test_no_more_is_parsed_than_is_worth_it(query: str) -> None:
    with pytest.raises(GraphQLSyntaxError, match="Parsing aborted"):
        parsed(query, MOST)


def test_validation_gives_up_early_and_says_why() -> None:
    spread = "{ me { " + " ".join(f"...f{i}" for i in range(100)) + " } }"
    made = " ".join(f"fragment f{i} on User {{ id name email role version }}" for i in range(100))
    with pytest.raises(TooComplex, match="too often to be checked"):
        validated(SCHEMA, parse(f"{spread} {made}"), 1)


@pytest.mark.parametrize(("length", "told"), [(5_000, 20), (5_001, 5)])
def test_of_a_large_document_fewer_errors_are_told(length: int, told: int) -> None:
    query = "{ me { " + " ".join(f"nam{i}" for i in range(50)) + " } }"
    errors = validated(SCHEMA, parse(query), length)
    assert len(errors) == told
    assert ("Did you mean 'name'?" in errors[0].message) is (told == 20)


TREES = build_schema("""
  type Query { t: T }
  interface N { id: ID n: N t: T }
  type T implements N { id: ID n: N t: T }
  type U implements N { id: ID n: N t: T }
""")
ENDLESS: dict[str, Any] = {"__typename": "T", "id": "1"}
ENDLESS |= {"t": ENDLESS, "n": ENDLESS}
BODIES = ["id", "a: id", "t { %s }", "n { %s }", "b: n { id %s }", "... on N { %s }", "... on T { t { %s } }", "%s"]
PARTS = st.lists(st.sampled_from(BODIES), min_size=1, max_size=3)


def fields_in(answer: dict[str, Any]) -> int:
    return sum(1 + (fields_in(value) if isinstance(value, dict) else 0) for value in answer.values())


@given(st.lists(PARTS, min_size=2, max_size=6), st.data())
def test_as_many_fields_are_counted_as_graphql_core_answers(bodies: list[list[str]], data: st.DataObject) -> None:
    texts = []
    for number, parts in enumerate(bodies):
        spread = st.integers(number + 1, len(bodies)).map(lambda later: f"...f{later}")
        body = " ".join(part.replace("%s", data.draw(spread)) for part in parts)
        texts.append(f"fragment f{number} on {data.draw(st.sampled_from('NT'))} {{ {body} }}")
    query = " ".join(["{ t { ...f0 } }", *texts, f"fragment f{len(bodies)} on T {{ id i: id }}"])
    answered = execute_sync(TREES, parse(query), {"t": ENDLESS}).data
    assert answered is not None
    count = fields_in(answered["t"])
    assert measure(query, replace(MOST, fields=count), TREES)
    with pytest.raises(TooComplex, match=f"more than {count - 1} fields"):
        measure(query, replace(MOST, fields=count - 1), TREES)

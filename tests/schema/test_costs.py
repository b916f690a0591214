"""What questions cost: exact numbers."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import build_schema, parse
from hypothesis import given
from hypothesis import strategies as st

from schema.question import fragments_of
from schema.variables import Variables
from schema.weighing import Walk
from tests.measuring import MOST, SCHEMA, measure, operation, refusal


def cost(query: str, **variables: Any) -> int:
    return measure(query).cost(variables)


COSTS = {
    "{ me { id name } }": 1,
    "{ me { id } you: me { id } }": 2,
    "mutation { emptyTrash }": 1,
    "{ taskCounts { open total } }": 10,
    "{ tasks { pageInfo { hasNextPage } } }": 1 + 1,
    "{ tasks { totalCount } }": 1 + 10,
    "{ tasks { nodes { id } } }": 1 + 20,
    "{ tasks(first: 5) { edges { cursor } } }": 1 + 5,
    "{ tasks(last: 5) { edges { cursor node { id } } } }": 1 + 5,
    "{ tasks(first: 5) { nodes { id } edges { node { parent { id } } } totalCount } }": 1 + 5 + 5 * 2 + 10,
    "{ tasks(first: 0) { nodes { id } } }": 1 + 100,
    f"{{ tasks(first: {'9' * 5_000}) {{ nodes {{ id }} }} }}": 1 + 100,
    "{ tasks(first: null) { nodes { id } } }": 1 + 20,
    "{ tasks(first: 10) { nodes { labels { id } parent { owner { id } } } } }": 1 + 10 * (1 + 10 + 2),
    "{ tasks(first: 100) { nodes { subtasks(first: 100) { nodes { id } } } } }": 1 + 100 * (1 + 1 + 100),
    'mutation { completeTasks(ids: ["a", "b", "c"]) { parent { id } } }': 3 * 2,
    'mutation { deleteTasks(ids: ["a", "b"]) { deletedId } }': 2,
    'mutation { createTask(input: { title: "x" }) { labels { id } } }': 1 + 10,
    "subscription { taskEvents { ... on TaskChanged { actor { id } task { parent { id } } } } }": 1 + 1 + 2,
    '{ __type(name: "Task") { name } }': 1,
    "{ __schema { queryType { name } } }": 1 + 2,
}


@pytest.mark.parametrize(("query", "expected"), COSTS.items(), ids=[query[:70] for query in COSTS])
def test_a_question_costs_what_its_answer_may_hold(query: str, expected: int) -> None:
    assert cost(query) == expected


def test_every_twenty_values_of_an_object_cost_one_more() -> None:
    values = [f"a{i}: id" for i in range(40)]
    assert cost(f"{{ tasks(first: 10) {{ nodes {{ {' '.join(values[:19])} }} }} }}") == 1 + 10
    assert cost(f"{{ tasks(first: 10) {{ nodes {{ {' '.join(values)} }} }} }}") == 1 + 10 * 3


def test_a_list_that_comes_by_ids_costs_as_many_as_are_named() -> None:
    schema = build_schema("type Query { things(ids: [ID!]!): [Thing]! } type Thing { id: ID! of: Thing }")
    query = "query ($ids: [ID!]!) { things(ids: $ids) { of { id } } }"
    assert measure(query, schema=schema).cost({"ids": ["a", "b", "c"]}) == 3 * 2


def test_what_several_fragments_ask_of_one_object_counts_once() -> None:
    parts = " ".join(
        f"fragment P{i} on Task {{ id parent {{ id p{i}: title }} subtasks {{ nodes {{ id }} }} }}" for i in "abc"
    )
    query = f"{{ tasks(first: 10) {{ nodes {{ ...Pa ...Pb ...Pc ...Pa }} }} }} {parts}"
    assert cost(query) == 1 + 10 * (1 + 1 + 1 + 20)
    # nodes, id, parent, its id and three titles, subtasks, nodes, id
    assert measure(query, replace(MOST, fields=10))
    assert refusal(query, replace(MOST, fields=9)).extensions() == {
        "code": "QUERY_TOO_COMPLEX",
        "fields": 10,
        "limit": 9,
    }


def test_a_fragment_counts_for_the_types_that_it_is_made_for() -> None:
    query = """query ($id: ID!) { node(id: $id) {
      ... on Task { parent { id } subtasks(first: 3) { nodes { id } } }
      ... on Label { owner { id } }
      ... on Node { ... on User { id } } } }"""
    assert cost(query) == 1 + 1 + (1 + 3)
    assert cost("{ me { ... on Task { parent { id } } ... on Node { id } } }") == 1


SIZES = """query ($n: Int, $m: Int, $skipped: Boolean!, $included: Boolean = true) {
  tasks(first: $n) {
    nodes @skip(if: $skipped) { id ...More @include(if: $included) }
    totalCount @include(if: false)
  }
}
fragment More on Task { subtasks(last: $m) { nodes { id } } }"""


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"n": 3, "m": 4, "skipped": False, "included": True}, 1 + 3 * (1 + 1 + 4)),
        ({"n": 3, "skipped": False, "included": True}, 1 + 3 * (1 + 1 + 20)),
        ({"n": 3, "m": None, "skipped": False, "included": True}, 1 + 3 * (1 + 1 + 20)),
        ({"n": 3, "m": -1, "skipped": False, "included": True}, 1 + 3 * (1 + 1 + 100)),
        ({"n": 3, "m": 4, "skipped": False, "included": False}, 1 + 3),
        ({"n": 3, "m": 4, "skipped": True, "included": True}, 1),
    ],
)
def test_variables_decide_on_sizes_and_on_what_is_left_out(variables: dict[str, Any], expected: int) -> None:
    assert cost(SIZES, **variables) == expected


MEASURED = measure(SIZES)
VALUES = (
    st.none() | st.booleans() | st.integers(-5, 200) | st.lists(st.integers(), max_size=3) | st.sampled_from(["", "x"])
)


@given(st.dictionaries(st.sampled_from(["n", "m", "skipped", "included", "other"]), VALUES))
def test_a_cost_that_is_remembered_is_the_one_that_was_reckoned(variables: dict[str, Any]) -> None:
    assert MEASURED.cost(variables) == measure(SIZES).cost(variables)


def test_a_cost_above_the_limit_is_told_with_the_limit() -> None:
    refused = refusal("query ($n: Int) { tasks(first: $n) { nodes { id } } }", replace(MOST, cost=2), {"n": 100})
    assert refused.message == "The query costs up to 101, more than 2: ask for smaller pages or fewer fields"
    large = refusal("{ tasks(first: 100) { nodes { subtasks(first: 100) { nodes { labels { id } } } } } }")
    assert large.message == "The query costs up to 110,201, more than 50,000: ask for smaller pages or fewer fields"
    assert large.extensions() == {"code": "QUERY_TOO_COMPLEX", "cost": 110_201, "limit": 50_000}


class Forgetful(dict[Any, Any]):
    """Remembers nothing."""

    def __setitem__(self, key: Any, value: Any) -> None: ...


FIELDS = ["id", "x: title", "parent { %s }", "p: parent { %s }", "subtasks(first: 3) { nodes { %s } }", "%s %s"]
WIDE = replace(MOST, depth=50, fields=10**9, tokens=10**9)
SWITCHES = ["", " @skip(if: $a)", " @include(if: $b)"]
PARTS = st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(SWITCHES)), min_size=1, max_size=3)


@given(st.lists(PARTS, min_size=2, max_size=7), st.booleans(), st.booleans(), st.data())
def test_what_is_looked_at_once_costs_what_it_would_cost_each_time(
    bodies: list[list[tuple[str, str]]], a: bool, b: bool, data: st.DataObject
) -> None:
    texts = []
    for number, parts in enumerate(bodies):
        later = st.integers(number + 1, len(bodies))
        body = " ".join(part.replace("%s", f"...f{data.draw(later)}{switch}") for part, switch in parts)
        texts.append(f"fragment f{number} on Task {{ {body} }}")
    query = " ".join(["{ tasks { nodes { ...f0 } } }", *texts, f"fragment f{len(bodies)} on Task {{ title }}"])
    document = parse(query)
    once, each_time = (Walk(SCHEMA, fragments_of(document), WIDE, Variables({"a": a, "b": b})) for _ in range(2))
    each_time._known = Forgetful()
    assert once.operation(operation(document)) == each_time.operation(operation(document))

"""What comes in: nonsense, things that are nearly right, and right ones with something cut out of them."""

import json
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_leaf_type,
    is_object_type,
)
from hypothesis import strategies as st

from schema.schema import made

SCHEMA = made()._schema
ENDING = {"logout", "logoutEverywhere", "deleteUser", "updateUser"}  # after which nothing else could be asked
DEEP = 200_000  # characters of a nesting; a body may have 262,144

texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", "\0", "%", "_", "\\", "'; drop table task; --", "٣", "🜁", "\u202e", "x" * 5_000, "null"]),
    st.sampled_from(
        ["task_0", "user_ffffffffffffffffffffffffffffffff", "2026-11-21T10:00:00Z", "0001-01-01T00:00:00Z"]
    ),
)
leaves = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), texts)
values: st.SearchStrategy[Any] = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
queries = st.sampled_from(
    [
        "{ me { id name } }",
        "query A { me { id } } query B { tasks { totalCount } }",
        "query ($n: Int, $t: String) { tasks(first: $n, filter: {search: $t}) { nodes { id title } } }",
        "mutation ($t: String!) { createTask(input: {title: $t}) { id } }",
        "subscription ($after: Cursor) { taskEvents(after: $after) { __typename ... on Ready { cursor } } }",
        "{ __typename ...F } fragment F on Query { ...F }",
        "{ me { nothing } }",
        "{ me {",
        "{ " * 300,
        "{ a: me { id } " * 60 + "}",
    ]
)


def written(value: Any) -> bytes:
    return json.dumps(value).encode(errors="surrogatepass")


@st.composite
def damaged(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """With a part of it gone, doubled, or replaced."""
    given = draw(whole)
    start = draw(st.integers(0, len(given)))
    end = draw(st.integers(start, min(start + 20, len(given))))
    return (
        given[:start]
        + draw(st.one_of(st.just(b""), st.just(given[start:end] * 2), st.binary(max_size=5)))
        + given[end:]
    )


questions = st.fixed_dictionaries(
    {},
    optional={
        "query": queries | values,
        "variables": st.dictionaries(st.sampled_from(["n", "t", "after", "id"]), values) | values,
        "operationName": st.sampled_from(["A", "B", "C", None]) | values,
        "extensions": st.dictionaries(st.sampled_from(["persistedQuery", "idempotencyKey"]), values) | values,
        "documentId": values,
    },
)
nested = st.builds(
    lambda opening, closed: opening * (DEEP // len(opening)) + (b"]" * 5 if closed else b""),
    st.sampled_from([b"[", b'{"a":', b'{"query":', b'{"variables":{"n":[']),
    st.booleans(),
)
whole = (questions | values).map(written)
bodies = st.one_of(whole, damaged(whole), st.binary(max_size=60), nested)

kinds = st.sampled_from(["connection_init", "ping", "pong", "subscribe", "complete", "next", "error", "connection_ack"])
messages = st.fixed_dictionaries(
    {},
    optional={
        "type": kinds | values,
        "id": st.sampled_from(["1", "2", ""]) | values,
        "payload": questions | values,
    },
)
told = messages.map(lambda message: json.dumps(message))
frames = st.lists(
    st.one_of(told, told, texts.filter(lambda text: "\ud800" not in text), st.binary(max_size=20)), max_size=8
)


def value_for(kind: Any) -> st.SearchStrategy[Any]:
    """Mostly of the type, for what is of none is refused at once."""
    match kind:
        case GraphQLNonNull():
            return value_for(kind.of_type)
        case GraphQLList():
            return st.lists(value_for(kind.of_type), max_size=5) | leaves
        case GraphQLInputObjectType():
            inner = {name: _later(field.type) for name, field in kind.fields.items()}
            return st.fixed_dictionaries({}, optional=inner)
        case GraphQLEnumType():
            return st.sampled_from([*kind.values]) | texts
    by_name = {"Int": st.integers(-(2**33), 2**33) | st.integers(0, 9), "Boolean": st.booleans(), "Float": st.floats()}
    return st.one_of(by_name.get(kind.name, texts), by_name.get(kind.name, texts), leaves)


def _later(kind: Any) -> st.SearchStrategy[Any]:
    """An input may hold others of its own type."""
    return st.deferred(lambda: value_for(kind))


def selection(field: GraphQLField) -> str:
    kind = get_named_type(field.type)
    if is_leaf_type(kind):
        return ""
    plain = (
        [name for name, one in kind.fields.items() if is_leaf_type(get_named_type(one.type))]
        if is_object_type(kind)
        else []
    )
    return f"{{ {' '.join(['__typename', *plain[:8]])} }}"


@st.composite
def calls(draw: st.DrawFn) -> dict[str, Any]:
    """A root field with variables for all its arguments."""
    operation, root = draw(st.sampled_from([("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type)]))
    assert root is not None
    name = draw(st.sampled_from(sorted(root.fields.keys() - ENDING)))
    field = root.fields[name]
    declared = ", ".join(f"${one}: {argument.type}" for one, argument in field.args.items())
    passed = ", ".join(f"{one}: ${one}" for one in field.args)
    head, call = (f"({declared})", f"({passed})") if declared else ("", "")
    query = f"{operation} {head} {{ {name}{call} {selection(field)} }}"
    given = {one: draw(value_for(argument.type)) for one, argument in field.args.items()}
    return {"query": query, "variables": given}

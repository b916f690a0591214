"""Every question that a schema allows, made from the schema: each field, and each value of each of its arguments.

So that what is added to the schema later is asked as well. Values of arguments come from a `Pool`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

DEEPEST = 2  # objects within objects, below a page's rows; each type is also a root by its id
MOST = 120  # words of a selection, where it can be less deep: a question has a limit
PAGING = ("after", "before", "first", "last")


@dataclass(frozen=True)
class Pool:
    """What arguments may be: ids by the word that they begin with, words to search for, topics to follow."""

    ids: Mapping[str, list[str]]
    words: list[str]
    topics: list[str]

    def ids_for(self, name: str) -> list[str]:
        """Those of the type that an argument's name speaks of (`listId`, `addedById`), else of all types."""
        word = re.sub("Ids?$", "", name).lower()
        of_users = word in ("assignee", "addedby")
        return self.ids.get("user" if of_users else word) or [id for ids in self.ids.values() for id in ids]


@dataclass(frozen=True)
class Question:
    name: str
    query: str
    variables: dict[str, Any]


def questions(schema: GraphQLSchema, pool: Pool, without: Iterable[str] = ()) -> Iterator[Question]:
    """Of queries."""
    assert schema.query_type is not None
    for name, field in schema.query_type.fields.items():
        if name not in without:
            yield from _asked(schema, "query", name, field, pool)


def subscriptions(
    schema: GraphQLSchema, pool: Pool, without: Iterable[str] = (), *, cursor: str | None = None
) -> Iterator[Question]:
    """With a cursor those that may go on somewhere do."""
    assert schema.subscription_type is not None
    for name, field in schema.subscription_type.fields.items():
        if name not in without:
            goes_on = cursor is not None and "after" in field.args and str(field.args["after"].type) == "Cursor"
            yield from _asked(schema, "subscription", name, field, pool, {"after": cursor} if goes_on else {})


def mutations(schema: GraphQLSchema, pool: Pool, without: Iterable[str] = ()) -> Iterator[Question]:
    assert schema.mutation_type is not None
    for name, field in schema.mutation_type.fields.items():
        if name not in without:
            yield from _asked(schema, "mutation", name, field, pool)


def _asked(
    schema: GraphQLSchema,
    kind: str,
    name: str,
    field: GraphQLField,
    pool: Pool,
    always: Mapping[str, Any] = {},
) -> Iterator[Question]:
    """With no more arguments than it must have, and then with each value of each of the others.

    All that can be selected is asked for once, and of each row by its id. Where other arguments vary, which rows are
    there is what they decide, and in which order: a large selection would cost PostgreSQL a plan each time.
    """
    of = get_named_type(field.type)
    selection, brief, prefix = _deepest(schema, of), _brief(of), _prefix(name, field, pool)
    must = {key: arg for key, arg in field.args.items() if is_required_argument(arg)}
    page = {"first": 9, **always} if "first" in field.args else {**always}
    for number, given in enumerate(_choices(must, pool, prefix)):
        whole = number == 0 or (len(must) == 1 and prefix in pool.ids)
        yield _question(kind, name, field, given | page, selection if whole else brief)
    if not must:
        yield _question(kind, name, field, page, selection)
    least = {key: _values(arg.type, key, pool, prefix)[0] for key, arg in must.items()}
    least |= page
    for key, arg in field.args.items():
        if key not in must and key not in PAGING:
            for value in _values(arg.type, key, pool, prefix):
                yield _question(kind, name, field, least | {key: value}, brief)


def _choices(must: Mapping[str, GraphQLArgument], pool: Pool, prefix: str) -> Iterator[dict[str, Any]]:
    """Of one required argument all values, of several each with the first of the others, and all of equal rank."""
    if not must:
        return
    values = {key: _values(arg.type, key, pool, prefix) for key, arg in must.items()}
    first = {key: found[0] for key, found in values.items()}
    yield first
    for key, found in values.items():
        for value in found[1:]:
            yield first | {key: value}
    if len(values) == 2:
        (one, ones), (other, others) = values.items()
        yield from ({one: a, other: b} for a in ones[:8] for b in others)


def _question(kind: str, name: str, field: GraphQLField, given: dict[str, Any], selection: str) -> Question:
    declared = ", ".join(f"${key}: {field.args[key].type}" for key in given)
    passed = ", ".join(f"{key}: ${key}" for key in given)
    head = f"{kind} ({declared})" if given else kind
    call = f"{name}({passed})" if given else name
    return Question(name, f"{head} {{ {call} {selection} }}", given)


def _prefix(name: str, field: GraphQLField, pool: Pool) -> str:
    """The word with which the ids of what it answers begin, as far as its type's name tells, or its own."""
    words = re.findall("[A-Z][a-z]+", get_named_type(field.type).name)
    last, first = words[-1].lower() if words else "", re.findall("^[a-z]+", name)[0]
    return last if last in pool.ids else first


def _deepest(schema: GraphQLSchema, kind: Any) -> str:
    deepest = [_selection(schema, kind, deep) for deep in range(DEEPEST, 0, -1)]
    return next((text for text in deepest if len(text.split()) <= MOST), deepest[-1])


def _brief(kind: Any) -> str:
    """Which rows, how many and in which order."""
    if is_leaf_type(kind):
        return ""
    fields = getattr(kind, "fields", {})
    if "nodes" in fields:
        return f"{{ totalCount edges {{ cursor }} nodes {_brief(get_named_type(fields['nodes'].type))} }}"
    leaves = [
        name for name in ("id", "status", "items") if name in fields and is_leaf_type(get_named_type(fields[name].type))
    ]
    return f"{{ {' '.join(['__typename', *leaves])} }}"


def _values(kind: Any, name: str, pool: Pool, prefix: str) -> list[Any]:
    if isinstance(kind, GraphQLNonNull):
        return _values(kind.of_type, name, pool, prefix)
    if isinstance(kind, GraphQLList):
        each = _values(kind.of_type, name, pool, prefix)
        return [*([value] for value in each), each[:100]]
    if isinstance(kind, GraphQLEnumType):
        return [*kind.values]
    if isinstance(kind, GraphQLInputObjectType):
        return [*inputs(kind, pool)]
    return _scalars(kind.name, name, pool, prefix)


def inputs(kind: GraphQLInputObjectType, pool: Pool) -> Iterator[dict[str, Any]]:
    """With no more than it must have, and with each value of each field."""
    must = {key for key, field in kind.fields.items() if is_required_input_field(field)}
    least = {key: _values(kind.fields[key].type, key, pool, "")[0] for key in must}
    yield least
    for key, field in kind.fields.items():
        for value in _values(field.type, key, pool, ""):
            yield least | {key: value}
        if key not in must and "Id" in key:
            yield least | {key: None}


def _scalars(kind: str, name: str, pool: Pool, prefix: str) -> list[Any]:
    match kind:
        case "ID":
            return (pool.ids.get(prefix) if name == "id" else None) or pool.ids_for(name)
        case "Boolean":
            return [True, False]
        case "Int" | "Float":
            return [1, 5_000]
        case "Date":
            return ["2026-01-01", "2030-01-01"]
        case "DateTime":
            return ["2026-01-01T00:00:00Z", "2030-01-01T00:00:00Z"]
    if name.startswith("topic"):
        return pool.topics
    return ["Europe/Berlin"] if name == "timeZone" else ["EUR"] if name == "currency" else pool.words


def _selection(schema: GraphQLSchema, kind: Any, deep: int) -> str:
    """All leaves, and all objects as deep as that; of a page its rows, how many there are and where it lies."""
    if is_leaf_type(kind):
        return ""
    if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
        parts = ((one.name, _fields(schema, one, 0)) for one in schema.get_possible_types(kind))
        spread = " ".join(f"... on {name} {{ {_aliased(fields, name)} }}" for name, fields in parts)
        return f"{{ __typename {spread} }}"
    if "nodes" in kind.fields:
        rows = _selection(schema, get_named_type(kind.fields["nodes"].type), deep)
        return f"{{ totalCount pageInfo {{ hasNextPage endCursor }} edges {{ cursor }} nodes {rows} }}"
    return f"{{ {' '.join(_fields(schema, kind, deep).values())} }}"


def _fields(schema: GraphQLSchema, kind: GraphQLObjectType, deep: int) -> dict[str, str]:
    found = {"__typename": "__typename"}
    for name, field in kind.fields.items():
        if any(is_required_argument(arg) for arg in field.args.values()):
            continue
        if is_leaf_type(get_named_type(field.type)):
            found[name] = name
        elif deep:
            page = "(first: 3)" if "first" in field.args else ""
            found[name] = f"{name}{page} {_selection(schema, get_named_type(field.type), deep - 1)}"
    return found


def _aliased(fields: Mapping[str, str], of: str) -> str:
    """In an abstract type two fields of one name may differ."""
    return " ".join(text if name == "__typename" else f"{of}_{name}: {text}" for name, text in fields.items())

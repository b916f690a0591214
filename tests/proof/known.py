"""The part of the schema that `naive` knows: root fields that it has functions for, and what is reached from them.

So a domain may be served before it is proved. What is left out is named here, lest somebody forget it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLNamedType,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    parse,
)

from db import models
from tests.proof.naive import FIELDS, KINDS

PRINTED = (Path(__file__).parents[2] / "schema" / "schema.graphql").read_text()

OF_THE_SERVER = {"Query.health", "Query.websocketHealth", "Query.websocketConnections", "Query.systemHealth"}
# Fields of inputs that are not asked with: a search that forgives typing errors, by PostgreSQL's trigrams.
NOT_ASKED = {"GiftFilter.search"}
# What other tests ask instead: the same search, and codes, of which one may try only so many.
NOT_YET = {
    *NOT_ASKED,
    *(f"Query.{name}" for name in ("searchGifts", "similarGifts", "familyOfInvite", "seanceOfInvite")),
}


def known(printed: str) -> DocumentNode:
    """The same without what is left out, without what is reached no more, and without directives."""
    document = parse(printed)
    whole = build_ast_schema(document)
    kept = _reached(whole)
    named = [node for node in document.definitions if getattr(node, "name", None) and node.name.value in kept]  # type: ignore[attr-defined]
    return DocumentNode(definitions=tuple(_without(node, whole) for node in named))


def left_out(printed: str) -> set[str]:
    """Fields and types that are not asked for though what they belong to is."""
    whole = build_ast_schema(parse(printed))
    found: set[str] = set()
    for kind in _reached(whole).values():
        found |= {f"{kind.name}.{name}" for name in getattr(kind, "fields", ()) if not _knows(kind, name)}
        found |= {f"{kind.name}: {type.name}" for type in _possible(whole, kind) if not _is_row(type)}
    return found


def attribute(name: str) -> str:
    """Of a row, as the field is called."""
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def _reached(whole: GraphQLSchema) -> dict[str, GraphQLNamedType]:
    found: dict[str, GraphQLNamedType] = {}
    assert whole.query_type is not None
    left: list[GraphQLNamedType] = [whole.query_type]
    while left:
        kind = left.pop()
        if kind.name not in found:
            found[kind.name] = kind
            left += _beside(whole, kind)
    return found


def _beside(whole: GraphQLSchema, kind: GraphQLNamedType) -> Iterator[GraphQLNamedType]:
    """What a type refers to."""
    yield from getattr(kind, "interfaces", ())
    yield from filter(_is_row, _possible(whole, kind))
    for name, field in getattr(kind, "fields", {}).items():
        if _knows(kind, name):
            yield get_named_type(field.type)
            yield from (get_named_type(given.type) for given in getattr(field, "args", {}).values())


def _possible(whole: GraphQLSchema, kind: Any) -> list[GraphQLNamedType]:
    return [*whole.get_possible_types(kind)] if is_abstract_type(kind) else []


def _is_row(kind: GraphQLNamedType) -> bool:
    """Of those that have ids."""
    return kind.name in KINDS.values()


def _knows(kind: Any, name: str) -> bool:
    """A field of Query needs a function, one of a row a function or a column; pages and counts are known whole."""
    if f"{kind.name}.{name}" in NOT_ASKED:
        return False
    if kind.name == "Query" or f"{kind.name}.{name}" in FIELDS:
        return f"{kind.name}.{name}" in FIELDS
    row = getattr(models, kind.name, None)
    return row is None or (is_leaf_type(get_named_type(kind.fields[name].type)) and hasattr(row, attribute(name)))


def _without(node: Any, whole: GraphQLSchema) -> Any:
    match node:
        case ObjectTypeDefinitionNode() | InputObjectTypeDefinitionNode():
            kind = whole.type_map[node.name.value]
            fields: Any = tuple(field for field in node.fields or () if _knows(kind, field.name.value))
            return replace(node, fields=fields)
        case UnionTypeDefinitionNode():
            return replace(node, types=tuple(type for type in node.types or () if type.name.value in KINDS.values()))
    return node

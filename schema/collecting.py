"""Fields by response key, as the specification's CollectFields has it, for one concrete type."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from graphql import (
    FieldNode,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)
from graphql.execution.values import VariableValues, get_directive_values

from schema.question import Raw

TYPENAME = "__typename"

Groups = dict[str, list[FieldNode]]


def collected(raw: Raw, parent: GraphQLObjectType, sets: Iterable[SelectionSetNode | None]) -> Groups:
    """What is asked of an object of this type. The document is valid.

    Raises graphql-core's GraphQLError where a variable of @skip or @include is null.
    """
    found: Groups = {}
    seen: set[str] = set()
    for selections in sets:
        _collect(raw, parent, selections, found, seen)
    return found


def reached(raw: Raw, kind: Any, nodes: Sequence[FieldNode]) -> Iterator[FieldNode]:
    """Every field that is asked of an object of this type or, where it is abstract, may be; also what lies below.

    Of fields that are merged the first. Raises what `collected` raises.
    """
    sets = [node.selection_set for node in nodes if node.selection_set]
    if not sets:
        return
    for one in raw.schema.get_possible_types(kind) if is_abstract_type(kind) else [kind]:
        for group in collected(raw, one, sets).values():
            yield group[0]
            if definition := one.fields.get(group[0].name.value):  # not __typename
                yield from reached(raw, get_named_type(definition.type), group)


def _collect(raw: Raw, parent: GraphQLObjectType, selections: Any, found: Groups, seen: set[str]) -> None:
    for node in selections.selections:
        if not _wanted(raw, node):
            continue
        if isinstance(node, FieldNode):
            found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        elif isinstance(node, InlineFragmentNode):
            if _applies(raw, node.type_condition, parent):
                _collect(raw, parent, node.selection_set, found, seen)
        elif node.name.value not in seen:
            seen.add(node.name.value)
            fragment = raw.fragments[node.name.value]
            if _applies(raw, fragment.type_condition, parent):
                _collect(raw, parent, fragment.selection_set, found, seen)


def _wanted(raw: Raw, node: Any) -> bool:
    if not node.directives:
        return True
    variables = VariableValues({}, raw.variable_values)
    skip = get_directive_values(GraphQLSkipDirective, node, variables)
    if skip and skip["if"]:
        return False
    include = get_directive_values(GraphQLIncludeDirective, node, variables)
    return include is None or bool(include["if"])


def _applies(raw: Raw, condition: Any, parent: GraphQLObjectType) -> bool:
    if condition is None or condition.name.value == parent.name:
        return True
    kind = raw.schema.type_map[condition.name.value]
    return is_abstract_type(kind) and raw.schema.is_sub_type(kind, parent)

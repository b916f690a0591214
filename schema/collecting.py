"""Fields by response key, as the specification's CollectFields has it, for one concrete type."""

from collections.abc import Iterable
from typing import Any

from graphql import FieldNode, GraphQLObjectType, InlineFragmentNode, SelectionSetNode, VariableNode, is_abstract_type

from schema.question import Raw

Groups = dict[str, list[FieldNode]]


def collected(raw: Raw, parent: GraphQLObjectType, sets: Iterable[SelectionSetNode | None]) -> Groups:
    """What is asked of an object of this type. The document is valid."""
    found: Groups = {}
    seen: set[str] = set()
    for selections in sets:
        _collect(raw, parent, selections, found, seen)
    return found


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
    for directive in node.directives or ():
        if directive.name.value in ("skip", "include"):
            value = directive.arguments[0].value
            said = raw.variable_values.get(value.name.value) if isinstance(value, VariableNode) else value.value
            if bool(said) is (directive.name.value == "skip"):
                return False
    return True


def _applies(raw: Raw, condition: Any, parent: GraphQLObjectType) -> bool:
    if condition is None or condition.name.value == parent.name:
        return True
    kind = raw.schema.type_map[condition.name.value]
    return is_abstract_type(kind) and raw.schema.is_sub_type(kind, parent)

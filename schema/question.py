"""A root field of a document: what has to be looked at in each request that asks it.

A field's *shape* is what of the variables can change its SQL: the outcome of @skip and @include, and the shape of each
argument. It is reckoned per request, cheaply; the selection itself only when a shape is seen for the first time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema.kinds import Kind, ReaderField

Raw = Any  # graphql-core's GraphQLResolveInfo as Strawberry makes it: `variable_values` is the plain dict
BACKREF = GraphQLCoreConverter.DEFINITION_BACKREF


@dataclass(frozen=True, slots=True)
class Nested:
    """A field with arguments somewhere below the root field. `name` begins the names of its slots."""

    name: str
    definition: GraphQLField
    node: FieldNode


@dataclass(frozen=True, slots=True)
class Question:
    """A root field of a document: what has to be looked at in each request that asks it.

    `whole` says that all of it is asked for, whatever the request: nothing is switched or selected on one of several
    types.
    """

    nodes: list[FieldNode]
    switches: tuple[str, ...]
    nested: dict[int, Nested]  # by the identity of the node
    whole: bool


def question(raw: Raw) -> Question:
    """Finds the variables of @skip and @include and the fields with arguments, below the root field."""
    walk = _Walk(raw)
    for node in raw.field_nodes:
        walk.into(get_named_type(raw.return_type), node.selection_set)
    return Question(list(raw.field_nodes), tuple(walk.switches), walk.nested, walk.whole)


def switches_of(node: SelectionNode) -> Iterator[str]:
    """The variables of @skip and @include."""
    for directive in node.directives or ():
        for argument in directive.arguments or ():
            if isinstance(argument.value, VariableNode):
                yield argument.value.name.value


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


class _Walk:
    """Visits every field below a root field, each fragment once."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._seen: set[str] = set()
        self.switches: dict[str, None] = {}
        self.nested: dict[int, Nested] = {}
        self.whole = True

    def into(self, parent: GraphQLNamedType, selections: SelectionSetNode | None) -> None:
        for node in selections.selections if selections else ():
            self._switch(node)
            if isinstance(node, FieldNode):
                self._field(parent, node)
            elif isinstance(node, InlineFragmentNode):
                self.into(self._type(node.type_condition, parent), node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._raw.fragments[node.name.value]
                kind = self._type(fragment.type_condition, parent)
                if fragment.name.value not in self._seen:
                    self._seen.add(fragment.name.value)
                    self.into(kind, fragment.selection_set)

    def _type(self, condition: NamedTypeNode | None, parent: GraphQLNamedType) -> GraphQLNamedType:
        if condition is None or condition.name.value == parent.name:
            return parent
        self.whole = self.whole and not is_abstract_type(parent)
        kind: GraphQLNamedType = self._raw.schema.type_map[condition.name.value]
        return kind

    def _switch(self, node: SelectionNode) -> None:
        self.whole = self.whole and not node.directives
        self.switches |= dict.fromkeys(switches_of(node))

    def _field(self, parent: GraphQLNamedType, node: FieldNode) -> None:
        definition = getattr(parent, "fields", {}).get(node.name.value)
        if definition is None:  # __typename
            return
        field = definition.extensions.get(BACKREF)
        computed = isinstance(field, ReaderField) and field.kind is Kind.COMPUTED  # which counts, with arguments or not
        if (definition.args or computed) and id(node) not in self.nested:
            self.nested[id(node)] = Nested(f"n{len(self.nested)}", definition, node)
        self.into(get_named_type(definition.type), node.selection_set)

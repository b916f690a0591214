"""A root field of a document: what has to be looked at in each request that asks it.

A field's *shape* is what of the variables can change its SQL: the outcome of @skip and @include, and the shape of each
argument. It is reckoned per request, cheaply; the selection itself only when a shape is seen for the first time.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    InlineFragmentNode,
    NamedTypeNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments

from schema.kinds import Kind, ReaderField
from schema.paging import Arguments, check_user_id

Raw = Any  # graphql-core's GraphQLResolveInfo as Strawberry makes it: `variable_values` is the plain dict
BACKREF = GraphQLCoreConverter.DEFINITION_BACKREF


@dataclass(frozen=True, slots=True)
class Nested:
    """A field with arguments somewhere below the root field. `name` begins the names of its slots."""

    name: str
    definition: GraphQLField
    node: FieldNode

    @property
    def strawberry(self) -> ReaderField:
        found: ReaderField = self.definition.extensions[BACKREF]
        return found


@dataclass(frozen=True, slots=True)
class Question:
    """A root field of a document: what has to be looked at in each request that asks it."""

    nodes: list[FieldNode]
    switches: tuple[str, ...]
    nested: dict[int, Nested]  # by the identity of the node


def question(raw: Raw) -> Question:
    """Finds the variables of @skip and @include and the fields with arguments, below the root field."""
    walk = _Walk(raw)
    for node in raw.field_nodes:
        walk.into(get_named_type(raw.return_type), node.selection_set)
    return Question(list(raw.field_nodes), tuple(walk.switches), walk.nested)


class _Walk:
    """Visits every field below a root field, each fragment once for each type that it is spread on."""

    def __init__(self, raw: Raw) -> None:
        self._raw = raw
        self._seen: set[tuple[str, str]] = set()
        self.switches: dict[str, None] = {}
        self.nested: dict[int, Nested] = {}

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
                if (fragment.name.value, kind.name) not in self._seen:
                    self._seen.add((fragment.name.value, kind.name))
                    self.into(kind, fragment.selection_set)

    def _type(self, condition: NamedTypeNode | None, parent: GraphQLNamedType) -> GraphQLNamedType:
        return self._raw.schema.type_map[condition.name.value] if condition else parent

    def _switch(self, node: SelectionNode) -> None:
        for directive in node.directives or ():
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    self.switches[argument.value.name.value] = None

    def _field(self, parent: GraphQLNamedType, node: FieldNode) -> None:
        definition = getattr(parent, "fields", {}).get(node.name.value)
        if definition is None:  # __typename
            return
        field = definition.extensions.get(BACKREF)
        computed = isinstance(field, ReaderField) and field.kind is Kind.COMPUTED  # which counts, with arguments or not
        if (definition.args or computed) and id(node) not in self.nested:
            self.nested[id(node)] = Nested(f"n{len(self.nested)}", definition, node)
        self.into(get_named_type(definition.type), node.selection_set)


def arguments_of(found: Question, info: Any) -> dict[int, Arguments]:
    """The arguments of all nested fields, converted and checked as those of a root field are."""
    converter = info.schema.schema_converter
    variables = VariableValues(sources={}, coerced=info.variable_values)
    made: dict[int, Arguments] = {}
    for key, nested in found.nested.items():
        values = get_argument_values(nested.definition, nested.node, variables)
        field = nested.strawberry
        kwargs = convert_arguments(values, field.arguments, converter.scalar_registry, converter.config, info)
        check_user_id(info.context, kwargs)
        made[key] = Arguments.of(nested.name, field, kwargs)
    return made


def shape(found: Question, raw: Raw, arguments: dict[int, Arguments]) -> Hashable:
    switches = tuple(bool(raw.variable_values.get(name)) for name in found.switches)
    return switches, tuple(given.shape for given in arguments.values())

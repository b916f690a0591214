"""A field that the reader answers, at its place in a document: what is looked at in each request that asks it.

What does not depend on variables is reckoned once; the rest is coerced and converted as graphql-core and Strawberry do.
"""

from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple, cast

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLSchema,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Undefined
from strawberry.types.arguments import convert_arguments

from resolvers.context import Context
from schema.kinds import ReaderField
from schema.paging import Arguments, check_user_id
from schema.question import BACKREF, Raw, question

Variables = Mapping[str, Any]


class Asked(NamedTuple):
    """A place as one request asks for it. The values of cursors are still as JSON had them."""

    variables: Variables
    root: Arguments | None
    nested: dict[int, Arguments]
    shape: Hashable
    values: dict[str, Any]


class Given:
    """The arguments of one field at one place. `name` begins the names of its slots."""

    def __init__(self, name: str, schema: GraphQLSchema, definition: GraphQLField, node: FieldNode) -> None:
        self.name = name
        self.field = cast("ReaderField", definition.extensions[BACKREF])
        self.constant = not any(_varies(argument.value) for argument in node.arguments or ())
        self._definition = definition
        self._node = node
        self._converter = schema._strawberry_schema.schema_converter  # type: ignore[attr-defined]
        self._direct = self._leaves()

    def arguments(self, variables: Variables, given: Mapping[str, Any]) -> Arguments:
        """Raises Invalid, and what Strawberry raises for what the rules refuse. `given` comes from the parent."""
        return Arguments.of(self.name, self.field, self._keywords(variables) | dict(given))

    def _keywords(self, variables: Variables) -> dict[str, Any]:
        if self._direct is not None:
            direct = {name: variables.get(variable) for name, variable in self._direct}
            if None not in direct.values():
                return direct
        values = get_argument_values(
            self._definition, self._node, VariableValues({}, cast("dict[str, Any]", variables))
        )
        converter = self._converter
        return convert_arguments(values, self.field.arguments, converter.scalar_registry, converter.config)

    def _leaves(self) -> tuple[tuple[str, str], ...] | None:
        """Parameters by variable, where each argument is a leaf from a variable: then there is nothing to convert."""
        found = []
        given = {argument.name.value: argument.value for argument in self._node.arguments or ()}
        for argument in self.field.arguments:
            name = self._converter.config.name_converter.from_argument(argument)
            definition, value = self._definition.args[name], given.get(name)
            if value is None and definition.default is None and definition.default_value is Undefined:
                continue
            if not isinstance(value, VariableNode) or not is_leaf_type(get_nullable_type(definition.type)):
                return None
            found.append((argument.python_name, value.name.value))
        return tuple(found)


def _varies(value: ValueNode) -> bool:
    match value:
        case VariableNode():
            return True
        case ObjectValueNode():
            return any(_varies(field.value) for field in value.fields)
    return any(_varies(item) for item in getattr(value, "values", ()))


class Place:
    """A root field of a document, and all below it."""

    def __init__(self, raw: Raw, definition: GraphQLField) -> None:
        found = question(raw)
        self.schema: GraphQLSchema = raw.schema
        self.fragments = raw.fragments
        self.field_nodes: list[FieldNode] = found.nodes
        self.return_type = definition.type
        self.target = get_named_type(definition.type)
        self.field = definition.extensions[BACKREF]
        self._switches = found.switches
        self._root = Given("a", raw.schema, definition, found.nodes[0]) if isinstance(self.field, ReaderField) else None
        self._nested = {
            key: Given(nested.name, raw.schema, nested.definition, nested.node) for key, nested in found.nested.items()
        }
        every = [*self._nested.values(), *([self._root] if self._root else [])]
        self._constant = not found.switches and all(given.constant for given in every)
        self._of_user = any("user_id" in (a.python_name for a in given.field.arguments) for given in every)
        self._kept: Asked | None = None

    def asked(self, ctx: Context, variables: Variables, given: Mapping[str, Any]) -> Asked:
        """What a request asks here. Raises Invalid for arguments that cannot be, Forbidden for another user's name."""
        asked = self._kept
        if asked is None:
            asked = self._asked(variables, given)
            if self._constant and not given:
                self._kept = asked
        if self._of_user:
            for arguments in (asked.root, *asked.nested.values()):
                if arguments is not None:
                    check_user_id(ctx, arguments.given)
        return asked

    def _asked(self, variables: Variables, given: Mapping[str, Any]) -> Asked:
        root = self._root.arguments(variables, given) if self._root else None
        nested = {key: found.arguments(variables, {}) for key, found in self._nested.items()}
        every = [*nested.values()] if root is None else [root, *nested.values()]
        return Asked(
            variables,
            root,
            nested,
            (tuple(bool(variables.get(name)) for name in self._switches), *(arguments.shape for arguments in every)),
            {slot: value for arguments in every for slot, value in arguments.values.items()},
        )


def definition_of(raw: Raw) -> GraphQLField:
    definition: GraphQLField = raw.parent_type.fields[raw.field_name]
    return definition

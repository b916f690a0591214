"""A field that the reader answers, at its place in a document: what is looked at in each request that asks it.

What does not depend on variables is reckoned once; the rest is coerced and converted as graphql-core and Strawberry do.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from types import SimpleNamespace
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
    is_required_argument,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.pyutils import Undefined
from pydantic import ValidationError
from strawberry.types.arguments import convert_arguments

from kit.ids import prefix_of
from resolvers.context import Context
from schema.collecting import reached
from schema.inputs import Make, making
from schema.kinds import Kind, ReaderField, VerbField
from schema.models import BINDINGS
from schema.paging import Arguments, check_user_id
from schema.question import BACKREF, Raw, question

MOST_WAYS = 16  # in which switches and types choose among the fields of a place that are kept

Variables = Mapping[str, Any]
Target = str | tuple[str, ...]
PLAIN = ("ID", "String", "Int", "Boolean")  # Strawberry leaves values of these as they are


class Asked(NamedTuple):
    """A place as one request asks for it. The values of cursors are still as JSON had them.

    `target` is the type that is asked for; of `nodes` all that its ids speak of, None where an id speaks of none.
    """

    variables: Variables
    root: Arguments | None
    target: Target | None
    nested: dict[int, Arguments]
    shape: Hashable
    values: dict[str, Any]


class Taken(NamedTuple):
    """An argument that is a variable's value, or made `of` it. If `optional` it is left out where there is no value."""

    name: str
    variable: str
    of: Make | None
    optional: bool


class Given:
    """The arguments of one field at one place. `name` begins the names of its slots."""

    def __init__(self, name: str, schema: GraphQLSchema, definition: GraphQLField, node: FieldNode) -> None:
        self.name = name
        self.field = cast("ReaderField", definition.extensions[BACKREF])
        self.constant = not any(_varies(argument.value) for argument in node.arguments or ())
        self._definition = definition
        self._node = node
        self._converter = schema._strawberry_schema.schema_converter  # type: ignore[attr-defined]
        self._direct = self._from_variables()

    def arguments(self, variables: Variables, given: Mapping[str, Any]) -> Arguments:
        """Raises Invalid, and what Strawberry raises for what the rules refuse. `given` comes from the parent."""
        return Arguments.of(self.name, self.field, self.keywords(variables) | dict(given))

    def keywords(self, variables: Variables) -> dict[str, Any]:
        """As the field's function takes them."""
        if self._direct is not None and (direct := _taken(self._direct, variables)) is not None:
            return direct
        values = get_argument_values(
            self._definition, self._node, VariableValues({}, cast("dict[str, Any]", variables))
        )
        converter = self._converter
        return convert_arguments(values, self.field.arguments, converter.scalar_registry, converter.config)

    def _from_variables(self) -> tuple[Taken, ...] | None:
        """The arguments, where each is taken from a variable and is a plain one or an input of plain ones."""
        found = []
        given = {argument.name.value: argument.value for argument in self._node.arguments or ()}
        for argument in self.field.arguments:
            name = self._converter.config.name_converter.from_argument(argument)
            definition, value = self._definition.args[name], given.get(name)
            without = definition.default is None and definition.default_value is Undefined
            if value is None and without:
                continue
            plain = str(get_nullable_type(definition.type)) in PLAIN
            of = None if plain else making(definition.type, self._converter)
            if not isinstance(value, VariableNode) or (of is None and not plain):
                return None
            optional = without and not is_required_argument(definition)
            found.append(Taken(argument.python_name, value.name.value, of, optional))
        return tuple(found)


def _taken(direct: Iterable[Taken], variables: Variables) -> dict[str, Any] | None:
    """None where one is null, or is not what the rules allow: Strawberry tells of it."""
    found = {}
    try:
        for name, variable, of, optional in direct:
            value = variables.get(variable)
            if value is not None:
                found[name] = value if of is None else of(value)
            elif variable in variables or not optional:
                return None
    except ValidationError:
        return None
    return found


def _varies(value: ValueNode) -> bool:
    match value:
        case VariableNode():
            return True
        case ObjectValueNode():
            return any(_varies(field.value) for field in value.fields)
    return any(_varies(item) for item in getattr(value, "values", ()))


def _length(node: FieldNode) -> int:
    """Of the document, in characters."""
    return len(node.loc.source.body) if node.loc else 0


class Place:
    """A root field of a document, and all below it. `length` is the document's, which it holds on to."""

    def __init__(self, raw: Raw, definition: GraphQLField) -> None:
        found = question(raw)
        self.schema: GraphQLSchema = raw.schema
        self.fragments = raw.fragments
        self.field_nodes: list[FieldNode] = found.nodes
        self.length = _length(found.nodes[0])
        self.return_type = definition.type
        self.target = get_named_type(definition.type)
        self.field = definition.extensions[BACKREF]
        self._switches = found.switches
        self._root: Given | None = None
        self._verbs: Given | None = None
        if isinstance(self.field, ReaderField):
            self._root = Given("a", raw.schema, definition, found.nodes[0])
        elif isinstance(self.field, VerbField):
            self._verbs = Given("a", raw.schema, definition, found.nodes[0])
        self._nested = {
            key: Given(nested.name, raw.schema, nested.definition, nested.node) for key, nested in found.nested.items()
        }
        every = [*self._nested.values(), *([self._root] if self._root else [])]
        self._constant = not found.switches and all(given.constant for given in every)
        self._of_user = any("user_id" in (a.python_name for a in given.field.arguments) for given in every)
        self._kept: Asked | None = None
        self._whole = found.whole or not (found.nested or found.switches)
        self._reaches: dict[Hashable, dict[int, Given]] = {}

    def raw(self, variables: Variables) -> Raw:
        """What graphql-core tells of a field that it executes, as far as a selection needs it."""
        return SimpleNamespace(
            schema=self.schema, fragments=self.fragments, field_nodes=self.field_nodes, variable_values=variables
        )

    def keywords(self, variables: Variables) -> dict[str, Any]:
        """What a verb is called with. Raises what `Given.keywords` raises."""
        assert self._verbs is not None
        return self._verbs.keywords(variables)

    def asked(self, ctx: Context, variables: Variables, given: Mapping[str, Any]) -> Asked:
        """What a request asks here.

        Raises Invalid for arguments that cannot be, Forbidden for another user's name, GraphQLError for a null switch.
        """
        asked = self._kept
        if asked is None:
            asked = self._asked(variables, given)
            if self._constant and not given:
                self._kept = asked._replace(variables={})
        if self._of_user:
            for arguments in (asked.root, *asked.nested.values()):
                if arguments is not None:
                    check_user_id(ctx, arguments.given)
        return asked

    def _asked(self, variables: Variables, given: Mapping[str, Any]) -> Asked:
        root = self._root.arguments(variables, given) if self._root else None
        target = self._target(root)
        switches = tuple([variables.get(name) for name in self._switches])
        there = self._nested if self._whole else self._reached(target, switches, variables)
        nested = {key: found.arguments(variables, {}) for key, found in there.items()}
        every = [*nested.values()] if root is None else [root, *nested.values()]
        return Asked(
            variables,
            root,
            target,
            nested,
            (switches, *(arguments.shape for arguments in every)),
            {slot: value for arguments in every for slot, value in arguments.values.items()},
        )

    def _target(self, root: Arguments | None) -> Target | None:
        kind, given = (root.field.kind, root.given) if root else (None, {})
        match kind:
            case Kind.NODE:
                return _named(given["id"])
            case Kind.NODES:
                return tuple(sorted({name for id in given["ids"] if (name := _named(id))}))
        return self.target.name

    def _reached(self, target: Target | None, switches: Hashable, variables: Variables) -> dict[int, Given]:
        """The nested fields that are asked for: the arguments of others do not matter."""
        found = self._reaches.get((target, switches))
        if found is None:
            raw = self.raw(variables)
            kinds = [self.schema.type_map[name] for name in ([target] if isinstance(target, str) else target or ())]
            there = {id(node) for kind in kinds for node in reached(raw, kind, self.field_nodes)}
            found = {key: given for key, given in self._nested.items() if key in there}
            if len(self._reaches) < MOST_WAYS:
                self._reaches[target, switches] = found
        return found


def _named(id: str) -> str | None:
    """The type that an id speaks of."""
    prefix = prefix_of(id)
    return next((name for name, bound in BINDINGS.items() if bound.by_id and bound.model.prefix == prefix), None)


class Nodes:
    """The identity of a field's nodes, which it holds on to, so that it stays theirs."""

    __slots__ = ("_ids", "_nodes")

    def __init__(self, nodes: Sequence[FieldNode]) -> None:
        self._nodes = nodes
        self._ids = tuple([id(node) for node in nodes])

    def __hash__(self) -> int:
        return hash(self._ids)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Nodes) and self._ids == other._ids

"""An operation ready to run: a query that the reader answers alone, or a mutation of verbs whose answers it reads back,
needs no executor between variables and JSON.

Whatever is out of the ordinary (variables that cannot be, a document that is too complex) is left to the executor's
way, so that there is one place which says what is amiss.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    is_non_null_type,
    located_error,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.types.execution import ExecutionResult, PreExecutionError

from resolvers.context import Context
from schema.answers import answered, done
from schema.collecting import TYPENAME, collected
from schema.errors import all_exposed
from schema.finish import Unfinished
from schema.kinds import ReaderField, VerbField, audited
from schema.places import Nodes, Place, Variables
from schema.question import BACKREF, fragments_of, switches_of
from schema.writing import is_writable

INTROSPECTION = ("__schema", "__type")
MOST_CHOICES = 16  # ways in which @skip and @include choose among root fields that are kept
MOST_PLACES = 100  # root fields of an operation; only merged ones can be in several ways
LARGEST_INT = 2**31


class Answer(NamedTuple):
    """`data` is JSON; None where a root field that may not be null had an error. What never `ran` has none at all, not
    even null (GraphQL, 7.1)."""

    data: bytes | None
    errors: tuple[GraphQLError, ...] = ()
    ran: bool = True

    @classmethod
    def of(cls, result: ExecutionResult) -> "Answer":
        """What the executor found."""
        errors = tuple(result.errors or ())
        if isinstance(result, PreExecutionError) or (result.data is None and all(e.path is None for e in errors)):
            return cls(None, errors, ran=False)
        return cls(orjson.dumps(result.data), errors)

    def exposed(self, ctx: Context) -> "Answer":
        """With its errors as a client may see them."""
        if not self.errors:
            return self
        return Answer(
            self.data, tuple(all_exposed(self.errors, trace_id=ctx.trace_id, now=ctx.now(), user=ctx.viewer_id))
        )

    def json(self) -> bytes:
        """The whole result; its errors are such as a client may see."""
        told = b'"errors":%b,' % orjson.dumps([error.formatted for error in self.errors]) if self.errors else b""
        return b'{%b"data":%b}' % (told, b"null" if self.data is None else self.data)


@dataclass(frozen=True, slots=True)
class Root:
    """A root field; `key` is its name as JSON. In the place of `__typename` stands what it answers."""

    key: bytes
    name: str
    nodes: list[FieldNode]
    place: Place | bytes
    may_be_null: bool


class Operation:
    """A query or mutation of a document. It `is_ready` where its root fields are all the reader's, or all verbs whose
    answers need no executor."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, definition: OperationDefinitionNode) -> None:
        self._schema = schema
        self._fragments = fragments_of(document)
        self._definition = definition
        self._plain = _plain(definition)
        selections = [*spread(definition.selection_set, self._fragments, set())]
        self._switches = tuple(dict.fromkeys(name for node in selections for name in switches_of(node)))
        self._roots: dict[tuple[bool, ...], tuple[Root, ...]] = {}
        self._places: dict[Nodes, Place] = {}
        fields = [node for node in selections if isinstance(node, FieldNode)]
        self._mutates = definition.operation is OperationType.MUTATION
        self.is_ready = all(map(self._is_ready, fields))

    def _is_ready(self, node: FieldNode) -> bool:
        definition = self._parent.fields.get(node.name.value)
        if definition is None:
            return node.name.value == TYPENAME
        field = definition.extensions.get(BACKREF)
        if self._mutates:
            return isinstance(field, VerbField) and is_writable(definition.type)
        return isinstance(field, ReaderField)

    @property
    def _parent(self) -> GraphQLObjectType:
        return cast("GraphQLObjectType", self._schema.get_root_type(self._definition.operation))

    def variables(self, given: Mapping[str, Any]) -> Variables | None:
        """The values of the variables, coerced; None where something is amiss with them."""
        taken = {}
        for name, fits in self._plain or ():
            value = given.get(name)
            if not fits(value):
                break
            taken[name] = value
        else:
            if self._plain is not None:
                return taken
        found = get_variable_values(
            self._schema, self._definition.variable_definitions or (), dict(given), max_errors=1
        )
        if not isinstance(found, VariableValues) or any(found.coerced.get(name) is None for name in self._switches):
            return None
        return found.coerced

    async def answer(self, ctx: Context, variables: Variables) -> Answer:
        roots = self.roots(variables)
        if self._mutates:
            found = await _in_turn(ctx, roots, variables)
        elif len(roots) > 1:
            found = await asyncio.gather(*(outcome(ctx, root, variables) for root in roots))
        else:
            found = [await outcome(ctx, root, variables) for root in roots]
            if found and isinstance(found[0], bytes):
                return Answer(b"{%b:%b}" % (roots[0].key, found[0]))
        errors = tuple(outcome for outcome in found if isinstance(outcome, GraphQLError))
        if errors and any(map(_is_fatal, roots, found)):
            return Answer(None, errors)
        parts = (
            b"%b:%b" % (root.key, b"null" if isinstance(outcome, GraphQLError) else outcome)
            for root, outcome in zip(roots, found, strict=True)
        )
        return Answer(b"{%b}" % b",".join(parts), errors)

    def roots(self, variables: Variables) -> tuple[Root, ...]:
        """The root fields that @skip and @include leave; the ways to choose among them are kept, up to a number."""
        switches = tuple([bool(variables.get(name)) for name in self._switches])
        roots = self._roots.get(switches)
        if roots is None:
            raw = SimpleNamespace(schema=self._schema, fragments=self._fragments, variable_values=variables)
            groups = collected(raw, self._parent, [self._definition.selection_set])
            roots = tuple(self._root(key, nodes) for key, nodes in groups.items())
            if len(self._roots) < MOST_CHOICES:
                self._roots[switches] = roots
        return roots

    def _root(self, key: str, nodes: list[FieldNode]) -> Root:
        name = orjson.dumps(key)
        if nodes[0].name.value == TYPENAME:
            return Root(name, key, nodes, orjson.dumps(self._parent.name), may_be_null=False)
        definition = self._parent.fields[nodes[0].name.value]
        raw = SimpleNamespace(
            schema=self._schema, fragments=self._fragments, field_nodes=nodes, return_type=definition.type
        )
        kept = Nodes(nodes)
        place = self._places.get(kept) or Place(raw, definition)
        if len(self._places) < MOST_PLACES:
            self._places[kept] = place
        return Root(name, key, nodes, place, may_be_null=not is_non_null_type(definition.type))


async def _in_turn(ctx: Context, roots: Iterable[Root], variables: Variables) -> list[bytes | GraphQLError]:
    """What is done one after the other; after an error that leaves no data nothing more is."""
    found = []
    for root in roots:
        found.append(await outcome(ctx, root, variables))
        if _is_fatal(root, found[-1]):
            break
    return found


def _is_fatal(root: Root, found: bytes | GraphQLError) -> bool:
    return isinstance(found, GraphQLError) and not root.may_be_null


async def outcome(
    ctx: Context, root: Root, variables: Variables, source: Any = None, above: Sequence[str] = ()
) -> bytes | GraphQLError:
    """A field's answer as JSON, or what it failed on. `source` is what it is a field of, `above` the path."""
    place, path = root.place, [*above, root.name]
    if isinstance(place, bytes):
        return place
    try:
        verb = isinstance(place.field, VerbField)
        answer = done(ctx, place, root.name, variables) if verb else answered(ctx, place, variables, source)
        json = await audited(ctx, root.nodes[0].name.value, answer)
    except Unfinished as error:
        return error.located(path, root.nodes)
    except Exception as error:
        return located_error(error, root.nodes, path)
    return b"null" if json is None else json


def introspection(document: DocumentNode, definition: OperationDefinitionNode) -> FieldNode | None:
    """Where a valid query asks about the schema, switched off or not. That is asked of the root type alone."""
    selections = spread(definition.selection_set, fragments_of(document), set())
    return next((n for n in selections if isinstance(n, FieldNode) and n.name.value in INTROSPECTION), None)


def spread(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[SelectionNode]:
    """Every selection of one level, those of fragments too."""
    for node in selections.selections:
        yield node
        if isinstance(node, InlineFragmentNode):
            yield from spread(node.selection_set, fragments, seen)
        elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
            seen.add(node.name.value)
            yield from spread(fragments[node.name.value].selection_set, fragments, seen)


def _plain(definition: OperationDefinitionNode) -> tuple[tuple[str, Callable[[Any], bool]], ...] | None:
    """Variables of which a given value needs no coercion where it fits, with what fits."""
    found = []
    for variable in definition.variable_definitions or ():
        kind = variable.type.type if isinstance(variable.type, NonNullTypeNode) else variable.type
        fits = FITTING.get(kind.name.value) if isinstance(kind, NamedTypeNode) else None
        if fits is None:
            return None
        found.append((variable.variable.name.value, fits))
    return tuple(found)


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_switch(value: Any) -> bool:
    return type(value) is bool


def _is_int(value: Any) -> bool:
    return type(value) is int and -LARGEST_INT <= value < LARGEST_INT


FITTING = {"ID": _is_text, "String": _is_text, "Boolean": _is_switch, "Int": _is_int}

"""From graphql-core's nodes to the reader's plain selection."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, cast

from graphql import FieldNode, GraphQLObjectType, get_named_type, is_leaf_type
from strawberry.types.field import StrawberryField

from db.reader import kind_of
from db.selection import (
    Column,
    Constant,
    Edges,
    Expression,
    Facet,
    Feed,
    Field,
    Fields,
    Kind,
    Kinds,
    Listing,
    Many,
    Nodes,
    One,
    Page,
    PageInfo,
    TotalCount,
)
from schema.collecting import collected
from schema.finish import Computed, Names, tagged, with_needs
from schema.kinds import Kind as FieldKind
from schema.kinds import ReaderField
from schema.models import BINDINGS
from schema.paging import Arguments
from schema.question import BACKREF, Raw

Rows = Listing | Feed
RELATIONS: dict[str | None, type[One | Many]] = {"one": One, "many": Many}


class Unplannable(TypeError):
    """The schema has something that the reader cannot answer: a fault of ours, and never left out of an answer."""

    def __init__(self, parent: GraphQLObjectType, name: str) -> None:
        super().__init__(f"the reader cannot plan {parent.name}.{name}")


class Selector:
    """Builds the selection for one shape."""

    def __init__(self, raw: Raw, arguments: dict[int, Arguments]) -> None:
        self._raw = raw
        self._arguments = arguments
        self.names = Names()

    def fields(self, parent: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Fields:
        """The fields of an object of a bound type."""
        model = BINDINGS[parent.name].model
        return with_needs(
            tuple(self._field(model, parent, key, group) for key, group in self._collected(parent, nodes))
        )

    def plain(self, parent: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Fields:
        """The fields of an object that is bound to no model: its labels."""
        return tuple(
            self._constant(parent, key, group) or Column(key, self._python_name(parent, group[0]))
            for key, group in self._collected(parent, nodes)
        )

    def nodes(self, names: Sequence[str]) -> tuple[Kind, ...]:
        """The fields of each type that the ids speak of."""
        return tagged(tuple(self._kind(name) for name in names), self.names)

    def _kind(self, name: str) -> Kind:
        target: Any = self._raw.schema.type_map[name]
        binding = BINDINGS[name]
        return Kind(binding.model, self.fields(target, self._raw.field_nodes), binding.by_id)

    def page(
        self,
        key: str,
        name: str | None,
        parent: GraphQLObjectType,
        nodes: Sequence[FieldNode],
        arguments: Arguments,
    ) -> Page:
        listing = arguments.listing()
        if isinstance(listing, Feed) and name is not None:
            raise Unplannable(parent, name)
        parts = [self._part(parent, k, group, listing) for k, group in self._collected(parent, nodes)]
        return Page(key, name, listing, arguments.window, tuple(parts))

    def _field(self, model: Any, parent: GraphQLObjectType, key: str, group: list[FieldNode]) -> Field:
        if constant := self._constant(parent, key, group):
            return constant
        definition = parent.fields[group[0].name.value]
        field: StrawberryField = definition.extensions[BACKREF]
        kind, target = kind_of(model, field.python_name), cast("Any", get_named_type(definition.type))
        if isinstance(field, ReaderField):
            if field.kind is FieldKind.COMPUTED:
                return self._computed(parent, key, field, group[0])
            if field.kind is FieldKind.EXPRESSION:
                return Expression(key, field.call)
            if field.kind is FieldKind.FACET:
                return Facet(key, self.fields(target, group))
            if field.kind is FieldKind.CONNECTION and kind == "many":
                return self.page(key, field.python_name, target, group, self._arguments[id(group[0])])
        elif kind in RELATIONS and target.name in BINDINGS:
            return RELATIONS[kind](key, field.python_name, self.fields(target, group))
        elif kind == "column" and is_leaf_type(target):
            return Column(key, field.python_name)
        raise Unplannable(parent, field.python_name)

    def _part(self, parent: GraphQLObjectType, key: str, group: list[FieldNode], listing: Rows) -> Any:
        name = group[0].name.value
        if name == "__typename":
            return Constant(key, parent.name)
        target: Any = get_named_type(parent.fields[name].type)
        match name:
            case "nodes":
                return Nodes(key, self._bodies(target, group, listing))
            case "edges":
                inner = self._collected(target, group)
                return Edges(key, tuple(self._edge(target, key, nodes, listing) for key, nodes in inner))
            case "pageInfo":
                return PageInfo(key, self.plain(target, group))  # type: ignore[arg-type]
            case "totalCount":
                return TotalCount(key)
        raise Unplannable(parent, name)

    def _edge(self, parent: GraphQLObjectType, key: str, group: list[FieldNode], listing: Rows) -> Any:
        match name := group[0].name.value:
            case "__typename":
                return Constant(key, parent.name)
            case "node":
                target: Any = get_named_type(parent.fields["node"].type)
                return Nodes(key, self._bodies(target, group, listing))
            case "cursor":
                return Column(key, "cursor")
        raise Unplannable(parent, name)

    def _bodies(self, target: Any, group: list[FieldNode], listing: Rows) -> Fields | Kinds:
        """The fields of a page's nodes; of a feed's for each entity in it."""
        if isinstance(listing, Listing):
            return self.fields(target, group)
        kinds = {BINDINGS[kind.name].model: kind for kind in self._raw.schema.get_possible_types(target)}
        found = tuple(Kind(part.model, self.fields(kinds[part.model], group)) for part in listing.parts)
        return tagged(found, self.names)

    def _computed(self, parent: GraphQLObjectType, key: str, field: ReaderField, node: FieldNode) -> Computed:
        """Its place, and how its value will be made."""
        leaf: Any = get_named_type(parent.fields[node.name.value].type)
        if not is_leaf_type(leaf):
            raise Unplannable(parent, field.python_name)
        arguments = self._arguments[id(node)]
        given, slots = arguments.parameters()
        return Computed(key, "", field.call, field.needs, given, slots, partial(_scalar, leaf))

    def _constant(self, parent: GraphQLObjectType, key: str, group: list[FieldNode]) -> Constant | None:
        return Constant(key, parent.name) if group[0].name.value == "__typename" else None

    def _python_name(self, parent: GraphQLObjectType, node: FieldNode) -> str:
        name: str = parent.fields[node.name.value].extensions[BACKREF].python_name
        return name

    def _collected(
        self, parent: GraphQLObjectType, nodes: Sequence[FieldNode]
    ) -> Iterator[tuple[str, list[FieldNode]]]:
        for key, group in collected(self._raw, parent, [node.selection_set for node in nodes]).items():
            yield self.names.short(key), group


def _scalar(leaf: Any, value: Any) -> Any:
    """A value, or a list of them, as the schema's type writes it."""
    if isinstance(value, list):
        return [_scalar(leaf, item) for item in value]
    return None if value is None else leaf.coerce_output_value(value)

"""From graphql-core's nodes to the reader's plain selection."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField

from db.reader import kind_of
from db.selection import (
    Column,
    Constant,
    Edges,
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
from kit.errors import TooComplex
from kit.settings import Settings
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
    """Builds the selection for one shape, within limits on depth and number of fields."""

    def __init__(self, raw: Raw, arguments: dict[int, Arguments], settings: Settings) -> None:
        self._raw = raw
        self._arguments = arguments
        self._settings = settings
        self._fields = 0
        self._within: list[str] = []
        self.names = Names()
        self.pages: list[tuple[str, ...]] = []  # for each page its own name, after those of the pages around it

    def fields(self, parent: GraphQLObjectType, nodes: Sequence[FieldNode], depth: int = 1) -> Fields:
        """The fields of an object of a bound type."""
        model = BINDINGS[parent.name].model
        return with_needs(
            tuple(self._field(model, parent, key, group, depth) for key, group in self._collected(parent, nodes, depth))
        )

    def plain(self, parent: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Fields:
        """The fields of an object that is bound to no model: its labels."""
        return tuple(
            self._constant(parent, key, group) or Column(key, self._python_name(parent, group[0]))
            for key, group in self._collected(parent, nodes, 1)
        )

    def nodes(self, names: Sequence[str], root: Arguments) -> tuple[Kind, ...]:
        """The fields of each type that the ids speak of."""
        self._within.append(root.name)
        self.pages.append(tuple(self._within))
        kinds = tuple(self._kind(name) for name in names)
        self._within.pop()
        return tagged(kinds, self.names)

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
        depth: int = 1,
    ) -> Page:
        self._within.append(arguments.name)
        self.pages.append(tuple(self._within))
        listing = arguments.listing()
        if isinstance(listing, Feed) and name is not None:
            raise Unplannable(parent, name)
        parts = [self._part(parent, k, group, depth, listing) for k, group in self._collected(parent, nodes, depth)]
        self._within.pop()
        return Page(key, name, listing, arguments.window, tuple(parts))

    def _field(self, model: Any, parent: GraphQLObjectType, key: str, group: list[FieldNode], depth: int) -> Field:
        if constant := self._constant(parent, key, group):
            return constant
        definition = parent.fields[group[0].name.value]
        field: StrawberryField = definition.extensions[BACKREF]
        kind, target = kind_of(model, field.python_name), cast("Any", get_named_type(definition.type))
        if isinstance(field, ReaderField):
            if field.kind is FieldKind.COMPUTED:
                return self._computed(parent, key, field, group[0])
            if field.kind is FieldKind.CONNECTION and kind == "many":
                return self.page(key, field.python_name, target, group, self._arguments[id(group[0])], depth + 1)
        elif kind in RELATIONS and target.name in BINDINGS:
            return RELATIONS[kind](key, field.python_name, self.fields(target, group, depth + 1))
        elif kind == "column" and is_leaf_type(target):
            return Column(key, field.python_name)
        raise Unplannable(parent, field.python_name)

    def _part(self, parent: GraphQLObjectType, key: str, group: list[FieldNode], depth: int, listing: Rows) -> Any:
        name = group[0].name.value
        if name == "__typename":
            return Constant(key, parent.name)
        target: Any = get_named_type(parent.fields[name].type)
        match name:
            case "nodes":
                return Nodes(key, self._bodies(target, group, depth + 1, listing))
            case "edges":
                inner = self._collected(target, group, depth)
                return Edges(key, tuple(self._edge(target, key, nodes, depth, listing) for key, nodes in inner))
            case "pageInfo":
                return PageInfo(key, self.plain(target, group))  # type: ignore[arg-type]
            case "totalCount":
                return TotalCount(key)
        raise Unplannable(parent, name)

    def _edge(self, parent: GraphQLObjectType, key: str, group: list[FieldNode], depth: int, listing: Rows) -> Any:
        match name := group[0].name.value:
            case "__typename":
                return Constant(key, parent.name)
            case "node":
                target: Any = get_named_type(parent.fields["node"].type)
                return Nodes(key, self._bodies(target, group, depth + 1, listing))
            case "cursor":
                return Column(key, "cursor")
        raise Unplannable(parent, name)

    def _bodies(self, target: Any, group: list[FieldNode], depth: int, listing: Rows) -> Fields | Kinds:
        """The fields of a page's nodes; of a feed's for each entity in it."""
        if isinstance(listing, Listing):
            return self.fields(target, group, depth)
        kinds = {BINDINGS[kind.name].model: kind for kind in self._raw.schema.get_possible_types(target)}
        found = tuple(Kind(part.model, self.fields(kinds[part.model], group, depth)) for part in listing.parts)
        return tagged(found, self.names)

    def _computed(self, parent: GraphQLObjectType, key: str, field: ReaderField, node: FieldNode) -> Computed:
        """Its place, and how its value will be made."""
        leaf: Any = get_named_type(parent.fields[node.name.value].type)
        if not is_leaf_type(leaf):
            raise Unplannable(parent, field.python_name)
        arguments = self._arguments[id(node)]
        self.pages.append((*self._within, arguments.name))
        given, slots = arguments.parameters()
        return Computed(key, "", field.call, field.needs, given, slots, partial(_scalar, leaf))

    def _constant(self, parent: GraphQLObjectType, key: str, group: list[FieldNode]) -> Constant | None:
        return Constant(key, parent.name) if group[0].name.value == "__typename" else None

    def _python_name(self, parent: GraphQLObjectType, node: FieldNode) -> str:
        name: str = parent.fields[node.name.value].extensions[BACKREF].python_name
        return name

    def _collected(
        self, parent: GraphQLObjectType, nodes: Sequence[FieldNode], depth: int
    ) -> Iterator[tuple[str, list[FieldNode]]]:
        """Fields by response key, as the specification's CollectFields has it, for one concrete type."""
        if depth > self._settings.max_query_depth:
            raise TooComplex(f"The query is nested deeper than {self._settings.max_query_depth} levels")
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for node in nodes:
            self._collect(parent, node.selection_set, found, seen)
        self._fields += len(found)
        if self._fields > self._settings.max_query_fields:
            raise TooComplex(f"The query asks for more than {self._settings.max_query_fields} fields")
        for key, group in found.items():
            yield self.names.short(key), group

    def _collect(
        self, parent: GraphQLObjectType, selections: Any, found: dict[str, list[FieldNode]], seen: set[str]
    ) -> None:
        for node in selections.selections:
            if not self._wanted(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(_key(node), []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if self._applies(node.type_condition, parent):
                    self._collect(parent, node.selection_set, found, seen)
            elif node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self._raw.fragments[node.name.value]
                if self._applies(fragment.type_condition, parent):
                    self._collect(parent, fragment.selection_set, found, seen)

    def _wanted(self, node: Any) -> bool:
        for directive in node.directives or ():
            if directive.name.value in ("skip", "include"):
                value = directive.arguments[0].value
                said = (
                    self._raw.variable_values.get(value.name.value) if isinstance(value, VariableNode) else value.value
                )
                if bool(said) is (directive.name.value == "skip"):
                    return False
        return True

    def _applies(self, condition: Any, parent: GraphQLObjectType) -> bool:
        if condition is None or condition.name.value == parent.name:
            return True
        kind = self._raw.schema.type_map[condition.name.value]
        return is_abstract_type(kind) and self._raw.schema.is_sub_type(kind, parent)


def root_fields(document: DocumentNode, operation: OperationDefinitionNode) -> int:
    """How many fields an operation has at its root, fragments spread out; each fragment is counted once."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    seen: set[str] = set()

    def counted(selections: SelectionSetNode) -> int:
        total = 0
        for node in selections.selections:
            if isinstance(node, FieldNode):
                total += 1
            elif isinstance(node, InlineFragmentNode):
                total += counted(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                total += counted(fragments[node.name.value].selection_set)
        return total

    return counted(operation.selection_set)


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _scalar(leaf: Any, value: Any) -> Any:
    """A value, or a list of them, as the schema's type writes it."""
    if isinstance(value, list):
        return [_scalar(leaf, item) for item in value]
    return None if value is None else leaf.coerce_output_value(value)

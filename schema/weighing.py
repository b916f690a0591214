"""What a selection asks for: levels, fields, aliases, cost.

Fields are merged as CollectFields merges them, for one type at a time: what three fragments ask of the same object
counts once. A set of fields that is met again is not entered again, and the number of steps is bounded by the limit of
tokens; so fragments that multiply take no longer than others.

The cost is an upper bound of the objects that the answer may hold:

    a root field, a field that leads to one object      1 + what is below
    a connection                                        1 + what is below, where
      its nodes, its edges                              each cost the size of the page x (1 + what is below the row)
      its totalCount                                    COUNTING, because all rows are counted
    what Python computes                                its weight x how many are asked for
    what PostgreSQL makes of other rows                 its weight
    a list that comes whole                             the number of its `ids`, else WHOLE_LIST, x (1 + what is below)
    numbers that are counted for the question           COUNTING
    an interface, a union                               the dearest of its types
    VALUES values of one object                         1

What @skip and @include leave out costs nothing. In an introspection lists hold what they hold on average, and an object
costs INTROSPECTION, for graphql-core makes them one by one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_introspection_type,
    is_list_type,
    is_object_type,
)

from kit.errors import TooComplex
from kit.settings import Settings
from schema.kinds import Kind, ReaderField
from schema.question import BACKREF
from schema.variables import Variables, introspected

COUNTING = 10
VALUES = 20  # about as many as an entity has
INTROSPECTION = 2
REPEATS = 100  # of one field in one object; components that are spread side by side ask for the same ones
INTROSPECTION_DEPTH = 20  # the standard query goes down 14 levels, most of them `ofType`
STEPS_PER_TOKEN = 2  # of the limit; fifty components side by side, of eleven fields each, take 600 steps of 10,000


@dataclass(frozen=True, slots=True)
class Most:
    """The limits, by what they count."""

    depth: int
    fields: int
    aliases: int
    parts: int
    root_fields: int
    cost: int
    tokens: int

    @classmethod
    def of(cls, settings: Settings) -> "Most":
        return cls(
            depth=settings.max_query_depth,
            fields=settings.max_query_fields,
            aliases=settings.max_query_aliases,
            parts=settings.max_query_parts,
            root_fields=settings.max_root_fields,
            cost=settings.max_query_cost,
            tokens=settings.max_query_tokens,
        )


class Weight(NamedTuple):
    """Of a selection. `levels` counts its own; `parts` are the fields in it that have a selection of their own."""

    levels: int
    fields: int
    parts: int
    cost: int


NOTHING = Weight(0, 0, 0, 0)


class Walk:
    """Through one operation; `steps` is how much was looked at, `parts` how many objects and lists are asked for."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        most: Most,
        variables: Variables,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._most = most
        self._variables = variables
        self._deepest = most.depth
        self._known: dict[tuple[Any, ...], Weight] = {}
        self.steps = self.parts = 0

    def operation(self, operation: OperationDefinitionNode) -> int:
        """Its cost. Raises TooComplex."""
        root = self._schema.get_root_type(operation.operation)
        found = self._collected(root, [operation.selection_set])
        _refuse(len(found), self._most.root_fields, "rootFields", "root fields")
        cost = 0
        for nodes in found.values():
            introspecting = nodes[0].name.value in ("__schema", "__type")
            self._deepest = INTROSPECTION_DEPTH if introspecting else self._most.depth
            weight = self._field(root, nodes, 0, None)
            _refuse(weight.fields, self._most.fields, "fields", "fields")
            cost += max(1, weight.cost)
            self.parts += weight.parts + 1
        _refuse(self.parts, self._most.parts, "parts", "objects and lists")
        return cost

    def _step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > STEPS_PER_TOKEN * self._most.tokens:
            raise TooComplex("The query spreads its fragments too often")

    def _below(self, kind: GraphQLNamedType | None, nodes: Sequence[FieldNode], depth: int, page: int | None) -> Weight:
        """Of the fields of an object. `page` is the size of the page where the object is a connection."""
        sets = [node.selection_set for node in nodes if node.selection_set]
        if not sets:
            return NOTHING
        if not is_abstract_type(kind):
            return self._object(kind if is_object_type(kind) else None, sets, depth, page)
        weights = [self._object(one, sets, depth, page) for one in self._different(kind, sets)]
        return Weight(*(max(each) for each in zip(NOTHING, *weights, strict=True)))

    def _different(self, kind: Any, sets: Sequence[SelectionSetNode]) -> Iterator[GraphQLObjectType]:
        """Of the possible types, one for each way in which the fragments apply."""
        named: dict[str, None] = {}
        for _ in self._selected(None, sets, named):
            pass
        possible = self._schema.get_possible_types(kind)
        self._step(len(possible))
        yield from {tuple(self._applies(name, one) for name in named): one for one in possible}.values()

    def _object(
        self, parent: GraphQLObjectType | None, sets: Sequence[SelectionSetNode], depth: int, page: int | None
    ) -> Weight:
        found = self._collected(parent, sets)
        key = (parent and parent.name, page, *(id(node) for nodes in found.values() for node in nodes))
        weight = self._known.get(key)
        if depth - 1 + (weight.levels if weight else 1) > self._deepest:
            raise TooComplex(f"The query is nested deeper than {self._deepest} levels", limit=self._deepest)
        if weight is None:
            self._known[key] = NOTHING  # while its own are looked at: a circle of fragments ends here
            names = Counter(nodes[0].name.value for nodes in found.values())
            _refuse(max(names.values(), default=0), self._most.aliases, "aliases", "aliases of one field")
            weights = [self._field(parent, nodes, depth, page) for nodes in found.values()]
            levels = 1 + max((weight.levels for weight in weights), default=0)
            fields = len(weights) + sum(weight.fields for weight in weights)
            values = sum(nodes[0].selection_set is None for nodes in found.values())
            parts = len(weights) - values + sum(weight.parts for weight in weights)
            cost = values // VALUES + sum(weight.cost for weight in weights)
            weight = self._known[key] = Weight(levels, fields, parts, cost)
        return weight

    def _field(
        self, parent: GraphQLObjectType | None, nodes: Sequence[FieldNode], depth: int, page: int | None
    ) -> Weight:
        """Of what is below a field, and the cost of the field itself."""
        name = nodes[0].name.value
        definition = self._schema.get_field(parent, name) if parent else None
        if definition is None:
            return self._below(None, nodes, depth + 1, None)
        kind = get_named_type(definition.type)
        if page is not None and name == "edges":  # no level of its own
            below = self._below(kind, nodes, depth, None)
            return below._replace(levels=max(0, below.levels - 1), cost=page * max(1, below.cost))
        size = self._variables.page(definition, nodes[0])
        below = self._below(kind, nodes, depth + 1, size)
        if nodes[0].selection_set is None:
            return NOTHING._replace(cost=self._value(definition, nodes[0], page))
        return below._replace(cost=self._cost(parent, definition, nodes[0], below.cost, page))

    def _value(self, definition: GraphQLField, node: FieldNode, page: int | None) -> int:
        """The cost of a field that leads to no object."""
        field = definition.extensions.get(BACKREF)
        if isinstance(field, ReaderField) and field.kind in (Kind.COMPUTED, Kind.EXPRESSION):
            return field.weight * self._variables.first(definition, node)
        return COUNTING if page is not None and node.name.value == "totalCount" else 0

    def _cost(
        self, parent: GraphQLObjectType | None, definition: GraphQLField, node: FieldNode, below: int, page: int | None
    ) -> int:
        """Of a field that leads to objects."""
        name = node.name.value
        if parent and is_introspection_type(parent):
            return below if name == "ofType" else introspected(self._schema).get(name, 1) * (INTROSPECTION + below)
        if is_list_type(get_nullable_type(definition.type)):
            rows = page if page is not None and name == "nodes" else self._variables.length(definition, node)
            return rows * (1 + below)
        field = definition.extensions.get(BACKREF)
        return below + (COUNTING if getattr(field, "kind", None) is Kind.RECORD else 1)

    def _collected(
        self, parent: GraphQLObjectType | None, sets: Sequence[SelectionSetNode]
    ) -> dict[str, list[FieldNode]]:
        """Fields by response key."""
        found: dict[str, list[FieldNode]] = {}
        for node in self._selected(parent, sets, {}):
            key = node.alias.value if node.alias else node.name.value
            found.setdefault(key, []).append(node)
        _refuse(max(map(len, found.values()), default=0), REPEATS, "repeats", "repeats of one field")
        return found

    def _selected(
        self, parent: GraphQLObjectType | None, sets: Sequence[SelectionSetNode], named: dict[str, None]
    ) -> Iterator[FieldNode]:
        """The fields that are asked of a type, in order; `named` takes up the types that fragments are made for."""
        seen: set[str] = set()
        waiting = [node for selections in reversed(sets) for node in reversed(selections.selections)]
        while waiting:
            self._step()
            node = waiting.pop()
            if not self._variables.wanted(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif fragment := self._fragment(node, seen):
                condition = fragment.type_condition.name.value if fragment.type_condition else None
                if condition is not None:
                    named[condition] = None
                if parent is None or condition is None or self._applies(condition, parent):
                    waiting.extend(reversed(fragment.selection_set.selections))

    def _fragment(self, node: SelectionNode, seen: set[str]) -> InlineFragmentNode | FragmentDefinitionNode | None:
        """What is spread here; None for what was spread before, or is not there."""
        if isinstance(node, InlineFragmentNode):
            return node
        assert isinstance(node, FragmentSpreadNode)
        name = node.name.value
        if name in seen:
            return None
        seen.add(name)
        return self._fragments.get(name)

    def _applies(self, condition: str, parent: GraphQLObjectType) -> bool:
        kind = self._schema.type_map.get(condition)
        return kind is parent or (is_abstract_type(kind) and self._schema.is_sub_type(kind, parent))


def _refuse(count: int, most: int, name: str, said: str) -> None:
    if count > most:
        raise TooComplex(f"The query asks for more than {most:,} {said}", **{name: count, "limit": most})

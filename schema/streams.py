"""A subscription ready to be followed: what its field tells of each type of event, and whom it tells the same.

No executor is needed: what is told of an event are values of the event and fields that the reader answers.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import SimpleNamespace
from typing import Any, cast

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
    located_error,
)

from db.slots import VIEWER_ID
from kit.errors import Unavailable
from live.streams import EventSource, QuerySource
from live.topics import of_viewer
from resolvers.context import Context
from resolvers.topics import Followed, admit, alone, joined
from schema.answers import scope_of
from schema.collecting import TYPENAME, collected
from schema.kinds import CallField, LiveField, StreamField, audited
from schema.operations import Operation, Root
from schema.places import Given, Place, Variables
from schema.plans import place_of
from schema.question import BACKREF, Raw, fragments_of
from schema.telling import EventStream, LiveQuery, Part, Selected

AFTER = "after"
AGAIN_SECONDS = 30.0  # between two answers to a live query whose answer time alone may change


class Subscribed:
    """A subscription of a document, which is valid."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, definition: OperationDefinitionNode) -> None:
        self._schema = schema
        self._fragments = fragments_of(document)
        self._definition = definition
        self._declared = [variable.variable.name.value for variable in definition.variable_definitions or ()]
        self._query = Operation(schema, document, definition)

    async def source(self, ctx: Context, variables: Variables, given: Mapping[str, Any]) -> EventSource | QuerySource:
        """What the viewer follows. `given` are the variables as they came, `variables` their values.

        Raises what a client may be told.
        """
        key, nodes, definition = self._root(variables)
        try:
            return await audited(
                ctx, nodes[0].name.value, self._source(ctx, variables, given, (key, nodes, definition))
            )
        except Unavailable:
            raise
        except Exception as error:
            raise located_error(error, nodes, [key]) from error

    async def _source(
        self, ctx: Context, variables: Variables, given: Mapping[str, Any], root: tuple[str, list[FieldNode], Any]
    ) -> EventSource | QuerySource:
        field: CallField = root[2].extensions[BACKREF]
        if field.floor is not None:
            ctx.require(field.floor)
        if isinstance(field, LiveField):
            return await self._live(ctx, variables, given, field)
        return await self._events(ctx, variables, given, root)

    def _root(self, variables: Variables) -> tuple[str, list[FieldNode], GraphQLField]:
        parent = cast("GraphQLObjectType", self._schema.subscription_type)
        raw = self._raw(variables)
        groups = collected(raw, parent, [self._definition.selection_set])
        if len(groups) != 1:
            raise GraphQLError("A subscription must ask for exactly one field", [self._definition])
        ((key, nodes),) = groups.items()
        return key, nodes, parent.fields[nodes[0].name.value]

    async def _live(
        self, ctx: Context, variables: Variables, given: Mapping[str, Any], field: LiveField
    ) -> "LiveQuery":
        (root,) = self._query.roots(variables)
        assert isinstance(root.place, Place), "it is no __typename"
        asked = root.place.asked(ctx, variables, {})
        followed = field.follows(ctx, **(asked.root.given if asked.root else {}))
        await admit(ctx, followed.guarded)
        scope = await scope_of(ctx, root.place, variables, {})
        every = field.every or (AGAIN_SECONDS if "now" in scope else None)
        return LiveQuery(
            key=self._key(ctx, given, followed, scope, None),
            topics=frozenset(followed.topics),
            guards=frozenset({*of_viewer(ctx.viewer.id), *followed.guarded}),
            signals=frozenset(followed.signals),
            every=every,
            present=followed.presence(ctx.viewer.id),
            ctx=ctx,
            field=root.nodes[0].name.value,
            operation=self._query,
            variables=variables,
        )

    async def _events(
        self, ctx: Context, variables: Variables, given: Mapping[str, Any], root: tuple[str, list[FieldNode], Any]
    ) -> "EventStream":
        key, nodes, definition = root
        field: StreamField = definition.extensions[BACKREF]
        keywords = Given("", self._schema, definition, nodes[0]).keywords(variables)
        after = keywords.pop(AFTER, None)
        followed = field.call(ctx, **field.checked(keywords))
        await admit(ctx, followed.guarded)
        told = self._told(variables, nodes, definition)
        scope = {VIEWER_ID.key} if field.heard or any(map(alone, followed.topics)) else set()
        for selected in told.values():
            for place in selected.places:
                scope |= await scope_of(ctx, place, variables, dict.fromkeys(place.field.given, ""))
        return EventStream(
            key=self._key(ctx, given, followed, scope, _variable(nodes[0], AFTER)),
            topics=frozenset(followed.topics),
            guards=frozenset({*of_viewer(ctx.viewer.id), *followed.guarded}),
            signals=frozenset(followed.signals),
            present=followed.presence(ctx.viewer.id),
            after=after,
            ctx=ctx,
            field=nodes[0].name.value,
            name=key,
            followed=followed,
            told_as=field,
            variables=variables,
            selected=told,
            joined=await joined(ctx, followed.topics),
        )

    def _key(
        self, ctx: Context, given: Mapping[str, Any], followed: Followed, scope: AbstractSet[str], but: str | None
    ) -> tuple[Any, ...]:
        """Those who ask the same: this operation, these variables, these topics, seen with the same eyes."""
        values = {name: given[name] for name in self._declared if name in given and name != but}
        slots = ctx.slots()
        eyes = tuple((name, slots[name]) for name in sorted(scope - {"now"}))
        return self, orjson.dumps(values, option=orjson.OPT_SORT_KEYS), followed, eyes

    def _told(self, variables: Variables, nodes: list[FieldNode], definition: GraphQLField) -> dict[str, "Selected"]:
        union = get_named_type(definition.type)
        sets = [node.selection_set for node in nodes]
        raw = self._raw(variables)
        return {
            kind.name: Selected([self._part(variables, kind, key, group) for key, group in groups.items()])
            for kind in self._schema.get_possible_types(cast("Any", union))
            for groups in [collected(raw, kind, sets)]
        }

    def _part(self, variables: Variables, kind: GraphQLObjectType, key: str, nodes: list[FieldNode]) -> "Part":
        name = nodes[0].name.value
        if name == TYPENAME:
            return Part(key, lambda _: orjson.dumps(kind.name))
        definition = kind.fields[name]
        field = definition.extensions[BACKREF]
        if is_leaf_type(leaf := get_named_type(definition.type)):
            return Part(key, lambda told: orjson.dumps(leaf.serialize(getattr(told, field.python_name))))
        raw = self._raw(variables, field_nodes=nodes, parent_type=kind, field_name=name, return_type=definition.type)
        root = Root(orjson.dumps(key), key, nodes, place_of(raw), may_be_null=not is_non_null_type(definition.type))
        return Part(key, None, root)

    def _raw(self, variables: Variables, **more: Any) -> Raw:
        return SimpleNamespace(schema=self._schema, fragments=self._fragments, variable_values=variables, **more)


def _variable(node: FieldNode, argument: str) -> str | None:
    """The variable that fills an argument."""
    for given in node.arguments or ():
        if given.name.value == argument and isinstance(given.value, VariableNode):
            return given.value.name.value
    return None

"""From a field to its answer: find the plan, fill the slots, carry the JSON.

A plan is kept by the document's nodes (the parser's cache hands out the same ones for the same text) and the shape.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from math import prod
from typing import Any, cast

from graphql import GraphQLObjectType, get_named_type, get_nullable_type, is_list_type
from orjson import Fragment
from strawberry.types import Info

from db.base import Entity
from db.reader import Reader
from db.selection import Compiled
from kit.errors import NotFound, TooComplex
from kit.ids import prefix_of
from resolvers.context import Context, Viewer
from resolvers.policies import POLICIES
from resolvers.shown import Shown
from schema.finish import Finish, Mixed, finish_of, finished
from schema.kinds import Kind, ReaderField, VerbField
from schema.models import BINDINGS
from schema.paging import Arguments, check_user_id
from schema.question import Question, Raw, arguments_of, question, shape
from schema.selection import Selector

MOST_SQL = 8_000_000  # characters of all plans together; what hangs on a plan is about ten times its SQL
LIGHT = 2_000

READER = Reader({model: policy.see for model, policy in POLICIES.items()})


@dataclass(frozen=True, slots=True)
class Plan:
    """`readings` turn a cursor's keys into values; `pages` has the names of each page and of those around it."""

    compiled: Compiled
    readings: dict[str, Callable[[Any], Any]]
    pages: tuple[tuple[str, ...], ...]
    finish: Finish | Mixed | None

    def read(self, values: dict[str, Any], most: int) -> dict[str, Any]:
        """The same with the keys of cursors read.

        Raises Invalid for what cannot be one, and TooComplex where the sizes of the pages multiply to more than `most`.
        """
        rows = sum(prod(values[f"{name}_size"] for name in names) for names in self.pages)
        if rows > most:
            raise TooComplex(f"The query may reach {rows:,} rows, more than {most:,}: ask for smaller pages")
        return values | {slot: reading(values[slot]) for slot, reading in self.readings.items()}

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        constants = self.compiled.constants
        return [values[name] if name in values else constants[name] for name in self.compiled.order]


class Plans:
    """The latest plans by node and shape. It holds on to the nodes, so that their identity stays theirs."""

    def __init__(self, most: int = MOST_SQL) -> None:
        self._most = most
        self._weight = 0
        self._kept: OrderedDict[Hashable, tuple[Any, Any]] = OrderedDict()

    def get(self, raw: Raw, shape: Hashable, make: Callable[[], Any]) -> Any:
        key = (tuple(id(node) for node in raw.field_nodes), shape)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key][1]
        made = make()
        self._kept[key] = (raw.field_nodes, made)
        self._weight += _weight(made)
        while self._weight > self._most:
            self._weight -= _weight(self._kept.popitem(last=False)[1][1])
        return made


def _weight(made: Any) -> int:
    return len(made.compiled.sql) if isinstance(made, Plan) else LIGHT


PLANS = Plans()


def _question(raw: Raw) -> Question:
    return cast("Question", PLANS.get(raw, "question", lambda: question(raw)))


def _values(given: Iterable[Arguments]) -> dict[str, Any]:
    return {slot: value for arguments in given for slot, value in arguments.values().items()}


def _most_rows(ctx: Context) -> int:
    return ctx.services.settings.max_query_rows


async def _fetched(ctx: Context, viewer: Viewer, plan: Plan, values: dict[str, Any]) -> Any:
    json = await ctx.services.db.fetchval(plan.compiled.sql, plan.arguments(replace(ctx, asks=viewer).slots() | values))
    return None if json is None else Fragment(await finished(plan.finish, json, values))


async def read(field: ReaderField, source: Any, info: Info, kwargs: dict[str, Any]) -> Any:
    """The answer to a reader field: JSON, None, or NotFound."""
    ctx: Context = info.context
    viewer = getattr(source, "viewer", None) or ctx.viewer
    if source is None and field.floor is not None:
        ctx.require(field.floor)
    kwargs |= {name: getattr(source, attribute) for name, attribute in field.given.items()}
    if any(kwargs[name] is None for name in field.given):
        return None
    check_user_id(ctx, kwargs)
    raw = info._raw_info
    asked = _question(raw)
    root, nested = Arguments.of("a", field, kwargs), arguments_of(asked, info)
    target = _target(field, raw, kwargs)
    if target is None:
        return None
    shapes = (target, root.shape, shape(asked, raw, nested))
    plan = PLANS.get(raw, shapes, lambda: _plan(target, info, root, nested))
    answer = await _fetched(ctx, viewer, plan, plan.read(_values([root, *nested.values()]), _most_rows(ctx)))
    if answer is None and field.kind is Kind.ENTITY:
        raise NotFound(str(target), str(kwargs.get("id", viewer.id)))
    return answer


def _target(field: ReaderField, raw: Raw, kwargs: dict[str, Any]) -> str | tuple[str, ...] | None:
    """The type that is asked for; of `nodes` all that its ids speak of."""
    match field.kind:
        case Kind.NODE:
            return _named(kwargs["id"])
        case Kind.NODES:
            return tuple(sorted({name for id in kwargs["ids"] if (name := _named(id))}))
    return str(get_named_type(raw.return_type).name)


def _named(id: str) -> str | None:
    """The type that an id speaks of."""
    prefix = prefix_of(id)
    return next((name for name, binding in BINDINGS.items() if binding.model.prefix == prefix), None)


def _plan(name: str | tuple[str, ...], info: Info, root: Arguments, nested: dict[int, Arguments]) -> Plan:
    raw = info._raw_info
    selector = Selector(raw, nested, info.context.services.settings)
    readings = _readings([root, *nested.values()])
    selected: tuple[Any, ...]
    if isinstance(name, tuple):
        selected = selector.nodes(name, root)
        compiled = READER.nodes(root.symbols()["ids"], selected)
        return Plan(compiled, readings, tuple(selector.pages), finish_of(selected, selector.names))
    target, nodes = cast("GraphQLObjectType", raw.schema.type_map[name]), raw.field_nodes
    match root.field.kind:
        case Kind.CONNECTION:
            page = selector.page("", None, target, nodes, root)
            compiled, selected = READER.page(page), page.parts
        case Kind.RECORD:
            selected = selector.plain(target, nodes)
            compiled = READER.record(root.statement(), selected)
        case Kind.NODE:
            selected = selector.fields(target, nodes)
            compiled = READER.entity(BINDINGS[name].by_id(**root.symbols()), selected)
        case _:
            selected = selector.fields(target, nodes)
            compiled = READER.entity(root.statement(), selected)
    return Plan(compiled, readings, tuple(selector.pages), finish_of(selected, selector.names))


def _readings(given: Iterable[Arguments]) -> dict[str, Callable[[Any], Any]]:
    return {slot: reading for arguments in given for slot, reading in arguments.readings().items()}


async def perform(field: VerbField, source: Any, info: Info, kwargs: dict[str, Any]) -> Any:
    """Does what the verb does; an entity that it answers is read back.

    How it will be read is planned first: a selection that would be refused must not have done anything.
    """
    ctx: Context = info.context
    if field.floor is not None:
        ctx.require(field.floor)
    reading = _reading_back(info) if get_named_type(info._raw_info.return_type).name in BINDINGS else None
    answer = await field.call(ctx, **kwargs)
    return answer if reading is None else await _read_back(answer, ctx, *reading)


async def _read_back(
    answer: Entity | Shown[Any] | list[Entity], ctx: Context, plan: Plan, values: dict[str, Any]
) -> Any:
    """What a verb answered, as the client selected it and as the viewer may see it."""
    if isinstance(answer, list):
        return await _fetched(ctx, ctx.viewer, plan, values | {"ids": [row.id for row in answer]})
    viewer, row = (answer.viewer, answer.entity) if isinstance(answer, Shown) else (ctx.viewer, answer)
    return await _fetched(ctx, viewer, plan, values | {"id": row.id})


def _reading_back(info: Info) -> tuple[Plan, dict[str, Any]]:
    raw = info._raw_info
    asked = _question(raw)
    nested = arguments_of(asked, info)
    plan = PLANS.get(raw, ("back", shape(asked, raw, nested)), lambda: _plan_back(info, nested))
    return plan, plan.read(_values(nested.values()), _most_rows(info.context))


def _plan_back(info: Info, nested: dict[int, Arguments]) -> Plan:
    raw = info._raw_info
    selector = Selector(raw, nested, info.context.services.settings)
    target = cast("GraphQLObjectType", get_named_type(raw.return_type))
    fields, model = selector.fields(target, raw.field_nodes), BINDINGS[target.name].model
    compiled = READER.by_ids if is_list_type(get_nullable_type(raw.return_type)) else READER.by_id
    finish = finish_of(fields, selector.names)
    return Plan(compiled(model, fields), _readings(nested.values()), tuple(selector.pages), finish)

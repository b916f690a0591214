"""A plan is the statement for a place and a shape, compiled; the latest are kept.

Making one takes from 5 ms to a second, so it is made in a thread, and once for all who wait for it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, cast

from graphql import GraphQLObjectType, get_nullable_type, is_list_type

from db.selection import Compiled
from resolvers.policies import READER
from schema.finish import Finish, Mixed, finish_of
from schema.kinds import Kind
from schema.models import BINDINGS
from schema.paging import Arguments
from schema.places import Asked, Nodes, Place, Target
from schema.question import Raw
from schema.selection import Selector

MOST_KEPT = 8_000_000  # of weight, which is about a tenth of the bytes that hang on what is kept
LIGHT = 2_000
DOCUMENT = 10  # a character of a document, parsed, weighs as much as ten of a statement; a place holds on to all of it


@dataclass(frozen=True, slots=True)
class Plan:
    """`readings` turn a cursor's keys into values."""

    compiled: Compiled
    readings: dict[str, Callable[[Any], Any]]
    finish: Finish | Mixed | None

    def arguments(self, values: Mapping[str, Any], viewers: Mapping[str, Any]) -> list[Any]:
        """What fills the slots, in their order."""
        constants = self.compiled.constants
        return [
            values[name] if name in values else viewers[name] if name in viewers else constants[name]
            for name in self.compiled.order
        ]

    def read(self, values: dict[str, Any]) -> dict[str, Any]:
        """The same with the keys of cursors read. Raises Invalid for what cannot be one."""
        if not self.readings:
            return values
        return values | {slot: reading(values[slot]) for slot, reading in self.readings.items()}


class Kept:
    """The latest that were made, by what they were made for; bounded by their weight."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._weight = 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()

    def find(self, key: Hashable) -> Any:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found[0]
        return None

    def keep(self, key: Hashable, made: Any, weight: int) -> None:
        if weight > self._most // 10 or key in self._kept:
            return
        self._kept[key] = made, weight
        self._weight += weight
        while self._weight > self._most:
            self._weight -= self._kept.popitem(last=False)[1][1]


PLANS = Kept()
_MAKER = ThreadPoolExecutor(2, thread_name_prefix="plans")
_making: dict[Hashable, asyncio.Future[Plan]] = {}


def place_of(raw: Raw) -> Place:
    """The place of a field that graphql-core's executor asks for."""
    key = Nodes(raw.field_nodes)
    place: Place | None = PLANS.find(key)
    if place is None:
        place = Place(raw, raw.parent_type.fields[raw.field_name])
        PLANS.keep(key, place, LIGHT + DOCUMENT * place.length)
    return place


async def reading(place: Place, target: Target, asked: Asked) -> Plan:
    """The plan of a reader field. `target` is the type it answers, which an id may decide; of `nodes` all of them."""
    key = (place, target, asked.shape)
    return PLANS.find(key) or await _made(key, lambda: _plan(place, target, asked), place)


async def reading_back(place: Place, asked: Asked) -> Plan:
    """The plan by which the entity that a verb answers is read, by the slot `id`, or `ids` for a list."""
    key = (place, asked.shape)
    return PLANS.find(key) or await _made(key, lambda: _plan_back(place, asked), place)


async def _made(key: Hashable, make: Callable[[], Plan], place: Place) -> Plan:
    making = _making.get(key)
    if making is None:
        making = _making[key] = asyncio.get_running_loop().run_in_executor(_MAKER, make)
        making.add_done_callback(lambda _: _making.pop(key, None))
    plan = await asyncio.shield(making)
    PLANS.keep(key, plan, len(plan.compiled.sql) + DOCUMENT * place.length)
    return plan


def _plan(place: Place, target: Target, asked: Asked) -> Plan:
    selector, root = _selector(place, asked), asked.root
    assert root is not None, "only a reader field is planned so"
    compiled, selected = _selected(place, target, selector, root)
    return Plan(compiled, _readings([root, *asked.nested.values()]), finish_of(selected, selector.names))


def _selected(place: Place, name: Target, selector: Selector, root: Arguments) -> tuple[Compiled, tuple[Any, ...]]:
    """The statement, and what it selects."""
    selected: tuple[Any, ...]
    if isinstance(name, tuple):
        selected = selector.nodes(name)
        return READER.nodes(root.symbols()["ids"], selected), selected
    target, nodes = cast("GraphQLObjectType", place.schema.type_map[name]), place.field_nodes
    match root.field.kind:
        case Kind.CONNECTION:
            page = selector.page("", None, target, nodes, root)
            return READER.page(page), page.parts
        case Kind.RECORD:
            selected = selector.plain(target, nodes)
            return READER.record(root.statement(), selected), selected
    selected = selector.fields(target, nodes)
    by_id = BINDINGS[name].by_id if root.field.kind is Kind.NODE else None
    rows = by_id(**root.symbols()) if by_id else root.statement()
    return READER.entity(rows, selected), selected


def _plan_back(place: Place, asked: Asked) -> Plan:
    target, selector = cast("GraphQLObjectType", place.target), _selector(place, asked)
    fields = selector.fields(target, place.field_nodes)
    compiled = READER.by_ids if is_list_type(get_nullable_type(place.return_type)) else READER.by_id
    finish = finish_of(fields, selector.names)
    return Plan(compiled(BINDINGS[target.name].model, fields), _readings(asked.nested.values()), finish)


def _selector(place: Place, asked: Asked) -> Selector:
    return Selector(place.raw(asked.variables), asked.nested)


def _readings(given: Iterable[Arguments]) -> dict[str, Callable[[Any], Any]]:
    return {slot: reading for arguments in given for slot, reading in arguments.readings().items()}

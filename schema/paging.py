"""A reader field's arguments, split into what shapes the SQL and what fills its slots."""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, NamedTuple

from db import paging, slots
from db.selection import Feed, Listing, Order, Window
from kit.errors import Forbidden, Invalid
from resolvers.context import Context
from schema.kinds import Kind, ReaderField

PAGING = ("first", "after", "last", "before", "offset")
DEFAULT_SIZE = 20
LARGEST_PAGE = 100
LARGEST_OFFSET = 100_000


class Arguments(NamedTuple):
    """`given` are the statement function's own; `values` fill the slots, keys of a cursor still as JSON had them."""

    name: str
    field: ReaderField
    given: dict[str, Any]
    window: Window
    keys: tuple[Any, ...]
    order: str | None
    shape: Hashable
    values: dict[str, Any]

    @classmethod
    def of(cls, name: str, field: ReaderField, kwargs: dict[str, Any]) -> "Arguments":
        """Raises Invalid for paging that cannot be meant."""
        kwargs = field.checked(kwargs) if field.rules else kwargs
        if field.kind is not Kind.CONNECTION:
            return cls(name, field, kwargs, Window(name), (), None, _shape(kwargs), _values(name, kwargs))
        given = {key: value for key, value in kwargs.items() if key not in PAGING}
        _check(kwargs)
        backward = kwargs.get("last") is not None
        side = "before" if backward else "after"
        cursor = kwargs.get(side)
        order, keys = _opened(cursor, side) if cursor is not None else (None, ())
        nulls = tuple(key is None for key in keys) if cursor is not None else None
        window = Window(name, backward=backward, offset=bool(kwargs.get("offset")), nulls=nulls)
        values = _values(name, given) | {f"{name}_key_{i}": key for i, key in enumerate(keys)}
        values[f"{name}_size"] = kwargs.get("last") or kwargs.get("first") or DEFAULT_SIZE
        if window.offset:
            values[f"{name}_offset"] = kwargs["offset"]
        shape = (_shape(given), backward, window.offset, nulls, order)
        return cls(name, field, given, window, keys, order, shape, values)

    def statement(self) -> Any:
        """What the statement function answers to symbols of these arguments."""
        return self.field.call(**self.symbols())

    def symbols(self) -> dict[str, Any]:
        return {name: slots.symbol(f"{self.name}_{name}", value) for name, value in self.given.items()}

    def parameters(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The function's own arguments: the values of those that the shape fixes, and the slots of the others."""
        filled = {name: [*slots.slots(f"{self.name}_{name}", value)] for name, value in self.given.items()}
        given = {name: self.given[name] for name, found in filled.items() if not found}
        return given, {name: found[0] for name, found in filled.items() if found}

    def listing(self) -> Listing | Feed:
        listing: Listing | Feed = self.statement()
        if self.order is not None and (self.order != listing.name or len(self.keys) != len(listing.order) + 1):
            raise Invalid({self._side: ["is a cursor of another list or order"]})
        return listing

    def readings(self) -> dict[str, Callable[[Any], Any]]:
        """By slot, how a cursor's key is read from JSON. Cursors come from outside: what cannot be a key is Invalid."""
        if not self.keys:
            return {}
        keys = paging.keys_of(self.listing())
        return {f"{self.name}_key_{i}": partial(_read, self._side, key) for i, key in enumerate(keys)}

    @property
    def _side(self) -> str:
        return "before" if self.window.backward else "after"


def _shape(given: dict[str, Any]) -> Hashable:
    return tuple([(name, slots.shape(value)) for name, value in sorted(given.items())])


def _values(name: str, given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for argument, value in given.items():
        found.update(slots.slots(f"{name}_{argument}", value))
    return found


def _read(side: str, key: Order, value: Any) -> Any:
    try:
        if value is None and not key.nullable:
            raise ValueError("null")
        return None if value is None else slots.reading(key.value.type)(value)
    except (OverflowError, TypeError, ValueError):
        raise Invalid({side: ["not a cursor of this list"]}) from None


def _check(kwargs: dict[str, Any]) -> None:
    for size in ("first", "last"):
        if kwargs.get(size) is not None and not 1 <= kwargs[size] <= LARGEST_PAGE:
            raise Invalid({size: [f"must be 1 to {LARGEST_PAGE}"]})
    if kwargs.get("first") is not None and kwargs.get("last") is not None:
        raise Invalid({"last": ["cannot be combined with first"]})
    if kwargs.get("before") is not None and kwargs.get("last") is None:
        raise Invalid({"before": ["needs last"]})
    if kwargs.get("after") is not None and kwargs.get("last") is not None:
        raise Invalid({"after": ["cannot be combined with last"]})
    if kwargs.get("offset") is not None and not 0 <= kwargs["offset"] <= LARGEST_OFFSET:
        raise Invalid({"offset": [f"must be 0 to {LARGEST_OFFSET:,}"]})


def _opened(cursor: str, side: str) -> tuple[str, tuple[Any, ...]]:
    try:
        order, keys = paging.opened(cursor)
    except ValueError as error:
        raise Invalid({side: [str(error)]}) from error
    return order, tuple(keys)


def check_user_id(ctx: Context, arguments: dict[str, Any]) -> None:
    """Whoever names a user must name themselves."""
    named = arguments.get("user_id")
    if named is not None and named != ctx.viewer.id:
        raise Forbidden("Access denied")

"""A reader field's arguments, split into what shapes the SQL and what fills its slots."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any

from db import paging, slots
from db.selection import Feed, Listing, Order, Window
from kit.errors import Forbidden, Invalid
from resolvers.context import Context
from schema.kinds import Kind, ReaderField

PAGING = ("first", "after", "last", "before", "offset")
DEFAULT_SIZE = 20
LARGEST_PAGE = 100
LARGEST_OFFSET = 100_000


@dataclass(frozen=True, slots=True)
class Arguments:
    name: str
    field: ReaderField
    given: dict[str, Any]
    window: Window
    keys: tuple[Any, ...] = ()
    order: str | None = None

    @classmethod
    def of(cls, name: str, field: ReaderField, kwargs: dict[str, Any]) -> "Arguments":
        """Raises Invalid for paging that cannot be meant."""
        kwargs = field.checked(kwargs) if field.rules else kwargs
        paged = field.kind is Kind.CONNECTION
        given = {key: value for key, value in kwargs.items() if not paged or key not in PAGING}
        if field.kind is Kind.NODES:
            given["\x01size"] = len(kwargs["ids"])
        if field.kind is Kind.COMPUTED:
            given["\x01size"] = field.weight * kwargs.get("first", 1)
        if not paged:
            return cls(name, field, given, Window(name))
        _check(kwargs)
        backward = kwargs.get("last") is not None
        side = "before" if backward else "after"
        cursor = kwargs.get(side)
        order, keys = _opened(cursor, side) if cursor is not None else (None, ())
        nulls = tuple(key is None for key in keys) if cursor is not None else None
        window = Window(name, backward=backward, offset=bool(kwargs.get("offset")), nulls=nulls)
        given |= {"\x01size": kwargs.get("last") or kwargs.get("first") or DEFAULT_SIZE}
        if window.offset:
            given["\x01offset"] = kwargs["offset"]
        return cls(name, field, given, window, keys, order)

    @property
    def own(self) -> dict[str, Any]:
        """The statement function's own arguments."""
        return {name: value for name, value in self.given.items() if not name.startswith("\x01")}

    @property
    def shape(self) -> Hashable:
        return (
            tuple((name, slots.shape(value)) for name, value in sorted(self.own.items())),
            self.window.backward,
            self.window.offset,
            self.window.nulls,
            self.order,
        )

    def values(self) -> dict[str, Any]:
        """What fills the slots; cursor keys still as JSON had them."""
        found: dict[str, Any] = {}
        for name, value in self.given.items():
            found |= slots.slots(f"{self.name}_{name.removeprefix(chr(1))}", value)
        return found | {f"{self.name}_key_{i}": key for i, key in enumerate(self.keys)}

    def statement(self) -> Any:
        """What the statement function answers to symbols of these arguments."""
        return self.field.call(**self.symbols())

    def symbols(self) -> dict[str, Any]:
        return {name: slots.symbol(f"{self.name}_{name}", value) for name, value in self.own.items()}

    def parameters(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The function's own arguments: the values of those that the shape fixes, and the slots of the others."""
        filled = {name: [*slots.slots(f"{self.name}_{name}", value)] for name, value in self.own.items()}
        given = {name: self.own[name] for name, found in filled.items() if not found}
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

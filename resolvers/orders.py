"""Orders that a client chooses."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

from db.selection import Listing, Order, Reached
from resolvers.rules import Direction

Field = TypeVar("Field")
Field_co = TypeVar("Field_co", covariant=True)


class By(Protocol[Field_co]):
    """An input that says what to sort by, and which way."""

    @property
    def field(self) -> Field_co: ...

    @property
    def direction(self) -> Direction: ...


def ordered(
    rows: Select[Any],
    orders: Mapping[Field, InstrumentedAttribute[Any] | Reached],
    by: By[Field] | None,
    *,
    usual: Order,
) -> Listing:
    """As the client wants them, or else as usual."""
    order = usual if by is None else Order(orders[by.field], descending=by.direction is Direction.DESC)
    return Listing(rows, (order,))

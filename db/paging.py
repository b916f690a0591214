"""Keyset paging: a page begins strictly past a cursor, so its cost does not grow with how far in it lies."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    String,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    literal,
    literal_column,
    or_,
    tuple_,
)

from db.selection import Feed, Listing, Order, Reached, Window

NUMBER = "\x01n"  # no client can name a column so: it is not a GraphQL name
CURSOR = "\x01cursor"


def size(window: Window) -> ColumnElement[int]:
    return bindparam(f"{window.name}_size", type_=Integer())


def limit(window: Window, *, peek: bool) -> ColumnElement[int]:
    """With `peek` one more than the page has, to tell whether there is one."""
    return size(window) + literal_column("1") if peek else size(window)


def keys_of(listing: Listing | Feed) -> tuple[Order, ...]:
    """The order made total by the id, which runs the way of the last key so that one index serves both."""
    listing = listing.parts[0] if isinstance(listing, Feed) else listing
    return (*listing.order, Order(listing.model.id, listing.order[-1].descending if listing.order else False))


def windowed(rows: Select[Any], listing: Listing, window: Window, *, peek: bool) -> Select[Any]:
    """The rows of a page, numbered from its near end."""
    keys = keys_of(listing)
    by = [ordering(key.value, key, backward=window.backward) for key in keys]
    rows = past(rows, keys, window)
    rows = rows.add_columns(*(key.value.label(_label(key)) for key in keys if isinstance(key.column, Reached)))
    number: ColumnElement[int] = func.row_number().over(order_by=by)
    if window.offset:
        skipped = bindparam(f"{window.name}_offset", type_=Integer())
        number, rows = number - skipped, rows.offset(skipped)
    return rows.add_columns(number.label(NUMBER)).order_by(*by).limit(limit(window, peek=peek))


def past(rows: Select[Any], keys: Sequence[Order], window: Window) -> Select[Any]:
    """Those beyond the cursor, if there is one."""
    return rows if window.nulls is None else rows.where(_beyond(keys, window, 0))


def _label(key: Order) -> str:
    """Of the column that keeps the key's value for the cursor."""
    return f"\x01{key.name}" if isinstance(key.column, Reached) else key.name


def ordering(value: ColumnElement[Any], key: Order, *, backward: bool) -> ColumnElement[Any]:
    by = value.desc() if key.descending is not backward else value.asc()
    if not key.nullable:
        return by
    return by.nulls_first() if backward else by.nulls_last()


def _beyond(keys: Sequence[Order], window: Window, at: int) -> ColumnElement[bool]:
    """Strictly past the cursor in the direction of travel.

    Where all keys run one way and none can be null it is a row comparison, which an index answers.
    """
    assert window.nulls is not None
    rest = keys[at:]
    slots = [bindparam(f"{window.name}_key_{at + i}", type_=key.value.type) for i, key in enumerate(rest)]
    if len({key.descending for key in rest}) == 1 and not any(key.nullable for key in rest):
        left, right = tuple_(*(key.value for key in rest)), tuple_(*slots)
        return left < right if rest[0].descending is not window.backward else left > right
    key, column, slot = rest[0], rest[0].value, slots[0]
    further = _beyond(keys, window, at + 1) if len(rest) > 1 else false()
    if window.nulls[at]:
        among_nulls = and_(column.is_(None), further)
        return or_(column.is_not(None), among_nulls) if window.backward else among_nulls
    past: ColumnElement[bool] = column < slot if key.descending is not window.backward else column > slot
    if key.nullable and not window.backward:
        past = or_(past, column.is_(None))
    return or_(past, and_(column == slot, further))


def keys_in(kept: FromClause, listing: Listing) -> list[ColumnElement[Any]]:
    return [kept.c[_label(key)] for key in keys_of(listing)]


def cursor(name: str, values: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
    """Opaque to clients: base64 of a JSON list of the order's name, its keys and the id."""
    parts = func.json_build_array(literal(name, String), *values)
    return func.translate(func.encode(func.convert_to(cast(parts, Text), "UTF8"), "base64"), "\n", "")


def opened(text: str) -> tuple[str, list[Any]]:
    """The order's name and the key values of a cursor. Raises ValueError for what is none of ours."""
    try:
        name, *values = orjson.loads(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, TypeError) as error:
        raise ValueError("not a cursor of this list") from error
    if not isinstance(name, str) or any(isinstance(value, list | dict) for value in values):
        raise ValueError("not a cursor of this list")
    return name, values

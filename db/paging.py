"""Keyset paging: a page begins strictly past a cursor, so its cost does not grow with how far in it lies."""

import base64
import binascii
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

from db.base import Entity
from db.selection import Listing, Order, Reached, Window

NUMBER = "\x01n"  # no client can name a column so: it is not a GraphQL name
CURSOR = "\x01cursor"


def size(window: Window) -> ColumnElement[int]:
    return bindparam(f"{window.name}_size", type_=Integer())


def keys_of(listing: Listing, model: type[Entity]) -> tuple[Order, ...]:
    """The order made total by the id, which runs the way of the last key so that one index serves both."""
    return (*listing.order, Order(model.id, listing.order[-1].descending if listing.order else False))


def windowed(rows: Select[Any], listing: Listing, window: Window, model: type[Entity], *, peek: bool) -> Select[Any]:
    """The rows of a page, numbered from its near end; with `peek` one more, to tell whether there is one."""
    keys = keys_of(listing, model)
    by = [_ordering(key, backward=window.backward) for key in keys]
    if window.nulls is not None:
        rows = rows.where(_beyond(keys, window, 0))
    limit = size(window) + literal_column("1") if peek else size(window)
    rows = rows.add_columns(*(key.value.label(_label(key)) for key in keys if isinstance(key.column, Reached)))
    number: ColumnElement[int] = func.row_number().over(order_by=by)
    if window.offset:
        skipped = bindparam(f"{window.name}_offset", type_=Integer())
        number, rows = number - skipped, rows.offset(skipped)
    return rows.add_columns(number.label(NUMBER)).order_by(*by).limit(limit)


def _label(key: Order) -> str:
    """Of the column that keeps the key's value for the cursor."""
    return f"\x01{key.name}" if isinstance(key.column, Reached) else key.name


def _ordering(key: Order, *, backward: bool) -> ColumnElement[Any]:
    by = key.value.desc() if key.descending is not backward else key.value.asc()
    if not key.nullable:
        return by
    return by.nulls_first() if backward else by.nulls_last()


def _beyond(keys: tuple[Order, ...], window: Window, at: int) -> ColumnElement[bool]:
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


def cursor(listing: Listing, model: type[Entity], kept: FromClause) -> ColumnElement[Any]:
    """Opaque to clients: base64 of a JSON list of the order's name, its keys and the id."""
    values = (kept.c[_label(key)] for key in keys_of(listing, model))
    parts = func.json_build_array(literal(listing.name, String), *values)
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

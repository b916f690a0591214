"""Keyset paging: a page begins strictly past a cursor, so its cost does not grow with how far in it lies."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Label,
    Select,
    String,
    Text,
    and_,
    bindparam,
    cast,
    false,
    func,
    inspect,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.sql.visitors import replacement_traverse

from db.base import Entity
from db.selection import Feed, Listing, Order, Reached, Row, Window

NUMBER = "\x01n"  # no client can name a column so: it is not a GraphQL name
CURSOR = "\x01cursor"
LAST = "\x01last"
_SHARE = "\x01share"


def size(window: Window) -> ColumnElement[int]:
    return bindparam(f"{window.name}_size", type_=Integer())


def limit(window: Window, *, peek: bool) -> ColumnElement[int]:
    """With `peek` one more than the page has, to tell whether there is one."""
    return size(window) + literal_column("1") if peek else size(window)


def keys_of(listing: Listing | Feed) -> tuple[Order, ...]:
    """The order made total by the id, which runs the way of the last key so that one index serves both."""
    listing = listing.parts[0] if isinstance(listing, Feed) else listing
    return (*listing.order, Order(listing.model.id, listing.order[-1].descending if listing.order else False))


def windowed(
    rows: Select[Any], listing: Listing, window: Window, *, numbered: bool, peek: bool, sorted: bool = False
) -> Select[Any]:
    """The rows of a page; `numbered` from its near end, and with `peek` so that the last of them can be told.

    With `sorted` no index may give the order: where few of the rows belong to the parent, PostgreSQL would walk along
    all of them in order until it has found a page.
    """
    keys = keys_of(listing)
    if keys[0].nullable and not isinstance(keys[0].column, Reached) and not window.offset and not sorted:
        return _in_shares(rows, keys, window, numbered=numbered, peek=peek)
    rows, keys = _joined(rows, keys)
    by = [ordering(_unindexed(key) if sorted else key.value, key, backward=window.backward) for key in keys]
    rows = past(rows, keys, window)
    rows = rows.add_columns(*(key.value.label(_label(key)) for key in keys if isinstance(key.column, Reached)))
    if window.offset:
        rows = rows.offset(_skipped(window))
    if numbered:
        rows = rows.add_columns(*numbers(listing.model.id, by, window, peek=peek))
    return rows.order_by(*by).limit(limit(window, peek=peek))


def _joined(rows: Select[Any], keys: Sequence[Order]) -> tuple[Select[Any], tuple[Order, ...]]:
    """The rows beside those that their order speaks of, so that each of these is looked at once."""
    found = []
    for key in keys:
        if isinstance(key.column, Reached) and (row := key.column.row) is not None:
            rows = rows.outerjoin(row.entity, row.on)
            value = replacement_traverse(key.value, {}, partial(_in_place_of, row))
            key = replace(key, column=replace(key.column, value=value))
        found.append(key)
    return rows, tuple(found)


def _in_place_of(row: Row, element: Any, **_: Any) -> ColumnElement[Any] | None:
    return row.value if element is row.subquery else None


def _skipped(window: Window) -> ColumnElement[int]:
    return bindparam(f"{window.name}_offset", type_=Integer())


def numbers(id: Any, by: Sequence[Any], window: Window, *, peek: bool) -> list[Label[Any]]:
    """A row's place in its page, and whether it is the last: of the page, or of all."""
    number: ColumnElement[int] = func.row_number().over(order_by=by)
    if window.offset:
        number = number - _skipped(window)
    last = or_(number == size(window), func.lead(id).over(order_by=by).is_(None))
    return [number.label(NUMBER), last.label(LAST)] if peek else [number.label(NUMBER)]


def order_in(kept: FromClause, listing: Listing) -> list[ColumnElement[Any]]:
    """The order of the listing among the rows of a page."""
    values = zip(keys_in(kept, listing), keys_of(listing), strict=True)
    return [ordering(value, key, backward=False) for value, key in values]


def indexed(model: type[Entity], name: str, listing: Listing) -> bool:
    """Whether an index leads from a row through this relationship to its many rows in the order of the listing.

    Between the two it may have what the policy compares with the viewer.
    """
    relationship = inspect(model).relationships[name]
    if relationship.secondary is not None:
        return False
    led, keys = [c.name for c in relationship.remote_side], [key.name for key in keys_of(listing)]
    indexes = listing.model.metadata.tables[listing.model.__tablename__].indexes
    columns = ([getattr(c, "name", None) for c in index.expressions] for index in indexes)
    return any(names[: len(led)] == led and names[-len(keys) :] == keys for names in columns)


def _unindexed(key: Order) -> ColumnElement[Any]:
    return key.value if isinstance(key.column, Reached) else func.coalesce(key.value, key.value)


def _in_shares(rows: Select[Any], keys: Sequence[Order], window: Window, *, numbered: bool, peek: bool) -> Select[Any]:
    """A page by a first key that may be null, made of the rows that have it and of those that have none.

    Each share follows the index on the keys. Nulls come last either way, which no index gives for all rows at once.
    """
    shares, most = [], limit(window, peek=peek)
    by = [_direction(key.value, key, backward=window.backward) for key in keys]
    for place, null in enumerate((True, False) if window.backward else (False, True)):
        share = rows.where(keys[0].value.is_(None) if null else keys[0].value.is_not(None))
        if window.nulls is not None:
            if place == 0 and window.nulls[0] is not null:
                continue  # the cursor is in the other share, and this one before it
            if window.nulls[0] is null:
                share = share.where(_beyond(keys, window, at=1 if null else 0, among_values=not null))
        shares.append(share.add_columns(literal_column(str(place)).label(_SHARE)).order_by(*by).limit(most))
    together = (union_all(*shares) if len(shares) > 1 else shares[0]).subquery()
    whole = [together.c[_SHARE], *(_direction(together.c[key.name], key, backward=window.backward) for key in keys)]
    number = numbers(together.c.id, whole, window, peek=peek) if numbered else []
    return select(together, *number).order_by(*whole).limit(most)


def _direction(value: ColumnElement[Any], key: Order, *, backward: bool) -> ColumnElement[Any]:
    return value.desc() if key.descending is not backward else value.asc()


def past(rows: Select[Any], keys: Sequence[Order], window: Window) -> Select[Any]:
    """Those beyond the cursor, if there is one."""
    return rows if window.nulls is None else rows.where(_beyond(keys, window, 0))


def _label(key: Order) -> str:
    """Of the column that keeps the key's value for the cursor."""
    return f"\x01{key.name}" if isinstance(key.column, Reached) else key.name


def ordering(value: ColumnElement[Any], key: Order, *, backward: bool) -> ColumnElement[Any]:
    by = _direction(value, key, backward=backward)
    if not key.nullable:
        return by
    return by.nulls_first() if backward else by.nulls_last()


def _beyond(keys: Sequence[Order], window: Window, at: int, *, among_values: bool = False) -> ColumnElement[bool]:
    """Strictly past the cursor in the direction of travel; `among_values` where the first key is none of the nulls.

    Where all keys run one way and none can be null it is a row comparison, which an index answers.
    """
    assert window.nulls is not None
    rest = keys[at:]
    slots = [bindparam(f"{window.name}_key_{at + i}", type_=key.value.type) for i, key in enumerate(rest)]
    if len({key.descending for key in rest}) == 1 and not any(key.nullable for key in rest[among_values:]):
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

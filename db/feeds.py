"""Rows of several entities in one order: each finds a page by its own index, and the page is made of those."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, func, select, union_all

from db import paging
from db.paging import NUMBER
from db.selection import Feed, Order, Window


def merged(parts: Sequence[Select[Any]], feed: Feed, window: Window, *, peek: bool) -> Select[Any]:
    """The keys of a page's rows, the last of which is the id, numbered from its near end."""
    limit = paging.limit(window, peek=peek)
    keyed = [
        _keyed(rows, paging.keys_of(listing), window).limit(limit)
        for rows, listing in zip(parts, feed.parts, strict=True)
    ]
    together = union_all(*keyed).subquery()
    order = paging.keys_of(feed.parts[0])
    by = [
        paging.ordering(column, key, backward=window.backward)
        for column, key in zip(keys_in(together, feed), order, strict=True)
    ]
    return select(together, func.row_number().over(order_by=by).label(NUMBER)).order_by(*by).limit(limit)


def keys_in(kept: FromClause, feed: Feed) -> list[ColumnElement[Any]]:
    return [kept.c[_label(at)] for at in range(len(feed.order) + 1)]


def _keyed(rows: Select[Any], keys: Sequence[Order], window: Window) -> Select[Any]:
    """One part's share, which may turn out to be all of the page."""
    columns = [key.value.label(_label(at)) for at, key in enumerate(keys)]
    rows = paging.past(rows, keys, window).with_only_columns(*columns, maintain_column_froms=True)
    return rows.order_by(*(paging.ordering(key.value, key, backward=window.backward) for key in keys))


def _label(at: int) -> str:
    return f"\x01key{at}"

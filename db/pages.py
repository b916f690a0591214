"""The parts of a connection, made from its numbered rows: lists of nodes and edges, pageInfo, totalCount."""

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Label,
    Select,
    String,
    case,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from db import paging
from db.json import EMPTY_LIST, as_json
from db.paging import CURSOR, LAST, NUMBER
from db.selection import Column, Constant, Edges, Fields, Nodes, Page, PageInfo, TotalCount, Window


def _label(*places: int) -> str:
    """Of a part, by its place: clients choose the keys, and might choose one of ours or one that is cut off."""
    return "\x01part" + ".".join(map(str, places))


def bodies_of(page: Page) -> list[tuple[str, Any]]:
    """The labels and fields, in a feed kinds, of all `nodes` and of the `node` of all `edges`."""
    found: list[tuple[str, Any]] = []
    for at, part in enumerate(page.parts):
        if isinstance(part, Nodes):
            found.append((_label(at), part.fields))
        elif isinstance(part, Edges):
            inner = enumerate(part.parts)
            found += [(_label(at, place), node.fields) for place, node in inner if isinstance(node, Nodes)]
    return found


def has_rows(page: Page) -> bool:
    """Whether anything of the rows is asked for, beyond their count."""
    return any(isinstance(part, Nodes | Edges | PageInfo) for part in page.parts)


def peeks(page: Page) -> bool:
    """Whether it must be told if more rows follow."""
    return any(isinstance(part, PageInfo) for part in page.parts)


def only_list(page: Page) -> tuple[str, Fields] | None:
    """The label and fields of `nodes`, where that is all that is asked of the rows."""
    found = [(at, part) for at, part in enumerate(page.parts) if isinstance(part, Nodes | Edges | PageInfo)]
    if len(found) != 1 or not isinstance(found[0][1], Nodes):
        return None
    return _label(found[0][0]), cast("Fields", found[0][1].fields)


def cursors_of(page: Page, cursor: ColumnElement[Any], kept: FromClause) -> list[Label[Any]]:
    """The column of cursors; those of the ends where no others are asked for, none where none is."""
    if any(isinstance(part, Edges) and Column in map(type, part.parts) for part in page.parts):
        return [cursor.label(CURSOR)]
    if any(isinstance(part, PageInfo) and {"start_cursor", "end_cursor"} & _names_in(part) for part in page.parts):
        ends = or_(kept.c[NUMBER] == literal_column("1"), kept.c[LAST])
        return [case((ends, cursor)).label(CURSOR)]
    return []


def _names_in(info: PageInfo) -> set[str]:
    return {part.name for part in info.parts if isinstance(part, Column)}


def lists_of(page: Page, numbered: FromClause) -> FromClause:
    """One row: the list of each `nodes` and `edges`, and what `pageInfo` is made of."""
    number, size = numbered.c[NUMBER], paging.size(page.window)
    inside = number <= size
    by = number.desc() if page.window.backward else number.asc()
    columns: list[Any] = []
    if peeks(page):
        columns.append(func.coalesce(func.bool_or(number > size), false()).label("\x01more"))
        if CURSOR in numbered.c:
            cursor = numbered.c[CURSOR]
            columns.append(func.min(cursor).filter(number == literal_column("1")).label("\x01near"))
            columns.append(func.min(cursor).filter(inside, numbered.c[LAST]).label("\x01far"))
    for at, part in enumerate(page.parts):
        if isinstance(part, Nodes | Edges):
            body = numbered.c[_label(at)] if isinstance(part, Nodes) else _edge(at, part, numbered)
            listed = func.json_agg(aggregate_order_by(body, by)).filter(inside)
            columns.append(func.coalesce(listed, EMPTY_LIST).label(_label(at)))
    return select(*columns).select_from(numbered).subquery()


def _edge(at: int, edges: Edges, numbered: FromClause) -> ColumnElement[Any]:
    made = {"cursor": numbered.c[CURSOR]} if CURSOR in numbered.c else {}
    columns = [
        numbered.c[_label(at, place)].label(part.key) if isinstance(part, Nodes) else _named(part, made)
        for place, part in enumerate(edges.parts)
    ]
    return as_json(select(*columns).correlate(numbered)).correlate(numbered).scalar_subquery()


def _named(part: Column | Constant, made: Mapping[str, ColumnElement[Any]]) -> ColumnElement[Any]:
    return (literal(part.value, String) if isinstance(part, Constant) else made[part.name]).label(part.key)


def part_of(at: int, part: Any, lists: Any, window: Window, rows: Sequence[Select[Any]]) -> ColumnElement[Any]:
    match part:
        case Constant():
            return literal(part.value, String).label(part.key)
        case TotalCount():
            return reduce(add, map(_count, rows)).label(part.key)
        case PageInfo():
            return _page_info(part, lists, window).label(part.key)
    made: ColumnElement[Any] = lists.c[_label(at)].label(part.key)
    return made


def _page_info(info: PageInfo, lists: FromClause, window: Window) -> ColumnElement[Any]:
    more, behind = lists.c["\x01more"], literal(window.nulls is not None or window.offset)
    ends: list[Any] = [lists.c.get("\x01near"), lists.c.get("\x01far")]
    forward, backward = (behind, more) if window.backward else (more, behind)
    start, end = reversed(ends) if window.backward else ends
    made = {"has_next_page": forward, "has_previous_page": backward, "start_cursor": start, "end_cursor": end}
    columns = [_named(part, made) for part in info.parts]
    return as_json(select(*columns).correlate(lists)).correlate(lists).scalar_subquery()


def _count(rows: Select[Any]) -> ColumnElement[Any]:
    counted: Select[Any] = rows.with_only_columns(literal_column("1").label("one"), maintain_column_froms=True)
    return select(func.count()).select_from(counted.subquery()).scalar_subquery()

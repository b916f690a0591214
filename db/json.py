"""PostgreSQL writes the JSON: rows as objects whose keys are the column aliases."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, Label, Select, Subquery, func, literal_column, select

EMPTY_LIST: ColumnElement[Any] = literal_column("'[]'::json")
EMPTY_OBJECT: ColumnElement[Any] = literal_column("'{}'::json")
NOTHING: Label[int] = literal_column("1", Integer).label("\x01nothing")  # stands where every field is skipped

NULL: ColumnElement[Any] = literal_column("null::json")

# `row_to_json(name)` means a column of that name where there is one, so it is a name that no client can write.
ROW = "\x01row"


def as_json(row: Select[Any]) -> Select[Any]:
    rows = row.subquery(ROW)
    return select(json_of(rows)).select_from(rows)


def json_of(rows: Subquery) -> ColumnElement[Any]:
    """Each row as an object, which is empty where the client skipped every field."""
    return EMPTY_OBJECT if NOTHING.name in rows.c else func.row_to_json(rows.table_valued())

"""One transaction of PostgreSQL: statements that SQLAlchemy builds, run by asyncpg, and the rows they are about.

It has of SQLAlchemy's session what a verb needs and nothing that costs more than the statement itself: a row is one
object however often it is found; what was set in it is written before the next statement and at the end.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, partial
from typing import Any, TypeVar, TypeVarTuple, cast, overload

import asyncpg
from sqlalchemy import (
    ClauseElement,
    Executable,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    insert,
    inspect,
    select,
    update,
)
from sqlalchemy.engine import Result, ScalarResult
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.sql.selectable import TypedReturnsRows

from db.base import Base
from db.prepared import Values, attributes, prepared

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
M = TypeVar("M", bound=Base)

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
Given = Values | Sequence[Values] | None
Lock = tuple[tuple[str, Any], ...] | None


class Transaction:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows: dict[tuple[Mapper[Any], Any], Base] = {}
        self._new: list[Base] = []

    @overload
    async def execute(self, statement: TypedReturnsRows[*Ts], values: Given = None) -> Result[*Ts]: ...
    @overload
    async def execute(self, statement: Executable, values: Given = None) -> Result[*tuple[Any, ...]]: ...
    async def execute(self, statement: Executable, values: Given = None) -> Result[*tuple[Any, ...]]:
        """Several values run the statement once for each; it answers no rows then.

        Rows that are there already stay as they are, unless the statement locks them or says `populate_existing`.
        """
        if self._rows or self._new:
            await self.flush()
        return await self._run(statement, values)

    async def _run(self, statement: Executable, values: Given) -> Result[*tuple[Any, ...]]:
        every: Sequence[Values] = [values or {}] if values is None or isinstance(values, Mapping) else values
        made, key = prepared(cast("ClauseElement", statement), tuple(every[0]) if values else None)
        if not every:
            return made.result([], self._loaded)
        if len(every) > 1:
            filled = [made.filled(each, key) for each in every]
            await self._connection.executemany(filled[0][0], [arguments for _, arguments in filled])
            return made.result([], self._loaded)
        sql, arguments = made.filled(every[0], key)
        records = await self._connection.fetch(sql, *arguments)
        anew = made.locks or bool(statement.get_execution_options().get("populate_existing"))
        return made.result(records, partial(self._loaded, anew=anew))

    @overload
    async def scalars(self, statement: TypedReturnsRows[T], values: Values | None = None) -> ScalarResult[T]: ...
    @overload
    async def scalars(self, statement: Executable, values: Values | None = None) -> ScalarResult[Any]: ...
    async def scalars(self, statement: Executable, values: Values | None = None) -> ScalarResult[Any]:
        """The first column of each row."""
        return (await self.execute(statement, values)).scalars()

    @overload
    async def scalar(self, statement: TypedReturnsRows[T], values: Values | None = None) -> T | None: ...
    @overload
    async def scalar(self, statement: Executable, values: Values | None = None) -> Any: ...
    async def scalar(self, statement: Executable, values: Values | None = None) -> Any:
        """The first column of the first row; None without one."""
        return (await self.execute(statement, values)).scalar()

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """What is written as PostgreSQL and asyncpg have it."""
        await self.flush()
        records: list[asyncpg.Record] = await self._connection.fetch(sql, *arguments)
        return records

    async def get(self, model: type[M], id: Any, *, lock: Mapping[str, Any] | None = None) -> M | None:
        """The row of this primary key. A row that is there is not asked for again, unless to `lock` it.

        `lock` is what `with_for_update` is told.
        """
        there = self._rows.get((inspect(model), id))
        if there is not None and lock is None:
            return there  # type: ignore[return-value]
        how = None if lock is None else tuple(lock.items())
        found: M | None = await self.scalar(_by_id(model, how), {"id": id})
        return found

    async def get_one(self, model: type[M], id: Any) -> M:
        """Raises NoResultFound."""
        if (found := await self.get(model, id)) is None:
            raise NoResultFound(f"{model.__name__} {id}")
        return found

    def add(self, row: Base) -> None:
        self._new.append(row)

    def add_all(self, rows: Iterable[Base]) -> None:
        self._new += rows

    async def flush(self) -> None:
        """Writes what is new or was changed, those first that others refer to; of a table what was changed, by id."""
        changed = self._changed()
        if not changed and not self._new:
            return
        new, self._new = self._new, []
        ways = [(row, self._update) for row in sorted(changed, key=_place_and_id)] + [
            (row, self._insert) for row in new
        ]
        for row, write in sorted(ways, key=lambda way: _place(way[0])):
            await write(row)

    def _changed(self) -> list[Base]:
        return [row for row in self._rows.values() if instance_state(row).modified]

    async def append(self, statement: Insert, rows: Sequence[Values]) -> None:
        """Rows of a table that refers to no other; the one change of a row that is still to be written goes along.

        The statement says by itself which parameters its values are.
        """
        changed = self._changed()
        if len(rows) == 1 and len(changed) == 1 and not self._new and (names := _differing(changed[0])):
            change, values = _updating(type(changed[0]), names), _change(changed[0], names)
            made, key = prepared(_together(statement, change), None)
            sql, arguments = made.filled({**rows[0], **values}, key)
            await self._connection.fetch(sql, *arguments)
            _settled(changed[0])
        else:
            await self.execute(statement, rows)

    async def _update(self, row: Base) -> None:
        if names := _differing(row):
            await self._run(_updating(type(row), names), _change(row, names))
        _settled(row)

    async def _insert(self, row: Base) -> None:
        mapper, given = inspect(type(row)), row.__dict__
        names = tuple(sorted(name for name in attributes(mapper) if name in given))
        made = await self._run(_inserting(type(row), names), {name: given[name] for name in names})
        given.update(made.mappings().first() or {})
        for name in attributes(mapper):
            given.setdefault(name, None)
        _settled(row)
        self._rows[mapper, _identity(mapper, given)] = row

    def _loaded(self, mapper: Mapper[Any], values: dict[str, Any], *, anew: bool = False) -> Base | None:
        id = _identity(mapper, values)
        if id is None:
            return None
        row = self._rows.get((mapper, id))
        if row is None:
            row = self._rows[mapper, id] = mapper.class_manager.new_instance()
            row.__dict__.update(values)
            instance_state(row).key = mapper.class_, (id,), None  # whoever reads a relationship is refused, as is told
        elif anew:
            row.__dict__.update(values)
            _settled(row)
        return row


def _identity(mapper: Mapper[Any], values: Mapping[str, Any]) -> Any:
    (column,) = mapper.primary_key
    return values[mapper.get_property_by_column(column).key]


def _id(row: Base) -> Any:
    return _identity(inspect(type(row)), row.__dict__)


def _place_and_id(row: Base) -> tuple[int, Any]:
    """Ids of different tables may not compare."""
    return _place(row), _id(row)


def _differing(row: Base) -> tuple[str, ...]:
    """The columns that were set to something else."""
    before, now, columns = instance_state(row).committed_state, row.__dict__, inspect(type(row)).column_attrs
    return tuple(sorted(name for name in before if name in columns and before[name] != now[name]))


def _change(row: Base, names: Iterable[str]) -> dict[str, Any]:
    """What `_updating` is filled with."""
    return {f"new_{name}": row.__dict__[name] for name in names} | {"of_id": _id(row)}


def _settled(row: Base) -> None:
    """It is as the database has it."""
    state = instance_state(row)
    state.committed_state.clear()
    state.modified = False


@cache
def _places() -> dict[Any, int]:
    return {table: number for number, table in enumerate(Base.metadata.sorted_tables)}


def _place(row: Base) -> int:
    return _places()[row.__table__]


@cache
def _by_id(model: type[M], lock: Lock) -> Select[M]:
    (column,) = inspect(model).primary_key
    rows = select(model).where(column == bindparam("id", type_=column.type))
    return rows if lock is None else rows.with_for_update(**dict(lock))


@cache
def _updating(model: type[Base], names: tuple[str, ...]) -> Update:
    mapper = inspect(model)
    (id,) = mapper.primary_key
    columns = {name: mapper.column_attrs[name].columns[0] for name in names}
    values = {column: bindparam(f"new_{name}", type_=column.type) for name, column in columns.items()}
    return update(cast("Table", model.__table__)).where(id == bindparam("of_id", type_=id.type)).values(values)


@cache
def _together(statement: Insert, change: Update) -> Insert:
    return statement.add_cte(change.cte("changed"))


@cache
def _inserting(model: type[Base], names: tuple[str, ...]) -> Insert:
    """What the database fills in by itself comes back."""
    mapper = inspect(model)
    columns = {name: mapper.column_attrs[name].columns[0] for name in attributes(mapper) if name not in names}
    filled = [column.label(name) for name, column in columns.items() if column.server_default or column.identity]
    made = insert(cast("Table", model.__table__))
    return made.returning(*filled) if filled else made

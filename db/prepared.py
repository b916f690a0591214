"""A statement that SQLAlchemy builds as asyncpg runs it: its text, what fills its parameters, what its rows become.

SQLAlchemy's own way from a statement to rows costs ten times what asyncpg takes to run it
(docs/adr/0022-writes-without-a-session.md). What can be reckoned once is reckoned once, by the statement's cache key.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakKeyDictionary, ref

import asyncpg
from sqlalchemy import ClauseElement, CompoundSelect, Float, Insert, Select, inspect
from sqlalchemy.engine import IteratorResult, Result
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.orm import Mapper
from sqlalchemy.orm.util import AliasedInsp
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from db.base import DIALECT, Base

MOST_KEPT = 2_000  # compiled statements

Values = Mapping[str, Any]
Processor = Callable[[Any], Any]
Load = Callable[[Mapper[Any], dict[str, Any]], Base | None]


@dataclass(frozen=True, slots=True)
class _Part:
    """What a column of a result is: `width` columns of a row, a mapped object of them where there is a `mapper`."""

    name: str
    width: int
    processors: tuple[tuple[int, Processor], ...]
    mapper: Mapper[Any] | None = None
    keys: tuple[str, ...] = ()


class Prepared:
    """`key` is the statement's cache key; `given` are the columns that an INSERT is given as parameters."""

    def __init__(self, statement: ClauseElement, key: CacheKey | None, given: tuple[str, ...] | None) -> None:
        flat, self._parts = _flattened(statement)
        self._compiled = cast("SQLCompiler", flat.compile(dialect=DIALECT, cache_key=key, column_keys=given))
        self.locks = isinstance(statement, Select) and statement._for_update_arg is not None
        self._sql = str(self._compiled)
        self._order = tuple(self._compiled.positiontup or ())
        found = ((name, _bind_processor(self._compiled.binds[name].type)) for name in self._order)
        self._processors = {name: processor for name, processor in found if processor}
        self._expands = bool(self._compiled.post_compile_params)
        self._plain = all(part.mapper is None and not part.processors for part in self._parts)
        self._metadata = SimpleResultMetaData([part.name for part in self._parts] or [""])

    def filled(self, values: Values, key: CacheKey | None) -> tuple[str, list[Any]]:
        """The text, and what its parameters are filled with; lists that IN is given change the text."""
        extracted = None if key is None else key.bindparams
        named = self._compiled.construct_params(values, extracted_parameters=extracted)
        if self._expands:
            made = self._compiled.construct_expanded_state(named)
            return made.statement, [
                made.processors[name](made.parameters[name]) if name in made.processors else made.parameters[name]
                for name in made.positiontup or ()
            ]
        processors = self._processors
        return self._sql, [processors[name](named[name]) if name in processors else named[name] for name in self._order]

    def result(self, records: Sequence[asyncpg.Record], load: Load) -> Result[*tuple[Any, ...]]:
        if not self._parts and records:  # SQL written by hand says only now what its columns are
            return IteratorResult(SimpleResultMetaData([*records[0].keys()]), map(tuple, records))
        rows = map(tuple, records) if self._plain else [self._row(record, load) for record in records]
        return IteratorResult(self._metadata, iter(rows))

    def _row(self, record: asyncpg.Record, load: Load) -> tuple[Any, ...]:
        row, start = list[Any](), 0
        for part in self._parts:
            values = [*record[start : start + part.width]]
            start += part.width
            for number, process in part.processors:
                values[number] = process(values[number])
            row.append(
                values[0] if part.mapper is None else load(part.mapper, dict(zip(part.keys, values, strict=True)))
            )
        return tuple(row)


def _flattened(statement: ClauseElement) -> tuple[ClauseElement, tuple[_Part, ...]]:
    """The statement with the columns of each mapped class in its place, and what its results are made of."""
    if isinstance(statement, CompoundSelect):
        return statement, tuple(_column(str(column.key), column.type) for column in statement.selected_columns)
    if not isinstance(statement, Select):
        told = getattr(statement, "returning_column_descriptions", ())
        return statement, tuple(_column(one["name"], one["type"]) for one in told)
    columns: list[Any] = []
    parts = []
    for told in statement.column_descriptions:
        inspected = inspect(told["expr"], raiseerr=False)
        if isinstance(inspected, Mapper | AliasedInsp):
            kept = attributes(inspected.mapper)
            columns += [getattr(told["expr"], name) for name in kept]
            parts.append(_object(told["name"], inspected.mapper, kept))
        else:
            columns.append(told["expr"])
            parts.append(_column(told["name"], told["type"]))
    if len(columns) == len(parts):
        return statement, tuple(parts)
    return statement.with_only_columns(*columns, maintain_column_froms=True), tuple(parts)


def attributes(mapper: Mapper[Any]) -> dict[str, TypeEngine[Any]]:
    """Those of a row that are loaded, with their types: all but what PostgreSQL makes of others and only searches."""
    return {one.key: one.columns[0].type for one in mapper.column_attrs if one.columns[0].computed is None}


def _object(name: str, mapper: Mapper[Any], kept: Mapping[str, TypeEngine[Any]]) -> _Part:
    return _Part(name, len(kept), _processors(kept.values()), mapper, tuple(kept))


def _column(name: str, type: TypeEngine[Any]) -> _Part:
    return _Part(name, 1, _processors([type]))


def _processors(types: Iterable[TypeEngine[Any]]) -> tuple[tuple[int, Processor], ...]:
    found = ((number, _result_processor(type)) for number, type in enumerate(types))
    return tuple((number, processor) for number, processor in found if processor)


def _result_processor(type: TypeEngine[Any]) -> Processor | None:
    oid = 701 if isinstance(type, Float) else 1700  # float8 or numeric: the one thing that a processor asks for
    return cast("Processor | None", type.dialect_impl(DIALECT).result_processor(DIALECT, oid))


def _bind_processor(type: TypeEngine[Any]) -> Processor | None:
    return cast("Processor | None", type.dialect_impl(DIALECT).bind_processor(DIALECT))


_Found = tuple[Prepared, CacheKey | None]
_BY_KEY: OrderedDict[Any, Prepared] = OrderedDict()
# A statement's own entry holds what it was compiled to weakly: that holds a statement, and neither would ever go.
_Kept = tuple[ref[Prepared], CacheKey | None]
_BY_STATEMENT: WeakKeyDictionary[ClauseElement, dict[tuple[str, ...] | None, _Kept]] = WeakKeyDictionary()


def prepared(statement: ClauseElement, given: tuple[str, ...] | None) -> _Found:
    """The statement compiled, and its cache key, which holds the values that were written into it.

    One that lives on, such as a module's, is found again without a look at what it is made of.
    """
    named = statement.table.c if given and isinstance(statement, Insert) else ()
    given = tuple(name for name in given or () if name in named) or None
    known = _BY_STATEMENT.get(statement)
    if known is None:
        known = _BY_STATEMENT[statement] = {}
    if (kept := known.get(given)) and (made := kept[0]()):
        return made, kept[1]
    made, key = _by_key(statement, given)
    known[given] = ref(made), key
    return made, key


def _by_key(statement: ClauseElement, given: tuple[str, ...] | None) -> _Found:
    key = statement._generate_cache_key()
    if key is None:
        return Prepared(statement, None, given), None
    made = _BY_KEY.get(whole := (key.key, given))
    if made is None:
        made = _BY_KEY[whole] = Prepared(statement, key, given)
        while len(_BY_KEY) > MOST_KEPT:
            _BY_KEY.popitem(last=False)
    else:
        _BY_KEY.move_to_end(whole)
    return made, key

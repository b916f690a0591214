"""What PostgreSQL cannot write: fields that only Python computes, and keys too long for its identifiers.

The statement leaves a place for each and brings what is needed under keys that no client can write. When it has run,
the JSON is parsed, finished and written again. A plan with nothing of the kind has no Finish: its JSON is untouched.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import GraphQLError, Node
from pydantic import TypeAdapter

from db.selection import Column, Constant, Edges, Facet, Fields, Kind, Kinds, Many, Nodes, One, Page, PageInfo

LONGEST_KEY = 63  # bytes of an identifier in PostgreSQL, which cuts off the rest
TAG = "\x01kind"  # of an object where several kinds may stand

# Computing may take long, and nobody else is to wait for it: neither the event loop nor those who sign in.
WORKERS = ThreadPoolExecutor(2, thread_name_prefix="finish")

Values = Mapping[str, Any]


class Unfinished(Exception):
    """A field could not be computed: why, and where below the root field."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.path: list[str | int] = []

    def located(self, root: Sequence[str | int], nodes: Sequence[Node]) -> GraphQLError:
        """The error of the field; `root` is the path of the root field."""
        return GraphQLError(str(self), nodes, path=[*root, *self.path], original_error=self.cause)


@dataclass(frozen=True, slots=True)
class Computed(Constant):
    """Keeps the place of a field that `function` computes, of columns (`needs`), constants and slots by parameter."""

    function: Callable[..., Any]
    needs: Mapping[str, TypeAdapter[Any]]
    given: Mapping[str, Any]
    slots: Mapping[str, str]
    write: Callable[[Any], Any]

    def computed(self, found: Mapping[str, Any], values: Values) -> Any:
        needs = {name: reading.validate_python(found[needed(name)]) for name, reading in self.needs.items()}
        slots = {name: values[slot] for name, slot in self.slots.items()}
        return self.write(self.function(**needs, **self.given, **slots))


class Names:
    """Short keys for long ones."""

    def __init__(self) -> None:
        self._short: dict[str, str] = {}

    def short(self, key: str) -> str:
        return key if len(key) <= LONGEST_KEY else self._short.setdefault(key, f"\x01alias{len(self._short)}")

    def long(self, keys: Iterable[str]) -> dict[str, str]:
        """Those among the keys that stand for long ones, and which."""
        found = {short: key for key, short in self._short.items()}
        return {key: found[key] for key in keys if key in found}


@dataclass(frozen=True, slots=True)
class Finish:
    """What is still to be done to an object, or to each of a list."""

    computed: tuple[Computed, ...]
    inner: tuple[tuple[str, "Finish | Mixed"], ...]
    hidden: tuple[str, ...]
    names: Mapping[str, str]

    def made(self, found: Any, values: Values) -> Any:
        """Raises Unfinished."""
        return _each(found, values, self._object)

    def _object(self, found: dict[str, Any], values: Values) -> dict[str, Any]:
        for field in self.computed:
            found[field.key] = self._at(field.key, self._computed, field, found, values)
        for key, inner in self.inner:
            found[key] = self._at(key, inner.made, found[key], values)
        for key in self.hidden:
            del found[key]
        return {self.names.get(key, key): value for key, value in found.items()} if self.names else found

    def _computed(self, field: Computed, found: dict[str, Any], values: Values) -> Any:
        try:
            return field.computed(found, values)
        except Exception as error:
            raise Unfinished(error) from error

    def _at(self, key: str, make: Callable[..., Any], *given: Any) -> Any:
        try:
            return make(*given)
        except Unfinished as error:
            error.path.insert(0, self.names.get(key, key))
            raise


@dataclass(frozen=True, slots=True)
class Mixed:
    """The same where an object may be of several kinds: by its tag."""

    kinds: Mapping[str, Finish | None]

    def made(self, found: Any, values: Values) -> Any:
        return _each(found, values, self._object)

    def _object(self, found: dict[str, Any], values: Values) -> Any:
        kind = self.kinds[found.pop(TAG)]
        return found if kind is None else kind.made(found, values)


def _each(found: Any, values: Values, made: Callable[[dict[str, Any], Values], Any]) -> Any:
    if not isinstance(found, list):
        return None if found is None else made(found, values)
    finished = []
    for at, item in enumerate(found):
        try:
            finished.append(_each(item, values, made))
        except Unfinished as error:
            error.path.insert(0, at)
            raise
    return finished


def needed(name: str) -> str:
    """The key of a column that only a computed field asks for."""
    return f"\x01need.{name}"


def with_needs(fields: Fields) -> Fields:
    """The same fields and, at their end, the columns that the computed ones among them need."""
    names = dict.fromkeys(name for field in fields if isinstance(field, Computed) for name in field.needs)
    return (*fields, *(Column(needed(name), name) for name in names))


def tagged(kinds: Kinds, names: Names) -> Kinds:
    """The same kinds; where there is something to finish, each object says of which it is."""
    if all(finish_of(kind.fields, names) is None for kind in kinds):
        return kinds
    return tuple(replace(kind, fields=(Constant(TAG, kind.model.prefix), *kind.fields)) for kind in kinds)


def finish_of(parts: Iterable[Any], names: Names) -> Finish | Mixed | None:
    """What is to be done to objects of these fields, parts of a page, or kinds."""
    parts = tuple(parts)
    if parts and isinstance(parts[0], Kind):
        kinds = {kind.model.prefix: _of_object(kind.fields, names) for kind in parts}
        return Mixed(kinds) if any(TAG in (field.key for field in kind.fields) for kind in parts) else None
    return _of_object(parts, names)


def _of_object(parts: tuple[Any, ...], names: Names) -> Finish | None:
    computed = tuple(part for part in parts if isinstance(part, Computed))
    below = ((part.key, finish_of(_below(part), names)) for part in parts)
    inner = tuple((key, finish) for key, finish in below if finish is not None)
    hidden = tuple(part.key for part in parts if part.key.startswith(needed("")))
    long = names.long(part.key for part in parts)
    return Finish(computed, inner, hidden, long) if computed or inner or long else None


def _below(part: Any) -> tuple[Any, ...]:
    match part:
        case One(fields=below) | Many(fields=below) | Facet(fields=below) | Nodes(fields=below):
            return below
        case Page(parts=below) | Edges(parts=below) | PageInfo(parts=below):
            return below
    return ()


async def finished(finish: Finish | Mixed, json: bytes, values: Values) -> bytes:
    """The JSON as the client is to have it. Raises Unfinished."""
    return await asyncio.get_running_loop().run_in_executor(WORKERS, _written, finish, json, values)


def _written(finish: Finish | Mixed, json: bytes, values: Values) -> bytes:
    return orjson.dumps(finish.made(orjson.loads(json), values))

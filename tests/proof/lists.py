"""Order and pages, in the plainest Python: sort all, drop what lies before the cursor, take as many as asked for."""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cmp_to_key
from typing import Any

from db.models import ItemStatus, Priority

NULLABLE = {"due_at", "completed_at", "parent.title", "price_minor", "next_birthday"}
NULLABLE |= {"gift.name", "gift.price_minor", "giving.received_at"}
MOMENTS = {"created_at", "updated_at", "due_at", "completed_at", "last_used_at", "since", "joined_at"}
MOMENTS |= {"giving.received_at"}
DAYS = {"day", "next_birthday"}
NUMBERS = {"price_minor", "gift.price_minor", "participant_count"}
ENUMS: dict[str, type[StrEnum]] = {"priority": Priority, "status": ItemStatus}


@dataclass(frozen=True)
class Order:
    """By an attribute of the rows, or by what `of` makes of them. Its name stands in cursors."""

    by: str
    falling: bool = False
    of: Callable[[Any], Any] | None = None
    called: str | None = None

    @property
    def name(self) -> str:
        return self.called or self.by + ("-" if self.falling else "+")

    def made_of(self, of: Callable[[Any], Any]) -> "Order":
        return replace(self, of=of)

    def key(self, row: Any) -> tuple[Any, str]:
        return self.of(row) if self.of else getattr(row, self.by), row.id

    def compare(self, one: tuple[Any, str], other: tuple[Any, str]) -> int:
        """Nulls come last either way; the id decides between equals and runs the same way."""
        if (one[0] is None) is not (other[0] is None):
            return 1 if one[0] is None else -1
        if one == other:
            return 0
        a, b = [(_rank(value), id) for value, id in (one, other)]
        return -1 if (a < b) is not self.falling else 1

    def sorted(self, rows: Iterable[Any]) -> list[Any]:
        return sorted(rows, key=cmp_to_key(lambda a, b: self.compare(self.key(a), self.key(b))))

    def cursor(self, row: Any) -> str:
        value, id = self.key(row)
        text = f"[{json.dumps(self.name)}, {_written(value)}, {json.dumps(id)}]"
        return base64.b64encode(text.encode()).decode()

    def opened(self, cursor: str) -> tuple[Any, str]:
        """The key in a cursor. Raises ValueError with what clients are told."""
        try:
            name, *values = json.loads(base64.b64decode(cursor, validate=True))
        except (ValueError, TypeError) as error:
            raise ValueError("not a cursor of this list") from error
        if not isinstance(name, str):
            raise ValueError("not a cursor of this list")
        if name != self.name or len(values) != 2:
            raise ValueError("is a cursor of another list or order")
        if not isinstance(values[1], str):
            raise ValueError("not a cursor of this list")
        return self._read(values[0]), values[1]

    def _read(self, value: Any) -> Any:
        if value is None and self.by in NULLABLE:
            return None
        try:
            if self.by in MOMENTS:
                return _aware(datetime.fromisoformat(value))
            if self.by in DAYS:
                return date.fromisoformat(value)
            if self.by in NUMBERS:
                return int(value)
            if self.by == "position":
                return float(value)
            return ENUMS[self.by](value) if self.by in ENUMS else _text(value)
        except (OverflowError, TypeError, ValueError) as error:
            raise ValueError("not a cursor of this list") from error


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("no offset from UTC")
    return at.astimezone(UTC)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _rank(value: Any) -> Any:
    """Enums rise in the order of their declaration, texts letter by letter."""
    return [*type(value)].index(value) if isinstance(value, StrEnum) else 0 if value is None else value


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return json.dumps(moment(value))
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return json.dumps(value, ensure_ascii=False)


def moment(at: datetime) -> str:
    """UTC, with as many decimals as it has."""
    text, _, rest = at.astimezone(UTC).isoformat().partition("+")
    return (text.rstrip("0") if "." in text else text) + "+" + rest


@dataclass(frozen=True)
class Edge:
    cursor: str
    node: Any


class Page:
    """A connection. `first`, `after`, `last`, `before` and `offset` have been checked."""

    def __init__(self, rows: Iterable[Any], order: Order, given: dict[str, Any]) -> None:
        backward = given.get("last") is not None
        cursor = given.get("before" if backward else "after")
        skipped = given.get("offset") or 0
        size = given.get("last") or given.get("first") or 20
        there = order.sorted(rows)
        self.total_count = len(there)
        left = there[::-1] if backward else there
        if cursor is not None:
            key, side = order.opened(cursor), -1 if backward else 1
            left = [row for row in left if order.compare(order.key(row), key) == side]
        left = left[skipped:]
        more, behind = len(left) > size, cursor is not None or skipped > 0
        self.nodes = left[:size][::-1] if backward else left[:size]
        self.edges = [Edge(order.cursor(row), row) for row in self.nodes]
        self.page_info = {
            "hasNextPage": behind if backward else more,
            "hasPreviousPage": more if backward else behind,
            "startCursor": self.edges[0].cursor if self.edges else None,
            "endCursor": self.edges[-1].cursor if self.edges else None,
        }

"""Scalars whose rules are stricter than Strawberry's own."""

from datetime import UTC, datetime
from typing import Any, NewType

from strawberry.scalars import ID
from strawberry.types.scalar import ScalarDefinition, scalar

from kit import clock

YEARS = range(1000, 9900)  # in which recurrence reckons; at the ends PostgreSQL would say infinity

Cursor = NewType("Cursor", str)


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("a moment is a string such as 2026-11-21T09:00:00Z")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"not a date and time: {error}") from None
    if "T" not in value.upper() and " " not in value:
        raise ValueError("a moment needs a time of day, such as 2026-11-21T09:00:00Z")
    if moment.tzinfo is None:
        raise ValueError("a moment needs its offset from UTC, such as …Z or …+01:00")
    if moment.year not in YEARS:
        raise ValueError(f"the year must be {YEARS[0]} to {YEARS[-1]}")
    return moment.astimezone(UTC)


def _position(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a cursor is a string")
    return value


SCALARS: dict[object, ScalarDefinition] = {
    datetime: scalar(
        name="DateTime",
        description="A moment in ISO 8601 with its offset, such as 2026-11-21T09:00:00Z. Answers are in UTC.",
        serialize=clock.written,
        parse_value=_moment,
    ),
    Cursor: scalar(
        name="Cursor",
        description="A place in the stream of events. Opaque; keep the last one seen and resume `after` it.",
        serialize=str,
        parse_value=_position,
    ),
}

__all__ = ["ID", "SCALARS", "Cursor"]

"""Scalars whose rules are stricter than Strawberry's own, and that say what is amiss: errors repeat no value."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NewType

from graphql import GraphQLError, ValueNode
from graphql.utilities import value_from_ast_untyped
from strawberry.scalars import ID
from strawberry.types.scalar import ScalarDefinition, scalar

from kit import clock

YEARS = range(1000, 9900)  # in which recurrence reckons; at the ends PostgreSQL would say infinity

Cursor = NewType("Cursor", str)


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise GraphQLError("a moment is a string such as 2026-11-21T09:00:00Z")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise GraphQLError("not a date and time such as 2026-11-21T09:00:00Z") from None
    if "T" not in value.upper() and " " not in value:
        raise GraphQLError("a moment needs a time of day, such as 2026-11-21T09:00:00Z")
    if moment.tzinfo is None:
        raise GraphQLError("a moment needs its offset from UTC, such as …Z or …+01:00")
    if moment.year not in YEARS:
        raise GraphQLError(f"the year must be {YEARS[0]} to {YEARS[-1]}")
    return moment.astimezone(UTC)


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError("not a day such as 2026-11-21") from None


def _position(value: Any) -> str:
    if not isinstance(value, str):
        raise GraphQLError("a cursor is a string")
    return value


def _written_out(read: Callable[[Any], Any]) -> Callable[[ValueNode, Any], Any]:
    """The same for a value that stands in the document; an error says where."""

    def parsed(node: ValueNode, variables: Any = None) -> Any:
        try:
            return read(value_from_ast_untyped(node, variables))
        except GraphQLError as error:
            raise GraphQLError(error.message, node) from None

    return parsed


SCALARS: dict[object, ScalarDefinition] = {
    datetime: scalar(
        name="DateTime",
        description="A moment in ISO 8601 with its offset, such as 2026-11-21T09:00:00Z. Answers are in UTC.",
        serialize=clock.written,
        parse_value=_moment,
        parse_literal=_written_out(_moment),
    ),
    date: scalar(
        name="Date",
        description="A day in ISO 8601, such as 2026-11-21.",
        serialize=date.isoformat,
        parse_value=_day,
        parse_literal=_written_out(_day),
    ),
    Cursor: scalar(
        name="Cursor",
        description="A place in the stream of events. Opaque; keep the last one seen and resume `after` it.",
        serialize=str,
        parse_value=_position,
        parse_literal=_written_out(_position),
    ),
}

__all__ = ["ID", "SCALARS", "Cursor"]

"""The one source of time: aware, in UTC, and replaceable in tests."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def now() -> datetime:
    return datetime.now(UTC)


def written(moment: datetime) -> str:
    """In UTC, letter by letter as PostgreSQL writes it into JSON: with no more decimals than it has."""
    text = moment.astimezone(UTC).isoformat()
    return text[:-6].rstrip("0") + text[-6:] if moment.microsecond else text

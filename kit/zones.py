"""Time zones by their IANA names, and no other way to a file."""

from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})  # no places


@lru_cache(maxsize=1000)
def zone(name: str) -> ZoneInfo:
    """Raises ValueError, with a message for the client, for what is no zone."""
    if name not in _names():
        raise ValueError("unknown time zone; use an IANA name such as Europe/Berlin")
    return ZoneInfo(name)

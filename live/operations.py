"""What a process counts of GraphQL operations, by their type, name and code. Each call costs about a microsecond.

Clients choose the names. One counts under its own name where the document is trusted, or where somebody who has signed
in asked it while there was room for new ones; all others are `other`, and those without a name `none`.
"""

from live.histogram import Tally

NAMES = 100  # most different names under which one thing is counted
OTHER = "other"
UNNAMED = "none"
DONE = "OK"
CODES = 100  # there are about thirty, and they are ours


class Counted:
    """Of one type and name. `cost` is what they may have reached, as the limit on it counts."""

    __slots__ = ("codes", "cost", "seconds")

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.seconds = Tally()
        self.cost = 0

    def ended(self, code: str, seconds: float | None = None) -> None:
        """`code` is that of its first error, or DONE; a subscription takes as long as somebody likes."""
        try:
            self.codes[code] += 1
        except KeyError:
            code = code if len(self.codes) < CODES else OTHER
            self.codes[code] = self.codes.get(code, 0) + 1
        if seconds is not None:
            self.seconds.add(seconds, 1)


Title = tuple[str, str | None, bool]  # the type, the name that its document gives it, whether that is trusted


class Operations:
    """`counted` is by type and name, as they are told."""

    def __init__(self) -> None:
        self.counted: dict[tuple[str, str], Counted] = {}
        self._known: dict[Title, Counted] = {}

    def of(self, title: Title, *, signed_in: bool) -> Counted:
        return self._known.get(title) or self._new(title, signed_in)

    def _new(self, title: Title, signed_in: bool) -> Counted:
        kind, name, trusted = title
        named = name is None or trusted or (signed_in and len(self._known) < NAMES)
        if not named:
            return self.counted.setdefault((kind, OTHER), Counted())
        counted = self._known[title] = self.counted.setdefault((kind, name or UNNAMED), Counted())
        return counted

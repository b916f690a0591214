"""What a process counts of GraphQL operations, by their type, name and code. Each call costs about a microsecond.

Clients choose the names. One counts under its own name where the document is trusted, or where somebody who has signed
in asked it while there was room for new ones; all others are `other`, and those without a name `none`.
"""

from collections import Counter, defaultdict

from live.histogram import Tally

NAMES = 100  # most different names under which one thing is counted
OTHER = "other"
UNNAMED = "none"
DONE = "OK"
LONGEST_NAME = 100
CODES = 100  # there are about thirty, and they are ours

Key = tuple[str, str]  # an operation's type and its name, as they are told


class Operations:
    def __init__(self) -> None:
        self._names: dict[Key, Key] = {}
        self.codes: Counter[tuple[str, str, str]] = Counter()
        self.seconds: defaultdict[Key, Tally] = defaultdict(Tally)
        self.costs: Counter[Key] = Counter()

    def key(self, kind: str, name: str | None, *, trusted: bool, signed_in: bool) -> Key:
        known = self._names.get((kind, name or UNNAMED))
        if known is not None:
            return known
        if name is None:
            return self._keep(kind, UNNAMED)
        if len(name) <= LONGEST_NAME and (trusted or (signed_in and len(self._names) < NAMES)):
            return self._keep(kind, name)
        return kind, OTHER

    def _keep(self, kind: str, name: str) -> Key:
        key = kind, name
        return self._names.setdefault(key, key)

    def ended(self, key: Key, code: str, seconds: float | None = None) -> None:
        """`code` is that of its first error, or DONE; a subscription takes as long as somebody likes."""
        counted = (*key, code)
        self.codes[counted if counted in self.codes or len(self.codes) < CODES * NAMES else (*key, OTHER)] += 1
        if seconds is not None:
            self.seconds[key].add(seconds, 1)

    def cost(self, key: Key, cost: int) -> None:
        """What it may have reached, as the limit on it counts."""
        self.costs[key] += cost

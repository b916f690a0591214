"""How many connections that last each user has, or each address: sockets and streams alike."""

from collections import Counter

from kit.errors import RateLimited


class Seats:
    """Of each of many, be it users or places; no more than `most`."""

    def __init__(self, most: int, whose: str) -> None:
        self._most = most
        self._whose = whose
        self._taken: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many have any."""
        return len(self._taken)

    def take(self, who: str) -> bool:
        """Whether they may have one more; then it is theirs until they leave it."""
        if self._taken[who] >= self._most:
            return False
        self._taken[who] += 1
        return True

    def full(self) -> RateLimited:
        """What is said to those who get none."""
        return RateLimited(1, f"More than {self._most} connections of {self._whose}")

    def leave(self, who: str) -> None:
        self._taken[who] -= 1
        if not self._taken[who]:
            del self._taken[who]

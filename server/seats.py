"""How many connections that last each user has, sockets and streams alike."""

from collections import Counter

from kit.ids import Id


class Seats:
    def __init__(self, most: int) -> None:
        self.most = most
        self._taken: Counter[Id] = Counter()

    def take(self, user: Id) -> bool:
        """Whether the user may have one more; then it is theirs until they leave it."""
        if self._taken[user] >= self.most:
            return False
        self._taken[user] += 1
        return True

    def leave(self, user: Id) -> None:
        self._taken[user] -= 1
        if not self._taken[user]:
            del self._taken[user]

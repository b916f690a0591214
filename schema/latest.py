"""What was asked for lately, by its text."""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

EACH = 50  # characters that a text counts for besides its own: the smallest document takes 5 KB


class Latest(Generic[T]):
    """The latest, by text; bounded by their characters, and EACH of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._found: OrderedDict[str, T] = OrderedDict()

    def __contains__(self, text: str) -> bool:
        return text in self._found

    def find(self, text: str) -> T | None:
        found = self._found.get(text)
        if found is not None:
            self._found.move_to_end(text)
        return found

    def keep(self, text: str, made: T) -> list[T]:
        """Those that had to go for it."""
        self._found[text] = made
        self._size += len(text) + EACH
        gone = []
        while self._size > self._most:
            text, oldest = self._found.popitem(last=False)
            self._size -= len(text) + EACH
            gone.append(oldest)
        return gone

    def pop(self, text: str) -> T | None:
        found = self._found.pop(text, None)
        if found is not None:
            self._size -= len(text) + EACH
        return found

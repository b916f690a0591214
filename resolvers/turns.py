"""One after the other within this process, by key. Whoever waits holds nothing but its place."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from kit.errors import Conflict


def in_use() -> Conflict:
    return Conflict("The same request is still under way; try again", reason="IDEMPOTENCY_KEY_IN_USE")


def crowded() -> Conflict:
    return Conflict("Too many want the same at this moment; try again", reason="TRY_AGAIN")


class Turns:
    """A key is forgotten when nobody has its turn or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, key: bytes, *, seconds: float, late: Callable[[], Conflict] = in_use) -> AsyncIterator[None]:
        """Raises what `late` makes where it does not come to its turn within the time."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(seconds):
                await lock.acquire()
        except TimeoutError:
            raise late() from None
        try:
            yield
        finally:
            lock.release()

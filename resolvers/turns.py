"""One after the other within this process, by key. Whoever waits holds nothing but its place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from kit.errors import Conflict


class Turns:
    """A key is forgotten when nobody has its turn or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, key: bytes, *, seconds: float) -> AsyncIterator[None]:
        """Raises Conflict where it does not come to its turn within the time."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        try:
            async with asyncio.timeout(seconds):
                await lock.acquire()
        except TimeoutError:
            raise in_use() from None
        try:
            yield
        finally:
            lock.release()


def in_use() -> Conflict:
    return Conflict("The same request is still under way; try again", reason="IDEMPOTENCY_KEY_IN_USE")

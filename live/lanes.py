"""Whose turn it is to ask the database: groups that are answered quickly do not wait behind those that are not.

What takes long must not take all places, and nobody can tell beforehand what will. So whoever is not answered at once
is stopped, asks again among others of that kind, and comes back from there once it was answered quickly.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

QUICK_SECONDS = 0.25  # an event takes one or two milliseconds; so long may others have to wait for a place


class Lanes:
    """Of `executions` places two fifths are for those that are slow; each kind has one at least."""

    def __init__(self, executions: int) -> None:
        slow = max(executions * 2 // 5, 1)
        self.quick = asyncio.Semaphore(max(executions - slow, 1))
        self.slow = asyncio.Semaphore(slow)


class Lane:
    """That of one group."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._quick = True

    async def asked(self, ask: Callable[[], Awaitable[T]]) -> T:
        """The answer. What is asked must only read: it may be stopped, and asked a second time."""
        if self._quick:
            async with self._lanes.quick:
                if self._quick:  # still: the group may have asked for more than this
                    try:
                        async with asyncio.timeout(QUICK_SECONDS) as limit:
                            return await ask()
                    except TimeoutError:
                        if not limit.expired():
                            raise
                        self._quick = False
        async with self._lanes.slow:
            began = perf_counter()
            answer = await ask()
            self._quick = perf_counter() - began < QUICK_SECONDS
            return answer

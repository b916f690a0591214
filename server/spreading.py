"""Doing something to many without having all of them come back at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

T = TypeVar("T")


async def spread(each: Sequence[T], seconds: float) -> AsyncIterator[T]:
    """One after the other, over so many seconds whatever their number: the clock of the loop counts milliseconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number, one in enumerate(each, 1):
        yield one
        await asyncio.sleep(began + seconds * number / len(each) - loop.time())

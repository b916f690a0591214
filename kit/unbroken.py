"""Work that is finished once it was begun."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Its answer, also where whoever waits for it is cancelled meanwhile: that counts for nothing.

    It should have an end of its own. When the event loop ends, so does it.
    """
    task = asyncio.create_task(work)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    return task.result()

"""Waiting for what happens elsewhere, and not for ever."""

import asyncio
from collections.abc import Callable
from inspect import isawaitable

from structlog.typing import EventDict

PATIENCE = 10  # seconds until what must happen counts as missing


async def until(holds: Callable[[], object]) -> None:
    """Asks again and again; what it answers may have to be awaited."""
    async with asyncio.timeout(PATIENCE):
        while not (await told if isawaitable(told := holds()) else told):  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)


async def until_logged(logged: list[EventDict], event: str, times: int = 1) -> None:
    await until(lambda: sum(record["event"] == event for record in logged) >= times)

"""What is overdue ends, every two seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from resolvers.context import Services
from resolvers.seances import spirit

EVERY_SECONDS = 2.0
REASON = 200  # characters

Sweep = Callable[[Services], Awaitable[None]]
SWEEPS: Sequence[Sweep] = (spirit.fail_lapsed,)

logger = structlog.get_logger()


async def keep_sweeping(services: Services) -> None:
    """For the life of the process, several of which may do it at once. What goes on failing is told once."""
    failing: set[Sweep] = set()
    while True:
        for sweep in SWEEPS:
            try:
                await sweep(services)
                failing.discard(sweep)
            except Exception as error:
                if sweep not in failing:
                    logger.warning("sweeping.failed", sweep=sweep.__name__, error=repr(error)[:REASON])
                failing.add(sweep)
        await asyncio.sleep(EVERY_SECONDS)

"""What is overdue in rooms ends, every two seconds."""

import asyncio

import structlog

from resolvers.context import Services, for_nobody
from resolvers.seances import spirit

EVERY_SECONDS = 2.0
REASON = 200  # characters

logger = structlog.get_logger()


async def sweep(services: Services) -> None:
    """For the life of the process; several processes may do it at once."""
    while True:
        try:
            await spirit.fail_lapsed(for_nobody(services, "sweep"))
        except Exception as error:
            logger.warning("sweeping.failed", error=repr(error)[:REASON])
        await asyncio.sleep(EVERY_SECONDS)

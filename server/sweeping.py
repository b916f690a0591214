"""What is overdue in rooms, every two seconds: seats of those who stay away, turns of servers that have gone."""

import asyncio

import structlog

from resolvers.context import Services, for_nobody
from resolvers.seances import holds, spirit

EVERY_SECONDS = 2.0
REASON = 200  # characters

logger = structlog.get_logger()


async def keep_rooms(services: Services) -> None:
    """For the life of the process; several processes may do it at once. What goes on failing is logged once."""
    failing: set[str] = set()
    while True:
        for name, overdue in (("seats", holds.sweep), ("turns", spirit.fail_lapsed)):
            try:
                await overdue(for_nobody(services, name))
                failing.discard(name)
            except Exception as error:
                if name not in failing:
                    logger.warning("rooms.not_kept", what=name, error=repr(error)[:REASON])
                failing.add(name)
        await asyncio.sleep(EVERY_SECONDS)

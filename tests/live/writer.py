"""A process that writes events in transactions that it holds open for a while; prints what it committed.

python -m tests.live.writer URL NAME TRANSACTIONS SEED
"""

import asyncio
import json
import random
import sys
from datetime import UTC, datetime

from kit.ids import Id
from live import log
from live.log import Draft, Kind
from tests.transactions import begun

TOPIC = "writers"


async def main(url: str, name: str, transactions: int, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 (delays, not secrets)
    committed: list[list[str]] = []
    waiting = asyncio.Semaphore(4)

    async def write(number: int) -> None:
        drafts = [
            Draft([TOPIC], Kind.ADDED, "Task", Id(f"{name}-{number}-{part}"), None, datetime.now(UTC))
            for part in range(chance.randint(1, 3))
        ]
        delay, rolled_back = chance.uniform(0, 0.03), chance.random() < 0.1
        async with waiting, begun(url) as transaction:
            await log.append(transaction, drafts)
            await asyncio.sleep(delay)
            if rolled_back:
                await transaction.rollback()
                return
            await transaction.commit()
            committed.append([draft.entity_id for draft in drafts])

    await asyncio.gather(*(write(number) for number in range(transactions)))
    sys.stdout.write(json.dumps(committed))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))

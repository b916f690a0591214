"""A kind of job of the tests, what has become of it, and processes that work at it."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from db.engine import Database, dsn
from db.jobs import COUNTS
from live.jobs import Handler, Jobs, enqueue
from tests.server.processes import environment
from tests.waiting import until

ROOT = Path(__file__).parent.parent.parent


@dataclass
class Desk:
    """What has been done, by payload; `does` may wait or fail first."""

    db: Database
    does: Callable[[bytes, int], Awaitable[None]] | None = None
    done: Counter[bytes] = field(default_factory=Counter)
    begun: Counter[bytes] = field(default_factory=Counter)
    given_up: Counter[bytes] = field(default_factory=Counter)
    attempts: int = 3
    seconds: float = 10

    async def run(self, number: int, payload: bytes) -> None:
        self.begun[payload] += 1
        if self.does is not None:
            await self.does(payload, self.begun[payload])
        self.done[payload] += 1

    async def gave_up(self, number: int, payload: bytes) -> None:
        self.given_up[payload] += 1

    def jobs(self, **changes: Any) -> Jobs:
        handler = Handler(self.run, self.gave_up, attempts=self.attempts, seconds=self.seconds)
        given: dict[str, Any] = {"concurrency": 4, "lease": 1, "backoff": lambda tried: 0.01}
        return Jobs(url_of(self.db), {"Note": handler}, **(given | changes))

    @asynccontextmanager
    async def open(self, **changes: Any) -> AsyncIterator[None]:
        task = asyncio.create_task(self.jobs(**changes).run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def ask(self, *payloads: bytes, after: timedelta = timedelta(0)) -> None:
        async with self.db.transaction() as session:
            for payload in payloads:
                await enqueue(session, "Note", payload, after=after)

    async def left(self) -> dict[str, int]:
        return {row["status"]: row["number"] for row in await self.db.fetch(COUNTS)}


def url_of(db: Database) -> str:
    return dsn(db.url)


async def until_empty(desk: Desk) -> None:
    async def empty() -> bool:
        return await desk.left() == {}

    await until(empty)


async def until_dead(desk: Desk) -> None:
    async def dead() -> bool:
        return await desk.left() == {"failed": 1}

    await until(dead)


WORKER = """
import asyncio, os, sys
from live.jobs import Handler, Jobs

async def run(number, payload):
    print("begun", payload.decode(), flush=True)
    if sys.argv[2] == "die":
        os.kill(os.getpid(), 9)
    if sys.argv[2] == "hang":
        await asyncio.Event().wait()
    print("done", payload.decode(), flush=True)

async def gave_up(number, payload):
    print("gave up", payload.decode(), flush=True)

handler = Handler(run, gave_up, attempts=2, seconds=60)
asyncio.run(Jobs(sys.argv[1], {"Note": handler}, concurrency=2, lease=1, backoff=lambda tried: 0.01).run())
"""


@asynccontextmanager
async def worker(desk: Desk, what: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WORKER, url_of(desk.db), what),
        cwd=ROOT,
        env=environment(PYTHONPATH=str(ROOT)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def said(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()

"""The doorbell: after a commit a process rings the broadcaster's channel, and every process looks into the log.

A ring carries nothing. Losing one, or the whole broker, costs latency and never an event. Rings are coalesced: while
one is on its way, the next waits and stands for all that came meanwhile.
"""

import asyncio
import contextlib

import structlog
from broadcaster import Broadcast
from broadcaster._base import Subscriber

CHANNEL = "parlor"
ECHO_SECONDS = 5
RETRY_SECONDS = (0.1, 0.5, 1, 2, 5, 10)

log = structlog.get_logger()


class Doorbell:
    """`url` is a broadcaster URL: memory:// within one process, redis:// between several."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._to_ring = asyncio.Event()
        self._echo = asyncio.Event()
        self.heard = asyncio.Event()

    def ring(self) -> None:
        """Never waits and never fails: the log is what counts. One's own tail hears it without the broker."""
        self._to_ring.set()
        self.heard.set()

    async def run(self) -> None:
        """Keeps the connection to the broker; for the life of the process."""
        failures = 0
        while True:
            try:
                async with Broadcast(self._url) as broadcast, broadcast.subscribe(CHANNEL) as rings:
                    self.heard.set()  # whatever rang while nobody listened
                    failures = 0
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(self._listen(rings))
                        tasks.create_task(self._publish(broadcast))
            except Exception as error:  # each backend has errors of its own; none of them may end the process
                wait = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
                log.warning("doorbell.lost", error=repr(error), retry_in=wait)
                failures += 1
                await asyncio.sleep(wait)

    async def _listen(self, rings: Subscriber) -> None:
        while True:
            await rings.get()
            self.heard.set()
            self._echo.set()

    async def _publish(self, broadcast: Broadcast) -> None:
        """Rings, and listens for its own ring: broadcaster says nothing when its subscription has died."""
        while True:
            await self._to_ring.wait()
            self._to_ring.clear()
            self._echo.clear()
            async with asyncio.timeout(ECHO_SECONDS):
                await broadcast.publish(CHANNEL, "")
                await self._echo.wait()

    async def wait(self, seconds: float) -> None:
        """Until the bell rings, and no longer than this."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.heard.wait()
        self.heard.clear()

"""The doorbell: after a commit a process rings, and every process looks into the log.

A ring says who rang and no more; whoever did looks at once, and not again when it comes back. Losing one, or the whole
broker, costs latency and never an event. Rings are coalesced: while one is on its way, the next waits and stands for
all that came meanwhile.
"""

import asyncio
import contextlib
from uuid import uuid4

from live.broker import Publish

CHANNEL = "parlor"
CHECK_SECONDS = 10  # between rings at least: who only listens would not notice that it has become deaf


class Doorbell:
    """A line of the broker."""

    channel = CHANNEL

    def __init__(self) -> None:
        self.name = uuid4().hex
        self._to_ring = asyncio.Event()
        self.heard = asyncio.Event()

    def ring(self) -> None:
        """Never waits and never fails: the log is what counts. One's own tail hears it without the broker."""
        self._to_ring.set()
        self.heard.set()

    async def wait(self, seconds: float) -> None:
        """Until the bell rings, and no longer than this."""
        await _set_within(self.heard, seconds)
        self.heard.clear()

    def hear(self, message: str) -> None:
        if message != self.name:
            self.heard.set()

    async def speak(self, publish: Publish) -> None:
        self.ring()  # for whatever rang, here and elsewhere, while there was no connection
        while True:
            await _set_within(self._to_ring, CHECK_SECONDS)
            self._to_ring.clear()
            await publish(self.name)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()

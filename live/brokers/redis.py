"""Redis. broadcaster's own backend does not tell when its listener has died, and leaves its task behind."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from broadcaster._backends.redis import RedisBackend

from live.brokers.backend import CLOSE_SECONDS, Backend


class Redis(RedisBackend, Backend):
    """A subscription may die unnoticed by the client's library: whoever publishes listens for the echo."""

    def __init__(self, url: str, channels: Sequence[str]) -> None:
        super().__init__(url)
        self._channels = channels

    async def connect(self) -> None:
        await super().connect()
        for channel in self._channels:
            await super().subscribe(channel)

    async def ended(self) -> None:
        assert self._listener is not None, "connect() comes first"
        await asyncio.wait([self._listener])
        await self._listener

    async def disconnect(self) -> None:
        with suppress(Exception):  # it may be dead already
            async with asyncio.timeout(CLOSE_SECONDS):
                await super().disconnect()
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])

    async def subscribe(self, channel: str) -> None:
        """`connect` has done it."""

    async def unsubscribe(self, channel: str) -> None:
        """`disconnect` does it."""

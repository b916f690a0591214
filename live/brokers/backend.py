"""What the broker asks of a backend of broadcaster, beyond what those in the box can do."""

import asyncio
from abc import abstractmethod
from collections.abc import Sequence

from broadcaster import BroadcastBackend
from broadcaster._backends.memory import MemoryBackend

CLOSE_SECONDS = 1  # to say goodbye to a broker that may be gone


class Backend(BroadcastBackend):
    """One connection. Its channels are known from the start and subscribed to by `connect`: broadcaster's own
    `subscribe` turns a failure or a cancellation on the way into a KeyError.

    `disconnect` is bounded, never fails, may come twice and also after a `connect` that failed.
    """

    @abstractmethod
    async def ended(self) -> None:
        """Waits for the end of the connection and raises what it died of, as far as the backend can tell by itself."""


class Memory(MemoryBackend, Backend):
    """Within one process."""

    def __init__(self, channels: Sequence[str]) -> None:
        super().__init__("memory://")

    async def ended(self) -> None:
        await asyncio.Event().wait()

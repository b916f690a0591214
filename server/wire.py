"""The connection below an HTTP response that goes on for long: whether there is room in it, and how it is cut.

uvicorn keeps both to itself: it waits for room without a limit, and when it closes a connection it lets the client take
what is waiting first, for as long as the client likes.
"""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from live.streams import Gone

EXTENSION = "parlor.wire"


class Protocol(HttpToolsProtocol):
    """uvicorn's, with itself in the scope for those who want to know of it."""

    lost: Callable[[], object] | None = None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)["extensions"] = {EXTENSION: self}

    def connection_lost(self, exc: Exception | None) -> None:
        """uvicorn tells only the latest request on a connection; a stream may be one before it."""
        super().connection_lost(exc)
        if self.lost is not None:
            self.lost()


class Wire:
    """What is written goes into a response whose head has been sent, as a chunk of its own (RFC 9112, 7.1).

    `lost` is called when the connection has ended. A client that takes nothing for `seconds` is let go.
    """

    def __init__(self, scope: Scope, lost: Callable[[], object], seconds: int) -> None:
        self._protocol: Protocol = scope["extensions"][EXTENSION]
        self._protocol.lost = lost
        self._transport = self._protocol.transport
        self._seconds = seconds
        notice_absence(self._transport, seconds)

    def release(self) -> None:
        """What happens to the connection from now on is told no more."""
        self._protocol.lost = None

    @property
    def writable(self) -> bool:
        """Whether it can be written to now: it is open, and little is waiting in it."""
        return not self._protocol.flow.write_paused and not self._transport.is_closing()

    def write(self, body: bytes) -> None:
        """At once, whether there is room or not; not at all when the connection is closed."""
        if not self._transport.is_closing():
            self._transport.write(b"%x\r\n%b\r\n" % (len(body), body))

    async def room(self) -> None:
        """Until there is some. Raises Gone once the connection has ended, or has been cut."""
        drain = self._protocol.flow.drain
        if not await taken(self._transport, drain, self._seconds):
            self._transport.abort()
            await drain()  # which its end allows
        if self._transport.is_closing():
            raise Gone


async def taken(transport: asyncio.Transport, drain: Callable[[], Awaitable[object]], seconds: float) -> bool:
    """Whether there is room, after a while; False where the client has taken nothing for so long."""
    while True:
        waiting = transport.get_write_buffer_size()
        try:
            async with asyncio.timeout(seconds):
                await drain()
                return True
        except TimeoutError:
            if transport.get_write_buffer_size() >= waiting:
                return False


def notice_absence(transport: asyncio.Transport, seconds: int) -> None:
    """Has the kernel give up on a client that has vanished, or takes nothing any more of what is waiting when the
    connection is closed: by itself it would try for a quarter of an hour, or for ever.
    """
    found = transport.get_extra_info("socket")
    if sys.platform == "linux" and found is not None and found.family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):  # it has ended just now
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)

"""The connection below HTTP: how long a client may take for its request, and with its answer.

uvicorn has no limits for that: it waits for the rest of a request, and for room to answer, as long as the client likes,
reads heads of any size, and when it closes a connection it lets the client take what is waiting first.
"""

import asyncio
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

import httptools
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from live.streams import Gone
from server.connections import Connections

EXTENSION = "parlor.wire"
MOST_HEAD = 32_768  # bytes of a request's head, and of what is parsed at once
MOST_PIPELINED = 16  # requests of a connection that wait for the one before them
PHRASES = {429: b"Too Many Requests", 431: b"Request Header Fields Too Large", 503: b"Service Unavailable"}


class Protocol(HttpToolsProtocol):
    """uvicorn's, with itself in the scope for those who want to know of it. `lost` is called when it has ended."""

    lost: Callable[[], object] | None = None
    _due = 0.0  # when the client will have kept us waiting for too long; 0 while it does not
    _idle = False  # it may: its request was answered
    _bytes = 0  # of the request, but for what came with its first
    _unsent = 0  # bytes of an answer, when it was looked last
    _stuck = 0.0  # since when it has been as many
    _answering: RequestResponseCycle | None = None
    _elsewhere = False  # the request would like to be one of a protocol that is not spoken here

    def __init__(self, all: Connections, **given: Any) -> None:
        super().__init__(**given)
        self._all = all

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._due = self.loop.time() + self._all.request_seconds
        if status := self._all.enter(self, len(self.connections)):
            self._refuse(status)

    def connection_lost(self, exc: Exception | None) -> None:
        """uvicorn tells only the latest request on a connection; that which is answered may be one before it."""
        super().connection_lost(exc)
        if self._answering is not None:
            self._answering.disconnected = True
        self._all.leave(self)
        if self.lost is not None:
            self.lost()
        self._let_go()

    def _let_go(self) -> None:
        """Of all that holds on to this: so it is gone at once, and waits for no collector."""
        self.scope = self.cycle = self.parser = self.lost = self._answering = None  # type: ignore[assignment]
        self.pipeline.clear()
        self._bytes = 0

    def handle_websocket_upgrade(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:  # whose answer would go into the socket
            self.transport.abort()
            return
        self._all.leave(self)
        super().handle_websocket_upgrade()
        self._let_go()

    def data_received(self, data: bytes) -> None:
        if len(data) > MOST_HEAD:
            for at in range(0, len(data), MOST_HEAD):
                if not self.transport.is_closing() and self.transport.get_protocol() is self:
                    self.data_received(data[at : at + MOST_HEAD])
            return
        if self._idle:
            self._idle, self._due = False, self.loop.time() + self._all.request_seconds
        self._bytes += len(data)
        rest: bytes | None = data
        while rest is not None and not self.transport.is_closing():
            rest = self._parsed(rest)
            if self._bytes > MOST_HEAD or self.pipeline:
                self._check()

    def _parsed(self, data: bytes) -> bytes | None:
        """What is to be parsed anew, where that is so."""
        try:
            super().data_received(data)
        except httptools.HttpParserUpgrade as at:
            return self._stayed(data[at.args[0] :])
        return None

    def _unsupported_upgrade_warning(self) -> None:
        """Called by uvicorn when the parser has stopped there, and left the body unread."""
        if self._elsewhere:
            raise  # what it has caught

    def _stayed(self, rest: bytes) -> bytes:
        """The same request without its wish, which nobody has to grant (RFC 9110, 7.8)."""
        scope = cast("dict[str, Any]", self.scope)
        head = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        head += [b"%b: %b" % (name, value) for name, value in scope["headers"] if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn has it
        return b"\r\n".join([*head, b"", rest])

    def _check(self) -> None:
        """Ends what is larger, or more, than a client may send."""
        if self._bytes > MOST_HEAD and "method" not in (self.scope or ()):
            self._refuse(431)
        elif self._bytes > self._all.most_bytes or len(self.pipeline) > MOST_PIPELINED:
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        cast("dict[str, Any]", self.scope)["extensions"] = {EXTENSION: self}
        self._due = self._due or self.loop.time() + self._all.request_seconds
        self._bytes = 0

    def on_headers_complete(self) -> None:
        wishes = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        self._elsewhere = wishes and not self._should_upgrade()
        if not self._elsewhere:
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._elsewhere:
            return
        super().on_message_complete()
        self._due = 0.0
        if self.cycle is not None and self.cycle.response_complete:  # it was refused before it was whole
            self._rest()

    def on_response_complete(self) -> None:
        """uvicorn would set a timer after each; `look` finds who is idle by the way."""
        if self.pipeline or self.transport.is_closing():
            super().on_response_complete()
            return
        self.server_state.total_requests += 1
        self.flow.resume_reading()
        if not self._due:  # nor does more of a request come
            self._rest()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _rest(self) -> None:
        """Until more is asked."""
        self._idle, self._due = True, self.loop.time() + self._all.idle_seconds

    def look(self, now: float) -> None:
        """Ends it where the client has sent nothing, or not all, or taken nothing of its answer for too long."""
        waiting = self.transport.get_write_buffer_size()
        if waiting != self._unsent:
            self._unsent, self._stuck = waiting, now
        elif waiting and now - self._stuck > self._all.send_seconds:
            self.transport.abort()
        if self._due and self.flow.read_paused:  # by us
            self._due = now + self._all.request_seconds
        elif 0 < self._due < now and not self.transport.is_closing():
            if not self._idle:
                self._all.count(408)
            self.transport.close()

    def _refuse(self, status: int) -> None:
        """In one line, and without one in the log."""
        self._all.count(status)
        head = b"HTTP/1.1 %d %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % (status, PHRASES[status])
        self.transport.write(head)
        self.transport.close()


def protocol_of(scope: Scope) -> Protocol:
    found: Protocol = scope["extensions"][EXTENSION]
    return found


class Wire:
    """What is written goes into a response whose head has been sent, as a chunk of its own (RFC 9112, 7.1).

    `lost` is called when the connection has ended. A client that takes nothing for `seconds` is let go.
    """

    def __init__(self, scope: Scope, lost: Callable[[], object], seconds: int) -> None:
        self._protocol = protocol_of(scope)
        self._protocol.lost = self._lost = lost
        self._transport = self._protocol.transport
        self._seconds = seconds
        notice_absence(self._transport, seconds)

    def release(self) -> None:
        """What happens to the connection from now on is told no more, but to the request that may have come next."""
        if self._protocol.lost is self._lost:
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

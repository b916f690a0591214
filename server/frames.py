"""A socket's frames, written straight to its transport: what is told to a thousand is written a thousand times.

uvicorn's own way costs a coroutine, a state machine and a mask of copies per message; server-to-client frames of
RFC 6455 are a header and the text. It also tells what uvicorn keeps to itself: whether there is room.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode
from websockets.http11 import Request
from websockets.protocol import State

from server.wire import notice_absence, taken

EXTENSION = "parlor.frames"
TEXT = 0x81  # the only frame of a text message
AT_ONCE = 4_096  # bytes looked at between two turns of the event loop, which reads up to 256 KiB
MOST_PARTS = 1_024  # of one message; libraries that split at all do so at some kilobytes


def framed(text: bytes) -> bytes:
    """A text frame as servers send it (RFC 6455, 5.2)."""
    length = len(text)
    if length < 126:
        return bytes((TEXT, length)) + text
    if length < 65_536:
        return bytes((TEXT, 126)) + length.to_bytes(2) + text
    return bytes((TEXT, 127)) + length.to_bytes(8) + text


class Protocol(WebSocketsSansIOProtocol):
    """uvicorn's, with itself in the scope for those who want to write frames, and without patience for bad clients."""

    _unread = b""
    _turn: asyncio.Handle | None = None  # when more of it is read
    _deadline: asyncio.TimerHandle | None = None  # of a message that comes in parts

    def data_received(self, data: bytes) -> None:
        if self.handshake_initiated:
            self._unread += data
            if self._turn is None:
                self._read()
            return
        super().data_received(data)
        if not self.handshake_initiated:  # refused before that: too many headers, or too long; uvicorn says nothing
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()

    def _read(self) -> None:
        """Little at a time, so that others have their turn: small frames take a hundred times as long as they are."""
        self._turn = None
        piece, self._unread = self._unread[:AT_ONCE], self._unread[AT_ONCE:]
        super().data_received(piece)
        self._read_on()

    def _read_on(self) -> None:
        """Once the application has taken what there was."""
        if self._turn is None and not self.read_paused and not self.transport.is_closing():
            if self._unread:
                self.transport.pause_reading()
                self._turn = self.loop.call_soon(self._read)
            else:
                self.transport.resume_reading()

    async def receive(self) -> Any:
        message = await super().receive()
        self._read_on()
        return message

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unread = b""
        if self._turn is not None:
            self._turn.cancel()
        self._in_time()
        self.conn.parser.close()  # a generator that holds on to what holds it

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast("dict[str, object]", self.scope["extensions"])[EXTENSION] = Frames(self)
        elif self.conn.handshake_exc is not None:
            self.conn.handshake_exc.with_traceback(None)  # which holds on to this

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        cast("dict[str, object]", self.scope["extensions"]).pop(EXTENSION, None)  # which hold on to this

    async def send(self, message: Any) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # by a refusal; uvicorn forgets it, and complains of the application
        elif message["type"] == "websocket.close":
            self._read_on()  # to the client's own goodbye

    def handle_events(self) -> None:
        super().handle_events()
        if len(self.frames) > MOST_PARTS:
            self._fail(CloseCode.MESSAGE_TOO_BIG, f"A message must come in at most {MOST_PARTS} parts")
        elif self.frames and self._deadline is None:
            seconds = (self.ping_interval or 0) + (self.ping_timeout or 0)  # the same has a part: no pong gets past it
            late = CloseCode.POLICY_VIOLATION, f"A message must be complete within {seconds:g} s"
            self._deadline = self.loop.call_later(seconds, self._fail, *late)

    def send_receive_event_to_app(self) -> None:
        self._in_time()
        if self.curr_msg_data_type == "text":
            self.frames = [b"".join(self.frames)]
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:  # uvicorn writes a traceback, and fails where a goodbye came along
                self._fail(CloseCode.INVALID_DATA, "A text must be UTF-8")
                return
        super().send_receive_event_to_app()

    def handle_parser_exception(self) -> None:
        """Says why, and goes once the client has: cut at once, it loses the reason for what it is still sending."""
        if self.close_sent:
            return
        found = self.conn.close_sent
        if found is None:  # it was not even let in yet
            self.transport.abort()
            return
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": found.code, "reason": found.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        if self.transport.can_write_eof():
            with suppress(OSError):  # it has just been cut
                self.transport.write_eof()
        self.read_paused = False
        self._read_on()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)

    def handle_ping(self) -> None:
        """Not every one must be answered (RFC 6455, 5.5.3): pongs that nobody takes would wait in memory."""
        pong = self.conn.data_to_send()
        if self.writable.is_set() and not self.close_sent:
            self.transport.write(b"".join(pong))

    def _in_time(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _fail(self, code: CloseCode, reason: str) -> None:
        """Closes, unless that has begun."""
        self.frames = []
        if self.conn.state is State.OPEN:
            self.conn.fail(code, reason)
            self.handle_parser_exception()

    def shutdown(self) -> None:
        """uvicorn's fails where the client has just said goodbye: its server then stops without a word to the rest."""
        if not self.transport.is_closing():
            super().shutdown()


class Frames:
    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    @property
    def writable(self) -> bool:
        """Whether a frame can be written now: the socket is open, and little is waiting in it."""
        return self._protocol.writable.is_set() and self.open

    @property
    def open(self) -> bool:
        protocol = self._protocol
        return (
            protocol.handshake_complete
            and not protocol.close_sent
            and not protocol.disconnected
            and not protocol.transport.is_closing()
        )

    def write(self, texts: Iterable[bytes]) -> None:
        """At once, whether there is room or not; not at all when the socket is closed."""
        if self.open:
            self.put(texts)

    def put(self, texts: Iterable[bytes]) -> None:
        """The same without a look; `writable` has just been asked."""
        self._protocol.transport.write(b"".join(map(framed, texts)))

    async def room(self, seconds: float) -> bool:
        """Until there is room; False where the client has taken nothing for so long, or is gone."""
        protocol = self._protocol
        return await taken(protocol.transport, protocol.writable.wait, seconds) and self.open

    def limit(self, seconds: int) -> None:
        """How long a client may take nothing, also of what is waiting when the socket has been closed."""
        notice_absence(self._protocol.transport, seconds)

    def abort(self) -> None:
        """Ends the connection without a word; what is waiting is lost."""
        self._protocol.transport.abort()


def frames_of(scope: Scope) -> Frames:
    found: Frames = scope["extensions"][EXTENSION]
    return found

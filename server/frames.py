"""A socket's frames, written straight to its transport: what is told to a thousand is written a thousand times.

uvicorn's own way costs a coroutine, a state machine and a mask of copies per message; server-to-client frames of
RFC 6455 are a header and the text. It also tells what uvicorn keeps to itself: whether there is room.
"""

from collections.abc import Iterable
from typing import cast

from starlette.types import Scope
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from server.wire import notice_absence, taken

EXTENSION = "parlor.frames"
TEXT = 0x81  # the only frame of a text message


def framed(text: bytes) -> bytes:
    """A text frame as servers send it (RFC 6455, 5.2)."""
    length = len(text)
    if length < 126:
        return bytes((TEXT, length)) + text
    if length < 65_536:
        return bytes((TEXT, 126)) + length.to_bytes(2) + text
    return bytes((TEXT, 127)) + length.to_bytes(8) + text


class Protocol(WebSocketsSansIOProtocol):
    """uvicorn's, with itself in the scope for those who want to write frames."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast("dict[str, object]", self.scope["extensions"])[EXTENSION] = Frames(self)

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

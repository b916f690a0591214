"""The wire of the fan-out's load, as cheap as Python makes it: WebSocket frames are counted, and not read.

Each write puts its number into the title of a task, and each delivery of it holds that title: so a search of the bytes
tells which write a frame speaks of. Only frames without such a title, and one in many others, are read as JSON.
"""

import json
import selectors
import socket
from array import array
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

ADDRESS = "127.0.0.1"
MARK = b"Renamed "
DIGITS = 8
EVERY = 499  # of so many deliveries one is kept and read; a prime, so that it is not the same socket each time
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A  # first bytes of frames that are whole
UPGRADE = (
    f"GET /graphql HTTP/1.1\r\nHost: {ADDRESS}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cGFybG9yIGJlbmNobWFyaw==\r\n"
    "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
).encode()
_BUFFER = bytearray(1 << 20)  # one for all sockets; what is left of a frame waits with its socket
_VIEW = memoryview(_BUFFER)


def framed(message: bytes, kind: int = TEXT) -> bytes:
    """As a client must frame it: masked, with the mask that changes nothing."""
    size = len(message)
    head = bytes((kind, 0x80 | size)) if size < 126 else bytes((kind, 0xFE)) + size.to_bytes(2, "big")
    return head + bytes(4) + message


def connected(port: int) -> socket.socket:
    made = socket.create_connection((ADDRESS, port), timeout=10)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    made.setblocking(False)
    return made


class Loop:
    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def add(self, socket: socket.socket, readable: Callable[[], None]) -> None:
        self._selector.register(socket, selectors.EVENT_READ, readable)

    def drop(self, socket: socket.socket) -> None:
        self._selector.unregister(socket)
        socket.close()

    def turn(self, seconds: float) -> None:
        """Whatever can be read by then."""
        for key, _ in self._selector.select(max(0.0, seconds)):
            key.data()


class Tally:
    """What has come: the number and the moment (ns) of each delivery, and how many each write still owes."""

    def __init__(self) -> None:
        self.numbers = array("q")
        self.moments = array("q")
        self.owed: dict[int, int] = {}
        self.moved = perf_counter_ns()
        self.kept: list[tuple[int, bytes]] = []
        self.wrong: list[str] = []

    def delivered(self, number: int, now: int) -> None:
        self.numbers.append(number)
        self.moments.append(now)
        self.moved = now
        left = self.owed.get(number)
        if left == 1:
            del self.owed[number]
        elif left is not None:
            self.owed[number] = left - 1


class Follower:
    """A socket with one subscription; `seen` are the numbers of the writes it was told, in order."""

    def __init__(self, loop: Loop, port: int, tally: Tally, topic: int, init: bytes, subscribe: bytes) -> None:
        self.topic = topic
        self.seen = array("q")
        self.following = False
        self._loop, self._tally, self._init, self._subscribe = loop, tally, framed(init), framed(subscribe)
        self._here, self._upgraded = True, False
        self._rest = b""
        self._socket = connected(port)
        self._socket.send(UPGRADE)
        loop.add(self._socket, self._readable)

    def leave(self, *, politely: bool) -> None:
        if self._here and politely:
            self._socket.send(framed(b'{"type":"complete","id":"1"}') + framed(b"\x03\xe8", CLOSE))
        self._end()

    def _readable(self) -> None:
        left = len(self._rest)
        _BUFFER[:left] = self._rest
        try:
            end = left + self._socket.recv_into(_VIEW[left:] if left else _VIEW)
        except BlockingIOError:
            return
        except ConnectionError:
            end = left
        if end == left:
            self._gone("the server dropped the connection")
            return
        at = 0 if self._upgraded else self._upgrade(end)
        at = self._frames(at, end, perf_counter_ns())
        self._rest = bytes(_BUFFER[at:end])

    def _upgrade(self, end: int) -> int:
        """Where the frames begin, once the server has agreed."""
        blank = _BUFFER.find(b"\r\n\r\n", 0, end)
        if blank < 0:
            return 0
        if not _BUFFER.startswith(b"HTTP/1.1 101"):
            self._gone(_BUFFER[:blank].decode(errors="replace"))
            return end
        self._upgraded = True
        self._socket.send(self._init)
        return blank + 4

    def _frames(self, at: int, end: int, now: int) -> int:
        """Takes all that are whole; where the next one begins."""
        while self._upgraded and end - at >= 2:
            size, start = _BUFFER[at + 1], at + 2
            if size >= 126:
                start += 2 if size == 126 else 8
                size = int.from_bytes(_BUFFER[at + 2 : start], "big")
            if end - start < size:
                break
            kind, at = _BUFFER[at], start + size
            found = _BUFFER.find(MARK, start, at) if kind == TEXT else -1
            if found < 0:
                self._told(kind, bytes(_BUFFER[start:at]))
                continue
            found += len(MARK)
            number = int(_BUFFER[found : found + DIGITS])
            self.seen.append(number)
            self._tally.delivered(number, now)
            if len(self._tally.numbers) % EVERY == 0:
                self._tally.kept.append((number, bytes(_BUFFER[start:at])))
        return at

    def _told(self, kind: int, body: bytes) -> None:
        """All that is not a delivery."""
        if kind == PING:
            self._socket.send(framed(body, PONG))
            return
        message: Any = json.loads(body) if kind == TEXT else None
        match message:
            case {"type": "connection_ack"}:
                self._socket.send(self._subscribe)
                self.following = True
            case {"type": "ping"}:
                self._socket.send(framed(b'{"type":"pong"}'))
            case {"type": "next", "payload": {"data": {"taskEvents": {"__typename": "Ready"}}}}:
                pass
            case _:
                self._gone(f"frame {kind:#x}: {body[:500].decode(errors='replace')}")

    def _gone(self, why: str) -> None:
        self._tally.wrong.append(why)
        self._end()

    def _end(self) -> None:
        if self._here:
            self._here = self._upgraded = False
            self._loop.drop(self._socket)


class Writer:
    """A connection over which one write goes at a time; `answered` hears its number and the moment of its answer."""

    def __init__(self, loop: Loop, port: int, answered: Callable[["Writer", int], None]) -> None:
        self._loop, self._answered = loop, answered
        self.number: int | None = None
        self.free_since = 0
        self.alive = True
        self._got = b""
        self._socket = connected(port)
        loop.add(self._socket, self._readable)

    def send(self, number: int, request: bytes) -> None:
        self.number = number
        self._socket.send(request)

    def close(self) -> None:
        if self.alive:
            self.alive = False
            self._loop.drop(self._socket)

    def _readable(self) -> None:
        try:
            got = self._socket.recv(1 << 16)
        except ConnectionError:
            got = b""
        self._got += got
        if not got:
            self.close()
            if self.number is not None:
                raise ConnectionError("The server dropped a write.")
        elif _whole(self._got):
            if not self._got.startswith(b"HTTP/1.1 200") or b'"errors"' in self._got:
                raise ConnectionError(f"A write was answered {self._got[-1000:].decode(errors='replace')}")
            self._got = b""
            self.free_since = perf_counter_ns()
            self._answered(self, self.free_since)


def _whole(answer: bytes) -> bool:
    head, blank, body = answer.partition(b"\r\n\r\n")
    if not blank:
        return False
    sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return len(body) >= int(sizes[0][15:]) if sizes else body.endswith(b"0\r\n\r\n")

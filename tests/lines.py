"""Connections to a server, of which a test says every byte."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.waiting import PATIENCE

WHOLE = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"  # a request that is small, and so is its answer


async def dialled(url: str, *, room: int | None = None) -> socket.socket:
    """One that takes about `room` bytes before it is read."""
    address, connection = urlsplit(url), socket.socket()
    if room is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, (address.hostname, address.port))
    return connection


@asynccontextmanager
async def reached(
    url: str, *, room: int | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Both ends of one, which is cut when the block ends."""
    reader, writer = await asyncio.open_connection(sock=await dialled(url, room=room), limit=room or 65_536)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


@dataclass
class Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, *parts: bytes) -> None:
        self.writer.write(b"".join(parts))
        async with asyncio.timeout(PATIENCE):
            await self.writer.drain()

    async def status(self) -> int:
        """Of the next answer, which is read whole."""
        async with asyncio.timeout(PATIENCE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode().lower()
            (length,) = (line.split()[1] for line in head.split("\r\n") if line.startswith("content-length:"))
            await self.reader.readexactly(int(length))
        return int(head.split()[1])

    async def ended(self) -> bytes:
        """What comes until the connection has ended."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


@asynccontextmanager
async def line(url: str, *, room: int | None = None) -> AsyncIterator[Line]:
    async with reached(url, room=room) as ends:
        yield Line(*ends)

"""A WebSocket client that says whatever a test wants, byte by byte, also what no library would let through."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.lines import Line, reached
from tests.waiting import PATIENCE

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
OURS = "graphql-transport-ws"


def frame(kind: int, body: bytes | str = b"", *, last: bool = True) -> bytes:
    """As clients send it (RFC 6455, 5.2); a mask of zeros is one."""
    body = body.encode() if isinstance(body, str) else body
    size = len(body)
    head = bytes((0x80 * last | kind,))
    if size < 126:
        return head + bytes((0x80 | size, 0, 0, 0, 0)) + body
    if size < 65_536:
        return head + b"\xfe" + size.to_bytes(2) + bytes(4) + body
    return head + b"\xff" + size.to_bytes(8) + bytes(4) + body


def message(**fields: Any) -> bytes:
    return frame(TEXT, json.dumps(fields))


def knock(path: str = "/graphql", protocol: str | None = OURS, **headers: str) -> bytes:
    """The request of a handshake; in the names of `headers` _ is -."""
    given = {"host": "parlor", "upgrade": "websocket", "connection": "Upgrade", "sec_websocket_version": "13"}
    given |= {"sec_websocket_key": base64.b64encode(os.urandom(16)).decode()}
    given |= {} if protocol is None else {"sec_websocket_protocol": protocol}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in (given | headers).items()]
    return "\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")


INIT = message(type="connection_init")
ACK = {"type": "connection_ack"}
TYPENAME = "{ __typename }"


def subscribe(query: str = TYPENAME, id: str = "1", **more: Any) -> bytes:
    return message(type="subscribe", id=id, payload={"query": query, **more})


def complete(id: str = "1") -> bytes:
    return message(type="complete", id=id)


def next_of(id: str = "1", **data: Any) -> dict[str, Any]:
    return {"id": id, "type": "next", "payload": {"data": data or {"__typename": "Query"}}}


def completed(id: str = "1") -> dict[str, Any]:
    return {"id": id, "type": "complete"}


@dataclass
class Raw(Line):
    head: str = field(default="", init=False)  # of the answer to the handshake

    async def answer(self) -> int:
        """The status of the handshake."""
        async with asyncio.timeout(PATIENCE):
            self.head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        return int(self.head.split(" ", 2)[1])

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: its kind and what it holds. Raises IncompleteReadError where the connection ends instead."""
        async with asyncio.timeout(PATIENCE):
            first, size = await self.reader.readexactly(2)
            assert first & 0x80, "the server sends whole messages"
            assert size < 128, "and masks nothing"
            if size > 125:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8))
            return first & 0x0F, await self.reader.readexactly(size)

    async def said(self) -> Any:
        """The next message."""
        kind, text = await self.frame()
        assert kind == TEXT, (kind, text)
        return json.loads(text)

    async def closed(self) -> tuple[int, str]:
        """Code and reason with which the server closes; nothing else may come before, and nothing after."""
        kind, body = await self.frame()
        assert kind == CLOSE, (kind, body)
        with suppress(ConnectionError):  # the server need not wait for it
            await self.send(frame(CLOSE, body[:2]))
        assert await self.ended() == b""
        return int.from_bytes(body[:2]), body[2:].decode()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Raw]:
    """A connection to the server at `url` (http or ws) on which nothing has been said."""
    async with reached(url) as ends:
        yield Raw(*ends)


@asynccontextmanager
async def opened(url: str, token: str | None = None, *, init: bool = True) -> AsyncIterator[Raw]:
    """A socket; acknowledged, unless it has not even asked for that."""
    async with connected(url) as raw:
        await raw.send(knock())
        assert await raw.answer() == 101
        if init:
            payload = {"authorization": f"Bearer {token}"} if token else {}
            await raw.send(message(type="connection_init", payload=payload))
            assert await raw.said() == {"type": "connection_ack"}
        yield raw


async def lives(raw: Raw) -> bool:
    """Whether the next that is heard is the answer to a ping."""
    await raw.send(message(type="ping", payload={"lives": True}))
    return bool(await raw.said() == {"type": "pong", "payload": {"lives": True}})

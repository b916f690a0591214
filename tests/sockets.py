"""A graphql-transport-ws client made of raw frames, so that a test sees what a client sees."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.waiting import PATIENCE

EVENTS = """subscription ($after: Cursor) { taskEvents(after: $after) { __typename
  ... on Ready { cursor } ... on Resync { cursor reason }
  ... on TaskChanged { cursor kind at topic actor { id } task { id title completed } }
  ... on TaskDeleted { cursor at topic actor { id } deletedId } } }"""


class Closed(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class Socket:
    def __init__(self, url: str, token: str | None) -> None:
        self._url = url
        self._token = token
        self._connection: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        payload = {"authorization": f"Bearer {self._token}"} if self._token else {}
        await self.send({"type": "connection_init", "payload": payload})
        assert (await self.frame())["type"] == "connection_ack"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def open(self, **more: Any) -> Self:
        """Connects, and says nothing yet."""
        self._connection = await connect(
            self._url, subprotocols=[Subprotocol("graphql-transport-ws")], proxy=None, **more
        )
        return self

    @property
    def connection(self) -> ClientConnection:
        assert self._connection is not None
        return self._connection

    async def send(self, message: Any) -> None:
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def frame(self) -> Any:
        """The next frame. Raises Closed when the server has closed instead."""
        try:
            async with asyncio.timeout(PATIENCE):
                return json.loads(await self.connection.recv())
        except ConnectionClosed as closed:
            if closed.rcvd is None:
                raise AssertionError("the connection dropped without a close frame") from closed
            raise Closed(closed.rcvd.code, closed.rcvd.reason) from None

    async def start(self, query: str, id: str = "1", **variables: Any) -> None:
        await self.send({"type": "subscribe", "id": id, "payload": {"query": query, "variables": variables}})

    async def ask(self, query: str, id: str = "ask", **variables: Any) -> Any:
        """The payload of an operation's first answer, and its completion."""
        await self.start(query, id, **variables)
        answer = await self.frame()
        assert answer["id"] == id, answer
        if answer["type"] == "next":
            assert await self.frame() == {"type": "complete", "id": id}
        return answer["payload"]

    @asynccontextmanager
    async def events(self, after: str | None = None, query: str = EVENTS, id: str = "1") -> AsyncIterator["Events"]:
        """A subscription, begun: its first event, Ready or Resync, is in `first`."""
        await self.start(query, id, after=after)
        events = Events(self, id)
        events.first = await events.next()
        yield events


class Events:
    first: Any

    def __init__(self, socket: Socket, id: str) -> None:
        self._socket = socket
        self._id = id

    async def next(self) -> Any:
        """The next event, whatever the subscription field is called."""
        frame = await self._socket.frame()
        assert frame["type"] == "next", frame
        assert frame["id"] == self._id, frame
        assert "errors" not in frame["payload"], frame
        return next(iter(frame["payload"]["data"].values()))

    async def take(self, number: int) -> list[Any]:
        return [await self.next() for _ in range(number)]

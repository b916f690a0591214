"""Those who read: graphql-transport-ws clients that come, go, stall, are cut off, and resume where they were."""

import asyncio
import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from live.log import Kind
from live.positions import Position
from tests.soak.parts import Server
from tests.soak.people import Somebody
from tests.soak.record import Seen, Session, Told

STAY = 4  # seconds that a connection lasts, on the average
STALL = 4  # seconds that a reader takes nothing, at most
BUFFER = 4_096  # bytes that the kernel takes in for a reader that stalls
OPENING = 10  # seconds until a connection must stand; a server may be stopped just then
STALLING = 0.01  # of the events are followed by such a pause
FINISHING = 15  # seconds that a connection lasts when only the rest is waited for
GOODBYE = 2  # seconds for the closing handshake
RETURN = 0.3  # seconds until a reader comes back, at most

PLAIN = """subscription ($after: Cursor) { taskEvents(after: $after) { __typename
  ... on Ready { cursor } ... on Resync { cursor reason }
  ... on TaskChanged { cursor kind topic task { id title version } }
  ... on TaskDeleted { cursor topic deletedId } } }"""
LONG = PLAIN.replace("version }", "version description owner { name } labels { name } }")
DOCUMENTS = (PLAIN, LONG)
# What a server may say when it goes, or when its database has gone: then graphql-ws tries again.
PASSING_CODES = {"UNAVAILABLE"}
PASSING_CLOSES = {1000, 1001, 1006, 1011, 1012, 1013}


class Ended(Exception):
    """A connection has ended; the message says how."""


@dataclass(eq=False)
class Reader:
    """Follows one's own tasks; once it is to finish, until it has heard all. `opened` makes a position of a cursor."""

    told: Told
    who: Somebody
    servers: list[Server]
    chance: Random
    opened: Callable[[str], Position]
    cursor: str | None = None
    finishing: bool = False
    cursors: list[str] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    staying: asyncio.Timeout | None = None

    def done(self) -> bool:
        return self.finishing and self.told.start is not None and self.told.position >= self.told.until

    def finish(self, until: Position) -> None:
        """It leaves where it is, and comes back for what it has not heard."""
        self.told.until, self.finishing = until, True
        if self.staying is not None and not self.staying.expired():
            self.staying.reschedule(0)

    async def run(self) -> None:
        while not self.done() and not self.told.amiss:
            server, since = self.chance.choice(self.servers), len(self.told.seen)
            try:
                ended = await self._connection(server)
            except Ended as error:
                ended = str(error)
            except TimeoutError:
                ended = "no answer"
            except (OSError, WebSocketException) as error:
                ended = self._closed(error)
            self.told.sessions.append(Session(since, server.name, ended))
            await asyncio.sleep(self.chance.uniform(0, RETURN))

    def _closed(self, error: Exception) -> str:
        if not isinstance(error, ConnectionClosed):
            return type(error).__name__
        code = error.rcvd.code if error.rcvd else 1006
        if code not in PASSING_CLOSES:
            self.told.amiss.append(f"closed with {error.rcvd}")
        return str(code)

    async def _connection(self, server: Server) -> str:
        """One connection, to its end by our own will; how it ended."""
        connection = await self._open(server)
        try:
            async with asyncio.timeout(OPENING):
                await self._begin(connection)
            await self._listen(connection)
            if self.chance.random() < 0.5:
                return "left"
            connection.transport.abort()
            return "cut off"
        finally:
            await connection.close()

    async def _open(self, server: Server) -> ClientConnection:
        """With small buffers, so that a reader that stalls is felt by the server."""
        address = urlsplit(server.socket_url)
        sock = socket.socket()
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
            sock.setblocking(False)
            async with asyncio.timeout(OPENING):
                await asyncio.get_running_loop().sock_connect(sock, (address.hostname, address.port))
                return await connect(
                    server.socket_url,
                    sock=sock,
                    subprotocols=[Subprotocol("graphql-transport-ws")],
                    proxy=None,
                    compression=None,
                    max_queue=2,
                    ping_interval=None,
                    close_timeout=GOODBYE,
                )
        except BaseException:
            sock.close()
            raise

    async def _begin(self, connection: ClientConnection) -> None:
        init = {"type": "connection_init", "payload": {"authorization": f"Bearer {self.who.token}"}}
        await connection.send(json.dumps(init))
        frame = json.loads(await connection.recv())
        if frame["type"] != "connection_ack":
            self._amiss(f"{frame} in place of connection_ack")
        payload = {"query": self.chance.choice(DOCUMENTS), "variables": {"after": self.cursor}}
        await connection.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        event = await self._event(connection)
        if event["__typename"] != "Ready" or self.cursor not in (None, event["cursor"]):
            self._amiss(f"resumed after {self.cursor} and was told {event}")
        if self.told.start is None:
            self.cursor = event["cursor"]
            self.told.start = self.opened(event["cursor"])
        self.begun.set()

    async def _listen(self, connection: ClientConnection) -> None:
        """For as long as it stays, or until it has heard all."""
        stay = FINISHING if self.finishing else self.chance.expovariate(1 / STAY)
        with suppress(TimeoutError):
            async with asyncio.timeout(stay) as self.staying:
                try:
                    while not self.done():
                        if not self.finishing and self.chance.random() < STALLING:
                            await asyncio.sleep(self.chance.uniform(0, STALL))
                        self._take(await self._event(connection))
                finally:
                    self.staying = None

    def _take(self, event: Any) -> None:
        if event["__typename"] == "Ready" and self.opened(event["cursor"]) >= self.told.position:
            self.cursor = event["cursor"]  # the server lets us go; what it passed over would be missed in the end
            return
        if event["__typename"] not in ("TaskChanged", "TaskDeleted"):
            self._amiss(f"told {event} after {self.cursor}")
        deleted, task = event.get("deletedId"), event.get("task") or {}
        seen = Seen(
            self.opened(event["cursor"]),
            event["topic"],
            Kind.DELETED if deleted else Kind(event["kind"]),
            deleted or task.get("id"),
            task.get("title"),
            task.get("version"),
            round(time.monotonic(), 2),
        )
        self.told.seen.append(seen)
        self.cursor = event["cursor"]
        self.cursors.append(event["cursor"])

    async def _event(self, connection: ClientConnection) -> Any:
        """The next event. Raises Ended where the server ends the operation instead."""
        frame = json.loads(await connection.recv())
        while frame["type"] == "ping":
            await connection.send(json.dumps({"type": "pong"}))
            frame = json.loads(await connection.recv())
        if frame["type"] == "error":
            code = frame["payload"][0]["extensions"]["code"]
            if code in PASSING_CODES:
                raise Ended(code)
        if frame["type"] != "next" or "errors" in frame["payload"]:
            self._amiss(f"told {frame} after {self.cursor}")
        return frame["payload"]["data"]["taskEvents"]

    def _amiss(self, what: str) -> None:
        self.told.amiss.append(f"{what} (event {len(self.told.seen)})")
        raise Ended("amiss")

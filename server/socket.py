"""graphql-transport-ws (PROTOCOL.md of enisdenjo/graphql-ws), to the letter.

A message that the protocol does not know closes the socket with 4400 and a reason; an operation that fails ends by
itself and leaves the socket alone.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from graphql import GraphQLError
from starlette.types import Receive, Scope, Send

from kit.errors import Forbidden, ParlorError, RateLimited, TooSlow, Unauthenticated, Unavailable
from live.streams import RETRY_SECONDS, Gone
from live.topics import of_viewer
from resolvers.context import Context, Viewer
from schema.schema import Refused
from server.asked import MISSING
from server.frames import Frames
from server.messages import Close, Malformed, parsed, reason_of
from server.noted import turned_away
from server.operations import Asking, Following
from server.requests import context_of, trace_id_of
from server.results import told

if TYPE_CHECKING:
    from server.sockets import Sockets

ABNORMAL = 1006  # the connection broke off (RFC 6455, 7.1.5)
CLOSING_SECONDS = 1  # for a close frame to find room; then the connection is cut


class Socket:
    """One connection. `operations` are those under way, by their ids; `context` says who is asking just now."""

    context: Context

    def __init__(self, sockets: "Sockets", scope: Scope, receive: Receive, send: Send, frames: Frames) -> None:
        self._sockets = sockets
        self._settings = sockets.services.settings
        self._scope = scope
        self._receive = receive
        self._send = send
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._initialised = self._acknowledged = False
        self._guards: tuple[str, ...] = ()
        self._code: int | None = None
        self._grants = sockets.services.tail.grants
        self.services = sockets.services
        self.schema = sockets.schema
        self.frames = frames
        self.closing = False
        self.id = trace_id_of(scope)
        self.operations: dict[str, Asking | Following] = {}

    async def run(self) -> None:
        """Until the client goes, or is let go."""
        try:
            self.context = replace(await context_of(self.services, self._scope), renew=self._renew)
            self._timer = self._later(self._settings.socket_init_seconds, self._overdue)
            while (message := await self._receive())["type"] != "websocket.disconnect":
                self.services.meter.received()
                if not self.closing:
                    await self._take(message.get("text"))
            self._code = self._code or message.get("code")
        except Gone:
            self.frames.abort()
        except ParlorError as error:  # who it is cannot be looked up just now
            await self.close(Close.TRY_AGAIN, error.message)
        finally:
            await self._end()

    async def _end(self) -> None:
        self.closing = True
        self.services.meter.disconnected(self.id, self._code or ABNORMAL)
        if self._timer is not None:
            self._timer.cancel()
        self._guard(())
        self._sockets.forget(self)
        while self.operations:
            self.operations.popitem()[1].cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if hasattr(self, "context"):
            self.context = replace(self.context, renew=None)  # which is the socket itself

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """A task that lives no longer than the socket."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _take(self, text: str | None) -> None:
        try:
            message = parsed(text)
        except Malformed as error:
            await self.close(Close.BAD_REQUEST, str(error))
            return
        try:
            await self._handle(message)
        except Gone:
            raise
        except Exception as error:
            await self.close(Close.TRY_AGAIN, told(error, self.context)[0].message)

    async def _handle(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "connection_init":
                await self._init(message.get("payload") or {})
            case "ping":
                payload = {"payload": message["payload"]} if message.get("payload") is not None else {}
                await self.send({"type": "pong", **payload})
            case "subscribe":
                await self._subscribe(message["id"], message["payload"])
            case "complete":
                if operation := self.operations.pop(message["id"], None):
                    operation.cancel()
            # a pong needs no answer

    async def _init(self, payload: dict[str, Any]) -> None:
        if self._initialised:
            await self.close(Close.TOO_MANY, "Too many initialisation requests")
            return
        self._initialised = True
        if self._timer is not None:
            self._timer.cancel()
        header = payload.get("authorization", payload.get("Authorization"))
        if header is not None:
            asks = await self.services.viewers.of_header(header, lambda: self.context)
            if isinstance(asks, Unauthenticated):
                await self.close(Close.UNAUTHORIZED, asks.message)
                return
            self.context = replace(self.context, asks=asks)
        if isinstance(viewer := self.context.asks, Viewer):
            if not self._sockets.admits(self, viewer.id):
                await self.close(Close.FORBIDDEN, "Too many sockets of one user")
                return
            self._guard(of_viewer(viewer.id))
            if self.services.tail.grants != self._grants:  # which nobody guarded against yet
                self._doubted()
            self._until_expired()
        await self.send({"type": "connection_ack"})
        self._acknowledged = True
        self.services.meter.connected(self.id, self.context.viewer_id, self.context.address)

    async def _subscribe(self, id: str, payload: dict[str, Any]) -> None:
        if not self._acknowledged:
            await self.close(Close.UNAUTHORIZED, "Unauthorized")
            return
        await self.room()  # for how it ends, which is told at once
        if id in self.operations:
            await self.close(Close.ALREADY_EXISTS, f"Subscriber for {id} already exists")
            return
        most, name = self._settings.max_operations_per_socket, payload.get("operationName")
        variables = payload.get("variables") or {}
        try:
            if max(len(self.operations), len(self._tasks)) >= most:  # what has been ended may not be over
                raise RateLimited(1, f"More than {most} operations on one socket")
            self.services.budgets.admit(self.context)
            query = self.schema.documents.text(
                payload.get("query"), payload.get("documentId"), payload.get("extensions") or {}
            )
            if not query:
                raise GraphQLError(MISSING)
            begin = self.schema.subscribing(query, variables, name, self.context)
        except (Refused, GraphQLError, ParlorError) as error:
            errors = turned_away(error, replace(self.context, trace_id=uuid4().hex))
            await self.send({"id": id, "type": "error", "payload": [error.formatted for error in errors]})
            return
        if begin is None:
            self.operations[id] = Asking(self, id, query, payload)
        else:
            self.operations[id] = Following(self, id, begin, self.schema.documents.title(query, name))

    async def send(self, message: dict[str, Any]) -> None:
        """Once there is room. Raises Gone where the client takes nothing for too long."""
        await self.write(orjson.dumps(message))

    async def write(self, text: bytes) -> None:
        """The same of what is written already."""
        await self.room()
        self._tell(text)

    def _tell(self, text: bytes) -> None:
        self.frames.write([text])
        self.services.meter.sent(1, len(text))

    async def room(self) -> None:
        """Until there is some. Raises Gone, and cuts the connection, where the client takes nothing for too long."""
        if not self.frames.writable and not await self.frames.room(self._settings.send_timeout_seconds):
            self.frames.abort()
            raise Gone

    def end(self, id: str, errors: list[GraphQLError] | None) -> None:
        """The last of an operation, unless the client has ended it: what its errors were, or that it is complete."""
        if self.operations.pop(id, None) is None:
            return
        message: dict[str, Any] = {"id": id, "type": "complete"}
        if errors:
            message = {"id": id, "type": "error", "payload": [error.formatted for error in errors]}
            self.services.meter.error()
        self._tell(orjson.dumps(message))

    async def leave(self) -> None:
        """Tells each subscription where it is, and closes: the server goes, and the client may try another."""
        for operation in [*self.operations.values()]:
            operation.leave()
        await self.close(Close.GOING, "The server is going down")

    async def close(self, code: Close, reason: str) -> None:
        if self.closing:
            return
        self.closing, self._code = True, code
        if code >= Close.BAD_REQUEST:
            self.services.meter.refused(code.name.lower())
        try:
            async with asyncio.timeout(CLOSING_SECONDS):
                await self._send({"type": "websocket.close", "code": code, "reason": reason_of(reason)})
        except (TimeoutError, OSError, RuntimeError):
            self.frames.abort()

    # Who asks, over time

    async def asking(self) -> Context:
        """The context of an operation; whoever has signed in is looked at anew. Closes where they have to go."""
        asks = self.context.asks
        if isinstance(asks, Viewer):
            asks = await self.services.viewers.again(asks)
            if isinstance(asks, Unauthenticated):
                self.dismiss(asks.message)
        return replace(self.context, asks=asks, trace_id=uuid4().hex)

    def dismiss(self, reason: str) -> None:
        """Whoever signed in may no longer be here."""
        self.spawn(self.close(Close.UNAUTHORIZED, reason))

    def _doubted(self) -> None:
        self.spawn(self._look())

    async def _look(self) -> None:
        """At whoever has signed in: their role may have changed, or their session may have ended."""
        asks = self.context.asks
        try:
            found = await self.asking()
        except (Unavailable, TooSlow):
            await asyncio.sleep(RETRY_SECONDS)
            self._doubted()
            return
        if isinstance(found.asks, Viewer) and self.context.asks is asks:  # otherwise it was renewed meanwhile
            self.context = replace(self.context, asks=found.asks)

    def _guard(self, topics: tuple[str, ...]) -> None:
        guards = self.services.tail.guards
        guards.remove(self._guards, self._doubted)
        guards.add(topics, self._doubted)
        self._guards = topics

    async def _renew(self, token: str) -> Viewer:
        """Goes on with another token of the same user. Raises Unauthenticated, and Forbidden for another's.

        A mutation may outlive its socket: nothing goes on where it has ended meanwhile.
        """
        nobody = replace(self.context, asks=Unauthenticated())  # it may be somebody's who is new here
        asks = await self.services.viewers.of_header(f"Bearer {token}", lambda: nobody)
        if isinstance(asks, Unauthenticated):
            raise asks
        if asks.id != self.context.viewer.id:
            raise Forbidden("The token is another user's")
        if not self.closing:
            self.context = replace(self.context, asks=asks)
            self._until_expired()
        return asks

    def _until_expired(self) -> None:
        left = self.context.viewer.expires_at - self.context.now()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._later(max(left.total_seconds(), 0), self._expire)

    def _expire(self) -> None:
        if self.context.viewer.expires_at <= self.context.now():
            self.dismiss("The access token has expired")
        else:
            self._until_expired()

    def _overdue(self) -> None:
        self.spawn(self.close(Close.INIT_TIMEOUT, "Connection initialisation timeout"))

    def _later(self, seconds: float, call: Any) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(seconds, call)

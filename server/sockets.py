"""/graphql for sockets: who may open one, how many, and how all of them are told to go."""

import asyncio

from starlette.types import Receive, Scope, Send

from kit.ids import Id
from resolvers.context import Services
from schema.schema import Schema
from server.messages import Close
from server.requests import text_of
from server.seats import Seats
from server.socket import Socket
from server.spreading import spread

PROTOCOL = "graphql-transport-ws"


class Sockets:
    def __init__(self, schema: Schema, services: Services, seats: Seats) -> None:
        self.schema = schema
        self.services = services
        self._seats = seats
        self._open: dict[Socket, Id | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        origin = text_of(scope, b"origin")
        if origin is not None and origin.lower() not in self.services.settings.allowed_origins:
            await send({"type": "websocket.close"})  # before it is accepted: 403
            return
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            code = Close.NOT_ACCEPTABLE
            await send({"type": "websocket.close", "code": code, "reason": "Subprotocol not acceptable"})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        socket = Socket(self, scope, receive, send)
        self._open[socket] = None
        await socket.run()

    def admits(self, socket: Socket, user: Id) -> bool:
        """Whether the user may have one more."""
        if not self._seats.take(user):
            return False
        self._open[socket] = user
        return True

    def forget(self, socket: Socket) -> None:
        user = self._open.pop(socket, None)
        if user is not None:
            self._seats.leave(user)

    async def leave(self, seconds: float) -> None:
        """Closes every socket with 1012, spread over so many seconds, so that not all come back at once."""
        async with asyncio.TaskGroup() as tasks:
            async for socket in spread([*self._open], seconds):
                tasks.create_task(socket.leave())  # it may wait for room

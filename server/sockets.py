"""/graphql for sockets: who may open one, how many, and how all of them are told to go."""

import asyncio

from starlette.types import Receive, Scope, Send

from kit.ids import Id
from kit.networks import network_of
from resolvers.context import Services
from schema.schema import Schema
from server.frames import Frames, frames_of
from server.messages import Close
from server.origins import Origins
from server.requests import Refusal, address_of
from server.seats import Seats
from server.socket import Socket
from server.spreading import spread

PROTOCOL = "graphql-transport-ws"


class Sockets:
    def __init__(self, schema: Schema, services: Services, seats: Seats, places: Seats) -> None:
        self.schema = schema
        self.services = services
        self._origins = Origins(services.settings)
        self._seats = seats
        self._places = places
        self._open: dict[Socket, Id | None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        frames = frames_of(scope)
        frames.limit(self.services.settings.send_timeout_seconds)
        place = network_of(address_of(scope))
        try:
            self._origins.check(scope)
            if not self._places.take(place):
                raise Refusal(429, self._places.full().message, (b"retry-after", b"1"))
        except Refusal as refusal:
            self.services.meter.refused("too_many" if refusal.status == 429 else "forbidden")
            await _refuse(send, refusal)
            return
        try:
            await self._serve(scope, receive, send, frames)
        finally:
            self._places.leave(place)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, frames: Frames) -> None:
        if PROTOCOL not in scope["subprotocols"]:
            await send({"type": "websocket.accept"})
            code = Close.NOT_ACCEPTABLE
            await send({"type": "websocket.close", "code": code, "reason": "Subprotocol not acceptable"})
            return
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        socket = Socket(self, scope, receive, send, frames)
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


async def _refuse(send: Send, refusal: Refusal) -> None:
    """By HTTP, while there is no socket yet."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *refusal.headers]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": refusal.message.encode()})

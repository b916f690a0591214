"""The ASGI app: /graphql for requests and sockets, /health for probes, /metrics for Prometheus."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from kit.clock import Clock, now
from kit.outside import Outside
from kit.settings import Settings
from resolvers.context import Services
from schema import schema
from server import health, logs, metrics
from server.house import opened
from server.origins import Origins
from server.reporting import reporting
from server.requests import HEADER, Refusal, Requests, header_of
from server.seats import Seats
from server.sockets import Sockets
from server.streaming import Streams
from server.tracing import tracing
from server.view import View

PATH = "/graphql"


class App:
    """/graphql: an ASGI app whose view exists once its services run. Raises BadManifest, see `schema.made`."""

    view: View | None = None
    sockets: Sockets
    streams: Streams
    services: Services

    def __init__(self, settings: Settings, clock: Clock = now, outside: Outside | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._outside = outside
        self.schema = schema.made(settings)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        async with (
            reporting(self._settings, logs.without_values),
            tracing(self._settings),
            opened(self._settings, self._clock, self._outside) as self.services,
        ):
            seats = Seats(self._settings.max_sockets_per_user, "one user")
            places = Seats(self._settings.max_sockets_per_address, "one address")
            self.streams = Streams(self.schema, self.services, seats, places)
            self.view = View(self.schema, self.services, self.streams)
            self.sockets = Sockets(self.schema, self.services, seats, places)
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.view is not None, "the lifespan comes first"
        await (self.sockets if scope["type"] == "websocket" else self.view)(scope, receive, send)

    async def refuse(self, scope: Scope, send: Send, refusal: Refusal) -> None:
        assert self.view is not None, "the lifespan comes first"
        await self.view.refuse(scope, send, refusal)

    async def leave(self) -> None:
        """Tells every socket and stream to go: clients come back after a cursor, to another process."""
        if self.view is not None:
            self.services.vitals.leaving = True
            seconds = self._settings.leaving_seconds
            await asyncio.gather(self.sockets.leave(seconds), self.streams.leave(seconds))

    async def metrics(self, request: Request) -> Response:
        return await metrics.answer(self.services, request)

    def count(self, status: int) -> None:
        self.services.meter.answered(status)


async def _welcome(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Parlor: GraphQL at /graphql, over HTTP and WebSockets.\n")


class Door:
    """Whoever may not knock is sent away. Questions go straight to GraphQL, sockets and probes by way of Starlette; all
    that pages ask goes by way of CORS.
    """

    def __init__(self, app: App, settings: Settings) -> None:
        self._app = app
        self._origins = Origins(settings)
        self._rest = Starlette(
            lifespan=app.lifespan,
            routes=[
                WebSocketRoute(PATH, app),
                *health.routes(lambda: app.services),
                Route("/metrics", app.metrics),
                Route("/", _welcome),
            ],
        )
        self._of_pages = CORSMiddleware(
            self._serve,
            allow_origins=settings.allowed_origins,
            allow_credentials=True,
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type", "idempotency-key", "last-event-id", "traceparent", HEADER],
            expose_headers=[HEADER, "retry-after"],
            max_age=600,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
        elif header_of(scope, b"origin") is None:
            await self._serve(scope, receive, send)
        else:
            await self._of_pages(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._origins.check(scope)
        except Refusal as refusal:
            await self._app.refuse(scope, send, refusal)
            return
        await (self._app if scope["path"] == PATH else self._rest)(scope, receive, send)


def made(app: App, settings: Settings) -> ASGIApp:
    return Requests(Door(app, settings), max_body=settings.max_body_bytes, count=app.count)

"""The ASGI app: /graphql for requests and sockets, /health for probes, /metrics for Prometheus."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from kit.clock import Clock, now
from kit.settings import Settings
from resolvers.context import Services
from schema import schema
from server import logs, metrics
from server.house import opened
from server.reporting import reporting
from server.requests import HEADER, Requests, header_of
from server.seats import Seats
from server.sockets import Sockets
from server.streaming import Streams
from server.tracing import tracing
from server.view import View

PATH = "/graphql"
HEALTH_SECONDS = 1


class App:
    """/graphql: an ASGI app whose view exists once its services run. Raises BadManifest, see `schema.made`."""

    view: View | None = None
    sockets: Sockets
    streams: Streams
    services: Services

    def __init__(self, settings: Settings, clock: Clock = now) -> None:
        self._settings = settings
        self._clock = clock
        self.schema = schema.made(settings)

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        async with (
            reporting(self._settings, logs.without_values),
            tracing(self._settings),
            opened(self._settings, self._clock) as self.services,
        ):
            seats = Seats(self._settings.max_sockets_per_user)
            self.streams = Streams(self.schema, self.services, seats)
            self.view = View(self.schema, self.services, self.streams)
            self.sockets = Sockets(self.schema, self.services, seats)
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.view is not None, "the lifespan comes first"
        await (self.sockets if scope["type"] == "websocket" else self.view)(scope, receive, send)

    async def leave(self) -> None:
        """Tells every socket and stream to go: clients come back after a cursor, to another process."""
        if self.view is not None:
            seconds = self._settings.leaving_seconds
            await asyncio.gather(self.sockets.leave(seconds), self.streams.leave(seconds))

    async def health(self, request: Request) -> JSONResponse:
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                await self.services.db.fetchval("select 1", ())
        except Exception:
            return JSONResponse({"status": "unhealthy", "db": "disconnected"}, 503)
        return JSONResponse({"status": "healthy", "db": "connected"})

    async def metrics(self, request: Request) -> Response:
        return await metrics.answer(self.services, request)

    def count(self, status: int) -> None:
        self.services.meter.answered(status)


async def _welcome(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Parlor: GraphQL at /graphql, over HTTP and WebSockets.\n")


class Door:
    """Questions go straight to GraphQL; pages of other origins, sockets and probes by way of Starlette."""

    def __init__(self, app: App, settings: Settings) -> None:
        self._graphql = app
        self._rest = Starlette(
            lifespan=app.lifespan,
            routes=[
                Route(PATH, app),
                WebSocketRoute(PATH, app),
                Route("/health", app.health),
                Route("/metrics", app.metrics),
                Route("/", _welcome),
            ],
            middleware=[
                Middleware(
                    CORSMiddleware,
                    allow_origins=settings.allowed_origins,
                    allow_credentials=True,
                    allow_methods=["GET", "POST"],
                    allow_headers=[
                        "authorization",
                        "content-type",
                        "idempotency-key",
                        "last-event-id",
                        "traceparent",
                        HEADER,
                    ],
                    expose_headers=[HEADER],
                    max_age=600,
                ),
            ],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        straight = scope["type"] == "http" and scope["path"] == PATH and header_of(scope, b"origin") is None
        await (self._graphql if straight else self._rest)(scope, receive, send)


def made(app: App, settings: Settings) -> ASGIApp:
    return Requests(Door(app, settings), max_body=settings.max_body_bytes, count=app.count)

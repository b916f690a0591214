"""The one Starlette app: /graphql for requests and sockets, /health for probes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from kit.clock import Clock, now
from kit.settings import Settings
from resolvers.context import Services
from schema import schema
from server.house import opened
from server.requests import HEADER, Requests
from server.view import View

HEALTH_SECONDS = 1


class App:
    """/graphql: an ASGI app whose view exists once its services run."""

    view: View | None = None
    services: Services

    def __init__(self, settings: Settings, clock: Clock = now) -> None:
        self._settings = settings
        self._clock = clock

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        async with opened(self._settings, self._clock) as self.services:
            self.view = View(schema.made(self._settings), self.services)
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.view is not None, "the lifespan comes first"
        await self.view(scope, receive, send)

    async def health(self, request: Request) -> JSONResponse:
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                await self.services.db.fetchval("select 1", ())
        except Exception:
            return JSONResponse({"status": "unhealthy", "db": "disconnected"}, 503)
        return JSONResponse({"status": "healthy", "db": "connected"})


async def _welcome(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Parlor: GraphQL at /graphql, by POST and by graphql-transport-ws.\n")


def made(app: App, settings: Settings) -> Starlette:
    return Starlette(
        lifespan=app.lifespan,
        routes=[
            Route("/graphql", app),
            WebSocketRoute("/graphql", app),
            Route("/health", app.health),
            Route("/", _welcome),
        ],
        middleware=[
            Middleware(Requests, max_body=settings.max_body_bytes),
            Middleware(
                CORSMiddleware,
                allow_origins=settings.allowed_origins,
                allow_credentials=True,
                allow_methods=["GET", "POST"],
                allow_headers=["authorization", "content-type", HEADER],
                expose_headers=[HEADER],
                max_age=600,
            ),
        ],
    )

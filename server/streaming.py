"""Subscriptions as HTTP responses: who may open one, how many, and how all of them are told to go."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from graphql import GraphQLError
from starlette.types import Scope, Send

from kit.errors import Leaving, RateLimited, Unauthenticated
from kit.networks import network_of
from live.hub import Subscription
from live.streams import EventSource, Gone, Payload, QuerySource
from resolvers.context import Context, Services, Viewer
from schema.schema import Begin, Schema
from schema.titles import Title
from server.asked import Asked
from server.formats import Format
from server.noted import note
from server.operations import MOST_AT_ONCE
from server.requests import text_of
from server.results import formatted, told
from server.seats import Seats
from server.spreading import spread
from server.wire import Wire

# Neither caches nor proxies may hold back what is written.
AT_ONCE = ((b"cache-control", b"no-cache"), (b"x-accel-buffering", b"no"))


class Streams:
    def __init__(self, schema: Schema, services: Services, seats: Seats, places: Seats) -> None:
        self._schema = schema
        self._services = services
        self._seats = seats
        self._places = places
        self._open: set[Stream] = set()
        self._leaving = False

    def begun(self, scope: Scope, asked: Asked, ctx: Context, format: Format) -> "Stream | None":
        """The stream that is asked for, to be run at once; None for what is no subscription.

        Raises Refused, and what else a client may be told: RateLimited where a user or an address has too many.
        """
        query = self._schema.documents.text(asked.query, asked.document_id, asked.extensions)
        try:
            begin = self._schema.subscribing(query or "", asked.variables, asked.operation_name, ctx)
        except GraphQLError:
            return None  # whoever answers queries says what is amiss
        if begin is None:
            return None
        if self._leaving:
            raise Leaving
        self._take(ctx)
        title = self._schema.documents.title(query or "", asked.operation_name)
        stream = Stream(self, scope, begin, ctx, format, title)
        self._open.add(stream)
        return stream

    def _take(self, ctx: Context) -> None:
        place = network_of(ctx.address)
        if not self._places.take(place):
            raise self._full(self._places)
        if ctx.viewer_id is not None and not self._seats.take(ctx.viewer_id):
            self._places.leave(place)
            raise self._full(self._seats)

    def _full(self, seats: Seats) -> RateLimited:
        self._services.meter.refused("too_many")
        return seats.full()

    def forget(self, stream: "Stream", ctx: Context) -> None:
        self._open.discard(stream)
        self._places.leave(network_of(ctx.address))
        if ctx.viewer_id is not None:
            self._seats.leave(ctx.viewer_id)

    async def leave(self, seconds: float) -> None:
        """Ends every stream, spread over so many seconds, so that not all come back at once; none begins any more."""
        self._leaving = True
        async for stream in spread([*self._open], seconds):
            stream.leave()


class Stream:
    """One response: the hub's outlet. See `live.streams.Outlet`."""

    def __init__(
        self, streams: Streams, scope: Scope, begin: Begin, ctx: Context, format: Format, title: Title
    ) -> None:
        self._streams = streams
        self._begin = begin
        self._ctx = ctx
        self._format = format
        self._title = title
        self._over = asyncio.Event()
        self._wire = Wire(scope, self._over.set, ctx.services.settings.send_timeout_seconds)
        self._after = text_of(scope, b"last-event-id")
        self._subscription: Subscription | None = None
        self._last = b""
        self._errors: list[GraphQLError] = []

    async def run(self, send: Send) -> None:
        """Until it ends, or the client goes."""
        began = time.perf_counter()
        try:
            with suppress(Gone):
                await self._wire.room()
                await self._run(send)
        finally:
            self._wire.release()
            self._streams.forget(self, self._ctx)
            note(self._ctx, self._title, self._errors, began)

    async def _run(self, send: Send) -> None:
        headers = [(b"content-type", self._format.kind), *AT_ONCE]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        self._wire.write(self._format.begin)
        self._subscription = self._ctx.services.hub.follow(self._opened, self, self._after)
        timer = self._until_expired()
        try:
            with suppress(Gone):
                await self._beating()
            await send({"type": "http.response.body", "body": self._last})
        finally:
            if timer is not None:
                timer.cancel()
            self._subscription.close()

    async def _beating(self) -> None:
        """Until it is over. Raises Gone."""
        while not self._over.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._ctx.services.settings.socket_ping_seconds):
                    await self._over.wait()
            await self._wire.room()
            if not self._over.is_set():
                self._wire.write(self._format.beat)

    async def _opened(self) -> EventSource | QuerySource:
        """What is followed, by whoever asks as things stand now."""
        asks = self._ctx.asks
        if isinstance(asks, Viewer):
            asks = await self._ctx.services.viewers.again(asks)
        return await self._begin(replace(self._ctx, asks=asks))

    def _until_expired(self) -> asyncio.TimerHandle | None:
        ctx = self._ctx
        if not isinstance(ctx.asks, Viewer):
            return None
        left = (ctx.asks.expires_at - ctx.now()).total_seconds()
        return asyncio.get_running_loop().call_later(
            max(left, 0), self.end, Unauthenticated("The access token has expired")
        )

    def push(self, payloads: Sequence[Payload]) -> int:
        taken = 0
        while taken < len(payloads) and self._wire.writable:
            parts, size = [], 0
            while taken < len(payloads) and size < MOST_AT_ONCE:
                payload = payloads[taken]
                parts.append(self._format.next(payload.json, payload.cursor))
                size += len(parts[-1])
                taken += 1
            self._wire.write(b"".join(parts))
        return taken

    async def room(self) -> None:
        await self._wire.room()

    def end(self, error: Exception | None) -> None:
        self._errors = [] if error is None else told(error, self._ctx)
        if self._errors:
            self._ctx.services.meter.error()
        self._finish(self._format.last(formatted(self._errors) if self._errors else None))

    def leave(self) -> None:
        """Tells the client where it is, and that it is to come back: the server goes."""
        if self._subscription is not None:
            self._subscription.farewell()
        self._finish(self._format.adjourned(formatted(told(Leaving(), self._ctx))))

    def _finish(self, last: bytes) -> None:
        if self._over.is_set():
            return
        if self._subscription is not None:
            self._subscription.close()
        self._last = last
        self._over.set()

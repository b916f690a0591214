"""What runs on a socket under an id: a question, which is a task, or a subscription, which the hub feeds."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from graphql import GraphQLError

from kit.errors import Unauthenticated
from live.streams import EventSource, Gone, Payload, QuerySource
from resolvers.context import Context, Viewer
from schema.schema import Begin
from schema.titles import Title
from server.noted import note
from server.results import executed, told

if TYPE_CHECKING:
    from server.socket import Socket

MOST_AT_ONCE = 65_536  # bytes written between two looks at whether there is room


def _head(id: str) -> bytes:
    """Of a `next` message, up to its payload."""
    return b'{"id":%b,"type":"next","payload":' % orjson.dumps(id)


class Asking:
    """A query or a mutation."""

    def __init__(self, socket: "Socket", id: str, query: str, payload: Mapping[str, Any]) -> None:
        self._socket = socket
        self._id = id
        self._task = socket.spawn(self._run(query, payload))

    def leave(self) -> None:
        """It is finished if there is time."""

    def cancel(self) -> None:
        """Ends a query; a mutation is finished, and nobody told."""
        self._task.cancel()

    @property
    def _wanted(self) -> bool:
        """Otherwise the client has ended it, and may use its id for another by now."""
        return self._socket.operations.get(self._id) is self

    def _end(self, errors: list[GraphQLError] | None) -> None:
        if self._wanted:
            self._socket.end(self._id, errors)

    async def _run(self, query: str, payload: Mapping[str, Any]) -> None:
        socket, began = self._socket, time.perf_counter()
        name, variables = payload.get("operationName"), payload.get("variables") or {}
        key = (payload.get("extensions") or {}).get("idempotencyKey")
        ctx, errors = socket.context, list[GraphQLError]()
        try:
            if not socket.schema.public(query):
                ctx = await socket.asking()
            json, errors = await executed(socket.schema, query, variables, name, ctx, key=key)
            if json is not None and self._wanted:
                await socket.write(_head(self._id) + json + b"}")
            self._end(errors if json is None else None)
        except Gone:
            socket.operations.pop(self._id, None)
        except Exception as error:
            errors = told(error, ctx)
            self._end(errors)
        finally:
            note(ctx, socket.schema.documents.title(query, name), errors, began)


class Following:
    """A subscription: the hub's outlet on a socket. See `live.streams.Outlet`."""

    def __init__(self, socket: "Socket", id: str, begin: Begin, title: Title) -> None:
        self._socket = socket
        self._id = id
        self._title = title
        self._begin = begin
        self._began = time.perf_counter()
        self._head = _head(id)
        self._subscription = socket.services.hub.follow(self._open, self)

    async def _open(self) -> EventSource | QuerySource:
        return await self._begin(await self._socket.asking())

    def push(self, payloads: Sequence[Payload]) -> int:
        frames, taken = self._socket.frames, 0
        while taken < len(payloads) and frames.writable:
            texts, size = [], 0
            while taken < len(payloads) and size < MOST_AT_ONCE:
                texts.append(self._head + payloads[taken].json + b"}")
                size += len(texts[-1])
                taken += 1
            frames.put(texts)
        return taken

    async def room(self) -> None:
        await self._socket.room()

    def end(self, error: Exception | None) -> None:
        socket = self._socket
        cause = getattr(error, "original_error", None) or error
        if isinstance(cause, Unauthenticated) and isinstance(socket.context.asks, Viewer):
            socket.dismiss(cause.message)
            return
        errors = [] if error is None else told(error, socket.context)
        self._note(socket.context, errors)
        socket.end(self._id, errors)

    def leave(self) -> None:
        self._subscription.farewell()

    def cancel(self) -> None:
        self._subscription.close()
        self._note(self._socket.context, [])

    def _note(self, ctx: Context, errors: Sequence[GraphQLError]) -> None:
        note(ctx, self._title, errors, self._began)

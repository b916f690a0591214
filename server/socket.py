"""graphql-transport-ws (PROTOCOL.md of enisdenjo/graphql-ws): Strawberry's handler, made to the letter where it is not.

A message that the protocol does not know closes the socket with 4400 and a reason; an operation that fails ends by
itself and leaves the socket alone.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta
from enum import IntEnum
from typing import Any, cast
from uuid import uuid4

import orjson
from graphql import GraphQLError
from orjson import Fragment
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.types.execution import ExecutionResult, PreExecutionError

from kit.errors import ParlorError, RateLimited, Unauthenticated, Unavailable
from resolvers.context import Context, Services
from schema.errors import exposed
from schema.schema import Schema
from server.logs import note
from server.requests import context_of

LONGEST_REASON = 123  # bytes that a close frame has room for


class Close(IntEnum):
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    TRY_AGAIN = 1013  # clients of graphql-ws do so after this one, and give up after 1011 and 4500


class Adapter(ASGIWebSocketAdapter):
    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        try:
            while self.ws.application_state is WebSocketState.CONNECTED:
                try:
                    yield orjson.loads(await self.ws.receive_text())
                except orjson.JSONDecodeError as error:
                    raise NonJsonMessageReceived from error
        except KeyError as error:
            raise NonTextMessageReceived from error
        except WebSocketDisconnect:
            return

    async def send_json(self, message: Mapping[str, object]) -> None:
        """A client that takes no byte for the time allowed is let go; its subscriptions can be resumed."""
        seconds = cast("Sockets", self.view).services.settings.send_timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                await self.ws.send_text(orjson.dumps(message).decode())
        except (TimeoutError, WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        with suppress(RuntimeError):  # it is closed already
            await self.ws.close(code, reason.encode()[:LONGEST_REASON].decode(errors="ignore"))


class Socket(BaseGraphQLTransportWSHandler[Context, None]):
    view: "Sockets"
    context: Context
    _patience: asyncio.Timeout

    async def handle(self) -> None:
        """Until the client goes, or takes nothing any more: then whoever noticed ends it with `_let_go`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(None) as self._patience:
                await super().handle()

    async def handle_message(self, message: Any) -> None:
        if reason := _amiss(message):
            await self.websocket.close(Close.BAD_REQUEST, reason)
            return
        try:
            await super().handle_message(message)
        except WebSocketDisconnected:
            raise
        except Exception as error:
            told = self._exposed(error, self.context.trace_id)
            await self.websocket.close(Close.TRY_AGAIN, told.message)

    async def handle_connection_init(self, message: Any) -> None:
        if not self.connection_init_received:
            payload = message.get("payload") or {}
            header = payload.get("authorization", payload.get("Authorization"))
            asks = await self.context.services.viewers.of_header(header)
            if header is not None and isinstance(asks, Unauthenticated):
                await self.websocket.close(Close.UNAUTHORIZED, asks.message)
                return
            self.context = replace(self.context, asks=asks)
        await super().handle_connection_init({"type": "connection_init"})

    async def handle_ping(self, message: Any) -> None:
        payload = {"payload": message["payload"]} if message.get("payload") is not None else {}
        await self.send_message(cast("Any", {"type": "pong", **payload}))

    async def handle_subscribe(self, message: Any) -> None:
        if not self.connection_acknowledged or message["id"] in self.operations:
            await super().handle_subscribe(message)  # which closes the socket
            return
        most, payload = self.context.services.settings.max_operations_per_socket, message["payload"]
        try:
            if len(self.operations) >= most:
                raise RateLimited(1, f"More than {most} operations on one socket")
            payload["query"] = cast("Schema", self.schema).documents.text(
                payload.get("query"), payload.get("documentId"), payload.get("extensions") or {}
            )
        except ParlorError as error:
            told = self._exposed(error, uuid4().hex)
            await self.send_message({"id": message["id"], "type": "error", "payload": [told.formatted]})
            return
        await super().handle_subscribe(message)

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """Each operation asks anew who is asking: a socket outlives roles, sessions and tokens."""
        began = time.perf_counter()
        last: ExecutionResult | None = None
        ctx = replace(self.context, trace_id=uuid4().hex)
        try:
            ctx = replace(ctx, asks=await self._asks())
            async with aclosing(self._results(operation, ctx)) as results:
                async for last in results:
                    if last.errors and never_ran(last):
                        await operation.send_initial_errors(last.errors)
                        return
                    await operation.send_next(last)
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except WebSocketDisconnected:
            self.operations.pop(operation.id, None)
            self._let_go()
        except Exception as error:
            await operation.send_initial_errors([self._exposed(error, ctx.trace_id)])
        finally:
            note(ctx, operation.operation_name, (last.errors if last else None) or (), began)

    async def _results(
        self, operation: Operation[Context, None], ctx: Context
    ) -> AsyncGenerator[ExecutionResult, None]:
        schema, query, name = cast("Schema", self.schema), operation.query, operation.operation_name
        answer = await schema.prepared(query, operation.variables, name, ctx)
        if answer is not None:
            data = None if answer.data is None else Fragment(answer.data)
            yield ExecutionResult(cast("Any", data), [*answer.errors])
            return
        stream = await schema.stream(
            query,
            variable_values=operation.variables,
            context_value=ctx,
            root_value=None,
            operation_name=name,
        )
        async with aclosing(stream) as results:
            async for result in results:
                if _without_database(result) and schema.documents.get(query).operation(name).is_subscription:
                    yield PreExecutionError(None, result.errors)
                    return
                yield result

    async def _asks(self) -> Any:
        asks = self.context.asks
        return asks if isinstance(asks, Unauthenticated) else await self.context.services.viewers.again(asks)

    def _exposed(self, error: Exception, trace_id: str) -> GraphQLError:
        found = error if isinstance(error, GraphQLError) else GraphQLError("", original_error=error)
        return exposed(found, trace_id=trace_id, now=self.context.now())

    def _let_go(self) -> None:
        if not self._patience.expired():
            self._patience.reschedule(0)


class Sockets(GraphQL[Context, None]):
    """/graphql for sockets: who may open one, and what they begin with."""

    graphql_transport_ws_handler_class = Socket
    websocket_adapter_class = Adapter

    def __init__(self, schema: Schema, services: Services) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            max_subscriptions_per_connection=services.settings.max_operations_per_socket,
            connection_init_wait_timeout=timedelta(seconds=services.settings.socket_init_seconds),
            allowed_origins=services.settings.allowed_origins,
        )
        self.services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.run(WebSocket(scope, receive, send))

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        return await context_of(self.services, request.scope)


def never_ran(result: ExecutionResult) -> bool:
    """Whether the operation never ran, or its stream broke off: there is no data then, not even null (GraphQL, 7.1)."""
    broken = result.data is None and all(error.path is None for error in result.errors or ())
    return isinstance(result, PreExecutionError) or broken


def _without_database(event: ExecutionResult) -> bool:
    """An event that could not be read is not told: nobody shall take what it speaks of for gone. The stream ends, and
    can be resumed before it."""
    return any((error.extensions or {}).get("code") == Unavailable.code for error in event.errors or ())


def _amiss(message: Any) -> str | None:
    """What is wrong with a message, by the protocol."""
    if not isinstance(message, dict):
        return "A message must be a JSON object"
    kind, id, payload = message.get("type"), message.get("id"), message.get("payload")
    if not isinstance(kind, str):
        return "A message must have a type"
    if kind in ("subscribe", "complete") and (not isinstance(id, str) or not id):
        return "The id must be a string that is not empty"
    if kind == "subscribe":
        return _amiss_in_payload(payload)
    if payload is not None and not isinstance(payload, dict):
        return "The payload must be an object"
    return None


def _amiss_in_payload(payload: Any) -> str | None:
    by_id = isinstance(payload, dict) and (payload.get("documentId") or _persisted(payload))
    if not isinstance(payload, dict) or not (isinstance(payload.get("query"), str) or by_id):
        return "The payload must have a query"
    for name, kind in (
        ("query", str),
        ("variables", dict),
        ("extensions", dict),
        ("operationName", str),
        ("documentId", str),
    ):
        if payload.get(name) is not None and not isinstance(payload[name], kind):
            return f"{name} has the wrong type"
    return None


def _persisted(payload: dict[str, Any]) -> bool:
    extensions = payload.get("extensions")
    return isinstance(extensions, dict) and extensions.get("persistedQuery") is not None

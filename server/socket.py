"""graphql-transport-ws (PROTOCOL.md of enisdenjo/graphql-ws): Strawberry's handler, made to the letter where it is not.

A message that the protocol does not know closes the socket with 4400 and a reason; an operation that fails ends by
itself and leaves the socket alone.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import orjson
from graphql import GraphQLError
from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.types.execution import ExecutionResult, PreExecutionError

from kit.errors import Unauthenticated
from resolvers.context import Context
from schema.errors import exposed
from server.logs import note

if TYPE_CHECKING:
    from server.view import View


class Close(IntEnum):
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    SLOW = 1013


class Adapter(ASGIWebSocketAdapter):
    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        try:
            while True:
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
        seconds = cast("View", self.view).services.settings.send_timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                await self.ws.send_text(orjson.dumps(message).decode())
        except (TimeoutError, WebSocketDisconnect, RuntimeError) as error:
            raise WebSocketDisconnected from error


class Socket(BaseGraphQLTransportWSHandler[Context, None]):
    view: "View"
    context: Context

    async def handle_message(self, message: Any) -> None:
        if reason := _amiss(message):
            await self.websocket.close(Close.BAD_REQUEST, reason)
            return
        await super().handle_message(message)

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

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """Each operation asks anew who is asking: a socket outlives roles, sessions and tokens."""
        began = time.perf_counter()
        last: ExecutionResult | None = None
        ctx = replace(self.context, trace_id=uuid4().hex, asks=await self._asks())
        try:
            results = await self.schema.stream(
                operation.query,
                variable_values=operation.variables,
                context_value=ctx,
                root_value=None,
                operation_name=operation.operation_name,
            )
            async with aclosing(cast("AsyncGenerator[ExecutionResult]", results)) as answers:
                async for last in answers:
                    if last.errors and _ends_it(last):
                        await operation.send_initial_errors(last.errors)
                        return
                    await operation.send_next(last)
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
        except WebSocketDisconnected:
            self.operations.pop(operation.id, None)
            await self._let_go()
        except Exception as error:
            told = exposed(GraphQLError("", original_error=error), trace_id=ctx.trace_id, now=ctx.now())
            await operation.send_initial_errors([told])
        finally:
            note(ctx, operation.operation_name, last, began)

    async def _asks(self) -> Any:
        asks = self.context.asks
        return asks if isinstance(asks, Unauthenticated) else await self.context.services.viewers.again(asks)

    async def _let_go(self) -> None:
        try:
            async with asyncio.timeout(1):
                await self.websocket.close(Close.SLOW, "Too slow")
        except (TimeoutError, RuntimeError):
            return


def _ends_it(result: ExecutionResult) -> bool:
    """Whether the operation was refused, or its stream broke off: then `error` ends it, as the protocol has it."""
    broken = result.data is None and all(error.path is None for error in result.errors or ())
    return isinstance(result, PreExecutionError) or broken


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
    if not isinstance(payload, dict) or not isinstance(payload.get("query"), str):
        return "The payload must have a query"
    for name, kind in (("variables", dict), ("extensions", dict), ("operationName", str)):
        if payload.get(name) is not None and not isinstance(payload[name], kind):
            return f"{name} has the wrong type"
    return None

"""GraphQL over HTTP. What comes in is a question or a clear 4xx; what goes out always has a code and a trace id.

A query that the reader answers alone goes from bytes to bytes; all else goes through the executor. Who asks, what is
logged and what is told of errors is the same either way.
"""

import asyncio
import time

from graphql import GraphQLError
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from kit.errors import Leaving, ParlorError, RateLimited, Unavailable
from resolvers.context import Context, Services
from schema.errors import all_exposed
from schema.schema import Refused, Schema
from server.accept import GRAPHQL_RESPONSE, accepted
from server.asked import MISSING, Asked, Refusal, asked_of
from server.formats import EVENT_STREAM
from server.logs import note
from server.requests import TooLarge, context_of, header_of, trace_id_of
from server.results import executed, formatted
from server.streaming import Streams
from server.wire import protocol_of

STREAM_TO = (
    "Subscriptions need a WebSocket with graphql-transport-ws, or an Accept header that prefers text/event-stream or "
    "multipart/mixed;subscriptionSpec=1.0"
)
STATUS: dict[type[ParlorError], int] = {Unavailable: 503, Leaving: 503, RateLimited: 429}
ALLOWED = {"GET": (OperationType.QUERY,), "POST": (OperationType.QUERY, OperationType.MUTATION)}


class View:
    def __init__(self, schema: Schema, services: Services, streams: Streams) -> None:
        self._schema = schema
        self._services = services
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind, format = accepted(header_of(scope, b"accept"))
        try:
            asked = await asked_of(scope, receive)
            ctx = await context_of(self._services, scope)
            if format is not None and (stream := self._streams.begun(scope, asked, ctx, format)):
                await stream.run(send)
                return
            status, body = await self._answered(asked, ctx, scope, kind)
        except Refused as error:
            status, body = (400 if kind is GRAPHQL_RESPONSE else 200), self._failed(scope, *error.errors)
        except ParlorError as error:
            status = STATUS.get(type(error), 400 if kind is GRAPHQL_RESPONSE else 200)
            body = self._failed(scope, GraphQLError("", original_error=error))
        except Refusal as error:
            status, body = error.status, self._failed(scope, GraphQLError(error.message))
        except TooLarge as error:
            status, body = 413, self._failed(scope, GraphQLError(str(error)))
        except ClientDisconnect:
            return
        except Exception as error:
            status, body = 500, self._failed(scope, GraphQLError("", original_error=error))
        if format is EVENT_STREAM and status == 200:
            kind, body = format.kind, format.next(body, None) + format.last(None)
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), (b"vary", _vary(scope))]
        if status == 405:
            headers.append((b"allow", b"GET, POST"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answered(self, asked: Asked, ctx: Context, scope: Scope, kind: bytes) -> tuple[int, bytes]:
        """Raises ClientDisconnect where nobody is there any more to hear it: then a query is not answered."""
        query = self._schema.documents.text(asked.query, asked.document_id, asked.extensions)
        if not query:
            raise Refusal(400, MISSING)
        began, protocol = time.perf_counter(), protocol_of(scope)
        task = asyncio.current_task()
        assert task is not None, "uvicorn makes one for each request"
        protocol.lost = task.cancel
        try:
            json, errors = await executed(
                self._schema,
                query,
                asked.variables,
                asked.operation_name,
                ctx,
                key=asked.idempotency_key,
                allowed=ALLOWED[scope["method"]],
            )
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise Refusal(400, STREAM_TO) from None
            raise Refusal(405, "Mutations need POST") from None
        except GraphQLError as error:
            raise Refusal(400, error.message) from None
        except asyncio.CancelledError:
            if protocol.transport.is_closing():
                raise ClientDisconnect from None
            raise
        finally:
            protocol.lost = None
        note(ctx, asked.operation_name, errors, began)
        if json is None:  # what was never executed has no data, not even null (GraphQL, 7.1.1)
            return (400 if kind is GRAPHQL_RESPONSE else 200), b'{"errors":%b}' % formatted(errors)
        return 200, json

    def _failed(self, scope: Scope, *errors: GraphQLError) -> bytes:
        told = all_exposed(errors, trace_id=trace_id_of(scope), now=self._services.clock())
        return b'{"errors":%b}' % formatted(told)


def _vary(scope: Scope) -> bytes:
    """Answers to pages of other origins go through CORSMiddleware, which adds its own."""
    return b"Accept" if header_of(scope, b"origin") is not None else b"Accept, Origin"

"""GraphQL over HTTP. What comes in is a question or a clear 4xx; what goes out always has a code and a trace id.

What the reader answers alone, or reads back, goes from bytes to bytes; all else goes through the executor. Who asks,
what is logged and what is told of errors is the same either way.
"""

import asyncio
import time

from graphql import GraphQLError
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from kit.errors import Forbidden, Leaving, NoKeys, OutcomeUnknown, ParlorError, RateLimited, TooSlow, Unavailable
from resolvers.context import Context, Services
from schema.errors import all_exposed
from schema.once import is_mutation
from schema.schema import Refused, Schema
from server.accept import GRAPHQL_RESPONSE, JSON, Accepted, accepted
from server.asked import ALLOW, METHODS, MISSING, Asked, asked_of
from server.deferring import Delivery, deferring
from server.formats import EVENT_STREAM
from server.noted import note, refused
from server.requests import Refusal, context_of, header_of, trace_id_of
from server.results import executed, formatted, wait_of
from server.streaming import Stream, Streams
from server.wire import protocol_of

STREAM_TO = (
    "Subscriptions need a WebSocket with graphql-transport-ws, or an Accept header that prefers text/event-stream or "
    "multipart/mixed;subscriptionSpec=1.0"
)
STATUS: dict[type[ParlorError], int] = {
    Unavailable: 503,
    OutcomeUnknown: 503,
    NoKeys: 503,
    Leaving: 503,
    TooSlow: 503,  # before anything was asked: who asks could not be looked up in time
    RateLimited: 429,
}
NOT_ACCEPTABLE = "Answers are application/graphql-response+json or application/json: the Accept header names neither"
ALLOWED = {
    "GET": (OperationType.QUERY,),
    "HEAD": (OperationType.QUERY,),
    "POST": (OperationType.QUERY, OperationType.MUTATION),
}
ENDED = "The server went down before it was answered"
KEEP_NOTHING = (b"cache-control", b"no-store")  # an answer is one viewer's, at one moment


class View:
    def __init__(self, schema: Schema, services: Services, streams: Streams) -> None:
        self._schema = schema
        self._services = services
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        wanted = accepted(header_of(scope, b"accept"))
        kind = wanted.json
        if scope["method"] == "OPTIONS":
            await Response(status_code=204, headers={"allow": METHODS})(scope, receive, send)
        elif kind is None:
            await self.refuse(scope, send, Refusal(406, NOT_ACCEPTABLE))
        else:
            wanted = Accepted(kind) if scope["method"] == "HEAD" else wanted
            await self._answer(scope, receive, send, kind, wanted)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, kind: bytes, wanted: Accepted) -> None:
        wait = None
        try:
            asked = await asked_of(scope, receive)
            ctx = await context_of(self._services, scope, anybody=self._schema.public(asked.query))
            self._services.budgets.admit(ctx)
            if several := self._several(scope, asked, ctx, wanted):
                await several.run(send)
                return
            status, body, wait = await self._answered(asked, ctx, scope, kind)
        except Refused as error:
            status, body = (400 if kind is GRAPHQL_RESPONSE else 200), self._failed(scope, *error.errors)
        except ParlorError as error:
            status = STATUS.get(type(error), 400 if kind is GRAPHQL_RESPONSE else 200)
            wait = wait_of([error])
            body = self._failed(scope, GraphQLError("", original_error=error))
        except Refusal as refusal:
            await self.refuse(scope, send, refusal, kind)
            return
        except ClientDisconnect:
            return
        except Exception as error:
            status, body = 500, self._failed(scope, GraphQLError("", original_error=error))
        if wanted.stream is EVENT_STREAM and status == 200:
            kind, body = EVENT_STREAM.kind, EVENT_STREAM.next(body, None) + EVENT_STREAM.last(None)
        await _send(scope, send, status, kind, body, *_later(wait))

    async def refuse(self, scope: Scope, send: Send, refusal: Refusal, kind: bytes = JSON) -> None:
        cause = Forbidden(refusal.message) if refusal.status == 403 else None
        body = self._failed(scope, GraphQLError(refusal.message, original_error=cause), status=refusal.status)
        await _send(scope, send, refusal.status, kind, body, *refusal.headers)

    def _several(self, scope: Scope, asked: Asked, ctx: Context, wanted: Accepted) -> Stream | Delivery | None:
        """More than one answer, to be run at once; None where there is only one."""
        if wanted.stream is not None:
            return self._streams.begun(scope, asked, ctx, wanted.stream)
        return None if wanted.patches is None else deferring(self._schema, scope, asked, ctx, wanted.patches)

    async def _answered(self, asked: Asked, ctx: Context, scope: Scope, kind: bytes) -> tuple[int, bytes, int | None]:
        """Raises ClientDisconnect where nobody is there any more to hear it: then a query is not answered; Unavailable
        where the server has no time left."""
        query = self._schema.documents.text(asked.query, asked.document_id, asked.extensions)
        if not query:
            raise Refusal(400, MISSING)
        began, protocol = time.perf_counter(), protocol_of(scope)
        task = asyncio.current_task(protocol.loop)  # named, for to find out which is running takes a system call
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
            raise Refusal(405, "Mutations need POST", ALLOW) from None
        except GraphQLError as error:
            raise Refused([error]) from None
        except asyncio.CancelledError:
            if protocol.transport.is_closing():
                raise ClientDisconnect from None
            if self._services.vitals.leaving:
                mutates = is_mutation(self._schema, query, asked.operation_name)
                raise (OutcomeUnknown if mutates else Unavailable)(ENDED) from None
            raise
        finally:
            protocol.lost = None
        note(ctx, self._schema.documents.title(query, asked.operation_name), errors, began)
        if json is None:  # what was never executed has no data, not even null (GraphQL, 7.1.1)
            return (400 if kind is GRAPHQL_RESPONSE else 200), b'{"errors":%b}' % formatted(errors), None
        return 200, json, wait_of(errors) if errors else None

    def _failed(self, scope: Scope, *errors: GraphQLError, status: int | None = None) -> bytes:
        told = all_exposed(errors, trace_id=trace_id_of(scope), now=self._services.clock())
        refused(self._services, trace_id_of(scope), told, status)
        return b'{"errors":%b}' % formatted(told)


async def _send(scope: Scope, send: Send, status: int, kind: bytes, body: bytes, *more: tuple[bytes, bytes]) -> None:
    length, vary = (b"content-length", b"%d" % len(body)), (b"vary", _vary(scope))
    headers = [(b"content-type", kind), length, vary, KEEP_NOTHING, *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _later(wait: int | None) -> list[tuple[bytes, bytes]]:
    """After how many seconds a client that was refused may come again."""
    return [] if wait is None else [(b"retry-after", b"%d" % wait)]


def _vary(scope: Scope) -> bytes:
    """Answers to pages of other origins go through CORSMiddleware, which adds its own."""
    return b"Accept" if header_of(scope, b"origin") is not None else b"Accept, Origin"

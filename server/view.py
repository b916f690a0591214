"""GraphQL over HTTP, and the door to the socket: Strawberry's view with the manners it lacks.

What comes in is a JSON object or a clear 4xx; what goes out always has a code and a trace id.
"""

import time
from datetime import timedelta
from typing import Any

import orjson
from cross_web import HTTPException
from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.execution import ExecutionResult
from strawberry.types.graphql import OperationType

from resolvers.context import Context, Services
from schema.errors import exposed
from schema.schema import Schema
from server.logs import note
from server.requests import TooLarge, address_of, trace_id_of
from server.socket import Adapter, Socket, refused

GRAPHQL_RESPONSE = "application/graphql-response+json"
JSON = "application/json"
ALLOWED = {"GET": (OperationType.QUERY,), "POST": (OperationType.QUERY, OperationType.MUTATION)}


class View(GraphQL[Context, None]):
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
        if scope["type"] == "websocket":
            await self.run(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        try:
            response = await self.run(request)
        except HTTPException as error:
            response = self._refused(request, error.status_code, error.reason)
        except TooLarge as error:
            response = self._refused(request, 413, str(error))
        except ClientDisconnect:
            return
        except Exception as error:
            response = self._failed(request, 500, GraphQLError("", original_error=error))
        await response(scope, receive, send)

    def _refused(self, request: Request, status: int, reason: str) -> Response:
        return self._failed(request, status, GraphQLError(reason))

    def _failed(self, request: Request, status: int, error: GraphQLError) -> Response:
        told = exposed(error, trace_id=trace_id_of(request.scope), now=self.services.clock())
        headers = {"allow": "GET, POST"} if status == 405 else None
        return Response(orjson.dumps({"errors": [told.formatted]}), status, headers, _media_type(request))

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        header = None if isinstance(request, WebSocket) else request.headers.get("authorization")
        return Context(
            services=self.services,
            asks=await self.services.viewers.of_header(header),
            trace_id=trace_id_of(request.scope),
            address=address_of(request.scope),
            user_agent=request.headers.get("user-agent"),
        )

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        response = await super().get_sub_response(request)
        response.media_type = _media_type(request)
        return response

    def decode_json(self, data: str | bytes) -> object:
        found = orjson.loads(data)
        if not isinstance(found, dict):
            raise HTTPException(400, "The request must be one JSON object")
        return found

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data)

    def should_render_graphql_ide(self, request: Any) -> bool:
        return False

    async def execute_operation(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        began, asked, ctx = time.perf_counter(), kwargs["request_data"], kwargs["context"]
        try:
            result = await self.schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=ctx,
                operation_name=asked.operation_name,
                allowed_operation_types=ALLOWED[request.method],
            )
        except MissingQueryError:
            raise HTTPException(400, "No GraphQL query found in the request") from None
        except CannotGetOperationTypeError as error:
            raise HTTPException(400, error.as_http_error_reason()) from None
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                raise HTTPException(400, "Subscriptions need a WebSocket with graphql-transport-ws") from None
            raise HTTPException(405, "Mutations need POST") from None
        note(ctx, asked.operation_name, result, began)
        return result

    async def process_result(self, request: Request, result: ExecutionResult) -> Any:
        """A request that was never executed has no data, not even null (GraphQL, 7.1.1)."""
        answer: dict[str, Any] = {}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        if not refused(result):
            answer["data"] = result.data
        return answer

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        bad = "data" not in response_data and sub_response.media_type == GRAPHQL_RESPONSE
        return Response(self.encode_json(response_data), 400 if bad else 200, media_type=sub_response.media_type)


def _media_type(request: Request | WebSocket) -> str:
    return GRAPHQL_RESPONSE if GRAPHQL_RESPONSE in request.headers.get("accept", "") else JSON

"""What every request goes through before anything looks at it: a trace id, a size limit, one line in the log."""

import re
import time
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-request-id"
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{8,64}")

log = structlog.get_logger()


class TooLarge(Exception):
    """The body is larger than `MAX_BODY_BYTES`."""


class Requests:
    """Gives each request its id (the client's own, if it is a decent one) and counts the bytes of its body."""

    def __init__(self, app: ASGIApp, *, max_body: int) -> None:
        self._app = app
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        offered = Headers(scope=scope).get(HEADER, "")
        trace_id = offered if _ACCEPTABLE.fullmatch(offered) else uuid4().hex
        scope.setdefault("state", {})["trace_id"] = trace_id
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = trace_id
            await send(message)

        try:
            await self._app(scope, self._counting(receive), answer)
        finally:
            spent = round((time.perf_counter() - began) * 1000, 1)
            log.debug("request", method=scope["method"], path=scope["path"], status=status, ms=spent, trace_id=trace_id)

    def _counting(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_body:
                raise TooLarge(f"The body is larger than {self._max_body} bytes")
            return message

        return counted


def trace_id_of(scope: Scope) -> str:
    trace_id: str = scope["state"]["trace_id"]
    return trace_id


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"

"""What every request goes through before anything looks at it: a trace id, a size limit, one line in the log."""

import logging
import re
import time
from collections.abc import Callable
from random import getrandbits

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from resolvers.context import Context, Services
from server import logs

HEADER = "x-request-id"
_HEADER = HEADER.encode()
_ACCEPTABLE = re.compile(rb"[A-Za-z0-9._-]{8,64}")
# https://www.w3.org/TR/trace-context/#traceparent-header; no id is all zeros, no version is ff
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class TooLarge(Exception):
    """The body is larger than `MAX_BODY_BYTES`."""


class Requests:
    """Gives each request its trace id (the client's own, if it is a decent one) and counts the bytes of its body.

    `count` is told the status of each answer.
    """

    def __init__(self, app: ASGIApp, *, max_body: int, count: Callable[[int], None]) -> None:
        self._app = app
        self._max_body = max_body
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["headers"] = dict(reversed(scope["headers"]))  # of several of one name the first counts
        trace_id = _trace_id(scope)
        state["trace_id"] = trace_id.decode()
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_HEADER, trace_id)]
            await send(message)

        try:
            await self._app(scope, self._counting(receive), answer)
        finally:
            self._count(status)
            if logs.least <= logging.DEBUG:
                logs.request(scope, status, began)

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


def _trace_id(scope: Scope) -> bytes:
    """That of the trace which the request is part of, or the request's own, or a new one."""
    if scope["type"] == "http":  # a socket is counted by its own
        parent, own = header_of(scope, b"traceparent"), header_of(scope, _HEADER)
        if parent is not None and (found := _TRACEPARENT.fullmatch(parent)):
            scope["state"]["traceparent"] = parent.decode()
            return found[1]
        if own is not None and _ACCEPTABLE.fullmatch(own):
            return own
    return b"%032x" % getrandbits(128)


def header_of(scope: Scope, name: bytes) -> bytes | None:
    """A header by its name in lower case."""
    header: bytes | None = scope["state"]["headers"].get(name)
    return header


def text_of(scope: Scope, name: bytes) -> str | None:
    """The same as text."""
    found = header_of(scope, name)
    return None if found is None else found.decode("latin-1")


def trace_id_of(scope: Scope) -> str:
    trace_id: str = scope["state"]["trace_id"]
    return trace_id


async def context_of(services: Services, scope: Scope) -> Context:
    """Who asks by this request or on this socket, and from where."""
    client = scope.get("client")
    return Context(
        services=services,
        asks=await services.viewers.of_header(text_of(scope, b"authorization")),
        trace_id=trace_id_of(scope),
        address=client[0] if client else "unknown",
        user_agent=text_of(scope, b"user-agent"),
        parent=scope["state"].get("traceparent"),
    )

"""What every request goes through before anything looks at it: a trace id, a size limit, one line in the log."""

import logging
import re
import time
from collections.abc import Callable, Sequence
from random import getrandbits

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kit.errors import Unauthenticated
from resolvers.context import Context, Services, Viewer
from server import logs

HEADER = "x-request-id"
_HEADER = HEADER.encode()
_LEFT = 499  # nginx's status for a client that has not waited for an answer
_ALWAYS = (b"x-content-type-options", b"nosniff")
_ACCEPTABLE = re.compile(rb"[A-Za-z0-9._-]{8,64}")
# https://www.w3.org/TR/trace-context/#traceparent-header; no id is all zeros, no version is ff
_TRACEPARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Refusal(Exception):
    """A request that is not looked into: HTTP's status, what is said of it, and headers that go with it."""

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


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
        state["headers"] = _by_name(scope["headers"])
        trace_id = _trace_id(scope)
        state["trace_id"] = trace_id.decode()
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), _LEFT

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_HEADER, trace_id), _ALWAYS]
            await send(message)

        try:
            await self._app(scope, self._counting(scope, receive), answer)
        except BaseException:
            status = 500
            raise
        finally:
            self._count(status)
            if logs.least <= logging.DEBUG:
                logs.request(scope, status, began)

    def _counting(self, scope: Scope, receive: Receive) -> Receive:
        """Refuses a body that is too long: before a byte of it is taken where its length is told beforehand."""
        taken, told = 0, int(header_of(scope, b"content-length") or 0)

        async def counted() -> Message:
            nonlocal taken
            if told > self._max_body:
                raise self._too_large()
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._max_body:
                raise self._too_large()
            return message

        return counted

    def _too_large(self) -> Refusal:
        return Refusal(413, f"The body is larger than {self._max_body} bytes")


def _by_name(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Several of one name are one list (RFC 9110, 5.3); where there can be none that makes nonsense, to be refused."""
    found = dict(headers)
    if len(found) < len(headers):
        lists: dict[bytes, list[bytes]] = {}
        for name, value in headers:
            lists.setdefault(name, []).append(value)
        found = {name: b", ".join(values) for name, values in lists.items()}
    return found


def _trace_id(scope: Scope) -> bytes:
    """That of the trace which the request is part of, or the request's own, or a new one."""
    if scope["type"] == "http":  # a socket is counted by its own
        headers = headers_of(scope)
        parent, own = headers.get(b"traceparent"), headers.get(_HEADER)
        if parent is not None and (found := _TRACEPARENT.fullmatch(parent)):
            scope["state"]["traceparent"] = parent.decode()
            return found[1]
        if own is not None and _ACCEPTABLE.fullmatch(own):
            return own
    return b"%032x" % getrandbits(128)


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """All of them, by their names in lower case."""
    headers: dict[bytes, bytes] = scope["state"]["headers"]
    return headers


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


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"


async def context_of(services: Services, scope: Scope, *, anybody: bool = False) -> Context:
    """Who asks by this request or on this socket, and from where. Where it is for `anybody`, nobody is looked up."""

    def asked(asks: Viewer | Unauthenticated) -> Context:
        return Context(
            services=services,
            asks=asks,
            trace_id=trace_id_of(scope),
            address=address_of(scope),
            user_agent=text_of(scope, b"user-agent"),
            parent=scope["state"].get("traceparent"),
        )

    header = None if anybody else text_of(scope, b"authorization")
    return asked(await services.viewers.of_header(header, lambda: asked(Unauthenticated())))

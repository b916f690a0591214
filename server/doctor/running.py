"""What a server that runs answers, to a probe and over a socket."""

import asyncio
import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from server.doctor.finding import ANSWER_SECONDS, Finding, failed, ok, skipped, warning

LARGEST_ANSWER = 65_536  # bytes; it may be anybody who answers
PROTOCOL = Subprotocol("graphql-transport-ws")
PROXY = "look at its log, and at what stands before it: a proxy must pass on WebSockets and /health/ready"


async def of_server(url: str | None) -> list[Finding]:
    """`url` is that of the server: scheme, host and port."""
    if url is None:
        why = "name a server that runs: --url https://api.example.org"
        return [skipped("health check", why), skipped("WebSocket", why)]
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [failed("health check", f"{url} is no address", "--url https://api.example.org")]
    base = f"{parts.scheme}://{parts.netloc}"
    return [*await asyncio.gather(_health(base), _socket(base))]


async def _health(base: str) -> Finding:
    url = f"{base}/health/ready"
    try:
        async with asyncio.timeout(2 * ANSWER_SECONDS):
            status, body = await asyncio.to_thread(_get, url)
        said = f"{_said(json.loads(body))} ({status})"[:300]
    except (OSError, HTTPException, ValueError, AttributeError, TypeError) as error:
        why = error.reason if isinstance(error, URLError) else error
        return failed("health check", f"{url}: {why or repr(why)}", PROXY)
    if status != 200:
        return failed("health check", said, "the server's log says more (health.changed, request.refused)")
    if not said.startswith("ready "):
        return warning("health check", said, "the server's log says more (health.changed)")
    return ok("health check", f"{url}: ready")


def _said(found: dict[str, Any]) -> str:
    """How it is, and what has failed; or why it does not say, as where ALLOWED_HOSTS does not have the name."""
    if errors := found.get("errors"):
        return str(errors[0].get("message"))
    wrong = [part for part, said in found.items() if said == "failed"]
    return f"{found.get('status')}{': ' if wrong else ''}{', '.join(wrong)}"


def _get(url: str) -> tuple[int, bytes]:
    request = Request(url, headers={"accept": "application/json", "user-agent": "parlor-doctor"})  # noqa: S310
    try:
        with urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310 (http or https, see above)
            return answer.status, answer.read(LARGEST_ANSWER)
    except HTTPError as error:
        with error:
            return error.code, error.read(LARGEST_ANSWER)


async def _socket(base: str) -> Finding:
    url = base.replace("http", "ws", 1) + "/graphql"
    try:
        async with (
            asyncio.timeout(ANSWER_SECONDS),
            connect(url, subprotocols=[PROTOCOL], max_size=LARGEST_ANSWER, close_timeout=1) as socket,
        ):
            if socket.subprotocol != PROTOCOL:
                return failed("WebSocket", f"{url} does not speak {PROTOCOL}", PROXY)
            for sent, expected in (("connection_init", "connection_ack"), ("ping", "pong")):
                await socket.send(json.dumps({"type": sent}))
                answer = json.loads(await socket.recv())
                if answer.get("type") != expected:
                    return failed("WebSocket", f"{url} answers {str(answer)[:100]} to {sent}", PROXY)
    except (OSError, TimeoutError, WebSocketException, ValueError, AttributeError) as error:
        return failed("WebSocket", f"{url}: {str(error) or 'no answer'}", PROXY)
    return ok("WebSocket", f"{url}: connected, acknowledged, a ping came back")

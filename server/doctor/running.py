"""What a server that runs answers, to a probe and over a socket."""

import asyncio
import json
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from server.doctor.finding import Finding, failed, ok, skipped

ANSWER_SECONDS = 5
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
    try:
        async with asyncio.timeout(2 * ANSWER_SECONDS):
            status, body = await asyncio.to_thread(_get, f"{base}/health/ready")
        found = json.loads(body)
        wrong = [part for part, said in found.items() if said == "failed"]
    except (OSError, HTTPException, TimeoutError, URLError, ValueError, AttributeError) as error:
        return failed("health check", f"{base}/health/ready: {error or repr(error)}", PROXY)
    if status != 200:
        said = f"{found.get('status')}: {', '.join(wrong)}" if wrong else str(found.get("status"))
        return failed("health check", f"{said[:200]} ({status})", "the server's log says more (health.changed)")
    return ok("health check", f"{base}/health/ready: ready")


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

"""What probes and balancers ask over HTTP: whether the process answers, whether it can serve, and how its sockets are.

`docs/operations.md` says which path is for whom. None costs more the more often it is asked, see `live/vitals.py`.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.clock import written
from live.meter import Snapshot
from live.vitals import Part, Vital
from resolvers.context import Services
from resolvers.health import MILLISECONDS, status_of
from server.metrics import REFUSED, may_read

NEVER_KEPT = {"cache-control": "no-store"}


def routes(services: Callable[[], Services]) -> list[Route]:
    """`services` are there once the server has started."""

    async def health(request: Request) -> Response:
        vital = await services().vitals.look()
        if Part.DATABASE in vital.failed:
            return _json({"status": "unhealthy", "db": "disconnected"}, 503)
        return _json({"status": "healthy", "db": "connected"})

    async def live(request: Request) -> Response:
        return _json({"status": "alive"})

    async def ready(request: Request) -> Response:
        vital = await services().vitals.look()
        return _json(_of(vital), 200 if vital.ready else 503)

    async def websocket(request: Request) -> Response:
        if not may_read(services().settings, request):
            return _json({"error": REFUSED.strip()}, 403)
        return _json(_counted(services().meter.snapshot()))

    return [
        Route("/health", health),
        Route("/health/live", live),
        Route("/health/ready", ready),
        Route("/health/websocket", websocket),
    ]


def _json(body: dict[str, Any], status: int = 200) -> JSONResponse:
    return JSONResponse(body, status, headers=NEVER_KEPT)


def _of(vital: Vital) -> dict[str, Any]:
    unknown = {Part.MIGRATIONS} if Part.DATABASE in vital.failed else set[Part]()
    parts: dict[str, str] = {
        part: "failed" if part in vital.failed else "unknown" if part in unknown else "ok" for part in Part
    }
    status = "leaving" if vital.leaving else "not ready" if not vital.ready else "degraded" if vital.failed else "ready"
    return {"status": status, **parts}


def _counted(found: Snapshot) -> dict[str, Any]:
    """By this process, since its start; times in milliseconds."""
    return {
        "status": status_of(found).lower(),
        "total_connections": found.connections,
        "active_connections": found.active,
        "peak_connections": found.peak_connections,
        "messages_sent": found.sent,
        "messages_received": found.received,
        "total_messages": found.messages,
        "errors": found.errors,
        "avg_latency_ms": round(found.recent_latency * MILLISECONDS, 3),
        "peak_latency_ms": round(found.peak_latency * MILLISECONDS, 3),
        "start_time": written(found.start),
    }

"""OpenTelemetry: a span for each operation, made when it is over. Nothing of its arguments is in it.

It belongs to the trace that its request was part of; without one its trace id is the request's own, where that is 32
hexadecimal digits, so that what a client is told can be looked up.
"""

import asyncio
import os
import re
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from kit.errors import ParlorError, TooSlow, Unavailable
from kit.settings import Settings
from resolvers.context import Context
from schema.titles import Title

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Tracer

FLUSH_SECONDS = 2.0  # for what has not been sent when the process ends
SEND_SECONDS = 5.0  # for one batch
WAITING = 2_048  # spans that wait to be sent; more are dropped
OURS = {ParlorError.code, TooSlow.code, Unavailable.code}  # codes that are no mistakes of clients
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")

current: "Tracing | None" = None


class Tracing:
    """`tracer` is OpenTelemetry's, `ids` where it has its trace ids from."""

    def __init__(self, tracer: "Tracer", ids: Any) -> None:
        from opentelemetry.context import Context as Surroundings
        from opentelemetry.trace import SpanKind, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._tracer = tracer
        self._ids = ids
        self._extract = TraceContextTextMapPropagator().extract
        self._root = Surroundings()
        self._kind = SpanKind.SERVER
        self._error = StatusCode.ERROR

    def operation(self, ctx: Context, title: Title, code: str, seconds: float) -> None:
        """One that is over. `code` is that of its first error, or DONE."""
        end = time.time_ns()
        self._ids.next = int(ctx.trace_id, 16) if _TRACE_ID.fullmatch(ctx.trace_id) else 0
        attributes = {"graphql.operation.type": title.kind, "parlor.trace_id": ctx.trace_id, "parlor.code": code}
        if title.name is not None:
            attributes["graphql.operation.name"] = title.name
        span = self._tracer.start_span(
            f"{title.kind} {title.name}" if title.name else title.kind,
            context=self._root if ctx.parent is None else self._extract({"traceparent": ctx.parent}),
            kind=self._kind,
            attributes=attributes,
            start_time=end - int(seconds * 1e9),
        )
        if code in OURS:
            span.set_attribute("error.type", code)
            span.set_status(self._error)
        span.end(end)


@asynccontextmanager
async def tracing(settings: Settings) -> AsyncIterator[None]:
    """While it lasts spans are sent to OTEL_EXPORTER_OTLP_ENDPOINT, if that is set."""
    global current
    if settings.otel_exporter_otlp_endpoint is None:
        yield
        return
    provider, made = _made(settings.otel_exporter_otlp_endpoint)
    before, current = current, made
    try:
        yield
    finally:
        current = before
        last = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
        last.start()
        await asyncio.to_thread(last.join, FLUSH_SECONDS)


def _made(endpoint: str) -> tuple["TracerProvider", Tracing]:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class Ids(RandomIdGenerator):
        """Trace ids that are ours where there are some: `next` is that of the next span, 0 for any."""

        next = 0

        def generate_trace_id(self) -> int:
            return self.next or super().generate_trace_id()

    ids, name = Ids(), os.environ.get("OTEL_SERVICE_NAME", "parlor")
    about = Resource.create({"service.name": name, "service.version": version("parlor")})
    provider = TracerProvider(id_generator=ids, resource=about, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=SEND_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=WAITING))
    return provider, Tracing(provider.get_tracer("parlor", version("parlor")), ids)

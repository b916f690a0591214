"""What Prometheus scrapes: the counters of this process, and how far it is with the log. `docs/operations.md` lists it.

The counters need no database. What is asked of it has a second; without an answer it is left out.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from importlib.metadata import version
from itertools import accumulate
from secrets import compare_digest

import structlog
from asyncpg import Record
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from db import jobs
from kit.networks import is_loopback
from kit.settings import Settings
from live.histogram import SECONDS, Histogram
from live.hub import Hub
from live.lag import Lag, lag
from live.meter import Meter
from live.readings import Readings, fold
from resolvers.context import Services
from server.requests import header_of, text_of

VERSION = version("parlor")
LAG_SECONDS = 1
WRITE_SECONDS = 5
LEAVING_SECONDS = 2
OPERATION = ("type", "operation")
JOBS = {"queued": "waiting", "picked": "running", "failed": "dead"}
MISSED = 3  # writings after which a process no longer counts as alive
BY_PROXIES = (b"x-forwarded-for", b"forwarded", b"x-real-ip", b"via")  # what came with these is not from here
REFUSED = "This is for this machine, or where METRICS_TOKEN is set for who shows it.\n"

logger = structlog.get_logger()


async def keep_readings(services: Services) -> None:
    """For the life of the process, and once more when it ends."""
    every = services.settings.metrics_flush_seconds
    readings = Readings(services.db, services.process, services.meter, believed=timedelta(seconds=MISSED * every))
    try:
        while True:
            try:
                async with asyncio.timeout(WRITE_SECONDS):
                    await readings.write()
                    await fold(services.db)
            except Exception as error:
                logger.warning("metrics.not_kept", error=repr(error), retry_in=every)
            await asyncio.sleep(every)
    finally:
        try:
            async with asyncio.timeout(LEAVING_SECONDS):
                await readings.leave()
        except Exception as error:
            logger.warning("metrics.not_kept", error=repr(error))


async def answer(services: Services, request: Request) -> Response:
    if not may_read(services.settings, request):
        return PlainTextResponse(REFUSED, 403)
    registry = CollectorRegistry()
    registry.register(ProcessCollector(registry=None))
    registry.register(Scrape(services.process, services.meter, services.hub, await _lag(services)))
    registry.register(Waiting(await _jobs(services)))
    encode, content_type = choose_encoder(text_of(request.scope, b"accept") or "")
    return Response(encode(registry), headers={"content-type": content_type})


def may_read(settings: Settings, request: Request) -> bool:
    """Whoever shows the token, or without one whoever is on this machine."""
    if settings.metrics_token is not None:
        expected = f"Bearer {settings.metrics_token.get_secret_value()}".encode()
        return compare_digest(header_of(request.scope, b"authorization") or b"", expected)
    passed_on = any(header_of(request.scope, name) is not None for name in BY_PROXIES)
    return not passed_on and request.client is not None and is_loopback(request.client.host)


async def _lag(services: Services) -> Lag | None:
    try:
        async with asyncio.timeout(LAG_SECONDS):
            return await lag(services.db, services.tail.head)
    except Exception:
        return None


async def _jobs(services: Services) -> Sequence[Record]:
    try:
        async with asyncio.timeout(LAG_SECONDS):
            return await services.db.fetch(jobs.COUNTS)
    except Exception:
        return []


class Waiting(Collector):
    """The jobs of all processes. Their names are classes of ours."""

    def __init__(self, counts: Sequence[Record]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        numbers = GaugeMetricFamily("parlor_jobs", "Jobs of all processes, by what they are", labels=["job", "status"])
        oldest = GaugeMetricFamily("parlor_jobs_oldest_seconds", "Since when the oldest waits", labels=["job"])
        for row in self._counts:
            numbers.add_metric([row["name"], JOBS[row["status"]]], row["number"])
            if row["status"] == "queued":
                oldest.add_metric([row["name"]], row["waiting"])
        yield from (numbers, oldest)


class Scrape(Collector):
    """One answer. Labels come from closed or bounded sets, see `live/meter.py` and `live/operations.py`."""

    def __init__(self, process: str, meter: Meter, hub: Hub, lag: Lag | None) -> None:
        self._process = process
        self._counted = meter.snapshot()
        self._operations = meter.operations
        self._hub = hub
        self._lag = lag

    def collect(self) -> Iterator[Metric]:
        yield gauge("parlor_info", "Which process of which version", 1, process=self._process, version=VERSION)
        yield from self._sockets()
        yield from self._streams()
        yield from self._signals()
        yield from self._asked()
        yield counter("parlor_http_requests", "HTTP requests, by class of status", self._counted.requests, "status")
        yield gauge("parlor_database_up", "Whether the database answered within a second", int(self._lag is not None))
        if self._lag is not None:
            yield from _of_log(self._lag)

    def _sockets(self) -> Iterator[Metric]:
        counted = self._counted
        messages = {"received": counted.received, "sent": counted.sent}
        yield gauge("parlor_sockets", "Sockets that are open", counted.active)
        yield gauge("parlor_sockets_peak", "The most that were open at once", counted.peak_connections)
        yield counter("parlor_sockets_opened", "Sockets that were acknowledged", counted.connections)
        yield counter("parlor_sockets_closed", "Sockets that were closed, by code", counted.closes, "code")
        yield counter("parlor_messages", "Messages over sockets", messages, "direction")
        yield counter("parlor_sent_bytes", "Bytes of the messages sent", counted.sent_bytes)
        yield counter("parlor_errors", "Messages not understood, operations failed, sockets broken", counted.errors)
        yield counter("parlor_refusals", "Sockets and operations turned away, by reason", counted.refusals, "reason")

    def _streams(self) -> Iterator[Metric]:
        counted = self._counted
        yield histogram("parlor_delivery_seconds", "From an event to each socket's buffer", counted.deliveries)
        yield histogram("parlor_execution_seconds", "Of one event for one group", counted.executions)
        yield gauge("parlor_group_sockets_peak", "The most sockets that one execution was for", counted.largest_group)
        streams = GaugeMetricFamily("parlor_streams", "Subscriptions that are open, by field", labels=["field"])
        for field, number in sorted(counted.streams.items()):
            streams.add_metric([field], number)
        yield streams
        yield counter("parlor_resumes", "Subscriptions resumed after a cursor, by what from", counted.resumes, "how")
        yield counter("parlor_lags", "Readers that fell behind and are fed by themselves", counted.lags)
        yield gauge("parlor_groups", "Groups of subscriptions that ask the same", len(self._hub.groups))
        yield gauge("parlor_held_bytes", "Of payloads, held for those that have fallen behind a little", self._hub.held)

    def _asked(self) -> Iterator[Metric]:
        """GraphQL operations."""
        codes = CounterMetricFamily(
            "parlor_operations", "Operations that are over, by how they went", labels=["type", "operation", "code"]
        )
        seconds = HistogramMetricFamily(
            "parlor_operations_seconds", "How long queries and mutations took", labels=OPERATION
        )
        costs = CounterMetricFamily("parlor_operations_cost", "What they may have reached", labels=OPERATION)
        for key, counted in self._operations.counted.items():
            found = counted.seconds.histogram()
            costs.add_metric(key, counted.cost)
            if found.count:
                seconds.add_metric(key, _buckets(found), found.sum)
            for code, number in counted.codes.items():
                codes.add_metric([*key, code], number)
        yield from (codes, seconds, costs)

    def _signals(self) -> Iterator[Metric]:
        signals = self._hub.signals
        passed = {"sent": signals.sent, "heard": signals.heard, "dropped": signals.dropped}
        yield counter("parlor_signals", "Signals handed to the broker, heard from it, and given up", passed, "what")
        yield gauge("parlor_broker_up", "Whether the broker is connected", int(signals.connected))


def _of_log(lag: Lag) -> Iterator[Metric]:
    yield gauge("parlor_log_unread_events", "Events this process has not read, up to 10,000", lag.unread)
    yield gauge("parlor_log_behind_seconds", "Age of the oldest of them", lag.behind)
    yield gauge("parlor_log_fence_seconds", "Age of the oldest open transaction that writes", lag.fence)
    yield gauge("parlor_log_fence_transactions", "Transactions begun since that one", lag.begun)
    yield gauge("parlor_log_events", "Events in the log, beyond 10,000 an estimate", lag.events)
    if lag.oldest is not None:
        yield gauge("parlor_log_oldest_timestamp_seconds", "When the oldest was written", lag.oldest.timestamp())


def gauge(name: str, text: str, value: float, **labels: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[*labels])
    family.add_metric([*labels.values()], value)
    return family


def counter(name: str, text: str, value: float | Mapping[str, int], label: str | None = None) -> Metric:
    family = CounterMetricFamily(name, text, labels=[label] if label else [])
    for key, number in sorted(value.items()) if isinstance(value, Mapping) else [("", value)]:
        family.add_metric([key] if label else [], number)
    return family


def histogram(name: str, text: str, found: Histogram) -> Metric:
    return HistogramMetricFamily(name, text, buckets=_buckets(found), sum_value=found.sum)


def _buckets(found: Histogram) -> list[tuple[str, float]]:
    """As Prometheus has them: each with all that lie below its bound."""
    bounds = [*(f"{seconds:g}" for seconds in SECONDS), "+Inf"]
    return list(zip(bounds, accumulate(found.counts), strict=True))

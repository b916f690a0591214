"""How the server is: what its processes count of their sockets, and how far the log has been read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, select, true

from db.readings import MeterReading as Reading
from live.lag import lag
from live.meter import Connection, Snapshot
from live.readings import alive
from live.vitals import Part, Vital
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.topics import Followed

# Of the latest thousand: what a reader of a live page begins to feel, and when it is no longer live.
DEGRADED_LATENCY, UNHEALTHY_LATENCY = 0.25, 2.0  # seconds, on average
DEGRADED_ERRORS, UNHEALTHY_ERRORS = 10, 100  # 1 and 10 of a hundred messages
MILLISECONDS = 1_000


class Period(StrEnum):
    SINCE_START = "SINCE_START"
    ALL_TIME = "ALL_TIME"


class Status(StrEnum):
    """In rising order of alarm."""

    HEALTHY = "HEALTHY"
    DEGRADED = "DEGRADED"
    UNHEALTHY = "UNHEALTHY"


class Connectivity(StrEnum):
    CONNECTED = "CONNECTED"
    DISCONNECTED = "DISCONNECTED"


@dataclass(frozen=True, slots=True)
class Health:
    status: Status
    db: Connectivity
    broker: Connectivity


@dataclass(frozen=True, slots=True)
class LogHealth:
    unread_events: int
    behind_ms: float
    fence_ms: float
    fence_transactions: int
    events: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class SystemHealth:
    database_version: str
    process: str
    start_time: datetime
    processes: Sequence[str]
    broker_connected: bool
    log: LogHealth


async def health(ctx: Context) -> Health:
    """It is for anybody, and needs neither the database nor to know who asks."""
    vital = await ctx.services.vitals.look()
    status = Status.DEGRADED if vital.failed else Status.HEALTHY
    if Part.DATABASE in vital.failed or vital.leaving:
        status = Status.UNHEALTHY
    return Health(status, _connectivity(vital, Part.DATABASE), _connectivity(vital, Part.BROKER))


def _connectivity(vital: Vital, part: Part) -> Connectivity:
    return Connectivity.DISCONNECTED if part in vital.failed else Connectivity.CONNECTED


def nothing(ctx: Context, **_: Any) -> Followed:
    """What is followed of metrics: time alone."""
    return Followed(())


def websocket_health(
    period: Annotated[Period, Doc("What is counted.")] = Period.SINCE_START,
    process: Annotated[str | None, Doc("Of one process alone, as `systemHealth` names it. Default: of all.")] = None,
) -> Select[*tuple[Any, ...]]:
    """One row, whatever there is: of the processes that live, or of all that ever did. It is for administrators."""
    lives = Reading.until > func.now()
    ever = period is Period.ALL_TIME
    return select(
        *_counts(),
        func.coalesce(func.sum(Reading.active).filter(lives), 0).cast(BigInteger).label("active_connections"),
        _average(ever=ever).label("avg_latency_ms"),
        func.coalesce(func.max(Reading.peak_connections), 0).label("peak_connections"),
        func.coalesce(func.max(Reading.peak_latency) * MILLISECONDS, 0.0).label("peak_latency_ms"),
        _status(lives).label("status"),
        func.count().filter(lives).label("processes"),
        func.min(Reading.start).label("start_time"),
        func.min(Reading.at).filter(lives).label("counted_at"),
    ).where(true() if ever else lives, true() if process is None else Reading.process == process)


def _counts() -> list[ColumnElement[Any]]:
    counts: dict[str, Any] = {
        "total_connections": Reading.connections,
        "messages_sent": Reading.sent,
        "messages_received": Reading.received,
        "total_messages": Reading.sent + Reading.received,
        "errors": Reading.errors,
    }
    return [cast(func.coalesce(func.sum(count), 0), BigInteger).label(name) for name, count in counts.items()]


def _average(*, ever: bool) -> ColumnElement[Any]:
    """In milliseconds; each process by the number of latencies that it is made of."""
    seconds, number = (Reading.latency_seconds, Reading.latencies) if ever else (Reading.recent_seconds, Reading.recent)
    return func.coalesce(func.sum(seconds) / func.nullif(func.sum(number), 0) * MILLISECONDS, 0.0)


def _status(lives: ColumnElement[bool]) -> ColumnElement[Any]:
    """That of the process that is worst off: an average over all would hide it."""
    average = Reading.recent_seconds / func.nullif(Reading.recent, 0)
    errors = Reading.recent_errors
    rank = case(
        ((average > UNHEALTHY_LATENCY) | (errors > UNHEALTHY_ERRORS), 2),
        ((average > DEGRADED_LATENCY) | (errors > DEGRADED_ERRORS), 1),
        else_=0,
    )
    worst = func.max(rank).filter(lives)
    return case((worst == 2, Status.UNHEALTHY.value), (worst == 1, Status.DEGRADED.value), else_=Status.HEALTHY.value)


def status_of(counted: Snapshot) -> Status:
    """The same of one process, as it counts just now."""
    average, errors = counted.recent_latency, counted.recent_errors
    if average > UNHEALTHY_LATENCY or errors > UNHEALTHY_ERRORS:
        return Status.UNHEALTHY
    return Status.DEGRADED if average > DEGRADED_LATENCY or errors > DEGRADED_ERRORS else Status.HEALTHY


async def websocket_connections(ctx: Context) -> Sequence[Connection]:
    return [*reversed(ctx.services.meter.history)]


async def system_health(ctx: Context) -> SystemHealth:
    services = ctx.services
    found = await lag(services.db, services.tail.head)
    return SystemHealth(
        database_version=found.version,
        process=services.process,
        start_time=services.meter.start,
        processes=await alive(services.db),
        broker_connected=services.signals.connected,
        log=LogHealth(
            unread_events=found.unread,
            behind_ms=found.behind * MILLISECONDS,
            fence_ms=found.fence * MILLISECONDS,
            fence_transactions=found.begun,
            events=found.events,
            oldest_at=found.oldest,
        ),
    )

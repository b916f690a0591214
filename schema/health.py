from datetime import datetime

import strawberry

from db.accounts.users import Role
from resolvers import health as resolve
from resolvers.health import Connectivity, Period, Status
from schema.enums import enum
from schema.fields import live, record, report
from schema.kinds import Kind

EVERY_SECONDS = 5.0  # the processes write down what they count no more often, unless told so

enum(
    Period,
    "What is counted.",
    name="MetricsPeriod",
    SINCE_START="By the processes that live, since each was started.",
    ALL_TIME="By all processes that there ever were.",
)
enum(
    Status,
    "How well it goes, in rising order of alarm.",
    name="HealthStatus",
    HEALTHY="As it should be.",
    DEGRADED="Sockets: of the latest thousand, events took more than 250 ms on average, or more than 10 messages went"
    " wrong. The server: it answers, but what is live comes late, or the database is of an older version.",
    UNHEALTHY="Sockets: more than 2 s, or more than 100 messages. The server: it has no database, or is going down.",
)
enum(
    Connectivity,
    "Whether something can be reached.",
    CONNECTED="It answers.",
    DISCONNECTED="It does not.",
)


@strawberry.type(description="Whether the process that answers can serve.")
class Health:
    status: Status = strawberry.field(description="All in all.")
    db: Connectivity = strawberry.field(description="The database.")
    broker: Connectivity = strawberry.field(description="What carries live events at once; without it, in a second.")


@strawberry.type(
    name="WebSocketMetrics",
    description="What is counted of sockets, by all processes together. Counts are whole numbers, and may pass 2^31.",
)
class WebSocketMetrics:
    status: Status = strawberry.field(description="That of the process that is worst off.")
    total_connections: float = strawberry.field(description="How many there have been.")
    active_connections: float = strawberry.field(description="How many there are.")
    peak_connections: float = strawberry.field(description="The most that one process had at once.")
    messages_sent: float = strawberry.field(description="To clients.")
    messages_received: float = strawberry.field(description="From clients.")
    total_messages: float = strawberry.field(description="Both.")
    errors: float = strawberry.field(description="Messages not understood, operations that failed, sockets that broke.")
    avg_latency_ms: float = strawberry.field(
        description="From an event to the socket's buffer: of the latest thousand of each process, or of ALL_TIME."
    )
    peak_latency_ms: float = strawberry.field(description="The longest that one event took.")
    processes: int = strawberry.field(description="How many live.")
    start_time: datetime | None = strawberry.field(description="When the first of them was started.")
    counted_at: datetime | None = strawberry.field(description="The numbers are at least as new as this.")


@strawberry.type(name="WebSocketConnection", description="A socket, open or closed.")
class WebSocketConnection:
    id: strawberry.ID = strawberry.field(description="Its own in its process, and in what is logged.")
    user_id: strawberry.ID | None = strawberry.field(description="Whose it is.")
    address: str = strawberry.field(description="Where it came from.")
    since: datetime = strawberry.field(description="When it was opened.")
    until: datetime | None = strawberry.field(description="When it was closed.")
    code: int | None = strawberry.field(description="Why it was closed: the code of the protocol.")


@strawberry.type(description="How the log of events stands, as the process that answers sees it.")
class LogHealth:
    unread_events: int = strawberry.field(description="Committed and not yet read; at most 10,000 are counted.")
    behind_ms: float = strawberry.field(description="Since when the oldest of them waits.")
    fence_ms: float = strawberry.field(description="Age of the oldest open transaction that writes; all wait for it.")
    fence_transactions: int = strawberry.field(description="How many have begun since that one.")
    events: float = strawberry.field(description="How many are kept; beyond 10,000 an estimate.")
    oldest_at: datetime | None = strawberry.field(description="Of when the oldest is that can be resumed from.")


@strawberry.type(description="How the server is.")
class SystemHealth:
    database_version: str = strawberry.field(description="Of PostgreSQL.")
    process: str = strawberry.field(description="The one that answers.")
    start_time: datetime = strawberry.field(description="When that was started.")
    processes: list[str] = strawberry.field(description="All that live, the oldest first.")
    broker_connected: bool = strawberry.field(description="Without it events come within a second, signals not at all.")
    log: LogHealth = strawberry.field(description="The log of events.")


@strawberry.type
class HealthSubscriptions:
    websocket_health_events: WebSocketMetrics = live(
        Kind.RECORD,
        resolve.websocket_health,
        "The same as websocketHealth, again when it has changed.",
        follows=resolve.nothing,
        floor=Role.ADMIN,
        every=EVERY_SECONDS,
    )


@strawberry.type
class HealthQueries:
    health: Health = report(resolve.health, "For anybody: whether the server can serve, within a second.", floor=None)
    websocket_health: WebSocketMetrics = record(
        resolve.websocket_health, "What the processes count of their sockets, every few seconds.", floor=Role.ADMIN
    )
    websocket_connections: list[WebSocketConnection] = report(
        resolve.websocket_connections, "The latest hundred of the process that answers, newest first.", floor=Role.ADMIN
    )
    system_health: SystemHealth = report(
        resolve.system_health, "The database, the processes, the log.", floor=Role.ADMIN
    )

"""What a process counts of its sockets and streams: plain numbers in memory, each call well under a microsecond.

Everything is called from the event loop, so that nothing needs a lock. What has a name (a close code, a reason, a
field) is counted under a bounded number of them: no client can make a new one.
"""

from collections import Counter, deque
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from operator import add
from typing import Self

from kit.clock import Clock, now
from kit.ids import Id
from live.histogram import EMPTY, Histogram, Tally
from live.operations import NAMES, OTHER, Operations

LATEST = 1_000  # latencies of which the average is made, and messages among which errors count as recent
CONNECTIONS = 100  # the latest ones can be looked at

# A client may close with any code: those of RFC 6455 and of graphql-transport-ws are counted by themselves.
CODES = frozenset(
    {1000, 1001, 1002, *range(1005, 1010), 1011, 1012, 1013, 4400, 4401, 4403, 4406, 4408, 4409, 4429, 4499, 4500}
)


class Resumed(StrEnum):
    """Where a stream that was resumed had its events from, or that it could not be."""

    WINDOW = "window"
    LOG = "log"
    RESYNC = "resync"


@dataclass(slots=True)
class Connection:
    """One socket; `until` and `code` are None while it is open."""

    id: str
    user_id: Id | None
    address: str
    since: datetime
    until: datetime | None = None
    code: int | None = None


_EARLIER, _HIGHER = {"by": min}, {"by": max}  # how two snapshots become one, where adding is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What one process has counted since `start`, or several have: two can be added.

    Peaks become the higher one (of processes side by side the true peak lies between that and their sum), averages are
    weighted by what they were made of, `start` is the earlier one. Latencies are in seconds: `recent` and
    `recent_seconds` are the number and the sum of the LATEST, `latencies` and `latency_seconds` of all.
    `recent_errors` are those among the LATEST messages.
    """

    start: datetime = field(metadata=_EARLIER)
    connections: int = 0
    active: int = 0
    peak_connections: int = field(default=0, metadata=_HIGHER)
    received: int = 0
    sent: int = 0
    sent_bytes: int = 0
    errors: int = 0
    recent: int = 0
    recent_seconds: float = 0.0
    recent_errors: int = 0
    latencies: int = 0
    latency_seconds: float = 0.0
    peak_latency: float = field(default=0.0, metadata=_HIGHER)
    deliveries: Histogram = EMPTY
    executions: Histogram = EMPTY
    largest_group: int = field(default=0, metadata=_HIGHER)
    lags: int = 0
    requests: Counter[str] = field(default_factory=Counter)
    closes: Counter[str] = field(default_factory=Counter)
    resumes: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    streams: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: Self) -> Self:
        pairs = ((each.name, each.metadata.get("by", add)) for each in fields(self))
        return type(self)(**{name: by(getattr(self, name), getattr(other, name)) for name, by in pairs})

    @property
    def messages(self) -> int:
        return self.sent + self.received

    @property
    def recent_latency(self) -> float:
        """The average of the latest latencies, in seconds; 0 without any."""
        return self.recent_seconds / self.recent if self.recent else 0.0

    @property
    def average_latency(self) -> float:
        """The average of all latencies, in seconds; 0 without any."""
        return self.latency_seconds / self.latencies if self.latencies else 0.0


class Meter:
    """One for each process. The latency that it speaks of is that of an event: from the moment that its commit is
    stamped with (`Event.at`) until its message is in the buffer of a socket.
    """

    def __init__(self, clock: Clock = now) -> None:
        self._clock = clock
        self.start = clock()
        self._open: dict[str, Connection] = {}
        self.operations = Operations()
        self.history: deque[Connection] = deque(maxlen=CONNECTIONS)
        self._connections = self._peak = self._received = self._sent = self._bytes = self._errors = 0
        self._recent: deque[float] = deque(maxlen=LATEST)
        self._error_places: deque[int] = deque(maxlen=LATEST)
        self._latencies, self._latency_seconds, self._peak_latency = 0, 0.0, 0.0
        self._deliveries, self._executions = Tally(), Tally()
        self._largest_group = self._lags = 0
        self._requests, self._closes, self._resumes = Counter[str](), Counter[str](), Counter[str]()
        self._refusals, self._streams = Counter[str](), Counter[str]()

    def connected(self, id: str, user_id: Id | None, address: str) -> None:
        """A socket was acknowledged; `id` is its own among those of the process."""
        connection = self._open[id] = Connection(id, user_id, address, self._clock())
        self.history.append(connection)
        self._connections += 1
        self._peak = max(self._peak, len(self._open))

    def disconnected(self, id: str, code: int) -> None:
        """Once or more often: only the first time counts, and only for one that was connected."""
        connection = self._open.pop(id, None)
        if connection is not None:
            connection.until, connection.code = self._clock(), code
            self._closes[str(code) if code in CODES else OTHER] += 1

    def received(self, count: int = 1) -> None:
        self._received += count

    def sent(self, count: int = 1, bytes: int = 0) -> None:
        self._sent += count
        self._bytes += bytes

    def error(self) -> None:
        """A message that could not be understood, an operation that failed, a socket that broke off."""
        self._errors += 1
        self._error_places.append(self._received + self._sent)

    def latency(self, seconds: float) -> None:
        """Of one event that was written, see the class. `delivered` says it too: never both for the same event."""
        self._recent.append(seconds)
        self._latencies += 1
        self._latency_seconds += seconds
        if seconds > self._peak_latency:
            self._peak_latency = seconds

    def told(self, at: datetime | None, count: int) -> None:
        """The same, by when the event happened."""
        if at is not None:
            self.delivered((self._clock() - at).total_seconds(), count)

    def delivered(self, seconds: float, count: int) -> None:
        """One event went to `count` sockets of one group. The clocks of two machines may differ: less than 0 is 0."""
        if seconds < 0.0:
            seconds = 0.0
        self.latency(seconds)
        self._deliveries.add(seconds, count)
        if count > self._largest_group:
            self._largest_group = count

    def executed(self, seconds: float) -> None:
        """One event was executed for one group."""
        self._executions.add(seconds, 1)

    def resumed(self, how: str) -> None:
        """`how` is one of Resumed."""
        self._resumes[how] += 1

    def lagged(self) -> None:
        """A reader fell behind its group and is fed by itself."""
        self._lags += 1

    def refused(self, reason: str) -> None:
        """A socket or an operation was turned away; the reason is a word of ours."""
        self._refusals[_known(self._refusals, reason)] += 1

    def opened_stream(self, field: str) -> None:
        self._streams[_known(self._streams, field)] += 1

    def closed_stream(self, field: str) -> None:
        self._streams[_known(self._streams, field)] -= 1

    def answered(self, status: int) -> None:
        """An HTTP request, by its status."""
        self._requests[f"{status // 100}xx"] += 1

    def snapshot(self) -> Snapshot:
        long_ago = self._received + self._sent - LATEST
        return Snapshot(
            start=self.start,
            connections=self._connections,
            active=len(self._open),
            peak_connections=self._peak,
            received=self._received,
            sent=self._sent,
            sent_bytes=self._bytes,
            errors=self._errors,
            recent=len(self._recent),
            recent_seconds=sum(self._recent),
            recent_errors=sum(place > long_ago for place in self._error_places),
            latencies=self._latencies,
            latency_seconds=self._latency_seconds,
            peak_latency=self._peak_latency,
            deliveries=self._deliveries.histogram(),
            executions=self._executions.histogram(),
            largest_group=self._largest_group,
            lags=self._lags,
            requests=self._requests.copy(),
            closes=self._closes.copy(),
            resumes=self._resumes.copy(),
            refusals=self._refusals.copy(),
            streams=self._streams.copy(),
        )


def _known(names: Counter[str], name: str, most: int = NAMES) -> str:
    return name if name in names or len(names) < most else OTHER

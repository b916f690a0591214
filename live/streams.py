"""What the hub asks of those who know more than topics: how an event is told, and where what is told goes."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from kit.ids import Id
from live.log import Event
from live.positions import Position
from live.signals import Signal

RETRY_SECONDS = 0.5  # before a question is asked again that could not be answered just now


class Reason(StrEnum):
    """Why events between the cursor and now cannot be told."""

    PRUNED = "PRUNED"
    EPOCH_CHANGED = "EPOCH_CHANGED"


class Gone(Exception):
    """The client has left, or takes nothing any more."""


class Payload(NamedTuple):
    """What is told once, as JSON, with the position that it brings a reader to; `at` is when it happened."""

    epoch: str
    position: Position
    json: bytes
    cursor: str | None = None
    at: datetime | None = None


class Source(Protocol):
    """A question as one viewer asks it. Those of equal `key` are answered alike, so they are executed once.

    `field` is what is asked for, by its name in the schema. `guards` are the topics where it is told that the viewer
    may see more or less than before, `after` is the cursor that it begins at. `signals` are topics of signals that it
    hears. `present`: whoever follows it is present there meanwhile, as this user.
    """

    @property
    def field(self) -> str: ...
    @property
    def key(self) -> Hashable: ...
    @property
    def topics(self) -> frozenset[str]: ...
    @property
    def guards(self) -> frozenset[str]: ...
    @property
    def after(self) -> str | None: ...
    @property
    def signals(self) -> frozenset[str]: ...
    @property
    def present(self) -> tuple[str, Id] | None: ...


class EventSource(Source, Protocol):
    """A question about events."""

    async def told(self, event: Event, cursor: str) -> bytes | None:
        """The event as JSON, None where it is not asked for. Raises Unavailable where it cannot be read just now."""

    async def heard(self, signal: Signal) -> bytes | None:
        """A signal as JSON, None where it is nothing to tell."""

    def ready(self, cursor: str) -> bytes: ...

    def resync(self, cursor: str, reason: Reason) -> bytes: ...


class QuerySource(Source, Protocol):
    """A query that is answered anew when something happens. `every`: also after so many seconds."""

    @property
    def every(self) -> float | None: ...

    async def answer(self) -> bytes:
        """The answer as JSON. Raises Unavailable where it cannot be read just now."""


Open = Callable[[], Awaitable[EventSource | QuerySource]]


class Outlet(Protocol):
    """Where the payloads of one subscription go: an operation of a socket, an HTTP response."""

    def push(self, payloads: Sequence[Payload]) -> int:
        """Takes at once what there is room for, from the first on; how many."""

    async def room(self) -> None:
        """Until there is room again. Raises Gone."""

    def end(self, error: Exception | None) -> None:
        """Nothing more will come."""

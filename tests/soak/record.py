"""What a run leaves behind: what was written and acknowledged, what the log holds, and what each reader was told."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from live.log import Kind
from live.positions import START, Position


class Fate(StrEnum):
    """What whoever wrote knows of it."""

    DONE = "acknowledged"
    NEVER = "rolled back, or never sent"
    UNKNOWN = "the answer was lost: it may have happened"


@dataclass(eq=False)
class Write:
    """One mutation. `stamp` is a text of its own; `version` is what the task came to by it, where that is known."""

    user: str
    kind: Kind
    stamp: str
    entity: str | None = None
    version: int | None = None
    fate: Fate = Fate.UNKNOWN


@dataclass(eq=False)
class Batch:
    """Events written straight into the log in one transaction: of tasks that have no row. Ids by topic, in order."""

    ids: dict[str, list[str]]
    fate: Fate = Fate.NEVER

    def each(self) -> Iterator[str]:
        for ids in self.ids.values():
            yield from ids


@dataclass(frozen=True)
class Logged:
    """An event as it stands in the log when all is over."""

    position: Position
    topics: tuple[str, ...]
    kind: Kind
    entity: str


@dataclass(frozen=True)
class Row:
    owner: str
    title: str
    made_by: str  # the stamp of the write that made it
    version: int


@dataclass(frozen=True)
class Seen:
    """An event as it was told. Of a task that was gone by then only the kind is known."""

    position: Position
    topic: str
    kind: Kind
    entity: str | None = None
    title: str | None = None
    version: int | None = None
    when: float = 0

    def __str__(self) -> str:
        task = f"{self.title!r} version {self.version}" if self.title else "null"
        where = f"{self.position.xid}.{self.position.id} {self.topic}"
        return f"{where} {self.kind} {self.entity or '?'} {task} at {self.when}"


@dataclass(frozen=True)
class Session:
    """A connection of a reader: from which number of its events on, where, and how it ended."""

    since: int
    server: str
    ended: str


@dataclass(eq=False)
class Told:
    """All that one reader was told, over all its connections. `start` is None until it was told where it begins.

    `until` is how far it must have come in the end.
    """

    name: str
    topic: str
    start: Position | None = None
    until: Position = START
    seen: list[Seen] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    amiss: list[str] = field(default_factory=list)

    @property
    def position(self) -> Position:
        return self.seen[-1].position if self.seen else self.start or START


@dataclass
class History:
    log: list[Logged] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    readers: list[Told] = field(default_factory=list)
    amiss: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[float, str]] = field(default_factory=list)

    def __str__(self) -> str:
        fates = Counter(write.fate.name.lower() for write in self.writes)
        batches = Counter(batch.fate.name.lower() for batch in self.batches)
        ends = Counter(session.ended for reader in self.readers for session in reader.sessions)
        faults = Counter(what.split(" (")[0] for _, what in self.faults)
        told = sum(len(reader.seen) for reader in self.readers)
        return "\n".join(
            [
                f"  writes {len(self.writes)}: {listed(fates)}; transactions {len(self.batches)}: {listed(batches)}",
                f"  events {len(self.log)}, readers {len(self.readers)}, deliveries {told},"
                f" connections {ends.total()}: {listed(ends)}",
                f"  faults {faults.total()}: {listed(faults)}",
                f"  also: {listed(self.counts) or 'nothing'}",
            ]
        )


def listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())

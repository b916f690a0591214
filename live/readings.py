"""Meters are read every few seconds, so that they add up over processes and outlive them.

A process writes into a row of its own what it has counted since it started: writing twice changes nothing. Rows of
those that have gone become part of one row for all of them. Whoever is found among them and still lives (a machine
that slept) begins another row, with what it has counted since.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import CTE, Delete, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import Insert, insert

from db.engine import Database
from db.readings import GONE, MeterReading
from live.meter import Meter

SUMS = ("connections", "received", "sent", "errors", "latencies", "latency_seconds")
PEAKS = ("peak_connections", "peak_latency")
STANDS = ("start", *PEAKS, "active", "recent", "recent_seconds", "recent_errors")  # says how it is now
GONE_AFTER = timedelta(hours=1)  # since a process counted as alive; a statement or a machine may hang for long


class Readings:
    """Of the meter of one process. `believed` is how long the process counts as alive after each."""

    def __init__(self, db: Database, process: str, meter: Meter, *, believed: timedelta) -> None:
        self._db = db
        self._process = process
        self._meter = meter
        self._believed = believed
        self._written: dict[str, Any] | None = None
        self._gone: dict[str, Any] = dict.fromkeys(SUMS, 0)

    async def write(self) -> None:
        """Raises Unavailable without a database."""
        snapshot = self._meter.snapshot()
        counted = {name: getattr(snapshot, name) for name in SUMS}
        async with self._db.transaction() as session:
            known = await session.scalar(self._update(snapshot, counted))
            if known is None:
                self._gone = self._written or self._gone
                await session.execute(insert(MeterReading).values(self._values(snapshot, counted)))
        self._written = counted

    def _update(self, snapshot: Any, counted: dict[str, Any]) -> Any:
        own = MeterReading.process == self._process
        return update(MeterReading).where(own).values(self._values(snapshot, counted)).returning(MeterReading.process)

    def _values(self, snapshot: Any, counted: dict[str, Any]) -> dict[str, Any]:
        return {
            "process": self._process,
            "at": func.now(),
            "until": func.now() + self._believed,
            **{name: getattr(snapshot, name) for name in STANDS},
            **{name: counted[name] - self._gone[name] for name in SUMS},
        }

    async def leave(self) -> None:
        """The last one: the process goes."""
        await self.write()
        await fold(self._db, self._process)


async def alive(db: Database) -> list[str]:
    """The processes that live, the oldest first. Raises TooSlow and Unavailable."""
    rows = await db.fetch("select process from meter_reading where until > now() order by start, process")
    return [row["process"] for row in rows]


async def fold(db: Database, leaving: str | None = None) -> None:
    """Makes those that have gone part of the row for all of them; several processes may do it at once."""
    async with db.transaction() as session:
        await session.execute(_folded(leaving))


def _folded(leaving: str | None) -> Insert:
    gone = _taken(leaving)
    sums = {name: func.sum(gone.c[name]) for name in SUMS}
    peaks = {name: func.max(gone.c[name]) for name in PEAKS}
    values = {
        "process": literal(GONE),
        "start": func.min(gone.c.start),
        "at": func.max(gone.c.at),
        "until": func.max(gone.c.at),
        **sums,
        **peaks,
    }
    row = insert(MeterReading).from_select([*values], select(*values.values()).having(func.count() > 0))
    before, now = MeterReading.__table__.c, row.excluded
    return row.on_conflict_do_update(
        index_elements=["process"],
        set_={
            "start": func.least(before.start, now.start),
            "at": func.greatest(before.at, now.at),
            **{name: before[name] + now[name] for name in SUMS},
            **{name: func.greatest(before[name], now[name]) for name in PEAKS},
        },
    )


def _taken(leaving: str | None) -> CTE:
    """Their rows, which go. One that somebody else folds just now, or writes, is left to them."""
    late = MeterReading.until < func.now() - GONE_AFTER
    rows = select(MeterReading.process).where(MeterReading.process != GONE, or_(late, MeterReading.process == leaving))
    taken: Delete = delete(MeterReading).where(MeterReading.process.in_(rows.with_for_update(skip_locked=True)))
    return taken.returning(*MeterReading.__table__.c).cte("gone")

"""Whether this process can serve: what probes ask, at a price that does not depend on how often they ask.

Looking has a connection of its own. The reads' pool may be busy, or full of statements that hang, and a probe shall
neither wait for them nor become one of them.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

import asyncpg
import structlog

from db.engine import Database, dsn
from db.migrate import newest, revisions
from live.signals import Signals
from live.tail import Tail

# Together a second: no longer does a database that is dead look alive, and no longer does a probe wait.
LOOK_SECONDS = 0.75
KEPT_SECONDS = 0.25
LAG_SECONDS = 5  # without the tail having read to the end of the log; it does so every second
NAME = {"application_name": "parlor probe"}

log = structlog.get_logger()


class Part(StrEnum):
    """What serving takes, as it is told where it fails."""

    DATABASE = "database"
    MIGRATIONS = "migrations"
    LOG = "log"
    BROKER = "broker"


@dataclass(frozen=True, slots=True)
class Vital:
    """`failed` are the parts that do not work. `leaving` says that the process goes down and wants nothing new."""

    failed: frozenset[Part]
    leaving: bool

    @property
    def ready(self) -> bool:
        """Without the broker, which all processes lose at once, everything still works, only later."""
        return self.failed <= {Part.BROKER} and not self.leaving


class Vitals:
    """`leaving` is set when the process has been told to go."""

    def __init__(self, db: Database, tail: Tail, signals: Signals) -> None:
        self._dsn = dsn(db.url)
        self._tail = tail
        self._signals = signals
        self._older = revisions() - {newest()}
        self._looking: asyncio.Task[frozenset[Part]] | None = None
        self._looked_at = 0.0
        self._connection: asyncpg.Connection | None = None
        self._said: frozenset[Part] = frozenset()
        self.leaving = False

    async def look(self) -> Vital:
        """Within LOOK_SECONDS. Whoever asks meanwhile, or within KEPT_SECONDS, gets the same answer."""
        if self._looking is None or self._stale(self._looking):
            self._looking = asyncio.create_task(self._look(), name="vitals")
        of_database = await asyncio.shield(self._looking)  # a probe that hangs up ends only its own waiting
        return Vital(of_database | self._of_process(), self.leaving)

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        self._let_go()

    def _stale(self, looking: "asyncio.Task[frozenset[Part]]") -> bool:
        """A connection that PostgreSQL has closed says more than the last look."""
        if not looking.done():
            return False
        lost = self._connection is not None and self._connection.is_closed()
        return lost or monotonic() - self._looked_at > KEPT_SECONDS

    async def _look(self) -> frozenset[Part]:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                connection = await self._connected()
                revision = await connection.fetchval("select version_num from alembic_version")
            found, error = frozenset([] if self._fits(revision) else [Part.MIGRATIONS]), None
        except asyncpg.UndefinedTableError:
            found, error = frozenset([Part.MIGRATIONS]), None
        except Exception as failure:  # whatever keeps PostgreSQL from answering
            self._let_go()
            found, error = frozenset([Part.DATABASE]), repr(failure)
        self._looked_at = monotonic()
        self._say(found, error)
        return found

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self._dsn, statement_cache_size=0, server_settings=NAME)
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    def _fits(self, revision: str | None) -> bool:
        """A revision that is not known here is a later one: of a version that is taking this one's place."""
        return revision is not None and revision not in self._older

    def _of_process(self) -> frozenset[Part]:
        """What needs no look: it is known in memory."""
        failed = set()
        if monotonic() - self._tail.settled_at > LAG_SECONDS:
            failed.add(Part.LOG)
        if not self._signals.connected:
            failed.add(Part.BROKER)
        return frozenset(failed)

    def _say(self, found: frozenset[Part], error: str | None) -> None:
        """When something has changed: probes come every few seconds."""
        if found != self._said:
            self._said = found
            (log.warning if found else log.info)("health.changed", failed=sorted(map(str, found)), error=error)

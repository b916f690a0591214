"""Who is present where: this process counts it in memory and writes it into rows, which any process can read.

Memory is the truth of this process and the rows follow it, at once and in batches; so nobody waits for the database
here, and nothing is lost while it is away. The rows count for as long as the process renews its lease: when it is
killed, or cut off, its people are gone with the lease. That someone came or went is signalled; since a signal may be
lost, and a lease that ends rings no bell, each process also looks for itself.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import asyncpg
import structlog
from sqlalchemy import text

from db.engine import Database
from db.transaction import Transaction
from kit.clock import Clock
from kit.ids import Id, new_id
from live.signals import Signal, Signals

BEATS = 5  # in a lease: four may be late or fail
BATCH = 1_000  # people that come, and as many that go, in one transaction
GAP_SECONDS = 0.1  # between two transactions: whoever comes and goes meanwhile is written together
RETRY_SECONDS = 1
TRUSTED_SECONDS = 60.0  # a look; of who has gone there are traces for longer than that
CLOSING_SECONDS = 2  # for the last statement: a process that stops must not wait for a database that is away

logger = structlog.get_logger()

Key = tuple[str, Id]  # topic and user

_RENEW = text(
    "update presence_lease set until = now() + make_interval(secs => :lease) where process = :process returning true"
)
_BEGIN = text("insert into presence_lease (process, until) values (:process, now() + make_interval(secs => :lease))")
_END = text("delete from presence_lease where process = :process")
# Whoever is there already, through another process, is there since then. A user may have been deleted meanwhile.
_ENTER = text("""
insert into presence (id, process, topic, user_id, since)
select come.id, :process, come.topic, come.user_id, least(come.since, (
    select min(there.since) from presence there join presence_lease lease using (process)
    where there.topic = come.topic and there.user_id = come.user_id and lease.until > now()))
from unnest(cast(:ids as text[]), cast(:topics as text[]), cast(:users as text[]), cast(:moments as timestamptz[]))
    as come (id, topic, user_id, since)
join user_account on user_account.id = come.user_id
returning topic, user_id, since
""")
_LEAVE = text("delete from presence where id = any(cast(:ids as text[]))")
# A process that is dead counts here too, with the time of its death: it may have come and died since the last look.
_LOOK = """
select topic, who, now() as at, least(until, now() + make_interval(secs => $3)) as until,
    pg_current_snapshot()::text as snapshot,
    exists (select from presence_gone gone where gone.topic = asked.topic
        and xid >= pg_snapshot_xmin($2::text::pg_snapshot)
        and not pg_visible_in_snapshot(xid, $2::text::pg_snapshot)) as gone
from unnest($1::text[]) as asked (topic) left join (
    select topic, min(until) filter (where until > now()) as until,
        md5(string_agg(concat(id, case when until <= now() then until end), ' ' order by id)) as who
    from presence join presence_lease using (process) where topic = any($1) group by topic
) there using (topic)
"""


def signal_of(topic: str) -> str:
    """The topic of the signal that somebody came or went."""
    return f"presence:{topic}"


@dataclass(slots=True)
class Entry:
    id: Id
    since: datetime


class Presence:
    """`process` names this one among others. A lease, and the `grace` before someone who left is gone, are seconds."""

    def __init__(
        self, db: Database, signals: Signals, *, process: str, clock: Clock, lease: float, grace: float
    ) -> None:
        self._db = db
        self._signals = signals
        self._process = process
        self._clock = clock
        self._lease = lease
        self._grace = grace
        self._beat = lease / BEATS
        self._tabs: Counter[Key] = Counter()
        self._leaving: dict[Key, asyncio.TimerHandle] = {}
        self._here: dict[Key, Entry] = {}
        self._written: dict[Key, Id] = {}
        self._doubted = False  # whether the rows are as we wrote them: a commit may have failed, or seemed to
        self._news = asyncio.Event()
        self._seen: dict[str, asyncpg.Record] = {}  # by topic, what the last look found

    def enter(self, topic: str, user: Id) -> None:
        """Once for each tab; `leave` as often. Neither waits nor fails."""
        key = topic, user
        self._tabs[key] += 1
        if timer := self._leaving.pop(key, None):
            timer.cancel()
        if key not in self._here:
            self._here[key] = Entry(new_id("presence"), self._clock())
            self._news.set()

    def leave(self, topic: str, user: Id) -> None:
        key = topic, user
        self._tabs[key] -= 1
        if not self._tabs[key]:
            del self._tabs[key]
            self._leaving[key] = asyncio.get_running_loop().call_later(self._grace, self._gone, key)

    def _gone(self, key: Key) -> None:
        del self._leaving[key], self._here[key]
        self._news.set()

    async def run(self) -> None:
        """For the life of the process; outlives a database that goes and comes back."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep())
            tasks.create_task(self._watch())

    async def close(self) -> None:
        """Everybody here is gone, at once. `run` has ended."""
        for timer in self._leaving.values():
            timer.cancel()
        if not self._here and not self._written:
            return
        try:
            async with asyncio.timeout(CLOSING_SECONDS), self._db.transaction() as session:
                await session.execute(_END, {"process": self._process})
        except Exception as error:  # then the lease ends by itself
            logger.warning("presence.not_ended", error=repr(error))

    async def _keep(self) -> None:
        """Writes when somebody comes or goes, and renews the lease for as long as anybody is here."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._beat if self._here else None):
                    await self._news.wait()
            self._news.clear()
            try:
                await self._write()
            except Exception as error:
                logger.warning("presence.not_written", error=repr(error), retry_in=RETRY_SECONDS)
                self._doubted = True
                self._news.set()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                await asyncio.sleep(GAP_SECONDS)

    async def _write(self) -> None:
        """Renews the lease and brings the rows up to what is so, or as near to it as a batch goes."""
        async with self._db.transaction() as session:
            written = dict(self._written) if await self._renewed(session) else {}
            gone = [*islice((key for key in written if key not in self._here), BATCH)]
            come = dict(islice(((key, entry) for key, entry in self._here.items() if key not in written), BATCH))
            if come:
                await self._insert(session, come)
            if gone:  # after the others, who lock users: in the other order it could deadlock with the end of a user
                await session.execute(_LEAVE, {"ids": [written.pop(key) for key in gone]})
        written |= {key: entry.id for key, entry in come.items()}
        changed = self._written.keys() ^ written.keys()
        self._written, self._doubted = written, False
        if written.keys() != self._here.keys():
            self._news.set()
        for topic in {topic for topic, _ in changed}:
            self._signals.send(signal_of(topic), "", "")

    async def _renewed(self, session: Transaction) -> bool:
        """Whether the rows that were written are still there. Without anybody here there is no lease."""
        named = {"process": self._process}
        leased = named | {"lease": self._lease}
        if self._here and not self._doubted and await session.scalar(_RENEW, leased):
            return True
        await session.execute(_END, named)
        if self._here:
            await session.execute(_BEGIN, leased)
        return False

    async def _insert(self, session: Transaction, come: dict[Key, Entry]) -> None:
        given = {
            "process": self._process,
            "ids": [entry.id for entry in come.values()],
            "topics": [topic for topic, _ in come],
            "users": [user for _, user in come],
            "moments": [entry.since for entry in come.values()],
        }
        for topic, user, since in await session.execute(_ENTER, given):
            come[topic, user].since = since

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._beat)
            try:
                await self._look()
            except Exception as error:
                logger.warning("presence.not_seen", error=repr(error))

    async def _look(self) -> None:
        """Has the queries here asked anew on whose topics anything has changed since the last look, whoever did it.

        A query is answered between two looks. So it does not suffice that both find the same: it must have been so all
        the time. Whoever came is there or has left a trace, and no lease that counted may have ended before now.
        """
        topics = {topic for topic, _ in self._here}
        seen, self._seen = self._seen, {}  # should this one fail, the next has everything asked anew
        if not topics:
            return
        snapshot = next(iter(seen.values()))["snapshot"] if seen else None
        rows = await self._db.fetch(_LOOK, [*topics], snapshot, TRUSTED_SECONDS)
        self._seen = {row["topic"]: row for row in rows}
        for topic, now in self._seen.items():
            before = seen.get(topic)
            if before is None or now["gone"] or now["who"] != before["who"] or now["at"] >= before["until"]:
                self._signals.tell(Signal(signal_of(topic), "", ""))

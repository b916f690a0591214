"""The event log: written with the rows it speaks of, read in the order of commits.

A transaction may take its number early and commit late. Therefore a reader sees only events whose transaction lies
below the oldest one still open (`pg_snapshot_xmin`): nothing can slip in behind its back, so nothing is lost.
A cursor is a position, enciphered, with the log's epoch; `docs/adr/0004-the-log.md` says why this and not a sequence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from asyncpg import Record
from sqlalchemy import Table, bindparam, insert, text

from db.engine import Database
from db.log import Event as Row
from db.transaction import Transaction
from kit.errors import Unavailable
from kit.ids import Id
from live import cursors
from live.positions import Position


class Kind(StrEnum):
    """What happened to an entity."""

    ADDED = "ADDED"
    UPDATED = "UPDATED"
    STATUS_CHANGED = "STATUS_CHANGED"
    ASSIGNED = "ASSIGNED"
    COMMENT_ADDED = "COMMENT_ADDED"
    JOINED = "JOINED"
    LEFT = "LEFT"
    STARTED = "STARTED"
    ANSWERED = "ANSWERED"
    FAILED = "FAILED"
    ENDED = "ENDED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Event:
    """`hidden_from` are users who follow its topics and are not told."""

    position: Position
    topics: tuple[str, ...]
    kind: Kind
    entity: str
    entity_id: Id
    actor_id: Id | None
    at: datetime
    grants: bool = False
    hidden_from: frozenset[Id] = frozenset()


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that is not yet part of a transaction. `grants` tells that it changes who may see what."""

    topics: Sequence[str]
    kind: Kind
    entity: str
    entity_id: Id
    actor_id: Id | None
    at: datetime
    grants: bool = False
    hidden_from: Sequence[Id] = ()


@dataclass(frozen=True, slots=True)
class State:
    """`pruned` is the last position that is gone: cursors before it cannot be resumed from.

    `waiting` tells that events stand above the fence: some transaction that is older than theirs is still open.
    `ours` is false when another PostgreSQL answers than the one that the log was written in.
    """

    epoch: str
    pruned: Position
    secret: str = ""
    waiting: bool = False
    ours: bool = True

    def cursor(self, position: Position) -> str:
        return cursors.sealed(self.epoch, self.secret, position)

    def opened(self, text: str) -> Position | None:
        """The position of a cursor, None for one of another epoch. Raises MalformedCursor."""
        return cursors.opened(self.secret, text) if cursors.epoch_of(text) == self.epoch else None


@dataclass(frozen=True, slots=True)
class Look:
    """What was found in the log, and how it stood in that very moment; `more` of it was not looked through."""

    state: State
    events: Sequence[Event]
    more: bool = False

    def of(self, known: State) -> bool:
        """Whether positions of a log that stood so are positions here: otherwise the events are another log's."""
        return self.state.ours and self.state.epoch == known.epoch


EVENTS = cast("Table", Row.__table__)
_WRITTEN = ("topics", "kind", "entity", "entity_id", "actor_id", "at", "grants", "hidden_from")
_APPEND = insert(EVENTS).values({name: bindparam(f"event_{name}", type_=EVENTS.c[name].type) for name in _WRITTEN})


async def append(session: Transaction, drafts: Sequence[Draft]) -> None:
    """Writes events in this order into the caller's transaction."""
    rows = [
        {
            "event_topics": list(draft.topics),
            "event_kind": draft.kind,
            "event_entity": draft.entity,
            "event_entity_id": draft.entity_id,
            "event_actor_id": draft.actor_id,
            "event_at": draft.at,
            "event_grants": draft.grants,
            "event_hidden_from": list(draft.hidden_from),
        }
        for draft in drafts
    ]
    await session.append(_APPEND, rows)


# A restored dump, a promoted replica: positions of another PostgreSQL mean nothing here.
_CLUSTER = """
select concat_ws('.', (pg_control_system()).system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8),
                 (select oid from pg_database where datname = current_database()))
"""

# An order and a limit of one, since of no range can the planner tell that it is empty: it may read the log to its end.
_STOOD = """
epoch, secret, pruned_xid, pruned_id,
(select event.xid from event order by event.xid desc, id desc limit 1)
  >= pg_snapshot_xmin(pg_current_snapshot()) is true as waiting,
cluster = (CLUSTER) as ours
""".replace("CLUSTER", _CLUSTER)
_STANDING = "select STOOD from log_state".replace("STOOD", _STOOD)
# Rows and standing of one snapshot, from one connection: no row is read of a log that is not the one it is said to be.
_LATER = """
select STOOD, MORE as more, later.* from log_state left join lateral (
  select event.xid::text::bigint as xid, id, topics, kind, entity, entity_id, actor_id, at, grants, hidden_from
  from ROWS limit $3
) as later on true
order by later.xid, later.id
""".replace("STOOD", _STOOD)
_AFTER = "event where (event.xid, id) > ($1::text::xid8, $2) and event.xid < pg_snapshot_xmin(pg_current_snapshot())"
_ALL = _LATER.replace("MORE", "false")
# Whoever reads everything may not pass over what is gone.
_LOOK = _ALL.replace(
    "ROWS", "AFTER and ($1::text::bigint, $2) >= (pruned_xid, pruned_id) order by event.xid, id"
).replace("AFTER", _AFTER)
# Where much happens on the topics, the log is read in its order until there are enough, and no further than so far.
NEAR = 1_000
_LOOK_NEAR = (
    _LATER.replace("MORE", "exists (select from AFTER order by event.xid, id offset NEAR)")
    .replace("ROWS", "(select * from AFTER order by event.xid, id limit NEAR) as event where TOPICS")
    .replace("TOPICS", "topics && $4 order by event.xid, id")
    .replace("AFTER", _AFTER)
    .replace("NEAR", str(NEAR))
)
# `xid` alone is the number that is selected under that name, in whose order there is no index: the few rows that the
# topics' index leads to are sorted.
_LOOK_AT_TOPICS = _ALL.replace("ROWS", "AFTER and topics && $4 order by xid, id").replace("AFTER", _AFTER)
_HEAD = """
select event.xid::text::bigint as xid, id from event
where event.xid < pg_snapshot_xmin(pg_current_snapshot()) order by event.xid desc, id desc limit 1
"""


async def look(db: Database, after: Position, limit: int, topics: Sequence[str] | None = None) -> Look:
    """Up to `limit` readable events after a position, in order. Without topics: none where some after it are gone.

    Raises Unavailable, also where there is no log as yet.
    """
    if topics is None:
        return await _read(db, _LOOK, after, limit)
    found = await _read(db, _LOOK_NEAR, after, limit, list(topics))
    if found.more and len(found.events) < limit:
        found = await _read(db, _LOOK_AT_TOPICS, after, limit, list(topics))
    return found


async def _read(db: Database, statement: str, after: Position, *given: object) -> Look:
    rows = await db.fetch(statement, str(after.xid), after.id, *given)
    if not rows:
        raise Unavailable
    events = [_event(row) for row in rows if row["id"] is not None]
    return Look(_standing(rows[0]), events, rows[0]["more"])


async def state(db: Database) -> State:
    (row,) = await db.fetch(_STANDING)
    return _standing(row)


def _standing(row: Record) -> State:
    pruned = Position(row["pruned_xid"], row["pruned_id"])
    return State(row["epoch"], pruned, row["secret"], row["waiting"], row["ours"])


def _event(row: Record) -> Event:
    return Event(
        position=Position(row["xid"], row["id"]),
        topics=tuple(row["topics"]),
        kind=Kind(row["kind"]),
        entity=row["entity"],
        entity_id=Id(row["entity_id"]),
        actor_id=row["actor_id"],
        at=row["at"],
        grants=row["grants"],
        hidden_from=frozenset(row["hidden_from"]),
    )


async def ahead(db: Database, position: Position) -> bool:
    """Whether this PostgreSQL has not come so far: then the position is one of its future, or of another's past."""
    (row,) = await db.fetch("select $1::text::xid8 >= pg_snapshot_xmax(pg_current_snapshot())", str(position.xid))
    return bool(row[0])


async def head(db: Database) -> Position:
    """The last readable position; what has been pruned counts as read.

    By a clock that goes ahead events may outlive later ones: the last that is left may come before what is gone.
    """
    found = [Position(row["xid"], row["id"]) for row in await db.fetch(_HEAD)]
    return max([*found, (await state(db)).pruned])


async def adopt(db: Database) -> None:
    """Begins the log anew, under another epoch, when its positions were counted by another PostgreSQL."""
    async with db.transaction() as session:
        await session.execute(text("insert into log_state default values on conflict do nothing"))
        kept = await session.scalar(text("select cluster from log_state for update"))
        found = await session.scalar(text(_CLUSTER))
        if kept == found:
            return
        await session.execute(text("delete from event"))
        await session.execute(
            text(
                "update log_state set cluster = :found, epoch = substr(md5(random()::text), 1, 12),"
                " pruned_xid = 0, pruned_id = 0"
            ),
            {"found": found},
        )


_PRUNE = """
with old as (
  select xid, id from event where at < :before and xid < pg_snapshot_xmin(pg_current_snapshot())
  order by xid, id limit :size
), gone as (
  delete from event using old where event.id = old.id returning event.xid, event.id
), last as (
  select xid::text::bigint as xid, id from gone order by gone.xid desc, id desc limit 1
), remembered as (
  update log_state set pruned_xid = last.xid, pruned_id = last.id from last
  where (log_state.pruned_xid, log_state.pruned_id) < (last.xid, last.id)
)
select count(*) from gone
"""


async def prune(db: Database, *, before: datetime, size: int = 5_000) -> int:
    """Removes the oldest events, at most `size` in one short transaction; how many went."""
    async with db.transaction() as session:
        return int(await session.scalar(text(_PRUNE), {"before": before, "size": size}))

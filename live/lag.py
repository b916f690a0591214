"""How far reading is behind writing, and why: the log's lag of one process, and what holds the fence back."""

from dataclasses import dataclass
from datetime import datetime

from db.engine import Database
from live.positions import Position

MOST = 10_000  # events that are counted one by one; of more PostgreSQL's estimate is told

# Whoever is no superuser and no member of pg_read_all_stats sees how old the transactions of their own role are; how
# many have begun since is seen by all. What was prepared for a second phase holds the fence as well.
_LAG = """
with unread as (
  select at from event where (xid, id) > ($1::text::xid8, $2) order by xid, id limit $3
), fence as (
  select xact_start as since from pg_stat_activity where backend_xid is not null
  union all select prepared from pg_prepared_xacts
), log as (
  select count(*) as number from (select from event limit $3) as kept
)
select current_setting('server_version') as version,
       (select count(*) from unread) as unread,
       coalesce((select extract(epoch from clock_timestamp() - min(at)) from unread), 0)::float8 as behind,
       coalesce((select extract(epoch from clock_timestamp() - min(since)) from fence), 0)::float8 as fence,
       (pg_snapshot_xmax(pg_current_snapshot())::text::bigint
         - pg_snapshot_xmin(pg_current_snapshot())::text::bigint) as begun,
       (select case when number < $3 then number
               else greatest(number, (select reltuples::bigint from pg_class where oid = 'event'::regclass)) end
        from log) as events,
       (select min(at) from event) as oldest
"""


@dataclass(frozen=True, slots=True)
class Lag:
    """`unread` events are not yet read by this process, at most MOST are counted; the oldest is `behind` seconds old.

    `fence` is the age in seconds of the oldest transaction that writes, behind which nothing can be read; `begun` is
    how many have begun since. `events` are in the log, the first of them written at `oldest`.
    """

    version: str
    unread: int
    behind: float
    fence: float
    begun: int
    events: int
    oldest: datetime | None


async def lag(db: Database, head: Position) -> Lag:
    """Of a reader that has read up to `head`. Raises TooSlow and Unavailable."""
    (row,) = await db.fetch(_LAG, str(head.xid), head.id, MOST)
    return Lag(
        version=row["version"],
        unread=row["unread"],
        behind=max(row["behind"], 0.0),
        fence=max(row["fence"], 0.0),
        begun=row["begun"],
        events=row["events"],
        oldest=row["oldest"],
    )

"""The tables of durable jobs. They are PgQueuer's, but for their names, which are not left to the environment."""

from datetime import timedelta

from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from sqlalchemy import text

from db.transaction import Transaction

NAMES = DBSettings(
    prefix="",
    db_schema=None,
    queue_table="job",
    queue_table_log="job_log",
    statistics_table="job_statistics",
    schedules_table="job_schedule",
    queue_status_type="job_status",
    function="tell_of_jobs",
    trigger="tell_of_jobs",
    channel=Channel("parlor_jobs"),
    durability=Durability.durable,
    widen_id=True,
)
TABLES = frozenset({"job", "job_log", "job_statistics", "job_schedule"})  # no models of ours: Alembic passes them by

# How many there are, by name and status, and for how many seconds the oldest could have been done.
COUNTS = """
select entrypoint as name, status::text as status, count(*) as number,
  greatest(extract(epoch from now() - min(execute_after)), 0)::float8 as waiting
from job group by 1, 2
"""
_FORGET = text("""
delete from job_log where id in (
  select id from job_log
  where created < now() - cast(:kept as interval) and not exists (select from job where job.id = job_id) limit :batch
) returning id
""")
_BURY = text("""
delete from job where id in (
  select id from job where status = 'failed' and updated < now() - cast(:kept as interval)
  limit :batch for update skip locked
) returning id
""")


async def forget(session: Transaction, *, done: timedelta, dead: timedelta, batch: int) -> bool:
    """Removes up to `batch` rows each of what is known of jobs that are done, and of dead ones; whether so many."""
    buried = (await session.execute(_BURY, {"kept": dead, "batch": batch})).all()
    forgotten = (await session.execute(_FORGET, {"kept": done, "batch": batch})).all()
    return batch in (len(buried), len(forgotten))

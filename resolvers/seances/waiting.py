"""Turns that have begun and wait for a process to have a hand free: as long as their job waits, they do not lapse."""

from datetime import timedelta

from sqlalchemy import text

from db.transaction import Transaction
from resolvers.seances.thinking import LEASE

TAKEN_UP = timedelta(seconds=30)  # for a turn to be taken up, or to be found waiting still
EARLY = timedelta(seconds=10)  # before it lapses it is looked for: whoever takes it up shall not come too late
LONGEST = timedelta(minutes=10)  # from the beginning of a turn; then it fails though its job still waits

# A job that waits is `queued`. One that was handed out a moment ago has perhaps not yet said so in its turn.
_KEEP = text("""
update seance_turn set alive_until = now() + cast(:taken_up as interval) where id in (
  select id from seance_turn
  where state = 'THINKING' and alive_until < now() + cast(:early as interval)
    and started_at > now() - cast(:longest as interval)
    and (id in (select convert_from(payload, 'UTF8')::json ->> 'turn_id' from job
                where entrypoint = 'Speak' and status = 'queued')
      or alive_until < now()
        and id in (select convert_from(payload, 'UTF8')::json ->> 'turn_id' from job
                   where entrypoint = 'Speak' and status = 'picked' and updated > now() - cast(:lease as interval)))
  for no key update skip locked)
""")


async def keep_waiting(session: Transaction) -> None:
    """Those whose job is there, for another while. Several processes may do it at once."""
    times = {"taken_up": TAKEN_UP, "early": EARLY, "longest": LONGEST, "lease": LEASE}
    await session.execute(_KEEP, times)

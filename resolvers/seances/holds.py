"""Whose connection is lost keeps the seat for a while: nobody hears of it, and with luck they are back in time.

Who is connected follows the room, and is present there: the rows of presence say so for as long as the leases of their
processes last, by the database's clock. Until when a seat is held is told by the servers' clocks, like any other time
that they write.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, func, literal, select, text, update

from db.accounts.presence import Presence
from db.seances.rooms import Seance
from db.seances.seats import LeftReason, SeanceParticipant
from db.transaction import Transaction
from kit.errors import Unavailable
from kit.ids import Id
from live.topics import seance
from resolvers.context import Context
from resolvers.seances.held import held_unseen
from resolvers.seances.seats import vacate

BATCH = 1_000  # seats that are held in one round, and as many that are given back
ROOMS = 200  # in which seats are freed in one round: 3 s of work

_ALONE = text("select pg_try_advisory_xact_lock(hashtext('seats'), hashtext('holds'))")
_SEATED = SeanceParticipant.left_at.is_(None), Seance.ended_at.is_(None)
_THERE = (
    select(Presence.id)
    .where(
        Presence.topic == literal(seance(Id(""))) + SeanceParticipant.seance_id,
        Presence.user_id == SeanceParticipant.user_id,
        Presence.alive,
    )
    .correlate(SeanceParticipant)
    .exists()
)


async def sweep(ctx: Context) -> None:
    """One round: holds the seats of those who have gone, gives back those of who are there, frees what is overdue.

    One process does it at a time. Raises what freeing a room has failed on, when all others have been tried.
    """
    hold = timedelta(seconds=ctx.services.settings.seance_hold_seconds)
    async with ctx.services.db.transaction() as session:
        rooms = await _looked_at(session, ctx.now(), hold)
    failed: Exception | None = None
    for id in rooms:
        try:
            await _free(ctx, id)
        except Unavailable:
            raise
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed


async def _looked_at(session: Transaction, now: datetime, hold: timedelta) -> list[Id]:
    """The rooms in which a seat is to be freed. That seats are held is no change that anybody should hear of."""
    if not await session.scalar(_ALONE):
        return []
    gone = _some(SeanceParticipant.held_until.is_(None), ~_THERE)
    back = _some(SeanceParticipant.held_until.is_not(None), _THERE)
    for which, until in ((gone, now + hold), (back, None)):
        seats = update(SeanceParticipant).where(SeanceParticipant.id.in_(which)).values(held_until=until)
        await session.execute(seats)
    overdue = select(SeanceParticipant.seance_id).join(SeanceParticipant.seance).where(*_SEATED, _overdue(now))
    by = func.min(SeanceParticipant.held_until)
    return [*(await session.scalars(overdue.group_by(SeanceParticipant.seance_id).order_by(by).limit(ROOMS)))]


def _some(*conditions: ColumnElement[bool]) -> Select[Id]:
    rows = select(SeanceParticipant.id).join(SeanceParticipant.seance).where(*_SEATED, *conditions).limit(BATCH)
    return rows.with_for_update(of=SeanceParticipant, skip_locked=True)


def _overdue(now: datetime) -> ColumnElement[bool]:
    return (SeanceParticipant.held_until <= now) & ~_THERE


async def _free(ctx: Context, id: Id) -> None:
    """They may have come back meanwhile. The host's seat comes last, so that no room is passed on to who goes, too."""
    async with ctx.work() as work:
        room = await held_unseen(work, id)
        if room is None or room.ended_at is not None:
            return
        rows = select(SeanceParticipant).where(SeanceParticipant.seance_id == id, SeanceParticipant.left_at.is_(None))
        hosts = SeanceParticipant.user_id.is_not_distinct_from(room.host_id)
        overdue = rows.where(_overdue(ctx.now())).order_by(hosts, SeanceParticipant.held_until, SeanceParticipant.id)
        for seat in [*(await work.session.scalars(overdue))]:
            await vacate(work, room, seat, LeftReason.DROPPED)

"""A room ends at once; what hangs on it is put in order by a job."""

from sqlalchemy import select, update

from db.seances.invites import SeanceInvite
from db.seances.rooms import Seance
from db.seances.seats import SeanceParticipant
from kit.ids import Id
from live.log import Kind
from resolvers.context import Context
from resolvers.jobs import Job
from resolvers.seances import spirit
from resolvers.seances.held import announce, held_unseen, lists_of
from resolvers.work import Work


class CleanUp(Job):
    """Nobody comes in any more, the spirit answers nobody, and no seat is held: they are kept."""

    seance_id: Id

    async def run(self, ctx: Context) -> None:
        async with ctx.work() as work:
            room = await held_unseen(work, self.seance_id)
            if room is None:
                return
            await _take_back_invites(work, room)
            await spirit.end_all(work, room)
            held = SeanceParticipant.seance_id == room.id, SeanceParticipant.held_until.is_not(None)
            await work.session.execute(update(SeanceParticipant).where(*held).values(held_until=None))


async def _take_back_invites(work: Work, room: Seance) -> None:
    rows = select(SeanceInvite).where(SeanceInvite.seance_id == room.id, SeanceInvite.revoked_at.is_(None))
    for invite in await work.session.scalars(rows.order_by(SeanceInvite.id).with_for_update()):
        work.change(invite, revoked_at=work.ctx.now())


async def end(work: Work, room: Seance) -> None:
    """The room is held. Who sits there keeps the seat: they may read on, and hear that it has ended.

    One that has ended stays as it is.
    """
    if room.ended_at is not None:
        return
    await announce(work, room, "Session ended")
    work.change(room, Kind.ENDED, await lists_of(work, room), ended_at=work.ctx.now())
    await work.enqueue(CleanUp(seance_id=room.id))

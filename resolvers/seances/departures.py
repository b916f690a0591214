from sqlalchemy import select

from db.accounts.users import User
from db.seances.rooms import Seance
from db.seances.seats import LeftReason, SeanceParticipant
from kit.ids import Id, prefix_of
from resolvers.seances.held import seat_of
from resolvers.seances.seats import vacate
from resolvers.work import Work


async def hold(work: Work, user: Id) -> list[Seance]:
    """The rooms that go on in which they have or had a seat, held in one order.

    Before the user is locked, for whoever acts in a room holds it first and names its people after. Also those that
    they have left: nobody comes back while they go.
    """
    if prefix_of(user) != User.prefix:
        return []
    theirs = select(SeanceParticipant.seance_id).where(SeanceParticipant.user_id == user)
    rooms = select(Seance).where(Seance.id.in_(theirs), Seance.ended_at.is_(None)).order_by(Seance.id)
    locked = rooms.with_for_update(of=Seance, key_share=True)
    return [*(await work.session.scalars(locked))]


async def depart(work: Work, user: User) -> None:
    """A user goes: their seats are free. What they said stays, and what they reported; nobody has said it any more."""
    for room in await hold(work, user.id):
        seat = await seat_of(work, room, user.id)
        if seat is not None and seat.left_at is None:
            await vacate(work, room, seat, LeftReason.LEFT)

"""Taking a seat and losing it."""

from datetime import timedelta
from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, and_, select

from db.seances.rooms import Seance
from db.seances.seats import LeftReason, SeanceParticipant
from db.selection import Listing, Order
from kit.errors import Conflict, Forbidden
from kit.ids import Id
from live.log import Kind
from resolvers.documented import Doc
from resolvers.relations import any_of
from resolvers.seances import ending
from resolvers.seances.held import going_on, lists_of, seat_count, seat_of, taken
from resolvers.work import Work

ARRIVAL = timedelta(seconds=120)  # to connect, for whoever has just taken a seat


def by_id(id: Annotated[Id, Doc("The id of the seat.")]) -> Select[SeanceParticipant]:
    return select(SeanceParticipant).where(SeanceParticipant.id == id)


def listed(
    left: Annotated[bool, Doc("Also those who have no seat any more.")] = False,
) -> Listing:
    rows = select(SeanceParticipant)
    by = Order(SeanceParticipant.joined_at)
    return Listing(rows if left else rows.where(SeanceParticipant.left_at.is_(None)), (by,))


def is_host(seat: Any) -> ColumnElement[bool]:
    return and_(seat.left_at.is_(None), any_of(seat.seance, lambda room: room.host_id == seat.user_id))


async def sit(work: Work, room: Seance, user: Id) -> SeanceParticipant:
    """Their seat in a room that is held: the one they have, or one that is free. Raises Forbidden, Conflict."""
    seat = await seat_of(work, room, user)
    going_on(room)
    if seat is not None and seat.banned_at is not None:
        raise Forbidden("You were banned from this session")
    if seat is not None and seat.left_at is None:
        return seat
    if room.locked:
        raise Conflict("The session is locked", reason="SEANCE_LOCKED")
    if room.participant_count >= room.max_users:
        raise Conflict("The session is full", reason="SEANCE_FULL")
    now = work.ctx.now()
    await seat_count(work, room, +1)
    if seat is None:
        new = SeanceParticipant(seance_id=room.id, user_id=user, joined_at=now, held_until=now + ARRIVAL)
        return await work.add(new, Kind.JOINED)
    return work.change(seat, Kind.JOINED, joined_at=now, held_until=now + ARRIVAL, left_at=None, left_reason=None)


async def vacate(work: Work, room: Seance, seat: SeanceParticipant, reason: LeftReason) -> None:
    """Frees a seat of a room that is held. A host passes the room on; a room that nobody is left in ends."""
    now = work.ctx.now()
    await seat_count(work, room, -1)
    banned = now if reason is LeftReason.BANNED else seat.banned_at
    work.change(seat, Kind.LEFT, left_at=now, left_reason=reason, held_until=None, banned_at=banned)
    await work.session.flush()
    left = await taken(work, room)
    if not left:
        await ending.end(work, room)
    elif seat.user_id == room.host_id:
        await pass_on(work, room, left[0])


async def pass_on(work: Work, room: Seance, to: SeanceParticipant) -> None:
    """They are the host from now on."""
    work.change(room, Kind.ASSIGNED, await lists_of(work, room), host_id=to.user_id)

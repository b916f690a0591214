"""Taking a seat and losing it, and what a host may do about those of others.

Whoever takes a seat holds the room, and then what counts how many seats they have elsewhere: in this order, always.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, and_, func, select

from db.seances.rooms import Seance, SeanceVisibility
from db.seances.seats import LeftReason, SeanceParticipant
from db.selection import Listing, Order
from kit.errors import Conflict, Forbidden, NotFound
from kit.ids import Id
from live.log import Kind
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.relations import any_of
from resolvers.seances import ending, turns
from resolvers.seances.held import ARRIVAL, going_on, heard_of, held, held_unseen, lists_of, seat_count, seat_of, taken
from resolvers.turns import crowded
from resolvers.work import Work

MOST_TAKEN = 20  # seats of one user at once
TURN_SECONDS = 10  # to wait at a door; 200 who come at once are through in 3 to 5 on two busy cores
SENT_AWAY = (LeftReason.KICKED, LeftReason.BANNED)

RoomId = Annotated[Id, Doc("The room's id.")]
SeatId = Annotated[Id, Doc("The id of the seat.")]


def by_id(id: SeatId) -> Select[SeanceParticipant]:
    return select(SeanceParticipant).where(SeanceParticipant.id == id)


def listed(
    left: Annotated[bool, Doc("Also those who have no seat any more.")] = False,
) -> Listing:
    rows = select(SeanceParticipant)
    by = Order(SeanceParticipant.joined_at)
    return Listing(rows if left else rows.where(SeanceParticipant.left_at.is_(None)), (by,))


def is_host(seat: Any) -> ColumnElement[bool]:
    return and_(seat.left_at.is_(None), any_of(seat.seance, lambda room: room.host_id == seat.user_id))


async def join(ctx: Context, id: RoomId) -> SeanceParticipant:
    """Whoever sits there keeps the seat as it is, however often they ask."""
    async with in_turn(ctx, id) as work:
        return await sit(work, await held(work, id), ctx.viewer.id, invited=False)


@asynccontextmanager
async def in_turn(ctx: Context, door: str) -> AsyncIterator[Work]:
    """A work for one of those who want to come in by the same door. The room lets them in one by one in any case: so
    they wait without a connection, of which others have need.
    """
    key = f"seance:{door[:64]}".encode(errors="replace")
    async with ctx.services.turns.turn(key, seconds=TURN_SECONDS, late=crowded), ctx.work() as work:
        yield work


async def leave(ctx: Context, id: RoomId) -> SeanceParticipant:
    """Whoever has left has left; in a room that has ended everybody stays, to read on."""
    async with ctx.work() as work:
        room = await held(work, id)
        seat = await seat_of(work, room, ctx.viewer.id)
        if seat is None:
            raise Forbidden("Only participants may do that")
        if seat.left_at is None and room.ended_at is None:
            await vacate(work, room, seat, LeftReason.LEFT)
        return seat


async def kick(ctx: Context, id: SeatId) -> SeanceParticipant:
    async with ctx.work() as work:
        room, seat = await _of_another(work, id)
        if seat.left_at is None:
            work.audit("seance.kick", seat.user_id, seance=room.id)
            await vacate(work, room, seat, LeftReason.KICKED)
        return seat


async def ban(ctx: Context, id: SeatId) -> SeanceParticipant:
    """Also whoever has left already."""
    async with ctx.work() as work:
        room, seat = await _of_another(work, id)
        if seat.banned_at is None:
            work.audit("seance.ban", seat.user_id, seance=room.id)
        if seat.left_at is None:
            await vacate(work, room, seat, LeftReason.BANNED)
        elif seat.banned_at is None:
            work.change(seat, banned_at=ctx.now(), left_reason=LeftReason.BANNED)
        return seat


async def pardon(ctx: Context, id: SeatId) -> SeanceParticipant:
    """They may come in again, into a private room by a new invitation."""
    async with ctx.work() as work:
        room, seat = await _hosted(work, id)
        if seat.banned_at is not None:
            work.audit("seance.pardon", seat.user_id, seance=room.id)
        return work.change(seat, banned_at=None)


async def mute(
    ctx: Context, id: SeatId, muted: Annotated[bool, Doc("Whether they must listen, or may speak again.")]
) -> SeanceParticipant:
    async with ctx.work() as work:
        _, seat = await _hosted(work, id)
        if muted is (seat.muted_at is None):
            work.change(seat, muted_at=ctx.now() if muted else None)
        return seat


async def transfer(
    ctx: Context, id: RoomId, to: Annotated[Id, Doc("The id of the seat of whoever shall be the host.")]
) -> Seance:
    async with ctx.work() as work:
        room = _own(work, await held(work, id))
        for seat in await work.visible(SeanceParticipant, [to], seance_id=room.id):
            if seat.left_at is not None:
                raise Conflict("They have no seat any more", reason="NOT_SEATED")
            if seat.user_id != room.host_id:
                work.audit("seance.transfer", seat.user_id, seance=room.id)
                await pass_on(work, room, seat)
            return room
    raise NotFound("SeanceParticipant", to)


def _own(work: Work, room: Seance) -> Seance:
    """A room that goes on and is the viewer's. Raises Forbidden, Conflict."""
    if room.host_id != work.ctx.viewer.id:
        raise Forbidden("Only the host may do that")
    going_on(room)
    return room


async def _hosted(work: Work, id: Id) -> tuple[Seance, SeanceParticipant]:
    """A room of the viewer's, which is held, and a seat in it. Raises NotFound, Forbidden, Conflict."""
    for seen in await work.visible(SeanceParticipant, [id]):
        room = await held_unseen(work, seen.seance_id)
        seat = None if room is None else await seat_of(work, _own(work, room), seen.user_id)
        if room is not None and seat is not None:
            return room, seat
    raise NotFound("SeanceParticipant", id)


async def _of_another(work: Work, id: Id) -> tuple[Seance, SeanceParticipant]:
    room, seat = await _hosted(work, id)
    if seat.user_id == room.host_id:
        raise Conflict("The host leaves, or passes the room on", reason="OWN_SEAT")
    return room, seat


async def sit(work: Work, room: Seance, user: Id, *, invited: bool = True) -> SeanceParticipant:
    """Their seat in a room that is held: the one they have, or one that is free. Raises Forbidden, Conflict, and
    NotFound for a private room that has nothing for who is not invited.
    """
    seat = await seat_of(work, room, user)
    going_on(room)
    if seat is not None and seat.left_at is None:
        heard_of(work, seat)
        return seat
    if seat is not None and seat.banned_at is not None:
        raise Forbidden("You were banned from this room")
    if room.visibility is SeanceVisibility.PRIVATE and not invited:
        _refuse_uninvited(room, seat)
    if room.locked:
        raise Conflict("The room is locked", reason="SEANCE_LOCKED")
    if room.participant_count >= room.max_users:
        raise Conflict("The room is full", reason="SEANCE_FULL")
    await _refuse_too_many(work, user)
    return await _seated(work, room, seat, user)


async def _seated(work: Work, room: Seance, seat: SeanceParticipant | None, user: Id) -> SeanceParticipant:
    now = work.ctx.now()
    if seat is None:
        new = SeanceParticipant(seance_id=room.id, user_id=user, joined_at=now, held_until=now + ARRIVAL)
        seat = await work.add(new, Kind.JOINED)
    else:
        work.change(seat, Kind.JOINED, joined_at=now, held_until=now + ARRIVAL, left_at=None, left_reason=None)
    await seat_count(work, room, +1)
    return seat


def _refuse_uninvited(room: Seance, seat: SeanceParticipant | None) -> None:
    if seat is None:
        raise NotFound("Seance", room.id)
    if seat.left_reason in SENT_AWAY:
        raise Forbidden("You were sent away from this room; a new invitation leads back")


async def _refuse_too_many(work: Work, user: Id) -> None:
    await work.alone("seats", user)
    mine = select(func.count()).where(SeanceParticipant.user_id == user, SeanceParticipant.left_at.is_(None))
    going = mine.join(SeanceParticipant.seance).where(Seance.ended_at.is_(None))
    if (await work.session.scalar(going) or 0) >= MOST_TAKEN:
        raise Conflict(f"You sit in {MOST_TAKEN} rooms; leave one first", reason="TOO_MANY_SEATS")


async def vacate(work: Work, room: Seance, seat: SeanceParticipant, reason: LeftReason) -> None:
    """Frees a seat of a room that is held. A host passes the room on; a room that nobody is left in ends."""
    now = work.ctx.now()
    banned = now if reason is LeftReason.BANNED else seat.banned_at
    work.change(seat, Kind.LEFT, left_at=now, left_reason=reason, held_until=None, banned_at=banned)
    await seat_count(work, room, -1)
    await turns.withdraw(work, room, seat.user_id)
    left = await taken(work, room)
    if not left:
        await ending.end(work, room)
    elif seat.user_id == room.host_id:
        await pass_on(work, room, left[0])


async def pass_on(work: Work, room: Seance, to: SeanceParticipant) -> None:
    """They are the host from now on."""
    work.change(room, Kind.ASSIGNED, await lists_of(work, room), host_id=to.user_id)

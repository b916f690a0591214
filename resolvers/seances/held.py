"""A room, and who sits in it.

Whoever takes or frees a seat, passes the room on, asks the spirit or ends it holds the room meanwhile; whoever only
speaks there `shares` it, so that nothing is said in a room that has ended or by somebody who was sent away.
"""

from datetime import timedelta

from sqlalchemy import select

from db.seances.messages import MessageKind, SeanceMessage
from db.seances.rooms import Seance, SeanceVisibility
from db.seances.seats import SeanceParticipant
from kit.errors import Conflict, Forbidden, NotFound
from kit.ids import Id, prefix_of
from live.log import Kind
from live.topics import seats_of
from resolvers.work import Work

ARRIVAL = timedelta(seconds=120)  # to connect, for whoever has just taken a seat; and for who is heard of without that


async def held(work: Work, id: Id, *, shares: bool = False) -> Seance:
    """The room, which stays as it is until the end. Raises NotFound where the viewer does not see it."""
    if await work.visible(Seance, [id]):
        room = await _locked(work, id, shares=shares)
        if room is not None:
            return room
    raise NotFound("Seance", id)


async def held_unseen(work: Work, id: Id) -> Seance | None:
    """The same for nobody, and for whoever has been asked in."""
    return await _locked(work, id) if prefix_of(id) == Seance.prefix else None


async def _locked(work: Work, id: Id, *, shares: bool = False) -> Seance | None:
    lock = {"read": True} if shares else {"key_share": True}
    room: Seance | None = await work.session.get(Seance, id, lock=lock)
    return room


async def seat_of(work: Work, room: Seance, user: Id) -> SeanceParticipant | None:
    """The seat that they have or had there."""
    mine = select(SeanceParticipant).where(SeanceParticipant.seance_id == room.id, SeanceParticipant.user_id == user)
    seat: SeanceParticipant | None = await work.session.scalar(mine.execution_options(populate_existing=True))
    return seat


async def seated(work: Work, id: Id, *, shares: bool = False) -> tuple[Seance, SeanceParticipant]:
    """A room that goes on, and the viewer's seat in it. Raises NotFound, Forbidden, and Conflict where it is over."""
    room = await held(work, id, shares=shares)
    seat = await seat_of(work, room, work.ctx.viewer.id)
    if seat is None or seat.left_at is not None:
        raise Forbidden("Only participants may do that")
    going_on(room)
    return room, seat


def heard_of(work: Work, seat: SeanceParticipant) -> None:
    """Somebody who is not connected has given a sign of life. Nobody hears of it."""
    if seat.held_until is not None:
        seat.held_until = max(seat.held_until, work.ctx.now() + ARRIVAL)


def going_on(room: Seance) -> None:
    """Raises Conflict."""
    if room.ended_at is not None:
        raise Conflict("The room has ended", reason="SEANCE_ENDED")


async def hosted(work: Work, id: Id, *, version: int | None = None) -> Seance:
    """A room that is the viewer's. Raises NotFound, Forbidden, and Conflict where it is of another version."""
    room = await held(work, id)
    if room.host_id != work.ctx.viewer.id:
        raise Forbidden("Only the host may do that")
    if version is not None and room.version != version:
        raise Conflict(f"Seance has changed meanwhile: version {room.version}, not {version}", reason="STALE_VERSION")
    return room


async def lists_of(work: Work, room: Seance) -> list[str]:
    """Where those who sit there hear of a room that the lobby does not tell of: it stands in their lists."""
    if room.visibility is SeanceVisibility.PUBLIC:
        return []
    return [seats_of(seat.user_id) for seat in await taken(work, room)]


async def taken(work: Work, room: Seance) -> list[SeanceParticipant]:
    """Who sits there; whoever has been there longest comes first."""
    rows = select(SeanceParticipant).where(SeanceParticipant.seance_id == room.id, SeanceParticipant.left_at.is_(None))
    by = SeanceParticipant.joined_at, SeanceParticipant.id
    return [*(await work.session.scalars(rows.order_by(*by)))]


async def seat_count(work: Work, room: Seance, change: int) -> None:
    """So many more seats are taken. It is no change that a host's `expectedVersion` could be outdated by, and whose
    seat it is that room alone is told: the lobby would tell everybody where those are whom they know.
    """
    room.participant_count += change
    work.tell(room, Kind.UPDATED, await lists_of(work, room), anonymous=True)


async def announce(work: Work, room: Seance, text: str) -> SeanceMessage:
    """What the room itself says."""
    return await work.add(SeanceMessage(seance_id=room.id, kind=MessageKind.SYSTEM, text=text))

"""How others get into a room: by a code that cannot be guessed. One that is of no use is as one that never was."""

from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import aliased

from db.accounts.users import User
from db.seances.invites import SeanceInvite
from db.seances.rooms import Seance
from db.seances.seats import SeanceParticipant
from db.selection import Listing, Order
from kit.errors import Conflict, NotFound
from kit.ids import Id
from resolvers import invitations
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.limits import per_minute
from resolvers.seances import seats
from resolvers.seances.held import going_on, held_unseen, hosted, seat_of
from resolvers.seances.rules.invites import CreateSeanceInvite
from resolvers.work import Work

MOST_OPEN = 50  # invitations of a room at once
EACH = per_minute(30)  # codes that one user may try

Code = Annotated[str, Doc("What the host has passed on.")]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a code tells whoever has it, before they come in."""

    seance_name: str
    host_name: str | None
    free_seats: int
    locked: bool


def by_id(id: Annotated[Id, Doc("The invitation's id.")]) -> Select[SeanceInvite]:
    return select(SeanceInvite).where(SeanceInvite.id == id)


def listed() -> Listing:
    return Listing(select(SeanceInvite), (Order(SeanceInvite.created_at),))


async def create(ctx: Context, input: Annotated[CreateSeanceInvite, Doc("The invitation.")]) -> SeanceInvite:
    until = input.until(ctx.now())
    async with ctx.work() as work:
        room = await hosted(work, input.seance_id)
        going_on(room)
        await _refuse_too_many(work, room)
        made = SeanceInvite(
            seance_id=room.id,
            created_by_id=ctx.viewer.id,
            code=invitations.fresh_code(),
            expires_at=until,
            most_uses=input.most_uses,
        )
        return await work.add(made)


async def revoke(ctx: Context, id: Annotated[Id, Doc("The invitation's id.")]) -> SeanceInvite:
    """Once is enough: it stays revoked since the first time."""
    async with ctx.work() as work:
        invite = await work.lock(SeanceInvite, id)
        return invite if invite.revoked_at is not None else work.change(invite, revoked_at=ctx.now())


async def accept(ctx: Context, code: Code) -> SeanceParticipant:
    """Who sits there already uses nothing up."""
    await ctx.services.limits.count(ctx, EACH, "acceptSeanceInvite")
    named = invitations.is_of(SeanceInvite, code)
    async with seats.in_turn(ctx, code) as work:
        id = await work.session.scalar(select(SeanceInvite.seance_id).where(named))
        room = None if id is None else await held_unseen(work, id)
        if room is None:
            raise NotFound("SeanceInvite", code)
        seat = await seat_of(work, room, ctx.viewer.id)
        sits = seat is not None and seat.left_at is None
        usable = _leads(ctx.viewer.id) if sits else and_(_leads(ctx.viewer.id), _open(ctx))
        if await work.session.scalar(select(SeanceInvite.id).join(SeanceInvite.seance).where(named, usable)) is None:
            raise NotFound("SeanceInvite", code)
        seat = await seats.sit(work, room, ctx.viewer.id)
        if not sits:
            await invitations.use(work, SeanceInvite, code)
        return seat


async def preview(ctx: Context, code: Code) -> Preview:
    await ctx.services.limits.count(ctx, EACH, "seanceOfInvite")
    free = Seance.max_users - Seance.participant_count
    told = select(Seance.name, User.name, free, Seance.locked).join(SeanceInvite.seance).outerjoin(Seance.host)
    usable = and_(_leads(ctx.viewer.id), _open(ctx))
    async with ctx.services.db.looking() as session:
        for row in await session.execute(told.where(invitations.is_of(SeanceInvite, code), usable)):
            return Preview(*row)
    raise NotFound("SeanceInvite", code)


def _open(ctx: Context) -> ColumnElement[bool]:
    return invitations.is_open(SeanceInvite, ctx.now())


def _leads(user: Id) -> ColumnElement[bool]:
    """Of an invitation and its room: whether it leads them anywhere. Who was sent away needs one made since then."""
    seat = aliased(SeanceParticipant)
    since = and_(seat.left_reason.in_(seats.SENT_AWAY), seat.left_at >= SeanceInvite.created_at)
    out = select(seat.id).where(seat.seance_id == Seance.id, seat.user_id == user)
    return and_(Seance.ended_at.is_(None), ~out.where(or_(seat.banned_at.is_not(None), since)).exists())


async def _refuse_too_many(work: Work, room: Seance) -> None:
    if await invitations.count_open(work, SeanceInvite, SeanceInvite.seance_id == room.id) >= MOST_OPEN:
        raise Conflict(f"A room has at most {MOST_OPEN} open invitations", reason="TOO_MANY_INVITES")

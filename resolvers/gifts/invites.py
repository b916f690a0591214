"""How others get into a family: by a code that cannot be guessed. One that is of no use is as one that never was."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Annotated

from sqlalchemy import ColumnElement, Select, func, select

from db.accounts.users import User
from db.gifts.activity import ActivityKind
from db.gifts.families import Family, FamilyInvite, FamilyMember, FamilyRole
from db.selection import Listing, Order
from kit.errors import Conflict, Invalid, NotFound
from kit.ids import Id
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import activity, membership
from resolvers.gifts.rules.families import LONGEST_DAYS, USUAL_DAYS, CreateFamilyInvite
from resolvers.limits import per_minute
from resolvers.work import Work

BYTES = 18  # of a code: 144 bits
LONGEST_CODE = 24  # characters: 6 bits in each
MOST_OPEN = 50  # invitations of a family at once
MOST_MEMBERS = 200  # of a family: who may hear of what is decided for each of them at every change
EACH = per_minute(30)  # codes that one user may try

Code = Annotated[str, Doc("What an administrator of the family has passed on.")]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a code tells whoever has it, before they join."""

    family_name: str
    invited_by: str | None


def by_id(id: Annotated[Id, Doc("The invitation's id.")]) -> Select[FamilyInvite]:
    return select(FamilyInvite).where(FamilyInvite.id == id)


def listed() -> Listing:
    return Listing(select(FamilyInvite), (Order(FamilyInvite.created_at),))


async def create(ctx: Context, input: Annotated[CreateFamilyInvite, Doc("The invitation.")]) -> FamilyInvite:
    """An administrator is invited by an owner alone."""
    until = _until(ctx.now(), input)
    async with ctx.work(alone="families") as work:
        family = await membership.seen(work, input.family_id)
        await membership.hold(work, family.id)
        least = FamilyRole.ADMIN if input.role is FamilyRole.MEMBER else FamilyRole.OWNER
        await membership.own(work, family.id, least)
        await _refuse_too_many(work, family.id)
        invite = await work.add(
            FamilyInvite(
                family_id=family.id,
                created_by_id=ctx.viewer.id,
                code=token_urlsafe(BYTES),
                role=input.role,
                expires_at=until,
                most_uses=input.most_uses,
            )
        )
        work.audit("family_invite.create", invite.id, family=family.id, role=input.role)
        return invite


async def revoke(ctx: Context, id: Annotated[Id, Doc("The invitation's id.")]) -> FamilyInvite:
    """Once is enough: it stays revoked since the first time."""
    async with ctx.work() as work:
        invite = await work.lock(FamilyInvite, id)
        if invite.revoked_at is None:
            work.audit("family_invite.revoke", id, family=invite.family_id)
            work.change(invite, revoked_at=ctx.now())
        return invite


async def join(ctx: Context, code: Code) -> Family:
    """Who is a member already uses nothing up."""
    await ctx.services.limits.count(ctx, EACH, "joinFamily")
    async with ctx.work(alone="families") as work:
        family = await work.session.scalar(select(FamilyInvite.family_id).where(_is(code)))
        if family is not None:
            await membership.hold(work, family)
            for mine in await work.visible(Family, [family]):
                return mine
        usable = select(FamilyInvite).where(_is(code), membership.is_open(ctx.now())).with_for_update()
        invite = await work.session.scalar(usable)
        if invite is None:
            raise NotFound("FamilyInvite", code)
        return await _joined(work, invite)


async def _joined(work: Work, invite: FamilyInvite) -> Family:
    family = await work.session.get_one(Family, invite.family_id)
    members = select(func.count()).where(FamilyMember.family_id == family.id)
    if (await work.session.scalar(members) or 0) >= MOST_MEMBERS:
        raise Conflict(f"A family has at most {MOST_MEMBERS} members", reason="FAMILY_FULL")
    work.change(invite, uses=invite.uses + 1)
    member = await work.add(FamilyMember(family_id=family.id, user_id=work.ctx.viewer.id, role=invite.role))
    await activity.record(work, ActivityKind.MEMBER_JOINED, member)
    work.audit("family.join", family.id, invite=invite.id)
    return family


async def preview(ctx: Context, code: Code) -> Preview:
    await ctx.services.limits.count(ctx, EACH, "familyOfInvite")
    named = select(Family.name, User.name).join(FamilyInvite.family).outerjoin(FamilyInvite.created_by)
    async with ctx.services.db.transaction() as session:
        for family, user in await session.execute(named.where(_is(code), membership.is_open(ctx.now()))):
            return Preview(family, user)
    raise NotFound("FamilyInvite", code)


def _is(code: str) -> ColumnElement[bool]:
    """PostgreSQL has no NUL, and what it should compare has a limit."""
    return FamilyInvite.code == code.replace("\x00", " ")[: LONGEST_CODE + 1]


async def _refuse_too_many(work: Work, family: Id) -> None:
    rows = select(func.count()).where(FamilyInvite.family_id == family, membership.is_open(work.ctx.now()))
    if (await work.session.scalar(rows) or 0) >= MOST_OPEN:
        raise Conflict(f"A family has at most {MOST_OPEN} open invitations", reason="TOO_MANY_INVITES")


def _until(now: datetime, input: CreateFamilyInvite) -> datetime:
    if input.expires_at is None:
        return now + timedelta(days=input.days or USUAL_DAYS)
    if input.days is not None:
        raise Invalid({"expiresAt": ["cannot be given together with days"]})
    if not now < input.expires_at <= now + timedelta(days=LONGEST_DAYS):
        raise Invalid({"expiresAt": [f"must lie within the next {LONGEST_DAYS} days"]})
    return input.expires_at

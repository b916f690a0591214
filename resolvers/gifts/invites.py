"""How others get into a family."""

from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Select, func, select

from db.accounts.users import User
from db.gifts.activity import ActivityKind
from db.gifts.families import Family, FamilyInvite, FamilyMember, FamilyRole
from db.selection import Listing, Order
from kit.errors import Conflict, NotFound
from kit.ids import Id
from resolvers import invitations
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import activity, membership
from resolvers.gifts.rules.families import CreateFamilyInvite
from resolvers.limits import per_minute
from resolvers.work import Work

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
    until = invitations.until(ctx.now(), days=input.days, expires_at=input.expires_at)
    async with ctx.work(alone="families") as work:
        await membership.hold(work, input.family_id)
        least = FamilyRole.ADMIN if input.role is FamilyRole.MEMBER else FamilyRole.OWNER
        await membership.own(work, input.family_id, least)
        await _refuse_too_many(work, input.family_id)
        invite = await work.add(
            FamilyInvite(
                family_id=input.family_id,
                created_by_id=ctx.viewer.id,
                code=invitations.fresh_code(),
                role=input.role,
                expires_at=until,
                most_uses=input.most_uses,
            )
        )
        work.audit("family_invite.create", invite.id, family=input.family_id, role=input.role)
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
        family = await work.session.scalar(select(FamilyInvite.family_id).where(invitations.is_of(FamilyInvite, code)))
        if family is not None:
            await membership.hold(work, family)
            for mine in await work.visible(Family, [family]):
                return mine
        return await _joined(work, await invitations.use(work, FamilyInvite, code))


async def _joined(work: Work, invite: FamilyInvite) -> Family:
    family = await work.session.get_one(Family, invite.family_id)
    members = select(func.count()).where(FamilyMember.family_id == family.id)
    if (await work.session.scalar(members) or 0) >= MOST_MEMBERS:
        raise Conflict(f"A family has at most {MOST_MEMBERS} members", reason="FAMILY_FULL")
    member = await work.add(FamilyMember(family_id=family.id, user_id=work.ctx.viewer.id, role=invite.role))
    await activity.record(work, ActivityKind.MEMBER_JOINED, member)
    work.audit("family.join", family.id, invite=invite.id)
    return family


async def preview(ctx: Context, code: Code) -> Preview:
    await ctx.services.limits.count(ctx, EACH, "familyOfInvite")
    named = select(Family.name, User.name).join(FamilyInvite.family).outerjoin(FamilyInvite.created_by)
    usable = invitations.is_of(FamilyInvite, code), invitations.is_open(FamilyInvite, ctx.now())
    async with ctx.services.db.looking() as session:
        for family, user in await session.execute(named.where(*usable)):
            return Preview(family, user)
    raise NotFound("FamilyInvite", code)


async def _refuse_too_many(work: Work, family: Id) -> None:
    if await invitations.count_open(work, FamilyInvite, FamilyInvite.family_id == family) >= MOST_OPEN:
        raise Conflict(f"A family has at most {MOST_OPEN} open invitations", reason="TOO_MANY_INVITES")

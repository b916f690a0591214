"""Who belongs to a family, and as what.

Whoever changes that, or lets others in, holds the family meanwhile; what else is written in it need not wait.
"""

from sqlalchemy import select

from db.gifts.families import Family, FamilyInvite, FamilyMember, FamilyRole
from kit.errors import Conflict, Forbidden, NotFound
from kit.ids import Id, prefix_of
from resolvers import invitations
from resolvers.policies import POLICIES
from resolvers.work import Work

_OF_MEMBER = select(FamilyMember.family_id).where(POLICIES[FamilyMember].see(FamilyMember))


async def hold(work: Work, family: Id) -> None:
    """Nobody else changes who belongs to it until the work ends. Comes before any of its rows is read or locked."""
    if prefix_of(family) == Family.prefix:
        await work.session.execute(select(Family.id).where(Family.id == family).with_for_update(key_share=True))


async def own(work: Work, family: Id, least: FamilyRole = FamilyRole.MEMBER) -> FamilyMember:
    """The viewer's membership. Raises NotFound where there is none, Forbidden below the role."""
    mine = select(FamilyMember).where(FamilyMember.family_id == family, FamilyMember.user_id == work.ctx.viewer.id)
    member = await work.session.scalar(mine) if prefix_of(family) == Family.prefix else None
    if member is None:
        raise NotFound("Family", family)
    if member.role.rank < least.rank:
        raise Forbidden("Insufficient permissions")
    return member


async def held_member(work: Work, id: Id) -> FamilyMember:
    """A membership that the viewer may change, of a family that is held from here on. Raises NotFound, Forbidden."""
    if prefix_of(id) == FamilyMember.prefix:
        family = await work.session.scalar(_OF_MEMBER.where(FamilyMember.id == id), work.ctx.slots())
        if family is not None:
            await hold(work, family)
    return await work.lock(FamilyMember, id)


async def others(work: Work, member: FamilyMember) -> list[FamilyMember]:
    """Of the same family, those of the highest role first, and of these who came first."""
    rows = select(FamilyMember).where(FamilyMember.family_id == member.family_id, FamilyMember.id != member.id)
    by = FamilyMember.role.desc(), FamilyMember.created_at, FamilyMember.id
    return [*(await work.session.scalars(rows.order_by(*by)))]


async def leave_an_owner(work: Work, member: FamilyMember) -> None:
    """Raises Conflict where there is none but this one."""
    if member.role is FamilyRole.OWNER:
        first = next(iter(await others(work, member)), None)
        if first is None or first.role is not FamilyRole.OWNER:
            raise Conflict("The last owner must stay", reason="LAST_OWNER")


async def take_back_invites(work: Work, family: Id) -> None:
    await invitations.take_back(work, FamilyInvite, FamilyInvite.family_id == family)

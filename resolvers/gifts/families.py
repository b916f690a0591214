from typing import Annotated

from sqlalchemy import Select, select

from db.gifts.families import Family, FamilyMember, FamilyRole
from db.gifts.persons import Person
from db.selection import Listing, Order
from kit.ids import Id
from live import topics
from live.log import Kind
from resolvers.changes import EntityType
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import membership
from resolvers.gifts.rules.families import CreateFamily, UpdateFamily
from resolvers.topics import Followed
from resolvers.work import Deleted, Work

FamilyId = Annotated[Id, Doc("The family's id.")]
MemberId = Annotated[Id, Doc("The member's id.")]


def by_id(id: FamilyId) -> Select[Family]:
    return select(Family).where(Family.id == id)


def listed() -> Listing:
    return Listing(select(Family), (Order(Family.name),))


def member_by_id(id: MemberId) -> Select[FamilyMember]:
    return select(FamilyMember).where(FamilyMember.id == id)


def members_listed() -> Listing:
    return Listing(select(FamilyMember), (Order(FamilyMember.created_at),))


def followed(
    ctx: Context,
    family_id: FamilyId,
    types: Annotated[list[EntityType] | None, Doc("Only changes of these.")] = None,
) -> Followed:
    return Followed((topics.family(family_id),), types=None if types is None else frozenset(types))


def mine_followed(ctx: Context) -> Followed:
    return Followed((topics.families_of(ctx.viewer.id),))


async def create(ctx: Context, input: Annotated[CreateFamily, Doc("The new family.")]) -> Family:
    viewer = ctx.viewer.id
    async with ctx.work(alone="families") as work:
        family = await work.add(Family(**input.model_dump(exclude={"person"})))
        await work.add(FamilyMember(family_id=family.id, user_id=viewer, role=FamilyRole.OWNER))
        if input.person is not None:
            await work.add(Person(family_id=family.id, user_id=viewer, **input.person.model_dump()))
        return family


async def update(
    ctx: Context,
    id: FamilyId,
    input: Annotated[UpdateFamily, Doc("What to change.")],
    expected_version: Annotated[int | None, Doc("Refused with CONFLICT when the family is no longer of it.")] = None,
) -> Family:
    async with ctx.work() as work:
        return work.change(await work.lock(Family, id, version=expected_version), **input.given())


async def delete(ctx: Context, id: FamilyId) -> Deleted:
    async with ctx.work() as work:
        family = await work.lock(Family, id)
        await membership.own(work, id, FamilyRole.OWNER)
        work.audit("family.delete", id)
        return await end(work, family)


async def end(work: Work, family: Family) -> Deleted:
    """With all that belongs to it. Each of its members hears it on the topic of their families."""
    rows = select(FamilyMember).where(FamilyMember.family_id == family.id).order_by(FamilyMember.id)
    members = [*(await work.session.scalars(rows))]
    for member in members:
        work.tell(member, Kind.DELETED, grants=True)
    return await work.remove(family, also=[topics.families_of(member.user_id) for member in members])


async def leave(ctx: Context, id: FamilyId) -> Deleted:
    """Answers the membership that has ended. A person whom the viewer is stays linked, for when they come back."""
    async with ctx.work(alone="families") as work:
        await membership.hold(work, id)
        member = await membership.own(work, id)
        await membership.leave_an_owner(work, member)
        work.audit("family.leave", id)
        return await work.remove(member)


async def remove_member(ctx: Context, id: MemberId) -> Deleted:
    """Takes back all open invitations, whose codes they may know."""
    async with ctx.work() as work:
        member = await membership.held_member(work, id)
        if member.user_id != ctx.viewer.id:
            await membership.own(work, member.family_id, member.role)  # not above oneself
            await membership.take_back_invites(work, member.family_id)
        await membership.leave_an_owner(work, member)
        work.audit("family_member.remove", id, family=member.family_id, user=member.user_id)
        return await work.remove(member)


async def set_role(
    ctx: Context, id: MemberId, role: Annotated[FamilyRole, Doc("What they may do from now on.")]
) -> FamilyMember:
    """Takes back all open invitations where they may do less than before."""
    async with ctx.work() as work:
        member = await membership.held_member(work, id)
        await membership.own(work, member.family_id, FamilyRole.OWNER)
        if role.rank < member.role.rank:
            await membership.leave_an_owner(work, member)
            await membership.take_back_invites(work, member.family_id)
        work.audit("family_member.set_role", id, before=member.role, after=role)
        return work.change(member, role=role)

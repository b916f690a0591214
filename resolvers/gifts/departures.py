from sqlalchemy import delete, select

from db.accounts.users import User
from db.gifts.families import Family, FamilyMember, FamilyRole
from db.gifts.lists import GiftList, GiftListVisibility
from db.gifts.persons import Person
from kit.ids import Id
from resolvers.gifts import families, membership
from resolvers.work import Work


async def depart(work: Work, user: User) -> None:
    """A user goes: their memberships end, and whoever they were among the people is nobody any more.

    What they alone could see goes with them; what they gave, and lists that others see, stay.
    """
    for person in await work.session.scalars(select(Person).where(Person.user_id == user.id).order_by(Person.id)):
        work.change(person, user_id=None)
    mine = select(FamilyMember.family_id).where(FamilyMember.user_id == user.id).order_by(FamilyMember.family_id)
    for family in [*(await work.session.scalars(mine))]:
        await _from(work, user, family)
    private = GiftList.owner_id == user.id, GiftList.visibility == GiftListVisibility.PRIVATE
    await work.session.execute(delete(GiftList).where(*private))


async def _from(work: Work, user: User, family: Id) -> None:
    """A family without members ends. One without an owner is from then on that of the first of the highest role."""
    await membership.hold(work, family)
    found = select(FamilyMember).where(FamilyMember.family_id == family, FamilyMember.user_id == user.id)
    member = await work.session.scalar(found)
    if member is None:  # meanwhile sent away
        return
    first = next(iter(await membership.others(work, member)), None)
    if first is None:
        await families.end(work, await work.session.get_one(Family, family))
        return
    if member.role is FamilyRole.OWNER and first.role is not FamilyRole.OWNER:
        work.audit("family_member.set_role", first.id, before=first.role, after=FamilyRole.OWNER)
        work.change(first, role=FamilyRole.OWNER)
    await work.remove(member)

from typing import Annotated

from sqlalchemy import Select, select

from db.gifts.families import Family, FamilyInvite, FamilyMember
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc


def by_id(id: Annotated[Id, Doc("The family's id.")]) -> Select[Family]:
    return select(Family).where(Family.id == id)


def listed() -> Listing:
    return Listing(select(Family), (Order(Family.name),))


def member_by_id(id: Annotated[Id, Doc("The member's id.")]) -> Select[FamilyMember]:
    return select(FamilyMember).where(FamilyMember.id == id)


def members_listed() -> Listing:
    return Listing(select(FamilyMember), (Order(FamilyMember.created_at),))


def invite_by_id(id: Annotated[Id, Doc("The invitation's id.")]) -> Select[FamilyInvite]:
    return select(FamilyInvite).where(FamilyInvite.id == id)


def invites_listed() -> Listing:
    return Listing(select(FamilyInvite), (Order(FamilyInvite.created_at),))

from typing import Annotated

from sqlalchemy import Select, select

from db.gifts.occasions import Occasion, OccasionPerson
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc


def by_id(id: Annotated[Id, Doc("The occasion's id.")]) -> Select[Occasion]:
    return select(Occasion).where(Occasion.id == id)


def listed() -> Listing:
    return Listing(select(Occasion), (Order(Occasion.day),))


def guest_by_id(id: Annotated[Id, Doc("The guest's id.")]) -> Select[OccasionPerson]:
    return select(OccasionPerson).where(OccasionPerson.id == id)


def guests_listed() -> Listing:
    return Listing(select(OccasionPerson), (Order(OccasionPerson.created_at),))

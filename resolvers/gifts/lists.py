from typing import Annotated

from sqlalchemy import Select, select

from db.gifts.lists import GiftList
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc


def by_id(id: Annotated[Id, Doc("The list's id.")]) -> Select[GiftList]:
    return select(GiftList).where(GiftList.id == id)


def listed() -> Listing:
    return Listing(select(GiftList), (Order(GiftList.name),))

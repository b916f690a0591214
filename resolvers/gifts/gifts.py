from typing import Annotated

from sqlalchemy import Select, select

from db.gifts.gifts import Gift, GiftPrice
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc


def by_id(id: Annotated[Id, Doc("The gift's id.")]) -> Select[Gift]:
    return select(Gift).where(Gift.id == id)


def listed() -> Listing:
    return Listing(select(Gift), (Order(Gift.name),))


def price_by_id(id: Annotated[Id, Doc("The price's id.")]) -> Select[GiftPrice]:
    return select(GiftPrice).where(GiftPrice.id == id)


def prices_listed() -> Listing:
    return Listing(select(GiftPrice), (Order(GiftPrice.created_at),))

from typing import Annotated, Any

from sqlalchemy import Select, select

from db.gifts.gifts import Gift, GiftPrice
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc
from resolvers.gifts.keeping import Secret
from resolvers.work import Work


def by_id(id: Annotated[Id, Doc("The gift's id.")]) -> Select[Gift]:
    return select(Gift).where(Gift.id == id)


def listed() -> Listing:
    return Listing(select(Gift), (Order(Gift.name),))


def price_by_id(id: Annotated[Id, Doc("The price's id.")]) -> Select[GiftPrice]:
    return select(GiftPrice).where(GiftPrice.id == id)


def prices_listed() -> Listing:
    return Listing(select(GiftPrice), (Order(GiftPrice.created_at),))


async def made(work: Work, family_id: Id, values: dict[str, Any], secret: Secret) -> Gift:
    """A new gift of these columns, kept from whom `secret` says."""
    return await work.add(Gift(family_id=family_id, added_by_id=work.ctx.viewer.id, **values, **secret))

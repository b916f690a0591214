"""What gifts have cost."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, select

from db.gifts.gifts import Gift, GiftPrice
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc
from resolvers.relations import Value, first_of
from resolvers.work import Work

COLUMNS = frozenset({"price_minor", "currency"})  # of a gift: neither goes without the other


def by_id(id: Annotated[Id, Doc("The price's id.")]) -> Select[GiftPrice]:
    return select(GiftPrice).where(GiftPrice.id == id)


def listed() -> Listing:
    return Listing(select(GiftPrice), (Order(GiftPrice.created_at),))


def lowest(gift: Any) -> ColumnElement[Any]:
    """Ever, in the currency that it has now."""
    return _first(gift, lambda price: price.price_minor)


def highest(gift: Any) -> ColumnElement[Any]:
    """Ever, in the currency that it has now."""
    return _first(gift, lambda price: price.price_minor.desc())


def _first(gift: Any, by: Value) -> ColumnElement[Any]:
    return first_of(gift.prices, lambda price: price.price_minor, by, lambda price: price.currency == gift.currency)


def of(gift: Gift) -> dict[str, Any]:
    return {name: getattr(gift, name) for name in COLUMNS}


async def record(work: Work, gift: Gift, *, before: dict[str, Any] | None = None) -> None:
    """Adds to its history what it costs now, if that is known and is another price than before."""
    price = of(gift)
    if gift.price_minor is not None and price != before:
        await work.add(GiftPrice(family_id=gift.family_id, gift_id=gift.id, **price))

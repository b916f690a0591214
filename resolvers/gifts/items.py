from typing import Annotated

from sqlalchemy import Select, select

from db.gifts.items import ListItem
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc


def by_id(id: Annotated[Id, Doc("The item's id.")]) -> Select[ListItem]:
    return select(ListItem).where(ListItem.id == id)


def listed() -> Listing:
    return Listing(select(ListItem), (Order(ListItem.created_at),))

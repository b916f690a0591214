"""Questions to the spirit of a room, which answers one after the other."""

from typing import Annotated

from sqlalchemy import Select, select

from db.seances.turns import SeanceTurn
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc


def by_id(id: Annotated[Id, Doc("The turn's id.")]) -> Select[SeanceTurn]:
    return select(SeanceTurn).where(SeanceTurn.id == id)


def listed() -> Listing:
    """The newest first."""
    return Listing(select(SeanceTurn), (Order(SeanceTurn.created_at, descending=True),))

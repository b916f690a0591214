"""What somebody finds should not stand in a room, for its host and for administrators."""

from typing import Annotated

from sqlalchemy import Select, select

from db.seances.reports import SeanceReport
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc


def by_id(id: Annotated[Id, Doc("The report's id.")]) -> Select[SeanceReport]:
    return select(SeanceReport).where(SeanceReport.id == id)


def listed() -> Listing:
    return Listing(select(SeanceReport), (Order(SeanceReport.created_at),))

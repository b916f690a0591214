"""How others get into a room: by a code that cannot be guessed. One that is of no use is as one that never was."""

from typing import Annotated

from sqlalchemy import Select, select

from db.seances.invites import SeanceInvite
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc


def by_id(id: Annotated[Id, Doc("The invitation's id.")]) -> Select[SeanceInvite]:
    return select(SeanceInvite).where(SeanceInvite.id == id)


def listed() -> Listing:
    return Listing(select(SeanceInvite), (Order(SeanceInvite.created_at),))

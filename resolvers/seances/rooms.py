"""Rooms in which several ask a spirit together."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, or_, select

from db.seances.rooms import Seance, SeanceVisibility
from db.selection import Listing, Order
from kit.ids import Id
from live.topics import LOBBY
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.seances.policy import was_in
from resolvers.topics import Followed

SeanceId = Annotated[Id, Doc("The room's id.")]


def by_id(id: SeanceId) -> Select[Seance]:
    return select(Seance).where(Seance.id == id)


def listed() -> Listing:
    """Those that anybody may find, and the viewer's own; the newest first."""
    found = or_(Seance.visibility == SeanceVisibility.PUBLIC, was_in(Seance))
    rows = select(Seance).where(Seance.ended_at.is_(None), found)
    return Listing(rows, (Order(Seance.created_at, descending=True),))


def is_active(room: Any) -> ColumnElement[bool]:
    active: ColumnElement[bool] = room.ended_at.is_(None)
    return active


def lobby(ctx: Context, **_: Any) -> Followed:
    return Followed((LOBBY,))

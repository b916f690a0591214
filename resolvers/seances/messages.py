"""What is said in a room, by its people and by the spirit."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, String, case, null, or_, select

from db.seances.messages import SeanceMessage
from db.selection import Listing, Order
from db.slots import VIEWER_ID
from kit.ids import Id
from resolvers.documented import Doc
from resolvers.relations import any_of
from resolvers.seances.policy import hosts


def by_id(id: Annotated[Id, Doc("The message's id.")]) -> Select[SeanceMessage]:
    return select(SeanceMessage).where(SeanceMessage.id == id)


def listed() -> Listing:
    """The newest first."""
    return Listing(select(SeanceMessage), (Order(SeanceMessage.created_at, descending=True),))


def shown(message: Any) -> ColumnElement[str | None]:
    """Its text; of one that is hidden only to who said it, and to the host."""
    may = or_(message.hidden_at.is_(None), message.sender_id == VIEWER_ID, any_of(message.seance, hosts))
    return case((may, message.text), else_=null().cast(String))

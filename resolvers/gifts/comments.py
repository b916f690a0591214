from typing import Annotated

from sqlalchemy import Select, select

from db.gifts.comments import Comment
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc


def by_id(id: Annotated[Id, Doc("The comment's id.")]) -> Select[Comment]:
    return select(Comment).where(Comment.id == id)


def listed() -> Listing:
    return Listing(select(Comment), (Order(Comment.created_at),))

"""Rows that an input names: there, for the viewer to see, and of the right family."""

from typing import TypeVar

from sqlalchemy import exists, select

from db.base import Entity
from db.gifts.gifts import Gift
from db.gifts.lists import GiftList
from db.gifts.occasions import Occasion
from db.gifts.persons import Person
from kit.errors import Invalid, NotFound
from kit.ids import Id
from resolvers.work import Work

E = TypeVar("E", bound=Entity)


async def named(work: Work, model: type[E], id: Id, *, still: bool = False) -> E:
    """A row that the viewer sees; it stays until the end, and with `still` it stays as it is. Raises NotFound.

    What is decided by a row's columns, such as what a list keeps from whom, wants it to be `still`.
    """
    if await work.visible(model, [id]):
        lock = {"read": True, "key_share": not still}
        row = await work.session.get(model, id, lock=lock)
        if row is not None:
            return row
    raise NotFound(model.__name__, id)


def of_family(row: Person | Occasion | GiftList | Gift, family: Id, field: str) -> None:
    """Raises Invalid where the row that the field names belongs to another."""
    if row.family_id != family:
        raise Invalid({field: ["is of another family"]})


async def is_viewer(work: Work, person: Id | None) -> bool:
    """Whether this person is who asks."""
    mine = exists().where(Person.id == person, Person.user_id == work.ctx.viewer.id)
    return bool(await work.session.scalar(select(mine)))

"""What ends with a person: all that is for them, and all that is kept from them. Whoever saw it hears of that."""

from sqlalchemy import ColumnElement, or_, select

from db.gifts.comments import Comment
from db.gifts.gifts import Gift
from db.gifts.items import ListItem
from db.gifts.lists import GiftList
from db.gifts.occasions import OccasionPerson
from db.gifts.persons import Person
from db.slots import VIEWER_ID
from kit.ids import Id, prefix_of
from resolvers.gifts import gifts, items
from resolvers.gifts.policy import in_family
from resolvers.work import Work


async def hold(work: Work, id: Id) -> None:
    """Locks the lists and items for a person, before the person is.

    Whoever writes about an item refers to whom it is for, and would wait for the person while we wait for the item.
    """
    seen = select(Person.id).where(Person.id == id, in_family(Person), Person.user_id.is_distinct_from(VIEWER_ID))
    if prefix_of(id) == Person.prefix and await work.session.scalar(seen, work.ctx.slots()) is not None:
        for model, which in ((GiftList, _lists(id)), (ListItem, _items(id))):
            await work.session.execute(select(model.id).where(which).order_by(model.id).with_for_update())


async def all_that_is_for(work: Work, person: Person) -> None:
    """Of a person who is locked, so that nothing more is made for them."""
    guests = select(OccasionPerson).where(OccasionPerson.person_id == person.id).order_by(OccasionPerson.id)
    asked = (await work.session.scalars(guests.with_for_update())).all()
    await items.clear(work, _items(person.id))
    said = Comment.list_id.in_(select(GiftList.id).where(_lists(person.id)))
    await items.unsay(work, or_(said, Comment.person_id == person.id, Comment.kept_from_id == person.id))
    await _gifts(work, person)
    lists = select(GiftList).where(_lists(person.id)).order_by(GiftList.id).with_for_update()
    await work.remove_all((await work.session.scalars(lists)).all())
    await work.remove_all(asked)


def _lists(person: Id) -> ColumnElement[bool]:
    return GiftList.person_id == person


def _items(person: Id) -> ColumnElement[bool]:
    return or_(ListItem.person_id == person, ListItem.list_id.in_(select(GiftList.id).where(_lists(person))))


async def _gifts(work: Work, person: Person) -> None:
    """That were kept from them. What is on somebody else's list stays there, and leaves the catalogue."""
    rows = select(Gift).where(Gift.kept_from_id == person.id).order_by(Gift.id).limit(items.BATCH).with_for_update()
    while batch := (await work.session.scalars(rows)).all():
        listed = select(ListItem.gift_id).where(ListItem.gift_id.in_([gift.id for gift in batch]))
        stay = {*(await work.session.scalars(listed))}
        gone = [gift for gift in batch if gift.id not in stay]
        await items.unsay(work, Comment.gift_id.in_([gift.id for gift in gone]))
        await work.remove_all(gone)
        for gift in batch:
            if gift.id in stay:
                await gifts.take_off(work, gift, kept_from_id=None, kept_until=None)

"""What ends with a person: all that is for them, and all that is kept from them. Whoever saw it hears of that."""

from sqlalchemy import or_, select

from db.gifts.comments import Comment
from db.gifts.gifts import Gift
from db.gifts.items import ListItem
from db.gifts.lists import GiftList
from db.gifts.occasions import OccasionPerson
from db.gifts.persons import Person
from resolvers.gifts import gifts, items
from resolvers.work import Work


async def all_that_is_for(work: Work, person: Person) -> None:
    """Of a person who is locked, so that nothing more is made for them."""
    lists = GiftList.person_id == person.id
    await work.session.execute(select(GiftList.id).where(lists).order_by(GiftList.id).with_for_update())
    theirs = select(GiftList.id).where(lists)
    await items.clear(work, or_(ListItem.person_id == person.id, ListItem.list_id.in_(theirs)))
    said = or_(Comment.list_id.in_(theirs), Comment.person_id == person.id, Comment.kept_from_id == person.id)
    await items.unsay(work, said)
    await _gifts(work, person)
    await work.remove_all((await work.session.scalars(select(GiftList).where(lists))).all())
    guests = select(OccasionPerson).where(OccasionPerson.person_id == person.id).order_by(OccasionPerson.id)
    await work.remove_all((await work.session.scalars(guests.with_for_update())).all())


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

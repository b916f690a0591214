"""When a list begins or ceases to keep something: its items, and what is said and done about them, follow it.

What has been received is no secret any more, whatever becomes of it or of the list. What is kept from those who change
the list stays kept, so that nobody reveals to themselves what is for them: a list for nobody may have something for
anybody.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, aliased

from db.gifts.activity import Activity
from db.gifts.comments import Comment
from db.gifts.items import Giving, ItemStatus, ListItem
from db.gifts.keeping import FOREVER
from db.gifts.lists import GiftList
from db.gifts.persons import Person
from kit.ids import Id
from live.log import Kind
from resolvers.context import Context
from resolvers.jobs import Job
from resolvers.work import Work

BATCH = 500  # items of which it is decided at once who hears


async def follow(work: Work, gift_list: GiftList) -> None:
    """After a change of `surprise` or `reveal_at` of a list, which is locked. Whatever changes with it is told of."""
    until = (gift_list.reveal_at or FOREVER) if gift_list.surprise else None
    on_it = select(ListItem.id).where(ListItem.list_id == gift_list.id).order_by(ListItem.id)
    await work.session.execute(on_it.with_for_update())  # none is received meanwhile
    about = _not_received(gift_list.id)
    items = (
        update(ListItem)
        .where(
            ListItem.id.in_(about), _of_others(work, ListItem.person_id), ListItem.kept_until.is_distinct_from(until)
        )
        .values(kept_from_id=None if until is None else ListItem.person_id, kept_until=until)
        .returning(ListItem.id)
    )
    changed = (await work.session.scalars(items)).all()
    for said in (Comment, Activity):
        of_it = or_(said.item_id.in_(about), and_(said.item_id.is_(None), said.list_id == gift_list.id))
        secrets = update(said).where(of_it, _of_others(work, said.kept_from_id)).values(kept_until=until)
        await work.session.execute(secrets)
    await _tell(work, changed)


class RevealList(Job):
    """When the day comes nothing is written, so that somebody must tell of the list and all on it: others see it now.

    Where the list is gone, is no surprise, or its day is another by now, nothing is told.
    """

    list_id: Id
    at: datetime

    async def run(self, ctx: Context) -> None:
        async with ctx.work() as work:
            rows = select(GiftList).where(GiftList.id == self.list_id, GiftList.reveal_at == self.at, GiftList.surprise)
            found = await work.session.scalar(rows.with_for_update(read=True))
            if found is None:
                return
            if self.at > ctx.now():  # the queue goes by the database's clock, and who sees what by ours
                await work.enqueue(self, at=self.at)
                return
            work.tell(found, Kind.UPDATED, grants=True)
            ids = select(ListItem.id).where(ListItem.list_id == found.id).order_by(ListItem.id)
            there = ids.with_for_update(read=True, key_share=True)  # who hears of one is decided while it is there
            await _tell(work, (await work.session.scalars(there)).all())


async def wanted(work: Work, gift_list: GiftList) -> None:
    """It will be told of when its day comes, if it has one that is to come."""
    if gift_list.reveal_at is not None:
        await work.enqueue(RevealList(list_id=gift_list.id, at=gift_list.reveal_at), at=gift_list.reveal_at)


async def _tell(work: Work, items: Sequence[Id]) -> None:
    """Their rows are as they were, but for who sees them."""
    for start in range(0, len(items), BATCH):
        batch = select(ListItem).where(ListItem.id.in_(items[start : start + BATCH])).order_by(ListItem.id)
        for item in await work.session.scalars(batch):
            work.tell(item, Kind.UPDATED)
        await work.decide()


def _not_received(list_id: Id) -> Select[Id]:
    """Neither now nor before: what was revealed by that still names from whom it was kept, and no day."""
    item = aliased(ListItem)
    return (
        select(item.id)
        .join(Giving, Giving.item_id == item.id)
        .where(item.list_id == list_id, Giving.status != ItemStatus.RECEIVED)
        .where(or_(item.kept_until.is_not(None), item.kept_from_id.is_(None)))
    )


def _of_others(work: Work, person: InstrumentedAttribute[Id | None]) -> ColumnElement[bool]:
    """There is somebody, and they are not the viewer."""
    return person.not_in(select(Person.id).where(Person.user_id == work.ctx.viewer.id))

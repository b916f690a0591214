"""What givers do about an item, as their verbs write and tell it."""

from typing import Any

from db.gifts.items import Claim, Giving, ItemStatus
from kit.ids import Id
from live.log import Kind
from tests.gifts.world import World
from tests.live.test_audience import context
from tests.people import Person


async def change(home: World, by: Person, kind: Kind, **values: Any) -> None:
    async with context(by).work() as work:
        giving = await work.lock(Giving, home.giving.id)
        work.change(giving, **values)
        work.tell(home.item, kind, by=giving)


async def claim(home: World, by: Person) -> None:
    async with context(by).work() as work:
        giving = await work.lock(Giving, home.giving.id)
        work.change(giving, claimed=giving.claimed + 1, status=ItemStatus.SELECTED)
        await work.add(Claim(family_id=home.family.id, giving_id=giving.id, user_id=Id(by.id), quantity=1))
        work.tell(home.item, Kind.STATUS_CHANGED, by=giving)

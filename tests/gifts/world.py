"""A family to begin with: what tests need before they do anything, written as rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.base import Entity
from db.gifts.families import Family, FamilyMember, FamilyRole
from db.gifts.gifts import Gift
from db.gifts.items import Giving, ListItem
from db.gifts.lists import GiftList, GiftListType
from db.gifts.occasions import Occasion, OccasionPerson, OccasionType
from db.gifts.persons import Person as Receiver
from kit.ids import Id
from resolvers.gifts import keeping
from tests.people import People, Person


@dataclass(frozen=True)
class World:
    """Dora owns the family, Gus and Gina give, and Ida is given presents: `ida` is the user, `receiver` the person.

    The list is Ida's wishlist for her birthday, with one wish of her own.
    """

    people: People
    dora: Person
    gus: Person
    gina: Person
    ida: Person
    family: Family
    receiver: Receiver
    occasion: Occasion
    list: GiftList
    gift: Gift
    item: ListItem
    giving: Giving

    async def keep(self, *rows: Entity) -> None:
        await keep(self.people, *rows)

    async def another(self, by: Person, *, list: GiftList | None = None, **more: Any) -> ListItem:
        """One more item with a gift of its own, as `by` adds it."""
        on = list or self.list
        mine = by.id == self.ida.id
        secret = keeping.OPEN if mine else keeping.from_person(on.person_id)
        gift = Gift(id=Gift.fresh_id(), family_id=self.family.id, added_by_id=by.id, name="Another", **secret)
        await self.keep(gift)
        return await self.put(gift, by, list=on, **more)

    async def put(self, gift: Gift, by: Person, *, list: GiftList, **more: Any) -> ListItem:
        item = ListItem(
            id=ListItem.fresh_id(),
            family_id=self.family.id,
            list_id=list.id,
            gift_id=gift.id,
            person_id=list.person_id,
            added_by_id=by.id,
            **keeping.of_new_item(list, list.person_id),
            **more,
        )
        await self.keep(item)
        await self.keep(Giving(id=Giving.fresh_id(), family_id=self.family.id, item_id=item.id))
        return item

    async def another_list(self, by: Person, name: str, person: Receiver | None = None, **more: Any) -> GiftList:
        """Of ideas, if nothing else is said, and a secret from the person."""
        whom = None if person is None else person.id
        given = {"type": GiftListType.IDEAS, **more, **keeping.from_person(whom)}
        made = GiftList(
            id=GiftList.fresh_id(), family_id=self.family.id, owner_id=by.id, person_id=whom, name=name, **given
        )
        await self.keep(made)
        return made


async def keep(people: People, *rows: Entity) -> None:
    """Written as they are; the rows stay readable afterwards."""
    async with people.services.db.transaction() as session:
        session.add_all(rows)


async def family(people: People, **members: FamilyRole) -> tuple[Family, dict[str, Person]]:
    """A family of these members by their names."""
    made = Family(id=Family.fresh_id(), name="The Millers")
    users = {name: await people.one(name=name.title()) for name in members}
    rows = [
        FamilyMember(id=FamilyMember.fresh_id(), family_id=made.id, user_id=Id(users[name].id), role=role)
        for name, role in members.items()
    ]
    await keep(people, made)
    await keep(people, *rows)
    return made, users


async def world(people: People, *, surprise: bool = True, reveal_at: datetime | None = None) -> World:
    member = FamilyRole.MEMBER
    made, users = await family(people, dora=FamilyRole.OWNER, gus=member, gina=member, ida=member)
    ida, now = users["ida"], people.services.clock()
    receiver = Receiver(id=Receiver.fresh_id(), family_id=made.id, user_id=ida.id, name="Ida")
    occasion = Occasion(
        id=Occasion.fresh_id(),
        family_id=made.id,
        name="Ida turns 9",
        type=OccasionType.BIRTHDAY,
        day=now.date(),
        created_at=now,  # on a clock of the test's own too: lists have an order by it
    )
    await keep(people, receiver, occasion)
    guest = OccasionPerson(
        id=OccasionPerson.fresh_id(), family_id=made.id, occasion_id=occasion.id, person_id=receiver.id
    )
    wishes = GiftList(
        id=GiftList.fresh_id(),
        family_id=made.id,
        owner_id=ida.id,
        person_id=receiver.id,
        occasion_id=occasion.id,
        name="Ida's wishes",
        type=GiftListType.WISHLIST,
        surprise=surprise,
        reveal_at=reveal_at,
        **(keeping.from_person(receiver.id, reveal_at) if surprise else keeping.OPEN),
    )
    gift = Gift(id=Gift.fresh_id(), family_id=made.id, added_by_id=ida.id, name="Roller skates")
    await keep(people, guest, wishes, gift)
    item = ListItem(
        id=ListItem.fresh_id(),
        family_id=made.id,
        list_id=wishes.id,
        gift_id=gift.id,
        person_id=receiver.id,
        added_by_id=ida.id,
        **keeping.of_new_item(wishes, receiver.id),
    )
    giving = Giving(id=Giving.fresh_id(), family_id=made.id, item_id=item.id)
    await keep(people, item)
    await keep(people, giving)
    return World(
        people=people,
        family=made,
        receiver=receiver,
        occasion=occasion,
        list=wishes,
        gift=gift,
        item=item,
        giving=giving,
        **users,
    )

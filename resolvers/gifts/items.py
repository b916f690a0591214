"""What is on lists: the wish's side. Nothing here may look different to the person for what givers have done."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from db.gifts.activity import ActivityKind
from db.gifts.comments import Comment
from db.gifts.gifts import Gift
from db.gifts.items import Giving, ItemStatus, ListItem
from db.gifts.lists import GiftList, GiftListVisibility
from db.gifts.persons import Person
from db.selection import Listing, Order
from kit.errors import Invalid, NotFound
from kit.ids import Id
from live.topics import gift_list, items_of
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import activity, gifts, givings, keeping
from resolvers.gifts.most import refuse_beyond
from resolvers.gifts.named import is_viewer, named, of_family
from resolvers.gifts.policy import not_hidden_item
from resolvers.gifts.rules.items import (
    AddListItem,
    ListItemFilter,
    ListItemOrder,
    ListItemOrderField,
    UpdateListItem,
)
from resolvers.gifts.status import by_status, is_status, status
from resolvers.matching import matches
from resolvers.orders import ordered
from resolvers.relations import any_of, reached
from resolvers.topics import Followed
from resolvers.work import Deleted, Work

MOST = 1_000  # items of a list that one who adds another sees
BATCH = 500  # rows that are removed at once

ItemId = Annotated[Id, Doc("The item's id.")]
Filter = Annotated[ListItemFilter | None, Doc("Which items.")]
By = Annotated[ListItemOrder | None, Doc("Default: the oldest first.")]
ITEMS = frozenset({ListItem.__name__})

ORDERS: dict[ListItemOrderField, Any] = {
    ListItemOrderField.CREATED_AT: ListItem.created_at,
    ListItemOrderField.STATUS: by_status(ListItem),
    ListItemOrderField.GIFT_NAME: reached(ListItem.gift, Gift.name),
    ListItemOrderField.PRICE: reached(ListItem.gift, Gift.price_minor),
}


def by_id(id: ItemId) -> Select[ListItem]:
    return select(ListItem).where(ListItem.id == id)


def listed(filter: Filter = None, order_by: By = None) -> Listing:
    rows = _filtered(filter or ListItemFilter())
    return ordered(rows, ORDERS, order_by, usual=Order(ListItem.created_at))


def listed_of(
    list_id: Annotated[Id | None, Doc("Those on this list alone.")] = None,
    family_id: Annotated[Id | None, Doc("Those of this family alone.")] = None,
    filter: Filter = None,
    order_by: By = None,
) -> Listing:
    found = listed(filter, order_by)
    if list_id is not None:
        found = found.where(ListItem.list_id == list_id)
    if family_id is not None:
        found = found.where(ListItem.family_id == family_id)
    return found


def _filtered(filter: ListItemFilter) -> Select[ListItem]:
    rows = select(ListItem)
    if filter.status is not None:
        rows = rows.where(is_status(ListItem, filter.status))
    if "person_id" in filter.model_fields_set:
        rows = rows.where(ListItem.person_id == filter.person_id)
    if filter.assignee_id is not None:
        rows = rows.where(any_of(ListItem.giving, lambda giving: giving.assignee_id == filter.assignee_id))
    if filter.added_by_id is not None:
        rows = rows.where(ListItem.added_by_id == filter.added_by_id)
    if filter.search is not None:
        rows = rows.where(any_of(ListItem.gift, lambda gift: matches(gift, filter.search)))
    return rows


def received() -> Listing:
    """The latest first, of what the viewer may know to have been received."""
    rows = select(ListItem).where(is_status(ListItem, ItemStatus.RECEIVED))
    return Listing(rows, (Order(reached(ListItem.giving, Giving.received_at), descending=True),))


def received_by(person_id: Annotated[Id, Doc("The person's id.")]) -> Listing:
    return received().where(ListItem.person_id == person_id)


def given_before(item: Any) -> ColumnElement[bool]:
    """Whether the person has received the same gift already, or one from the same page, as far as the viewer knows."""

    def received(gift: Any) -> ColumnElement[bool]:
        return any_of(
            gift.items,
            lambda other: and_(
                other.person_id == item.person_id, other.id != item.id, status(other) == ItemStatus.RECEIVED
            ),
        )

    return any_of(item.gift, lambda gift: or_(received(gift), any_of(gift.twins, received)))


def followed(ctx: Context, list_id: Annotated[Id, Doc("The list's id.")]) -> Followed:
    return Followed((gift_list(list_id),), types=ITEMS)


def followed_all(ctx: Context, family_id: Annotated[Id, Doc("The family's id.")]) -> Followed:
    return Followed((items_of(family_id),), types=ITEMS)


async def add(
    ctx: Context, list_id: Annotated[Id, Doc("On which list.")], input: Annotated[AddListItem, Doc("The new item.")]
) -> ListItem:
    """Whoever sees a list may add to it."""
    if (input.gift_id is None) is (input.gift is None):
        raise Invalid({"giftId": ["is given, or else gift is"]})
    async with ctx.work(alone=None if input.gift is None else "gifts") as work:
        await work.alone("items", list_id)
        on, person = await _place(work, list_id, input.person_id)
        there = select(ListItem.id).where(ListItem.list_id == on.id, not_hidden_item(ListItem))
        await refuse_beyond(work, MOST, there, f"A list has at most {MOST:,} items", "LIST_FULL")
        own = await is_viewer(work, person)
        item = ListItem(
            family_id=on.family_id,
            list_id=on.id,
            gift_id=(await _gift(work, input, on, None if own else person)).id,
            person_id=person,
            added_by_id=ctx.viewer.id,
            quantity=input.quantity,
            note=input.note,
            **keeping.of_new_item(on, person),
        )
        await work.add(item)
        await work.add(Giving(family_id=item.family_id, item_id=item.id))
        secret = keeping.OPEN if own else keeping.like(item)
        await activity.record(work, ActivityKind.ITEM_ADDED, item, secret=secret)
        return item


async def _place(work: Work, list_id: Id, person_id: Id | None) -> tuple[GiftList, Id | None]:
    """The list, which keeps what it keeps until the end, and whom the item is for."""
    person = None if person_id is None else await named(work, Person, person_id)
    on = await named(work, GiftList, list_id, still=True)
    if person is None or person.id == on.person_id:
        return on, on.person_id
    of_family(person, on.family_id, "personId")
    if on.person_id is not None:
        raise Invalid({"personId": ["must be the person whom the list is for"]})
    return on, person.id


async def _gift(work: Work, input: AddListItem, on: GiftList, kept_from: Id | None) -> Gift:
    """One that there is, or a new one.

    A new one is kept from the person for ever: once they see the item, they see its gift by that. So do others, where
    it was made on a private list.
    """
    if input.gift is not None:
        private, secret = on.visibility is GiftListVisibility.PRIVATE, keeping.from_person(kept_from)
        return await gifts.made(work, on.family_id, input.gift.given(), secret, unlisted=private)
    assert input.gift_id is not None
    found = await named(work, Gift, input.gift_id)
    if found.removed_at is not None:
        raise NotFound(Gift.__name__, found.id)
    of_family(found, on.family_id, "giftId")
    return found


async def update(
    ctx: Context,
    id: ItemId,
    input: Annotated[UpdateListItem, Doc("What to change.")],
    expected_version: Annotated[int | None, Doc("Refused with CONFLICT when the item is no longer of it.")] = None,
) -> ListItem:
    """Fewer may be wished for than are claimed: to refuse that would tell the person. Those who give it hear of it."""
    async with ctx.work() as work:
        item = await work.lock(ListItem, id, version=expected_version)
        hearing = await _hearing(work, [item.id])
        return work.change(item, also=hearing.get(item.id, ()), **input.given())


async def remove(ctx: Context, id: ItemId) -> Deleted:
    """What givers do about it goes with it, and what was said of it; they hear of that."""
    async with ctx.work() as work:
        item = await work.lock(ListItem, id)
        await _remove(work, [item])
        return Deleted(item.id)


async def clear(work: Work, which: ColumnElement[bool]) -> None:
    """Removes them all, whoever may see them. What they belong to is locked, so that none are added."""
    rows = select(ListItem).where(which).order_by(ListItem.id).limit(BATCH).with_for_update()
    while batch := (await work.session.scalars(rows)).all():
        await _remove(work, batch)


async def unsay(work: Work, about: ColumnElement[bool]) -> None:
    """Removes comments. They are looked for once: PostgreSQL would pass over those removed each time anew."""
    found = select(Comment.id).where(about).order_by(Comment.id).with_for_update()
    ids = (await work.session.scalars(found)).all()
    for start in range(0, len(ids), BATCH):
        batch = select(Comment).where(Comment.id.in_(ids[start : start + BATCH])).order_by(Comment.id)
        await work.remove_all((await work.session.scalars(batch)).all())


async def _remove(work: Work, items: Sequence[ListItem]) -> None:
    """Locked items. Those who give them hear of what they give alone."""
    ids = [item.id for item in items]
    hearing = await _hearing(work, ids)
    await unsay(work, Comment.item_id.in_(ids))
    alike = defaultdict[tuple[str, ...], list[ListItem]](list)
    for item in items:
        alike[tuple(hearing.get(item.id, ()))].append(item)
    for topics, some in alike.items():
        await work.remove_all(some, topics)


async def _hearing(work: Work, items: Sequence[Id]) -> dict[Id, list[str]]:
    """The topics of those who give them. Nobody else begins to until the end."""
    await work.session.execute(select(Giving.id).where(Giving.item_id.in_(items)).order_by(Giving.id).with_for_update())
    return await givings.hearing_of(work, items)

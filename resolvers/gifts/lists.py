from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, String, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute

from db.gifts.activity import ActivityKind
from db.gifts.comments import Comment
from db.gifts.families import Family
from db.gifts.items import ItemStatus, ListItem
from db.gifts.lists import GiftList, GiftListType, GiftListVisibility
from db.gifts.occasions import Occasion
from db.gifts.persons import Person
from db.selection import Listing, Order
from kit.errors import Forbidden, Invalid
from kit.ids import Id
from live.topics import family
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import activity, items, keeping, revealing
from resolvers.gifts.most import refuse_beyond
from resolvers.gifts.named import is_viewer, named, of_family
from resolvers.gifts.rules.lists import (
    CreateGiftList,
    GiftListFilter,
    GiftListOrder,
    GiftListOrderField,
    UpdateGiftList,
)
from resolvers.gifts.status import is_status
from resolvers.matching import matches
from resolvers.orders import ordered
from resolvers.relations import counted
from resolvers.topics import Followed
from resolvers.work import Deleted, Work

ListId = Annotated[Id, Doc("The list's id.")]
Filter = Annotated[GiftListFilter | None, Doc("Which lists.")]
By = Annotated[GiftListOrder | None, Doc("Default: by name.")]

ORDERS: dict[GiftListOrderField, InstrumentedAttribute[Any]] = {
    GiftListOrderField.NAME: GiftList.name,
    GiftListOrderField.CREATED_AT: GiftList.created_at,
    GiftListOrderField.UPDATED_AT: GiftList.updated_at,
}

MOST = 500  # lists of one owner in a family; there may be others that they do not see
SURPRISE = frozenset({"surprise", "reveal_at"})
WIDTH = {visibility: width for width, visibility in enumerate(GiftListVisibility)}


def by_id(id: ListId) -> Select[GiftList]:
    return select(GiftList).where(GiftList.id == id)


def listed(
    family_id: Annotated[Id | None, Doc("Those of this family alone.")] = None,
    filter: Filter = None,
    order_by: By = None,
) -> Listing:
    rows = _filtered(filter or GiftListFilter())
    if family_id is not None:
        rows = rows.where(GiftList.family_id == family_id)
    return ordered(rows, ORDERS, order_by, usual=Order(GiftList.name))


def of_person(filter: Filter = None, order_by: By = None) -> Listing:
    return listed(None, filter, order_by)


def _filtered(filter: GiftListFilter) -> Select[GiftList]:
    rows = select(GiftList)
    if filter.type is not None:
        rows = rows.where(cast(GiftList.type, String) == func.any(filter.type))
    if filter.visibility is not None:
        rows = rows.where(cast(GiftList.visibility, String) == func.any(filter.visibility))
    if "person_id" in filter.model_fields_set:
        rows = rows.where(GiftList.person_id == filter.person_id)
    if "occasion_id" in filter.model_fields_set:
        rows = rows.where(GiftList.occasion_id == filter.occasion_id)
    if filter.search is not None:
        rows = rows.where(matches(GiftList, filter.search))
    return rows


def item_count(gift_list: Any) -> ColumnElement[int]:
    return counted(gift_list.items)


def count_of(reached: ItemStatus) -> Callable[[Any], ColumnElement[int]]:
    """An expression: how many of its items are so far, as far as the viewer may know."""

    def count(gift_list: Any) -> ColumnElement[int]:
        return counted(gift_list.items, lambda item: is_status(item, reached))

    return count


def followed(ctx: Context, family_id: Annotated[Id, Doc("The family's id.")]) -> Followed:
    return Followed((family(family_id),), types=frozenset({GiftList.__name__}))


async def create(ctx: Context, input: Annotated[CreateGiftList, Doc("The new list.")]) -> GiftList:
    _to_come(ctx, input.reveal_at)
    async with ctx.work(alone="lists") as work:
        home = await named(work, Family, input.family_id)
        await _refuse_too_many(work, home.id)
        if input.person_id is not None:
            of_family(await named(work, Person, input.person_id), home.id, "personId")
        if input.occasion_id is not None:
            of_family(await named(work, Occasion, input.occasion_id), home.id, "occasionId")
        left_out = {name: value for name, value in _defaults(input, home).items() if getattr(input, name) is None}
        values = input.model_dump() | left_out
        secret = keeping.by_surprise(input.person_id, surprise=values["surprise"], reveal_at=input.reveal_at)
        made = await work.add(GiftList(owner_id=ctx.viewer.id, **values, **secret))
        await activity.record(work, ActivityKind.LIST_ADDED, made)
        await revealing.wanted(work, made)
        return made


async def _refuse_too_many(work: Work, family_id: Id) -> None:
    own = select(GiftList.id).where(GiftList.owner_id == work.ctx.viewer.id, GiftList.family_id == family_id)
    await refuse_beyond(work, MOST, own, f"Of one owner a family has at most {MOST} lists", "TOO_MANY_LISTS")


def _defaults(input: CreateGiftList, home: Family) -> dict[str, Any]:
    ideas = input.type is GiftListType.IDEAS
    return {
        "visibility": GiftListVisibility.GIVERS if ideas else GiftListVisibility.FAMILY,
        "surprise": input.type is not GiftListType.REGISTRY,
        "givers_see_each_other": home.givers_see_each_other,
    }


def _to_come(ctx: Context, reveal_at: datetime | None) -> None:
    if reveal_at is not None and reveal_at <= ctx.now():
        raise Invalid({"revealAt": ["must be to come"]})


async def update(
    ctx: Context,
    id: ListId,
    input: Annotated[UpdateGiftList, Doc("What to change.")],
    expected_version: Annotated[int | None, Doc("Refused with CONFLICT when the list is no longer of it.")] = None,
) -> GiftList:
    """The person whom it is for is refused to speak of its surprise, whatever they say of it."""
    async with ctx.work() as work:
        occasion = None if input.occasion_id is None else await named(work, Occasion, input.occasion_id)
        found = await work.lock(GiftList, id, version=expected_version)
        if SURPRISE & input.model_fields_set and await is_viewer(work, found.person_id):
            raise Forbidden("Its surprise is not for the person to change")
        if occasion is not None:
            of_family(occasion, found.family_id, "occasionId")
        if input.visibility is not None and WIDTH[input.visibility] < WIDTH[found.visibility]:
            raise Invalid({"visibility": ["may be widened, not narrowed"]})
        await _change(work, found, input.given())
        return found


async def _change(work: Work, gift_list: GiftList, values: dict[str, Any]) -> None:
    before = {name: getattr(gift_list, name) for name in SURPRISE}
    after = {name: values.get(name, before[name]) for name in SURPRISE}
    if after["reveal_at"] != before["reveal_at"]:
        _to_come(work.ctx, after["reveal_at"])
    work.change(gift_list, **values, **keeping.by_surprise(gift_list.person_id, **after))
    if after["reveal_at"] != before["reveal_at"]:
        await revealing.wanted(work, gift_list)
    if after != before:
        await revealing.follow(work, gift_list)


async def delete(ctx: Context, id: ListId) -> Deleted:
    """All that is on it goes with it, and what was said of it. Whoever gives any of that hears of it."""
    async with ctx.work() as work:
        found = await work.lock(GiftList, id)
        await items.clear(work, ListItem.list_id == found.id)
        await items.unsay(work, Comment.list_id == found.id)
        return await work.remove(found)

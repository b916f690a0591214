"""Occasions of a family. What recurs yearly is in `years.py`, who is given presents in `guests.py`."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, TypeVar

from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute

from db.gifts.activity import ActivityKind
from db.gifts.comments import Comment
from db.gifts.families import Family
from db.gifts.lists import GiftList
from db.gifts.occasions import Occasion, OccasionPerson, OccasionType
from db.gifts.persons import Person
from db.selection import Listing, Order
from kit.errors import Invalid
from kit.ids import Id
from kit.zones import zone
from live.topics import occasion as occasion_topic
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import activity, guests, years
from resolvers.gifts.named import named
from resolvers.gifts.rules.occasions import (
    CreateOccasion,
    NewOccasionPerson,
    OccasionFilter,
    OccasionOrder,
    OccasionOrderField,
    UpdateOccasion,
)
from resolvers.orders import ordered
from resolvers.relations import any_of
from resolvers.topics import Followed
from resolvers.work import Deleted, Work

Below = TypeVar("Below", GiftList, OccasionPerson, Comment)

OccasionId = Annotated[Id, Doc("The occasion's id.")]
ExpectedVersion = Annotated[int | None, Doc("Refused with CONFLICT when the occasion is no longer of this version.")]

ORDERS: dict[OccasionOrderField, InstrumentedAttribute[object]] = {
    OccasionOrderField.DAY: Occasion.day,
    OccasionOrderField.NAME: Occasion.name,
    OccasionOrderField.CREATED_AT: Occasion.created_at,
}


def by_id(id: OccasionId) -> Select[Occasion]:
    return select(Occasion).where(Occasion.id == id)


def listed(
    family_id: Annotated[Id | None, Doc("Of this family. Default: of all of the viewer's.")] = None,
    filter: Annotated[OccasionFilter | None, Doc("Which occasions.")] = None,
    order_by: Annotated[OccasionOrder | None, Doc("Default: by day.")] = None,
) -> Listing:
    rows = _filtered(select(Occasion), filter or OccasionFilter())
    if family_id is not None:
        rows = rows.where(Occasion.family_id == family_id)
    return ordered(rows, ORDERS, order_by, usual=Order(Occasion.day))


def _filtered(rows: Select[Occasion], filter: OccasionFilter) -> Select[Occasion]:
    if filter.type is not None:
        rows = rows.where(cast(Occasion.type, String) == func.any(filter.type))
    if filter.after is not None:
        rows = rows.where(Occasion.day >= filter.after)
    if filter.before is not None:
        rows = rows.where(Occasion.day < filter.before)
    if filter.upcoming is not None:
        rows = rows.where(Occasion.day >= years.today() if filter.upcoming else Occasion.day < years.today())
    if filter.person_id is not None:
        rows = rows.where(any_of(Occasion.people, lambda guest: guest.person_id == filter.person_id))
    if filter.search is not None:
        rows = rows.where(func.strpos(func.lower(Occasion.name), func.lower(filter.search)) > 0)
    return rows


def followed(ctx: Context, occasion_id: OccasionId) -> Followed:
    return Followed((occasion_topic(occasion_id),))


async def create(ctx: Context, input: Annotated[CreateOccasion, Doc("The new occasion.")]) -> Occasion:
    async with ctx.work() as work:
        await work.alone("occasions", input.family_id)
        family, given = await named(work, Family, input.family_id), _people(input)
        await years.refuse_too_many(work, family.id)
        people = await guests.known(work, family.id, given)
        values = input.model_dump(exclude={"people", "person_id", "day"})
        occasion = await work.add(Occasion(day=_day(ctx, input, people), **values))
        for person in given:
            await guests.put(work, occasion, person.person_id, person.budget_minor)
        await activity.record(work, ActivityKind.OCCASION_ADDED, occasion)
        return occasion


def _people(input: CreateOccasion) -> list[NewOccasionPerson]:
    """Those who are given presents, among them whose birthday it is."""
    if input.person_id is None or input.person_id in {person.person_id for person in input.people}:
        return input.people
    return [NewOccasionPerson(person_id=input.person_id), *input.people]


def _day(ctx: Context, input: CreateOccasion, people: dict[Id, Person]) -> date:
    if input.person_id is not None and input.type is not OccasionType.BIRTHDAY:
        raise Invalid({"personId": ["is for birthdays"]})
    if input.day is not None:
        return input.day
    if input.person_id is None:
        raise Invalid({"day": ["must be given"]})
    birthday = people[input.person_id].birthday
    if birthday is None:
        raise Invalid({"day": ["must be given: the person's birthday is not known"]})
    return years.next_after(birthday, ctx.now().astimezone(zone(ctx.viewer.time_zone)).date())


async def update(
    ctx: Context,
    id: OccasionId,
    input: Annotated[UpdateOccasion, Doc("What to change.")],
    expected_version: ExpectedVersion = None,
) -> Occasion:
    async with ctx.work() as work:
        return work.change(await work.lock(Occasion, id, version=expected_version), **input.given())


async def delete(ctx: Context, id: OccasionId) -> Deleted:
    """Its lists stay, without an occasion. The years around it become neighbours; none follows the last any more."""
    async with ctx.work() as work:
        occasion, before, after = await _with_neighbours(work, id)
        await _let_go_of_lists(work, id)
        below = [*await _of(work, OccasionPerson, id), *await _of(work, Comment, id)]
        *_, deleted = await work.remove_all([*below, occasion])
        if after is not None:
            work.change(after, previous_id=occasion.previous_id)
        if before is not None:
            before.recurs_yearly &= after is not None  # or its next year would be opened again
            work.touch(before)
        return deleted


async def _with_neighbours(work: Work, id: Id) -> tuple[Occasion, Occasion | None, Occasion | None]:
    """The occasion, the year before and the year after, locked; within a family ends come one after the other."""
    await years.in_turn(work, id)
    occasion = await work.lock(Occasion, id)
    after = await work.session.scalar(select(Occasion.id).where(Occasion.previous_id == id))
    beside = [each for each in (occasion.previous_id, after) if each is not None]
    rows: dict[Id | None, Occasion] = {row.id: row for row in await work.lock_those(Occasion, beside)}
    return occasion, rows.get(occasion.previous_id), rows.get(after)


async def _let_go_of_lists(work: Work, id: Id) -> None:
    """Also of those that the viewer does not see: whoever sees one is told, as its own policy says."""
    for gift_list in await _of(work, GiftList, id):
        work.change(gift_list, occasion_id=None)


async def _of(work: Work, model: type[Below], id: Id) -> Sequence[Below]:
    """All there is of the occasion, whoever may see it, locked in the order of their ids."""
    rows = select(model).where(model.occasion_id == id).order_by(model.id).with_for_update()
    return (await work.session.scalars(rows)).all()

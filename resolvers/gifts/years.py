"""The same day in another year: what recurs yearly has a row for each year, opened when the one before has passed.

What falls on 29 February is kept on the 28th in years that have none, and comes back to the 29th in those that do.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any

import structlog
from sqlalchemy import Date, Integer, Interval, Select, case, cast, func, literal, literal_column, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql import ColumnElement

from db.gifts.activity import ActivityKind
from db.gifts.occasions import Occasion, OccasionPerson, OccasionType
from db.gifts.persons import Person
from db.slots import NOW, VIEWER_TIME_ZONE
from kit.errors import Invalid
from kit.ids import Id, prefix_of
from live.log import Kind
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import activity
from resolvers.gifts.most import refuse_beyond
from resolvers.gifts.rules.occasions import LAST_DAY
from resolvers.work import Work

COPIED = ("family_id", "name", "type", "recurs_yearly", "budget_minor")
MOST = 2_000  # occasions of a family; each that recurs has one for each year
BATCH = 500  # occasions that are found at once
LATEST_ZONE = timedelta(hours=12)  # behind UTC: where a day ends last
LEAP_YEARS_APART = 8  # at most, as around 2100

logger = structlog.get_logger()


def on_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def next_after(day: date, since: date) -> date:
    """The first that is neither before the day itself nor before `since`."""
    if since <= day:
        return day
    this_year = on_year(day, since.year)
    return this_year if this_year >= since else on_year(day, since.year + 1)


def today() -> ColumnElement[date]:
    """Where the viewer is."""
    return cast(func.timezone(VIEWER_TIME_ZONE, NOW), Date)


def days_until(occasion: Any) -> ColumnElement[int]:
    return cast(occasion.day - today(), Integer)


def next_birthday(person: Any) -> ColumnElement[date]:
    """Null where the birthday is not known."""
    age = func.greatest(func.extract("year", today()) - func.extract("year", person.birthday), 0)

    def turning(years: Any) -> ColumnElement[date]:
        return cast(person.birthday + cast(func.make_interval(cast(years, Integer)), Interval), Date)

    this_year = turning(age)
    return case((this_year >= today(), this_year), else_=turning(age + literal_column("1")))


async def open_next(ctx: Context, id: Annotated[Id, Doc("The occasion's id.")]) -> Occasion:
    """The year that follows, made if it is not there yet."""
    async with ctx.work() as work:
        await in_turn(work, id)
        occasion = await work.lock(Occasion, id)
        found = await _following(work, occasion)
        if found is None:
            await refuse_too_many(work, occasion.family_id)
        return found or await open_in(work, occasion)


async def in_turn(work: Work, id: Id) -> None:
    """Within the occasion's family beginnings and ends come one after the other. Comes before any row is locked."""
    of = select(Occasion.family_id).where(Occasion.id == id)
    family = None if prefix_of(id) is None else await work.session.scalar(of)
    if family is not None:
        await work.alone("occasions", family)


async def refuse_too_many(work: Work, family: Id) -> None:
    """Of works that are in turn. What the clock opens is not refused: that is one a year."""
    there = select(Occasion.id).where(Occasion.family_id == family)
    await refuse_beyond(work, MOST, there, f"A family has at most {MOST:,} occasions", "TOO_MANY_OCCASIONS")


async def _following(work: Work, occasion: Occasion) -> Occasion | None:
    found: Occasion | None = await work.session.scalar(select(Occasion).where(Occasion.previous_id == occasion.id))
    return found


async def open_due(ctx: Context) -> int:
    """Opens the year after for all that has passed everywhere, whosever it is; how many that were.

    Nobody needs to be signed in, and any number of processes may do it at once. One that fails is in nobody's way.
    """
    opened, last = 0, ""
    while found := await _due(ctx, last):
        last = found[-1]
        for id in found:
            try:
                opened += await _opened(ctx, id)
            except Exception as error:
                logger.warning("occasion.not_opened", occasion=id, error=repr(error)[:200])
    return opened


async def _due(ctx: Context, after: str) -> Sequence[Id]:
    """The first of them, by id."""
    async with ctx.services.db.transaction() as session:
        return (await session.scalars(_passed(ctx).where(Occasion.id > after).limit(BATCH))).all()


async def _opened(ctx: Context, id: Id) -> bool:
    """In a transaction of its own. Not where another process is about to, or it has been done or deleted meanwhile."""
    async with ctx.work() as work:
        still = _passed(ctx).where(Occasion.id == id).with_for_update(of=Occasion, skip_locked=True)
        if await work.session.scalar(still) is None:
            return False
        await open_in(work, await work.session.get_one(Occasion, id))
        return True


def _passed(ctx: Context) -> Select[Id]:
    """What recurs and has passed everywhere, and has no year after it."""
    following = aliased(Occasion)
    return (
        select(Occasion.id)
        .where(Occasion.recurs_yearly, Occasion.day < _ended(ctx))
        .where(~select(following.id).where(following.previous_id == Occasion.id).exists())
        .order_by(Occasion.id)
    )


async def open_in(work: Work, occasion: Occasion) -> Occasion:
    """The same, of one that is locked: whoever else had it may have opened the next."""
    if found := await _following(work, occasion):
        return found
    day = await _day_after(work, occasion)
    if day > LAST_DAY:
        raise Invalid({"id": [f"there is no year after {LAST_DAY.year}"]})
    opened = Occasion(**{name: getattr(occasion, name) for name in COPIED}, day=day, previous_id=occasion.id)
    await work.add(opened)
    await activity.record(work, ActivityKind.OCCASION_ADDED, opened)
    for guest in await work.session.scalars(_guests(occasion)):
        given = {"family_id": guest.family_id, "person_id": guest.person_id, "budget_minor": guest.budget_minor}
        await work.add(OccasionPerson(occasion_id=opened.id, **given))
    work.tell(occasion, Kind.UPDATED)  # its `next`
    return opened


def _guests(occasion: Occasion) -> Select[OccasionPerson]:
    """In the order in which they were added; who they are stays there until the work ends."""
    guests = select(OccasionPerson).join(Person, OccasionPerson.person_id == Person.id)
    guests = guests.where(OccasionPerson.occasion_id == occasion.id)
    ordered = guests.order_by(OccasionPerson.created_at, OccasionPerson.id)
    return ordered.with_for_update(of=Person, read=True, key_share=True)


def _ended(ctx: Context) -> date:
    """What is before this day has passed in every time zone."""
    return (ctx.now() - LATEST_ZONE).date()


async def _day_after(work: Work, occasion: Occasion) -> date:
    """In the year after its own, or later where that has passed as well."""
    next_year = date(occasion.day.year + 1, 1, 1)
    return next_after(await _first_kept(work, occasion), max(next_year, _ended(work.ctx)))


async def _first_kept(work: Work, occasion: Occasion) -> date:
    """The day itself, or the 29 February that it stands for: of a year before, or of whoever has their birthday."""
    if (occasion.day.month, occasion.day.day) != (2, 28):
        return occasion.day
    year = select(Occasion.previous_id, Occasion.day, literal_column("0", Integer).label("back"))
    years = year.where(Occasion.id == occasion.id).cte("years", recursive=True)
    before = select(Occasion.previous_id, Occasion.day, years.c.back + 1).join(
        years, Occasion.id == years.c.previous_id
    )
    years = years.union_all(before.where(years.c.back < LEAP_YEARS_APART))
    whose = select(Person.birthday).join(OccasionPerson, OccasionPerson.person_id == Person.id)
    birthdays = whose.where(OccasionPerson.occasion_id == occasion.id, literal(occasion.type is OccasionType.BIRTHDAY))
    kept = select(years.c.day).union_all(birthdays).subquery().c.day
    leap = select(kept).where(func.to_char(kept, "MM-DD") == "02-29").limit(1)
    return await work.session.scalar(leap) or occasion.day

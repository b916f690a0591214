"""What each field of families, the people in them and their occasions is; and of the dashboard."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from db.models import (
    Family,
    FamilyInvite,
    FamilyMember,
    Gift,
    GiftList,
    ItemStatus,
    ListItem,
    Occasion,
    OccasionPerson,
    Person,
    User,
)
from tests.proof.filters import has_words
from tests.proof.lists import Page
from tests.proof.naive.asked import FIELDS, Asked, Given, answers, by_id, page, to_many, to_one
from tests.proof.naive.gifts import activity_page
from tests.proof.naive.wishes import giving_of, history, lists, status_of
from tests.proof.refusals import order_of

by_id("family", Family)
by_id("person", Person)
by_id("occasion", Occasion)
FIELDS["Query.families"] = lambda asked, _, **given: page("families", asked.all(Family), given)
to_many("Family.members", FamilyMember, "family_id")
to_many("Family.invites", FamilyInvite, "family_id")
to_one("FamilyInvite.family", Family, "family_id")
to_one("FamilyInvite.createdBy", User, "created_by_id")
to_one("FamilyMember.family", Family, "family_id")
to_one("FamilyMember.user", User, "user_id")
to_one("Person.family", Family, "family_id")
to_one("Person.user", User, "user_id")
to_one("Occasion.family", Family, "family_id")
to_one("Occasion.previous", Occasion, "previous_id")
to_many("Occasion.people", OccasionPerson, "occasion_id")
to_one("OccasionPerson.occasion", Occasion, "occasion_id")
to_one("OccasionPerson.person", Person, "person_id")


@answers("FamilyMember.person")
def _(asked: Asked, member: FamilyMember) -> Person | None:
    return next(iter(asked.all(Person, family_id=member.family_id, user_id=member.user_id)), None)


@answers("Query.persons")
def _(asked: Asked, _: None, **given: Any) -> Page:
    rows = asked.all(Person)
    family = given.get("familyId")
    return _people(asked, [row for row in rows if family is None or row.family_id == family], given)


@answers("Family.persons")
def _(asked: Asked, family: Family, **given: Any) -> Page:
    return _people(asked, asked.all(Person, family_id=family.id), given)


def _people(asked: Asked, rows: Iterable[Person], given: Given) -> Page:
    words = given.get("search")
    found = [row for row in rows if words is None or has_words(words, row.name, row.notes)]
    order = order_of("persons", given)
    if order.by == "next_birthday":
        order = order.made_of(lambda person: next_birthday(asked, person))
    return Page(found, order, given)


@answers("Person.nextBirthday")
def next_birthday(asked: Asked, person: Person) -> date | None:
    if person.birthday is None:
        return None
    days = [_in_year(person.birthday, asked.today.year + n) for n in (0, 1)]
    return next(day for day in days if day >= asked.today)


def _in_year(day: date, year: int) -> date:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, 2, 28) if (day.month, day.day) == (2, 29) and not leap else date(year, day.month, day.day)


@answers("Person.lists")
def _(asked: Asked, person: Person, **given: Any) -> Page:
    return lists(asked.all(GiftList, person_id=person.id), given)


@answers("Person.history")
def _(asked: Asked, person: Person, **given: Any) -> Page:
    return history(asked, person.id, given)


@answers("Query.occasions")
def _(asked: Asked, _: None, **given: Any) -> Page:
    family, filter = given.get("familyId"), given.get("filter") or {}
    rows = [row for row in asked.all(Occasion) if family is None or row.family_id == family]
    return page("occasions", [row for row in rows if _keeps(asked, row, filter)], given)


def _keeps(asked: Asked, row: Occasion, given: Given) -> bool:
    wanted = {name: value for name, value in given.items() if value is not None}
    guests = asked.all(OccasionPerson, occasion_id=row.id)
    return (
        ("type" not in wanted or row.type in wanted["type"])
        and ("after" not in wanted or row.day >= wanted["after"])
        and ("before" not in wanted or row.day < wanted["before"])
        and ("upcoming" not in wanted or (row.day >= asked.today) is wanted["upcoming"])
        and ("personId" not in wanted or wanted["personId"] in {guest.person_id for guest in guests})
        and ("search" not in wanted or wanted["search"].strip().lower() in row.name.lower())
    )


@answers("Occasion.next")
def _(asked: Asked, occasion: Occasion) -> Occasion | None:
    return next(iter(asked.all(Occasion, previous_id=occasion.id)), None)


@answers("Occasion.daysUntil")
def _days_until(asked: Asked, occasion: Occasion) -> int:
    return (occasion.day - asked.today).days


@answers("Occasion.lists")
def _(asked: Asked, occasion: Occasion, **given: Any) -> Page:
    rows = asked.all(GiftList, occasion_id=occasion.id)
    return lists([row for row in rows if given.get("familyId") in (None, row.family_id)], given)


@answers("Query.occasionSummary")
def _(asked: Asked, _: None, id: str) -> Given | None:
    occasion = asked.one(Occasion, id)
    return occasion and _sums(asked, occasion, None)


@answers("Occasion.summary")
def _(asked: Asked, occasion: Occasion) -> Given:
    return _sums(asked, occasion, None)


@answers("OccasionPerson.summary")
def _(asked: Asked, guest: OccasionPerson) -> Given:
    return _sums(asked, asked.one(Occasion, guest.occasion_id), guest)


def _sums(asked: Asked, occasion: Occasion, guest: OccasionPerson | None) -> Given:
    lists = {row.id for row in asked.all(GiftList, occasion_id=occasion.id)}
    items = [item for item in asked.all(ListItem) if item.list_id in lists]
    if guest is not None:
        items = [item for item in items if item.person_id == guest.person_id]
    currency = asked.one(Family, occasion.family_id).currency
    planned, spent, unpriced = 0, 0, 0
    for item in items:
        cost, bought = _cost(asked, item, currency)
        unpriced += cost is None
        planned, spent = planned + (0 if bought else cost or 0), spent + (cost or 0 if bought else 0)
    budget = (guest or occasion).budget_minor
    left = None if budget is None else budget - spent
    sums = {"plannedMinor": planned, "spentMinor": spent, "leftMinor": left, "unpricedCount": unpriced}
    return {"items": len(items), "currency": currency, "budgetMinor": budget} | pipeline(asked, items) | sums


def _cost(asked: Asked, item: ListItem, currency: str) -> tuple[int | None, bool]:
    """What it costs in this currency, or has cost, and whether it is bought."""
    if status_of(asked, item) in (ItemStatus.PURCHASED, ItemStatus.RECEIVED):
        giving = giving_of(asked, item)
        assert giving is not None
        return giving.price_paid_minor if giving.currency == currency else None, True
    gift = asked.one(Gift, item.gift_id)
    price = gift.price_minor if gift.currency == currency else None
    return None if price is None else price * item.quantity, False


def pipeline(asked: Asked, items: Iterable[ListItem]) -> dict[str, int]:
    found = [status_of(asked, item) for item in items]
    return {status.value.lower(): found.count(status) for status in ItemStatus}


@answers("GiftList.counts")
def _(asked: Asked, row: GiftList) -> Given:
    items = asked.all(ListItem, list_id=row.id)
    return {"total": len(items)} | pipeline(asked, items)


@answers("Query.dashboard")
def _(asked: Asked, _: None, familyId: str) -> Family | None:  # noqa: N803 (as the argument is called)
    family: Family | None = asked.one(Family, familyId)
    return family


FIELDS["Dashboard.family"] = lambda asked, family: family


@answers("Dashboard.pipeline")
def _(asked: Asked, family: Family) -> Given:
    return pipeline(asked, asked.all(ListItem, family_id=family.id))


@answers("Dashboard.occasions")
def _(asked: Asked, family: Family, **given: Any) -> Page:
    rows, most = asked.all(Occasion, family_id=family.id), given.get("withinDays")
    days = [(row, _days_until(asked, row)) for row in rows]
    return page("occasions", [row for row, n in days if n >= 0 and (most is None or n <= most)], given)


@answers("Dashboard.persons")
def _(asked: Asked, family: Family, **given: Any) -> Page:
    return page("persons", asked.all(Person, family_id=family.id), given)


FIELDS["PersonPipeline.person"] = lambda asked, person: person


def _step(status: ItemStatus) -> None:
    @answers(f"PersonPipeline.{status.value.lower()}")
    def _(asked: Asked, person: Person) -> int:
        return pipeline(asked, asked.all(ListItem, person_id=person.id))[status.value.lower()]


for status in ItemStatus:
    _step(status)


@answers("Dashboard.ideas")
def _(asked: Asked, family: Family, **given: Any) -> Page:
    items = asked.all(ListItem, family_id=family.id)
    return page("ideas", [item for item in items if status_of(asked, item) is ItemStatus.IDEA], given)


@answers("Dashboard.activity")
def _(asked: Asked, family: Family, **given: Any) -> Page:
    return activity_page(asked, family.id, given)

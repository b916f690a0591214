"""What recurs yearly: each year has a row of its own, opened once when the one before has passed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from db.gifts.occasions import Occasion, OccasionPerson
from kit.errors import Unauthenticated
from kit.settings import Settings
from resolvers.context import Context
from resolvers.gifts import years
from server.housekeeping import tidy
from tests.clock import Watch
from tests.conftest import served, settings_for
from tests.databases import database
from tests.gifts.test_occasion_events import follow, told
from tests.gifts.test_occasions import CREATE, DELETE, NEXT, UPDATE, create, join, rows, set_birthday
from tests.gifts.world import World, world
from tests.people import Person

BIRTHDAY = "query ($id: ID!) { person(id: $id) { nextBirthday } }"
UNTIL = "query ($id: ID!) { occasion(id: $id) { daysUntil } }"


@dataclass(frozen=True)
class Calendar:
    home: World
    clock: Watch

    def at(self, *when: int) -> None:
        self.clock.at = datetime(*when, tzinfo=UTC)  # type: ignore[arg-type, misc]

    async def tidy(self) -> list[Occasion]:
        """All occasions of the house afterwards, by day, but the world's own."""
        await tidy(self.home.people.services)
        found = [one for one in await rows(self.home, Occasion) if one.id != self.home.occasion.id]
        return sorted(found, key=lambda one: one.day)


@pytest.fixture
async def calendar(settings: Settings) -> AsyncIterator[Calendar]:
    """It is noon of 1 December 2026."""
    clock = Watch(datetime(2026, 12, 1, 12, tzinfo=UTC))
    async with served(settings, clock) as house:
        yield Calendar(await world(house.people), clock)


async def yearly(calendar: Calendar, **more: Any) -> Any:
    return await create(calendar.home.gus, calendar.home, recursYearly=True, **more)


async def test_the_next_year_is_opened_with_people_and_budgets_when_the_day_has_passed(calendar: Calendar) -> None:
    home = calendar.home
    people = [{"personId": home.receiver.id, "budgetMinor": 5_000}]
    first = await yearly(calendar, people=people, budgetMinor=90_000, notes="At ours")
    calendar.at(2026, 12, 25, 11, 59)  # it is still the 24th where days end last
    assert len(await calendar.tidy()) == 1
    calendar.at(2026, 12, 25, 12)
    following = await signed_in(calendar, "UTC")
    async with following.socket() as socket:
        events = await follow(socket, first["id"])
        _, opened = await calendar.tidy()
        assert await events.next() == told("UPDATED", "OCCASION", first["id"], f"occasion:{first['id']}", "") | {
            "actor": None
        }
    assert (opened.day, opened.previous_id, opened.name, opened.type) == (
        date(2027, 12, 24),
        first["id"],
        "Christmas",
        "CHRISTMAS",
    )
    assert (opened.recurs_yearly, opened.budget_minor, opened.notes, opened.version) == (True, 90_000, None, 1)
    copied = [guest for guest in await rows(home, OccasionPerson) if guest.occasion_id == opened.id]
    assert [(guest.person_id, guest.budget_minor) for guest in copied] == [(home.receiver.id, 5_000)]
    assert len(await calendar.tidy()) == 2


async def test_years_in_which_nobody_was_there_are_passed_over(calendar: Calendar) -> None:
    await yearly(calendar, day="1950-12-24")
    assert [one.day.year for one in await calendar.tidy()] == [1950, 2026]


async def test_what_does_not_recur_is_left_alone(calendar: Calendar) -> None:
    await create(calendar.home.gus, calendar.home, day="2025-12-24")
    assert len(await calendar.tidy()) == 1


async def test_two_processes_open_it_once(calendar: Calendar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(years, "BATCH", 20)
    for _ in range(25):
        await yearly(calendar, day="2025-12-24")
    services = calendar.home.people.services
    nobody = Context(services, Unauthenticated(), trace_id="test", address="")
    assert any(await asyncio.gather(*[years.open_due(nobody) for _ in range(4)]))
    found = await calendar.tidy()
    assert [one.day.year for one in found] == [2025] * 25 + [2026] * 25


BROKEN = """create function refuse() returns trigger language plpgsql as
  $$ begin if new.name = 'Broken' and new.previous_id is not null then raise 'no'; end if; return new; end $$"""


async def test_one_that_cannot_be_opened_is_in_nobodys_way(database_url: str) -> None:
    clock = Watch(datetime(2026, 12, 1, 12, tzinfo=UTC))
    async with database(database_url, migrated=True) as url, served(settings_for(url), clock) as house:
        calendar = Calendar(await world(house.people), clock)
        async with house.services.db.transaction() as session:
            await session.execute(text(BROKEN))
            await session.execute(
                text("create trigger refuse before insert on occasion for each row execute function refuse()")
            )
        for name in ("Broken", "Christmas", "Broken", "Easter"):
            await yearly(calendar, name=name, day="2025-12-24")
        found = await calendar.tidy()
        assert sorted(one.name for one in found if one.previous_id) == ["Christmas", "Easter"]
        assert len(found) == 6


async def test_it_can_be_opened_by_hand_and_only_once(calendar: Calendar) -> None:
    first = await yearly(calendar)
    answers = await asyncio.gather(*[calendar.home.gina.ask(NEXT, id=first["id"]) for _ in range(5)])
    opened = [answer.data["openNextOccasion"] for answer in answers]
    assert {one["id"] for one in opened} == {opened[0]["id"]}
    assert (opened[0]["day"], opened[0]["previous"]) == ("2027-12-24", {"id": first["id"]})
    last = await yearly(calendar, day="2999-12-31")
    answer = await calendar.home.gina.ask(NEXT, id=last["id"])
    assert (answer.code, answer.details) == ("VALIDATION_ERROR", {"id": ["there is no year after 2999"]})


async def test_who_deletes_the_last_year_ends_it(calendar: Calendar) -> None:
    first = await yearly(calendar, day="2025-12-24")
    _, opened = await calendar.tidy()
    assert (await calendar.home.gus.ask(DELETE, id=opened.id)).data
    (kept,) = await calendar.tidy()
    assert (kept.id, kept.recurs_yearly, kept.version) == (first["id"], False, 2)


async def test_who_deletes_a_year_between_makes_its_neighbours_meet(calendar: Calendar) -> None:
    first = await yearly(calendar)
    second = (await calendar.home.gus.ask(NEXT, id=first["id"])).data["openNextOccasion"]
    third = (await calendar.home.gus.ask(NEXT, id=second["id"])).data["openNextOccasion"]
    assert (await calendar.home.gus.ask(DELETE, id=second["id"])).data
    before, after = await calendar.tidy()
    assert (before.id, before.recurs_yearly, after.id, after.previous_id) == (
        first["id"],
        True,
        third["id"],
        first["id"],
    )
    assert (await calendar.home.gus.ask(DELETE, id=first["id"])).data
    (kept,) = await calendar.tidy()
    assert (kept.id, kept.previous_id, kept.recurs_yearly) == (third["id"], None, True)


async def test_29_february_is_kept_on_the_28th_and_comes_back(calendar: Calendar) -> None:
    occasion = await yearly(calendar, day="2028-02-29")
    days = []
    for _ in range(5):
        occasion = (await calendar.home.gus.ask(NEXT, id=occasion["id"])).data["openNextOccasion"]
        days.append(occasion["day"])
    assert days == ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29", "2033-02-28"]


async def test_the_birthday_of_somebody_of_29_february_comes_back_too(calendar: Calendar) -> None:
    await set_birthday(calendar.home, date(2016, 2, 29))
    home = calendar.home
    given = {"familyId": home.family.id, "name": "Ida", "type": "BIRTHDAY", "personId": home.receiver.id}
    first = (await home.gus.ask(CREATE, input=given)).data["createOccasion"]
    assert first["day"] == "2027-02-28"
    assert (await home.gus.ask(NEXT, id=first["id"])).data["openNextOccasion"]["day"] == "2028-02-29"
    other = (await home.gus.ask(UPDATE, id=first["id"], input={"type": "OTHER"})).data["updateOccasion"]
    assert other["next"] is not None


@pytest.mark.parametrize(
    ("birthday", "now", "following"),
    [
        (date(2017, 12, 1), (2026, 12, 1, 23, 30), "2026-12-01"),
        (date(2017, 11, 30), (2026, 12, 1, 0, 30), "2027-11-30"),
        (date(2016, 2, 29), (2026, 12, 1), "2027-02-28"),
        (date(2016, 2, 29), (2027, 3, 1), "2028-02-29"),
        (date(2016, 2, 29), (2028, 2, 29), "2028-02-29"),
        (date(2027, 5, 5), (2026, 1, 1), "2027-05-05"),
        (None, (2026, 1, 1), None),
    ],
)
async def test_a_next_birthday(calendar: Calendar, birthday: date | None, now: Any, following: str | None) -> None:
    await set_birthday(calendar.home, birthday)
    calendar.at(*now)
    asked = await signed_in(calendar, "UTC")
    assert (await asked.ask(BIRTHDAY, id=calendar.home.receiver.id)).data["person"]["nextBirthday"] == following
    if birthday is not None:
        assert years.next_after(birthday, calendar.clock.at.date()).isoformat() == following


async def signed_in(calendar: Calendar, zone: str) -> Person:
    """Somebody of the family, who lives in that zone and signs in just now."""
    person = await calendar.home.people.one(time_zone=zone)
    await join(person, calendar.home)
    return person


async def test_days_are_counted_where_the_viewer_is(calendar: Calendar) -> None:
    occasion = await create(calendar.home.gus, calendar.home, day="2026-12-24")
    calendar.at(2026, 12, 23, 23, 30)
    for zone, days in (("UTC", 1), ("Europe/Berlin", 0), ("Pacific/Kiritimati", 0), ("America/New_York", 1)):
        person = await signed_in(calendar, zone)
        assert (await person.ask(UNTIL, id=occasion["id"])).data["occasion"]["daysUntil"] == days
    calendar.at(2026, 12, 26, 12)
    person = await signed_in(calendar, "UTC")
    assert (await person.ask(UNTIL, id=occasion["id"])).data["occasion"]["daysUntil"] == -2


async def test_occasions_are_filtered_and_sorted(calendar: Calendar) -> None:
    home = calendar.home
    given = [{"personId": home.receiver.id}]
    for name, type, day in (("Wedding", "WEDDING", "2026-11-30"), ("Xmas", "CHRISTMAS", "2026-12-24")):
        await create(home.gus, home, name=name, type=type, day=day, people=given if name == "Xmas" else [])
    query = """query ($family: ID, $filter: OccasionFilter, $order: OccasionOrder, $first: Int, $after: String) {
      occasions(familyId: $family, filter: $filter, orderBy: $order, first: $first, after: $after) {
        nodes { name } pageInfo { endCursor } } }"""

    async def names(**variables: Any) -> list[str]:
        return [node["name"] for node in (await home.gina.ask(query, **variables)).data["occasions"]["nodes"]]

    ida = home.occasion.name  # on 1 December
    assert await names() == ["Wedding", ida, "Xmas"]
    assert await names(family=home.family.id, filter={"upcoming": True}) == [ida, "Xmas"]
    assert await names(filter={"upcoming": False}) == ["Wedding"]
    assert await names(filter={"type": "WEDDING"}) == ["Wedding"]
    assert await names(filter={"type": ["WEDDING", "CHRISTMAS"]}) == ["Wedding", "Xmas"]
    assert await names(filter={"after": "2026-12-01", "before": "2026-12-24"}) == [ida]
    assert await names(filter={"personId": home.receiver.id}) == [ida, "Xmas"]
    assert await names(filter={"search": "TURNS"}) == [ida]
    assert await names(filter={"search": "%"}) == []
    assert await names(order={"field": "NAME"}) == [ida, "Wedding", "Xmas"]
    assert await names(order={"field": "CREATED_AT", "direction": "DESC"}) == ["Xmas", "Wedding", ida]
    assert await names(family=home.list.id) == []
    first = (await home.gina.ask(query, first=2)).data["occasions"]["pageInfo"]["endCursor"]
    assert await names(first=2, after=first) == ["Xmas"]

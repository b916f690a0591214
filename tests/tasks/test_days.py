"""Days as the clock on the wall has them: they are shorter or longer where it is put forward or back."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.settings import Settings
from tests.clock import Watch
from tests.conftest import served
from tests.people import People, Person

TITLES = """query ($filter: TaskFilter) {
  tasks(filter: $filter, orderBy: {field: POSITION}) { nodes { title } } }"""
WATCH = Watch(datetime(2026, 3, 10, tzinfo=UTC))


@pytest.fixture
def watch() -> Watch:
    return WATCH


@pytest.fixture(scope="module")
async def people(settings: Settings) -> AsyncIterator[People]:
    async with served(settings, WATCH) as running:
        yield running.people


async def titles(person: Person, **filter: Any) -> list[str]:
    answer = await person.ask(TITLES, filter=filter)
    return [task["title"] for task in answer.data["tasks"]["nodes"]]


async def due(person: Person, *moments: str) -> None:
    """A task due at each moment, called by it."""
    for moment in moments:
        await person.task(moment, dueAt=moment)


async def test_a_day_on_which_the_clocks_change_has_23_hours(people: People, watch: Watch) -> None:
    watch.at = datetime(2026, 3, 29, 12, tzinfo=UTC)
    dora = await people.one(time_zone="Europe/Berlin")
    await due(dora, "2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z")
    assert await titles(dora, due="TODAY") == ["2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z"]
    assert await titles(dora, due="UPCOMING") == ["2026-03-29T22:00:00Z"]


async def test_a_day_on_which_the_clocks_change_has_25_hours(people: People, watch: Watch) -> None:
    watch.at = datetime(2026, 10, 25, 12, tzinfo=UTC)
    dora = await people.one(time_zone="Europe/Berlin")
    await due(dora, "2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z")
    assert await titles(dora, due="TODAY") == ["2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z"]
    assert await titles(dora, due="UPCOMING") == ["2026-10-25T23:00:00Z"]


@pytest.mark.parametrize(
    ("zone", "now", "begins", "ends"),
    [
        pytest.param(
            "Atlantic/Azores",
            "2026-10-25T00:30:00Z",
            "2026-10-25T00:00:00Z",
            "2026-10-26T01:00:00Z",
            id="today has two",
        ),
        pytest.param(
            "Atlantic/Azores",
            "2026-10-24T23:30:00Z",
            "2026-10-24T00:00:00Z",
            "2026-10-25T00:00:00Z",
            id="tomorrow has two",
        ),
        pytest.param(
            "America/Havana", "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", id="an hour apart"
        ),
        pytest.param(
            "Asia/Colombo",
            "2006-04-15T12:00:00Z",
            "2006-04-14T18:00:00Z",
            "2006-04-15T18:30:00Z",
            id="half an hour apart",
        ),
        pytest.param(
            "Asia/Magadan", "2014-10-26T09:00:00Z", "2014-10-25T12:00:00Z", "2014-10-26T14:00:00Z", id="two hours apart"
        ),
        pytest.param(
            "America/Asuncion",
            "2024-03-23T12:00:00Z",
            "2024-03-23T03:00:00Z",
            "2024-03-24T04:00:00Z",
            id="the clocks go back to 23:00",
        ),
        pytest.param(
            "Asia/Beirut", "2026-03-29T12:00:00Z", "2026-03-28T22:00:00Z", "2026-03-29T21:00:00Z", id="there is none"
        ),
    ],
)
async def test_a_day_begins_with_the_first_of_two_midnights(
    people: People, watch: Watch, zone: str, now: str, begins: str, ends: str
) -> None:
    watch.at = datetime.fromisoformat(now)
    dora = await people.one()
    before, last = (f"{datetime.fromisoformat(at) - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}" for at in (begins, ends))
    await due(dora, before, begins, last, ends)
    assert await titles(dora, due="TODAY", timeZone=zone) == [begins, last]
    assert (await titles(dora, due="UPCOMING", timeZone=zone))[0] == ends

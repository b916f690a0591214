"""Which tasks a filter finds, and that `taskCounts` counts the same ones."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.settings import Settings
from tests.clock import Watch
from tests.conftest import served
from tests.people import People, Person

NOW = datetime(2026, 3, 10, 22, 30, tzinfo=UTC)  # 23:30 in Berlin, 07:30 of the 11th in Tokyo, 15:30 in Los Angeles

LIST = "query ($filter: TaskFilter) { tasks(filter: $filter, orderBy: {field: POSITION}, first: 100) %s }"
TITLES = LIST % "{ nodes { title } }"
TOTAL = LIST % "{ totalCount }"
COUNTS = """query ($filter: TaskFilter) {
  taskCounts(filter: $filter) { total open completed today overdue upcoming } }"""
STATES: dict[str, dict[str, Any]] = {
    "total": {},
    "open": {"completed": False},
    "completed": {"completed": True},
    "today": {"due": "TODAY"},
    "overdue": {"due": "OVERDUE"},
    "upcoming": {"due": "UPCOMING"},
}


WATCH = Watch(NOW)


@pytest.fixture
def watch() -> Watch:
    WATCH.at = NOW
    return WATCH


@pytest.fixture(scope="module")
async def people(settings: Settings) -> AsyncIterator[People]:
    async with served(settings, WATCH) as running:
        yield running.people


async def titles(person: Person, **filter: Any) -> list[str]:
    answer = await person.ask(TITLES, filter=filter)
    return [task["title"] for task in answer.data["tasks"]["nodes"]]


async def complete(person: Person, task: Any) -> None:
    assert (await person.ask("mutation ($id: ID!) { completeTask(id: $id) { id } }", id=task["id"])).data


async def delete(person: Person, task: Any) -> None:
    assert (await person.ask("mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }", id=task["id"])).data


async def due(person: Person, *moments: str) -> None:
    """A task due at each moment, called by it."""
    for moment in moments:
        await person.task(moment, dueAt=moment)


async def mixed(person: Person) -> str:
    """Tasks of every kind, some done and some in the trash; the id of their label."""
    label = await person.label("home")
    parent = await person.task("Buy a house", priority="HIGH", dueAt="2026-03-01T09:00:00Z")
    await person.task("Buy a door", parentId=parent["id"], labelIds=[label["id"]], dueAt="2026-03-10T09:00:00Z")
    await person.task("Paint the door", labelIds=[label["id"]], priority="LOW", dueAt="2026-03-10T22:45:00Z")
    await person.task("Move in", priority="URGENT", dueAt="2026-04-01T09:00:00Z")
    await person.task("Rest")
    for title, moment in (("Buy paint", "2026-03-10T10:00:00Z"), ("Buy glue", "2026-04-02T10:00:00Z"), ("Sing", None)):
        await complete(person, await person.task(title, dueAt=moment, labelIds=[label["id"]]))
    for title in ("Buy a car", "Buy a boat"):
        await delete(person, await person.task(title, dueAt="2026-03-10T11:00:00Z", priority="HIGH"))
    identifier: str = label["id"]
    return identifier


async def test_without_a_filter_all_that_is_not_in_the_trash_is_found(people: People) -> None:
    dora = await people.one()
    await dora.task("Kept")
    await delete(dora, await dora.task("Thrown away"))
    assert (await dora.ask("{ tasks { nodes { title } } }")).data == {"tasks": {"nodes": [{"title": "Kept"}]}}
    assert await titles(dora) == ["Kept"]


@pytest.mark.parametrize(("completed", "found"), [(True, ["Done"]), (False, ["Open"]), (None, ["Done", "Open"])])
async def test_completed_tells_done_from_open(people: People, completed: bool | None, found: list[str]) -> None:
    dora = await people.one()
    await complete(dora, await dora.task("Done"))
    await dora.task("Open")
    assert await titles(dora, completed=completed) == found


async def test_today_is_from_midnight_to_midnight_where_the_viewer_lives(people: People, watch: Watch) -> None:
    dora = await people.one(time_zone="Europe/Berlin")
    await due(dora, "2026-03-09T22:59:59Z", "2026-03-09T23:00:00Z", "2026-03-10T22:59:59Z", "2026-03-10T23:00:00Z")
    assert await titles(dora, due="TODAY") == ["2026-03-09T23:00:00Z", "2026-03-10T22:59:59Z"]


async def test_today_is_where_the_filter_says_when_it_says(people: People, watch: Watch) -> None:
    dora = await people.one(time_zone="Europe/Berlin")
    await due(dora, "2026-03-10T14:59:59Z", "2026-03-10T15:00:00Z", "2026-03-11T14:59:59Z", "2026-03-11T15:00:00Z")
    assert await titles(dora, due="TODAY", timeZone="Asia/Tokyo") == ["2026-03-10T15:00:00Z", "2026-03-11T14:59:59Z"]


async def test_today_is_another_day_behind_the_date_line(people: People, watch: Watch) -> None:
    dora = await people.one(time_zone="America/Los_Angeles")
    await due(dora, "2026-03-10T06:59:59Z", "2026-03-10T07:00:00Z", "2026-03-11T06:59:59Z", "2026-03-11T07:00:00Z")
    assert await titles(dora, due="TODAY") == ["2026-03-10T07:00:00Z", "2026-03-11T06:59:59Z"]


async def test_today_counts_what_is_done_too(people: People, watch: Watch) -> None:
    dora = await people.one()
    await complete(dora, await dora.task("Done", dueAt="2026-03-10T09:00:00Z"))
    assert await titles(dora, due="TODAY") == ["Done"]


async def test_overdue_is_what_was_due_before_now_and_is_open(people: People, watch: Watch) -> None:
    dora = await people.one()
    await due(dora, "2026-03-10T22:29:59Z", "2026-03-10T22:30:00Z")
    await complete(dora, await dora.task("Done", dueAt="2026-03-01T09:00:00Z"))
    await dora.task("Some time")
    assert await titles(dora, due="OVERDUE") == ["2026-03-10T22:29:59Z"]


async def test_upcoming_is_what_is_due_from_tomorrow_on_and_is_open(people: People, watch: Watch) -> None:
    dora = await people.one(time_zone="Europe/Berlin")
    await due(dora, "2026-03-10T22:59:59Z", "2026-03-10T23:00:00Z", "2027-01-01T00:00:00Z")
    await complete(dora, await dora.task("Done", dueAt="2026-04-01T09:00:00Z"))
    assert await titles(dora, due="UPCOMING") == ["2026-03-10T23:00:00Z", "2027-01-01T00:00:00Z"]
    assert await titles(dora, due="UPCOMING", timeZone="Asia/Tokyo") == ["2027-01-01T00:00:00Z"]


async def test_none_is_what_is_due_at_no_time(people: People) -> None:
    dora = await people.one()
    await due(dora, "2026-03-10T22:59:59Z")
    await dora.task("Some time")
    assert await titles(dora, due="NONE") == ["Some time"]


async def test_due_after_includes_its_moment_and_due_before_does_not(people: People) -> None:
    dora = await people.one()
    await due(dora, "2026-03-01T08:59:59Z", "2026-03-01T09:00:00Z", "2026-03-02T08:59:59Z", "2026-03-02T09:00:00Z")
    await dora.task("Some time")
    found = await titles(dora, dueAfter="2026-03-01T09:00:00Z", dueBefore="2026-03-02T10:00:00+01:00")
    assert found == ["2026-03-01T09:00:00Z", "2026-03-02T08:59:59Z"]


@pytest.mark.parametrize(
    ("priority", "found"),
    [
        (["URGENT"], ["URGENT"]),
        (["URGENT", "LOW"], ["LOW", "URGENT"]),
        (["NONE", "NONE"], ["NONE"]),
        ([], []),
        (None, ["NONE", "LOW", "MEDIUM", "HIGH", "URGENT"]),
    ],
)
async def test_any_of_the_priorities_is_found(people: People, priority: list[str] | None, found: list[str]) -> None:
    dora = await people.one()
    for each in ("NONE", "LOW", "MEDIUM", "HIGH", "URGENT"):
        await dora.task(each, priority=each)
    assert await titles(dora, priority=priority) == found


async def test_tasks_with_any_of_the_labels_are_found_once(people: People) -> None:
    dora = await people.one()
    red, blue, green = [(await dora.label(name))["id"] for name in ("red", "blue", "green")]
    await dora.task("Both", labelIds=[red, blue])
    await dora.task("Red", labelIds=[red])
    await dora.task("Green", labelIds=[green])
    await dora.task("Plain")
    assert await titles(dora, labelIds=[red, blue]) == ["Both", "Red"]
    assert await titles(dora, labelIds=[red, red]) == ["Both", "Red"]
    assert await titles(dora, labelIds=[]) == []
    assert await titles(dora, labelIds=None) == ["Both", "Red", "Green", "Plain"]


@pytest.mark.parametrize("id", ["label_" + "0" * 32, "x", "", "a\x00b", "task_" + "0" * 32])
async def test_an_unknown_label_is_on_no_task(people: People, id: str) -> None:
    dora = await people.one()
    await dora.task(labelIds=[(await dora.label())["id"]])
    assert await titles(dora, labelIds=[id]) == []


async def test_a_parent_has_its_parts_null_has_what_is_part_of_none_and_absent_has_all(people: People) -> None:
    dora = await people.one()
    house = await dora.task("House")
    door = await dora.task("Door", parentId=house["id"])
    await dora.task("Handle", parentId=door["id"])
    assert await titles(dora, parentId=house["id"]) == ["Door"]
    assert await titles(dora, parentId=None) == ["House"]
    assert await titles(dora) == ["House", "Door", "Handle"]


@pytest.mark.parametrize("id", ["task_" + "0" * 32, "x", "", "a\x00b", "label_" + "0" * 32])
async def test_an_unknown_parent_has_no_parts(people: People, id: str) -> None:
    dora = await people.one()
    await dora.task("House")
    assert await titles(dora, parentId=id) == []


@pytest.mark.parametrize(("trashed", "found"), [(True, ["Thrown away"]), (False, ["Kept"]), (None, ["Kept"])])
async def test_trashed_shows_the_trash_instead(people: People, trashed: bool | None, found: list[str]) -> None:
    dora = await people.one()
    await dora.task("Kept")
    await delete(dora, await dora.task("Thrown away"))
    assert await titles(dora, trashed=trashed) == found


async def test_all_that_a_filter_says_must_hold(people: People, watch: Watch) -> None:
    dora = await people.one()
    label = await mixed(dora)
    assert await titles(dora, search="buy") == ["Buy a house", "Buy a door", "Buy paint", "Buy glue"]
    assert await titles(dora, search="buy", labelIds=[label]) == ["Buy a door", "Buy paint", "Buy glue"]
    assert await titles(dora, search="buy", labelIds=[label], due="TODAY") == ["Buy a door", "Buy paint"]
    assert await titles(dora, search="buy", labelIds=[label], due="TODAY", completed=False) == ["Buy a door"]


async def test_counts_are_exact(people: People, watch: Watch) -> None:
    dora = await people.one()
    await mixed(dora)
    counts = {"total": 8, "open": 5, "completed": 3, "today": 3, "overdue": 2, "upcoming": 1}
    assert (await dora.ask(COUNTS)).data["taskCounts"] == counts


async def test_nobody_elses_tasks_are_counted(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    await mixed(dora)
    assert (await sam.ask(COUNTS)).data["taskCounts"] == dict.fromkeys(STATES, 0)


@pytest.mark.parametrize(
    "filter",
    [
        {},
        {"completed": True},
        {"completed": False},
        {"due": "NONE"},
        {"due": "TODAY"},
        {"due": "TODAY", "timeZone": "Asia/Tokyo"},
        {"timeZone": "Asia/Tokyo"},
        {"dueAfter": "2026-03-05T00:00:00Z", "dueBefore": "2026-04-02T00:00:00Z"},
        {"priority": ["HIGH", "NONE"]},
        {"parentId": None},
        {"search": "buy"},
        {"search": "!!!"},
        {"trashed": True},
        {"labelIds": []},
    ],
)
async def test_counts_agree_with_the_list_of_the_same_filter(
    people: People, watch: Watch, filter: dict[str, Any]
) -> None:
    dora = await people.one(time_zone="Europe/Berlin")
    await mixed(dora)
    counts = (await dora.ask(COUNTS, filter=filter)).data["taskCounts"]
    for state, narrower in STATES.items():
        if any(name in filter and filter[name] != value for name, value in narrower.items()):
            continue
        assert (state, counts[state]) == (
            state,
            (await dora.ask(TOTAL, filter=filter | narrower)).data["tasks"]["totalCount"],
        )

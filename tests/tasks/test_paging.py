"""Orders and pages: every order is total, and its pages are the whole list, whatever happens in between."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.settings import Settings
from tests.clock import Watch
from tests.conftest import served
from tests.people import Answer, People, Person

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
FIELDS = {
    "CREATED_AT": "createdAt",
    "UPDATED_AT": "updatedAt",
    "DUE_AT": "dueAt",
    "COMPLETED_AT": "completedAt",
    "PRIORITY": "priority",
    "TITLE": "title",
    "POSITION": "position",
}
ORDERS = [{"field": field, "direction": way} for field in FIELDS for way in ("ASC", "DESC")]
NAMES = ["-".join(order.values()) for order in ORDERS]
RISING = ["NONE", "LOW", "MEDIUM", "HIGH", "URGENT"]

LIST = """query ($orderBy: TaskOrder, $first: Int, $after: String, $last: Int, $before: String, $filter: TaskFilter) {
  tasks(orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    nodes { id title createdAt updatedAt dueAt completedAt priority position } edges { cursor node { id } } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
DUES = [None, "2026-05-02T09:00:00Z", "2026-05-01T09:00:00Z", None, "2026-05-01T09:00:00Z"]


WATCH = Watch(NOON)


@pytest.fixture(scope="module")
async def people(settings: Settings) -> AsyncIterator[People]:
    async with served(settings, WATCH) as running:
        yield running.people


@pytest.fixture(scope="module")
async def dora(people: People) -> Person:
    """Somebody with eleven tasks, of which several are equal by each order, and of which tests only read."""
    dora = await people.one()
    tasks = []
    for n in range(11):
        WATCH.at = NOON + timedelta(seconds=n // 2)
        title, priority = "Task " + "cabcbaacbab"[n], RISING[n * 3 % 5]
        tasks.append(await dora.task(title, priority=priority, dueAt=DUES[n % 5]))
    for n, task in enumerate([tasks[8], tasks[1], tasks[4], tasks[5], tasks[2]]):
        WATCH.at = NOON + timedelta(minutes=1 + n // 2)
        await dora.ask("mutation ($id: ID!) { completeTask(id: $id) { id } }", id=task["id"])
    return dora


async def page(person: Person, **arguments: Any) -> Any:
    return (await person.ask(LIST, **arguments)).data["tasks"]


async def whole(person: Person, order: Any) -> list[str]:
    return [task["id"] for task in (await page(person, orderBy=order, first=100))["nodes"]]


def by(order: dict[str, str], tasks: list[Any]) -> list[Any]:
    """Sorted as an order promises, in Python: nulls last either way, the id decides, and runs the same way."""
    name, falling = FIELDS[order["field"]], order["direction"] == "DESC"
    value = (lambda task: RISING.index(task[name])) if name == "priority" else (lambda task: task[name])
    given = [task for task in tasks if task[name] is not None]
    none = [task for task in tasks if task[name] is None]
    return [
        *sorted(given, key=lambda task: (value(task), task["id"]), reverse=falling),
        *sorted(none, key=lambda task: task["id"], reverse=falling),
    ]


@dataclass
class Pages:
    """The whole list, page by page."""

    person: Person
    order: dict[str, str]
    size: int

    async def forward(self) -> list[str]:
        found: list[str] = []
        after, more = None, True
        while more:
            got = await page(self.person, orderBy=self.order, first=self.size, after=after)
            assert got["pageInfo"]["hasPreviousPage"] is (after is not None)
            found += [task["id"] for task in got["nodes"]]
            after, more = got["pageInfo"]["endCursor"], got["pageInfo"]["hasNextPage"]
        return found

    async def backward(self) -> list[str]:
        found: list[str] = []
        before, more = None, True
        while more:
            got = await page(self.person, orderBy=self.order, last=self.size, before=before)
            assert got["pageInfo"]["hasNextPage"] is (before is not None)
            found = [task["id"] for task in got["nodes"]] + found
            before, more = got["pageInfo"]["startCursor"], got["pageInfo"]["hasPreviousPage"]
        return found


@pytest.mark.parametrize("order", ORDERS, ids=NAMES)
async def test_an_order_is_total_with_nulls_last_and_equals_by_id(dora: Person, order: dict[str, str]) -> None:
    tasks = (await page(dora, first=100))["nodes"]
    assert len(tasks) == 11
    assert (await page(dora, orderBy=order, first=100))["nodes"] == by(order, tasks)


async def test_priority_sorts_by_how_pressing_it_is_not_by_its_letters(people: People) -> None:
    dora = await people.one()
    for priority in ("MEDIUM", "URGENT", "NONE", "HIGH", "LOW"):
        await dora.task(priority=priority)
    tasks = (await page(dora, orderBy={"field": "PRIORITY"}))["nodes"]
    assert [task["priority"] for task in tasks] == RISING


@pytest.mark.parametrize("size", [1, 3, 11])
@pytest.mark.parametrize("order", ORDERS, ids=NAMES)
async def test_pages_either_way_are_the_whole_list(dora: Person, order: dict[str, str], size: int) -> None:
    tasks = await whole(dora, order)
    pages = Pages(dora, order, size)
    assert await pages.forward() == tasks
    assert await pages.backward() == tasks


@pytest.mark.parametrize("order", ORDERS, ids=NAMES)
async def test_every_cursor_leads_to_what_lies_behind_it(dora: Person, order: dict[str, str]) -> None:
    got = await page(dora, orderBy=order)
    tasks = [task["id"] for task in got["nodes"]]
    for n, edge in enumerate(got["edges"]):
        assert edge["node"]["id"] == tasks[n]
        after = await page(dora, orderBy=order, first=100, after=edge["cursor"])
        before = await page(dora, orderBy=order, last=100, before=edge["cursor"])
        assert [task["id"] for task in after["nodes"]] == tasks[n + 1 :]
        assert [task["id"] for task in before["nodes"]] == tasks[:n]


@pytest.mark.parametrize("way", ["ASC", "DESC"])
async def test_a_page_is_stable_while_rows_come_and_go(people: People, way: str) -> None:
    dora = await people.one()
    order = {"field": "TITLE", "direction": way}
    tasks = {title: await dora.task(title) for title in "bdfhj"}
    start = await page(dora, orderBy=order, first=2)
    shown = [task["title"] for task in start["nodes"]]
    for title in "acegik":
        await dora.task(title)
    await dora.ask("mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }", id=tasks[shown[-1]]["id"])
    rest = await page(dora, orderBy=order, first=100, after=start["pageInfo"]["endCursor"])
    shown += [task["title"] for task in rest["nodes"]]
    assert "".join(shown) == {"ASC": "bdefghijk", "DESC": "jhgfedcba"}[way]


async def test_a_page_may_be_full_to_the_last_row(dora: Person) -> None:
    for size, more in ((10, True), (11, False), (12, False)):
        got = await page(dora, first=size)
        assert (len(got["nodes"]), got["pageInfo"]["hasNextPage"]) == (min(size, 11), more)


async def test_last_without_before_is_the_end_of_the_list_in_its_order(dora: Person) -> None:
    order = {"field": "POSITION", "direction": "ASC"}
    got = await page(dora, orderBy=order, last=3)
    assert [task["position"] for task in got["nodes"]] == [9, 10, 11]
    assert (got["pageInfo"]["hasPreviousPage"], got["pageInfo"]["hasNextPage"]) == (True, False)


async def test_the_ends_of_a_page_are_the_cursors_of_its_edges(dora: Person) -> None:
    for arguments in ({"first": 4}, {"last": 4}):
        got = await page(dora, **arguments)
        ends = got["edges"][0]["cursor"], got["edges"][-1]["cursor"]
        assert (got["pageInfo"]["startCursor"], got["pageInfo"]["endCursor"]) == ends


async def test_an_empty_list_has_no_cursors(people: People) -> None:
    got = await page(await people.one())
    ends = {"startCursor": None, "endCursor": None}
    assert got["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False} | ends
    assert (got["nodes"], got["edges"], got["totalCount"]) == ([], [], 0)


async def test_a_page_has_twenty_rows_unless_it_is_told_otherwise(people: People) -> None:
    dora = await people.one()
    for _ in range(21):
        await dora.task()
    got = await page(dora)
    assert (len(got["nodes"]), got["pageInfo"]["hasNextPage"]) == (20, True)


async def test_the_count_does_not_depend_on_the_page(dora: Person) -> None:
    end = (await page(dora, first=10))["pageInfo"]["endCursor"]
    for arguments in ({"first": 1}, {"last": 1}, {"first": 100, "after": end}, {"last": 2, "before": end}):
        assert (await page(dora, **arguments))["totalCount"] == 11
    assert (await page(dora, first=1, filter={"completed": True}))["totalCount"] == 5


async def test_a_filtered_list_is_paged_within_its_filter(dora: Person) -> None:
    order, done = {"field": "COMPLETED_AT", "direction": "DESC"}, {"completed": True}
    tasks = [task["id"] for task in (await page(dora, orderBy=order, filter=done))["nodes"]]
    start = await page(dora, orderBy=order, filter=done, first=2)
    rest = await page(dora, orderBy=order, filter=done, first=3, after=start["pageInfo"]["endCursor"])
    assert [task["id"] for task in start["nodes"] + rest["nodes"]] == tasks
    assert rest["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
        ({"first": -1}, "first"),
        ({"last": 0}, "last"),
        ({"last": 101}, "last"),
        ({"last": -1}, "last"),
        ({"first": 1, "last": 1}, "last"),
        ({"before": "x"}, "before"),
        ({"first": 1, "before": "x"}, "before"),
        ({"last": 1, "after": "x"}, "after"),
    ],
)
async def test_paging_that_cannot_be_meant_is_refused(dora: Person, arguments: dict[str, Any], field: str) -> None:
    answer: Answer = await dora.ask(LIST, **arguments)
    assert (answer.code, list(answer.details)) == ("VALIDATION_ERROR", [field])

"""Filters and orders that look at other rows than the task itself."""

from typing import Any

import pytest

from tests.people import People, Person

TITLES = """query ($filter: TaskFilter, $order: TaskOrder) {
  tasks(filter: $filter, orderBy: $order) { nodes { title } totalCount } }"""
PAGED = """query ($order: TaskOrder, $first: Int, $after: String, $last: Int, $before: String) {
  tasks(orderBy: $order, first: $first, after: $after, last: $last, before: $before) {
    nodes { title } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def titles(person: Person, filter: Any = None, order: Any = None) -> list[str]:
    tasks = (await person.ask(TITLES, filter=filter, order=order or {"field": "TITLE"})).data["tasks"]
    assert tasks["totalCount"] == len(tasks["nodes"])
    return [task["title"] for task in tasks["nodes"]]


async def labelled(person: Person) -> dict[str, str]:
    """Tasks "home", "work" and "both" with such labels, and "none"; the labels' ids by name."""
    ids = {name: (await person.label(name))["id"] for name in ("Home", "Work")}
    await person.task("home", labelIds=[ids["Home"]])
    await person.task("work", labelIds=[ids["Work"]])
    await person.task("both", labelIds=[*ids.values()])
    await person.task("none")
    return ids


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Home"], ["both", "home"]),
        (["hOME"], ["both", "home"]),
        ([" home "], ["both", "home"]),
        (["home", "WORK"], ["both", "home", "work"]),
        (["home", "home", "nothing"], ["both", "home"]),
        (["hom"], []),
        (["%"], []),
        ([], []),
        (None, ["both", "home", "none", "work"]),
    ],
)
async def test_tasks_are_found_by_the_names_of_their_labels(people: People, names: Any, expected: list[str]) -> None:
    dora = await people.one()
    await labelled(dora)
    assert await titles(dora, {"labelNames": names}) == expected


async def test_names_and_ids_of_labels_must_both_fit(people: People) -> None:
    dora = await people.one()
    ids = await labelled(dora)
    assert await titles(dora, {"labelNames": ["home"], "labelIds": [ids["Work"]]}) == ["both"]


async def test_a_hundred_names_of_up_to_50_characters_may_be_asked_for(people: People) -> None:
    dora = await people.one()
    assert await titles(dora, {"labelNames": ["x" * 50] * 100}) == []
    for names in (["x"] * 101, ["x" * 51], [""], ["  "]):
        refused = await dora.ask(TITLES, filter={"labelNames": names})
        assert refused.code == "VALIDATION_ERROR"


async def test_tasks_are_counted_by_the_names_of_their_labels(people: People) -> None:
    dora = await people.one()
    await labelled(dora)
    counted = await dora.ask('{ taskCounts(filter: {labelNames: ["home"]}) { total open completed } }')
    assert counted.data["taskCounts"] == {"total": 2, "open": 2, "completed": 0}


async def grouped(person: Person) -> None:
    """Parts 1 and 2 of "b", 3 of "a", which are part of nothing."""
    for title, parts in (("b", "12"), ("a", "3")):
        top = await person.task(title)
        for part in parts:
            await person.task(part, parentId=top["id"])


async def test_tasks_are_sorted_by_the_title_of_their_parent_and_nulls_come_last(people: People) -> None:
    dora = await people.one()
    await grouped(dora)
    assert await titles(dora, order={"field": "PARENT_TITLE"}) == ["3", "1", "2", "b", "a"]
    assert await titles(dora, order={"field": "PARENT_TITLE", "direction": "DESC"}) == ["2", "1", "3", "a", "b"]


@pytest.mark.parametrize("size", [1, 2, 3])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_pages_by_the_title_of_the_parent_join_without_a_gap(people: People, direction: str, size: int) -> None:
    dora = await people.one()
    await grouped(dora)
    order = {"field": "PARENT_TITLE", "direction": direction}
    whole = await titles(dora, order=order)
    forth, back, after, before = list[str](), list[str](), None, None
    for _ in range(5):
        page = (await dora.ask(PAGED, order=order, first=size, after=after)).data["tasks"]
        forth += [task["title"] for task in page["nodes"]]
        after = page["pageInfo"]["endCursor"] or after
        page = (await dora.ask(PAGED, order=order, last=size, before=before)).data["tasks"]
        back = [task["title"] for task in page["nodes"]] + back
        before = page["pageInfo"]["startCursor"] or before
    assert (forth, back) == (whole, whole)


async def test_a_cursor_of_another_order_is_refused(people: People) -> None:
    dora = await people.one()
    await grouped(dora)
    page = (await dora.ask(PAGED, order={"field": "TITLE"}, first=1)).data["tasks"]
    refused = await dora.ask(PAGED, order={"field": "PARENT_TITLE"}, first=1, after=page["pageInfo"]["endCursor"])
    assert refused.details == {"after": ["is a cursor of another list or order"]}


async def test_the_parts_of_a_task_are_sorted_and_filtered_so_too(people: People) -> None:
    dora = await people.one()
    label = await dora.label("home")
    top = await dora.task("top")
    for title in "ba":
        await dora.task(title, parentId=top["id"], labelIds=[label["id"]])
    query = """query ($id: ID!) { task(id: $id) { subtasks(
      filter: {labelNames: ["HOME"]}, orderBy: {field: PARENT_TITLE}) { totalCount nodes { title } } } }"""
    subtasks = (await dora.ask(query, id=top["id"])).data["task"]["subtasks"]
    assert subtasks == {"totalCount": 2, "nodes": [{"title": "b"}, {"title": "a"}]}

"""The trash: what goes there is hidden everywhere else, comes back as it was, and only from there goes for good."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.settings import Settings
from tests.clock import Watch
from tests.conftest import served
from tests.people import TASK, Answer, People, Person

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
LATER = "2026-03-10T12:01:00+00:00"

LIST = "query ($filter: TaskFilter) { tasks(filter: $filter, orderBy: {field: POSITION}) { nodes { title } } }"
SUBTASKS = "query ($id: ID!, $filter: TaskFilter) { task(id: $id) { subtasks(filter: $filter) { nodes { title } } } }"
VERBS = {
    "delete": "mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }",
    "restore": f"mutation ($id: ID!) {{ restoreTask(id: $id) {{ {TASK} }} }}",
    "purge": "mutation ($id: ID!) { purgeTask(id: $id) { deletedId } }",
    "update": 'mutation ($id: ID!) { updateTask(id: $id, input: {title: "New"}) { id } }',
    "complete": "mutation ($id: ID!) { completeTask(id: $id) { id } }",
    "completeAll": "mutation ($id: ID!) { completeTasks(ids: [$id]) { id } }",
    "reopen": "mutation ($id: ID!) { reopenTask(id: $id) { id } }",
    "move": "mutation ($id: ID!) { moveTask(id: $id, input: {}) { id } }",
    "deleteAll": "mutation ($id: ID!) { deleteTasks(ids: [$id]) { deletedId } }",
    "makePart": 'mutation ($id: ID!) { createTask(input: {title: "Part", parentId: $id}) { id } }',
}
DELETE_ALL = "mutation ($ids: [ID!]!) { deleteTasks(ids: $ids) { deletedId } }"
EMPTY = "mutation { emptyTrash }"
WATCH = Watch(NOON)


@pytest.fixture
def watch() -> Watch:
    WATCH.at = NOON
    return WATCH


@pytest.fixture(scope="module")
async def people(settings: Settings) -> AsyncIterator[People]:
    async with served(settings, WATCH) as running:
        yield running.people


async def do(person: Person, verb: str, task: Any) -> Answer:
    answer = await person.ask(VERBS[verb], id=task["id"])
    WATCH.tick()
    return answer


async def did(person: Person, verb: str, task: Any) -> Any:
    return next(iter((await do(person, verb, task)).data.values()))


async def titles(person: Person, **filter: Any) -> list[str]:
    return [task["title"] for task in (await person.ask(LIST, filter=filter)).data["tasks"]["nodes"]]


async def trash(person: Person) -> list[str]:
    return await titles(person, trashed=True)


async def house(person: Person) -> list[Any]:
    """A house, its door, the handle of the door, and a garden beside them."""
    house = await person.task("House")
    door = await person.task("Door", parentId=house["id"])
    handle = await person.task("Handle", parentId=door["id"])
    return [house, door, handle, await person.task("Garden")]


async def test_deleting_answers_the_id_that_is_gone(people: People) -> None:
    dora = await people.one()
    task = await dora.task()
    assert await did(dora, "delete", task) == {"deletedId": task["id"]}


async def test_what_is_in_the_trash_is_found_by_no_read(people: People) -> None:
    dora = await people.one()
    parent = await dora.task("Parent")
    task = await dora.task("Thrown", parentId=parent["id"], dueAt="2026-03-10T09:00:00Z")
    await did(dora, "delete", task)
    assert (await dora.ask("query ($id: ID!) { task(id: $id) { id } }", id=task["id"])).code == "TASK_NOT_FOUND"
    assert (await dora.ask("query ($id: ID!) { node(id: $id) { id } }", id=task["id"])).data == {"node": None}
    assert await titles(dora) == ["Parent"]
    assert await titles(dora, search="thrown") == []
    assert await titles(dora, parentId=parent["id"]) == []
    assert (await dora.ask(SUBTASKS, id=parent["id"])).data["task"]["subtasks"]["nodes"] == []
    counts = (await dora.ask("{ taskCounts { total open completed today overdue upcoming } }")).data["taskCounts"]
    assert counts == {"total": 1, "open": 1, "completed": 0, "today": 0, "overdue": 0, "upcoming": 0}


@pytest.mark.parametrize("verb", [name for name in VERBS if name not in ("restore", "purge")])
async def test_what_is_in_the_trash_is_found_by_no_other_verb(people: People, verb: str) -> None:
    dora = await people.one()
    task = await dora.task()
    await did(dora, "delete", task)
    before = await people.row(task["id"])
    assert (await do(dora, verb, task)).code == "TASK_NOT_FOUND"
    assert await people.row(task["id"]) == before
    assert await titles(dora) == []


async def test_an_occurrence_in_the_trash_is_nobodys_next(people: People) -> None:
    dora = await people.one()
    task = await dora.task(dueAt="2026-03-10T09:00:00Z", recurrence="FREQ=DAILY")
    read = "query ($id: ID!) { task(id: $id) { next { id } } }"
    await did(dora, "complete", task)
    following = (await dora.ask(read, id=task["id"])).data["task"]["next"]
    await did(dora, "delete", following)
    assert (await dora.ask(read, id=task["id"])).data == {"task": {"next": None}}


async def test_the_trash_tells_when_it_was_thrown_away(people: People, watch: Watch) -> None:
    dora = await people.one()
    task = await dora.task("Thrown")
    watch.tick()
    await did(dora, "delete", task)
    answer = await dora.ask("{ tasks(filter: {trashed: true}) { nodes { id trashedAt version updatedAt } } }")
    thrown = {"id": task["id"], "trashedAt": LATER, "version": 2, "updatedAt": LATER}
    assert answer.data["tasks"]["nodes"] == [thrown]


async def test_subtasks_in_the_trash_are_shown_when_asked_for(people: People) -> None:
    dora = await people.one()
    home, door, *_ = await house(dora)
    await did(dora, "delete", door)
    answer = await dora.ask(SUBTASKS, id=home["id"], filter={"trashed": True})
    assert answer.data["task"]["subtasks"]["nodes"] == [{"title": "Door"}]


async def test_a_tree_goes_together(people: People) -> None:
    dora = await people.one()
    home, *_ = await house(dora)
    await did(dora, "delete", home)
    assert (await titles(dora), await trash(dora)) == (["Garden"], ["House", "Door", "Handle"])


async def test_a_tree_comes_back_together(people: People) -> None:
    dora = await people.one()
    home, door, handle, _ = await house(dora)
    await did(dora, "delete", home)
    await did(dora, "restore", home)
    assert (await titles(dora), await trash(dora)) == (["House", "Door", "Handle", "Garden"], [])
    assert (await people.row(door["id"]))["parent_id"] == home["id"]
    assert (await people.row(handle["id"]))["parent_id"] == door["id"]


async def test_what_comes_back_is_as_it_was(people: People, watch: Watch) -> None:
    dora = await people.one()
    parent, label = await dora.task(), await dora.label()
    rule = {"dueAt": "2026-03-28T08:00:00+00:00", "recurrence": "FREQ=DAILY", "reminders": [5]}
    task = await dora.task("Kept", description="Notes", parentId=parent["id"], labelIds=[label["id"]], **rule)
    await did(dora, "delete", task)
    back = await did(dora, "restore", task)
    assert back == task | {"version": 3, "updatedAt": LATER}


async def test_a_subtask_thrown_away_before_its_parent_stays_in_the_trash(people: People) -> None:
    dora = await people.one()
    home, door, *_ = await house(dora)
    await did(dora, "delete", door)
    await did(dora, "delete", home)
    await did(dora, "restore", home)
    assert (await titles(dora), await trash(dora)) == (["House", "Garden"], ["Door", "Handle"])


async def test_a_subtask_that_comes_back_after_its_parent_is_part_of_it_again(people: People) -> None:
    dora = await people.one()
    home, door, *_ = await house(dora)
    await did(dora, "delete", door)
    await did(dora, "delete", home)
    await did(dora, "restore", home)
    assert (await did(dora, "restore", door))["parent"] == {"id": home["id"]}
    assert await titles(dora) == ["House", "Door", "Handle", "Garden"]


async def test_what_comes_back_below_a_parent_in_the_trash_is_a_task_of_its_own(people: People) -> None:
    dora = await people.one()
    home, door, handle, _ = await house(dora)
    await did(dora, "delete", home)
    assert (await did(dora, "restore", door))["parent"] is None
    assert (await people.row(door["id"]))["parent_id"] is None
    assert (await people.row(handle["id"]))["parent_id"] == door["id"]
    assert (await titles(dora), await trash(dora)) == (["Door", "Handle", "Garden"], ["House"])


async def test_what_was_made_its_own_outlives_its_former_parent(people: People) -> None:
    dora = await people.one()
    home, door, *_ = await house(dora)
    await did(dora, "delete", home)
    await did(dora, "restore", door)
    await did(dora, "purge", home)
    assert (await titles(dora), await trash(dora)) == (["Door", "Handle", "Garden"], [])


async def test_restoring_what_is_not_in_the_trash_changes_nothing(people: People) -> None:
    dora = await people.one()
    task = await dora.task()
    assert await did(dora, "restore", task) == task


async def test_purging_needs_the_trash(people: People) -> None:
    dora = await people.one()
    task = await dora.task()
    before = await people.row(task["id"])
    assert (await do(dora, "purge", task)).code == "TASK_NOT_FOUND"
    assert await people.row(task["id"]) == before


async def test_purging_removes_a_tree_for_good(people: People) -> None:
    dora = await people.one()
    home, door, handle, garden = await house(dora)
    await did(dora, "delete", door)
    await did(dora, "delete", home)
    assert await did(dora, "purge", home) == {"deletedId": home["id"]}
    assert [await people.row(task["id"]) for task in (home, door, handle)] == [{}, {}, {}]
    assert (await do(dora, "restore", door)).code == "TASK_NOT_FOUND"
    assert (await people.row(garden["id"]))["trashed_at"] is None


async def test_emptying_the_trash_counts_what_it_removes_and_takes_nothing_else(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    home, *_ = await house(dora)
    theirs = await sam.task("Sam's")
    await did(dora, "delete", home)
    await did(sam, "delete", theirs)
    assert (await dora.ask(EMPTY)).data == {"emptyTrash": 3}
    assert (await dora.ask(EMPTY)).data == {"emptyTrash": 0}
    assert (await titles(dora), await trash(dora), await trash(sam)) == (["Garden"], [], ["Sam's"])


async def test_many_are_deleted_at_once_in_the_order_asked_for(people: People) -> None:
    dora = await people.one()
    home, door, _, garden = await house(dora)
    ids = [garden["id"], door["id"], home["id"], door["id"]]
    answer = await dora.ask(DELETE_ALL, ids=ids)
    assert answer.data["deleteTasks"] == [{"deletedId": id} for id in ids[:3]]
    assert (await titles(dora), await trash(dora)) == ([], ["House", "Door", "Handle", "Garden"])


@pytest.mark.parametrize("bad", ["unknown", "trashed", "a stranger's"])
async def test_of_many_all_are_deleted_or_none(people: People, bad: str) -> None:
    dora, sam = await people.one(), await people.one()
    *_, garden = await house(dora)
    thrown, theirs = await dora.task("Thrown"), await sam.task("Sam's")
    await did(dora, "delete", thrown)
    last = {"unknown": "task_" + "0" * 32, "trashed": thrown["id"], "a stranger's": theirs["id"]}[bad]
    answer = await dora.ask(DELETE_ALL, ids=[garden["id"], last])
    assert answer.error["message"] == f"Task with id '{last}' not found"
    assert (await titles(dora), await trash(dora)) == (["House", "Door", "Handle", "Garden"], ["Thrown"])
    assert await titles(sam) == ["Sam's"]


async def test_of_ten_deletions_at_once_one_finds_it(people: People) -> None:
    dora = await people.one()
    task = await dora.task()
    answers = await asyncio.gather(*(dora.ask(VERBS["delete"], id=task["id"]) for _ in range(10)))
    assert sorted(answer.code for answer in answers if "errors" in answer.body) == ["TASK_NOT_FOUND"] * 9
    assert (await people.row(task["id"]))["version"] == 2

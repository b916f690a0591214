"""Tasks made, read and changed: what a client gets back, and what it may rely on of `version` and `updatedAt`."""

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
DUE = "2026-03-28T08:00:00+00:00"

UPDATE = f"""mutation ($id: ID!, $input: UpdateTaskInput!, $version: Int) {{
  updateTask(id: $id, input: $input, expectedVersion: $version) {{ {TASK} }} }}"""
READ = f"query ($id: ID!) {{ task(id: $id) {{ {TASK} }} }}"
NODE = "query ($id: ID!) { node(id: $id) { __typename id ... on Task { title } } }"
TITLES = "{ tasks { nodes { title } } }"
RULE: dict[str, Any] = {"dueAt": DUE, "recurrence": "FREQ=DAILY"}
WATCH = Watch(NOON)


@pytest.fixture
def watch() -> Watch:
    WATCH.at = NOON
    return WATCH


@pytest.fixture(scope="module")
async def people(settings: Settings) -> AsyncIterator[People]:
    async with served(settings, WATCH) as running:
        yield running.people


async def update(person: Person, task: Any, version: int | None = None, **changes: Any) -> Answer:
    return await person.ask(UPDATE, id=task["id"], input=changes, version=version)


async def test_a_task_of_nothing_but_a_title_has_the_defaults(people: People, watch: Watch) -> None:
    dora = await people.one(time_zone="Europe/Berlin")
    task = await dora.task("Water the plants")
    assert task.pop("id").startswith("task_")
    assert task == {
        "title": "Water the plants",
        "description": None,
        "completed": False,
        "completedAt": None,
        "priority": "NONE",
        "dueAt": None,
        "timeZone": "Europe/Berlin",
        "reminders": [],
        "recurrence": None,
        "repeatsFrom": "DUE_DATE",
        "nextDueAt": None,
        "position": 1,
        "trashedAt": None,
        "version": 1,
        "createdAt": "2026-03-10T12:00:00+00:00",
        "updatedAt": "2026-03-10T12:00:00+00:00",
        "labels": [],
        "parent": None,
        "next": None,
        "previous": None,
    }


async def test_a_task_keeps_all_that_it_was_given(people: People) -> None:
    dora = await people.one()
    label, parent = await dora.label("garden"), await dora.task("House")
    given = RULE | {
        "description": "Line one\n\tand two",
        "priority": "HIGH",
        "timeZone": "Asia/Tokyo",
        "reminders": [0, 60],
        "repeatsFrom": "COMPLETION",
    }
    task = await dora.task("Plants", **given, parentId=parent["id"], labelIds=[label["id"]], userId=dora.id)
    assert {name: task[name] for name in given} == given
    assert task["parent"] == {"id": parent["id"]}
    assert task["labels"] == [{"id": label["id"], "name": "garden"}]
    assert task["nextDueAt"] == "2026-03-29T08:00:00+00:00"


async def test_a_title_is_stripped_and_may_have_200_characters_then(people: People) -> None:
    task = await (await people.one()).task(" \t" + "ä" * 200 + "\n ")
    assert task["title"] == "ä" * 200


async def test_a_description_may_have_10000_characters(people: People) -> None:
    task = await (await people.one()).task(description="x" * 10_000)
    assert task["description"] == "x" * 10_000


async def test_a_moment_is_answered_in_utc_however_it_was_written(people: People) -> None:
    task = await (await people.one()).task(dueAt="2026-03-28T09:00:00.25+01:00")
    assert task["dueAt"] == "2026-03-28T08:00:00.25+00:00"


async def test_reminders_come_sorted_and_once(people: People) -> None:
    task = await (await people.one()).task(dueAt=DUE, reminders=[60, 5, 60, 40_320])
    assert task["reminders"] == [5, 60, 40_320]


async def test_a_rule_comes_back_in_canonical_text(people: People) -> None:
    task = await (await people.one()).task(dueAt=DUE, recurrence=" rrule:byday=we,mo;freq=weekly ")
    assert task["recurrence"] == "FREQ=WEEKLY;BYDAY=MO,WE"


async def test_a_new_task_is_last_in_its_order(people: People) -> None:
    dora = await people.one()
    assert [(await dora.task())["position"] for _ in range(3)] == [1, 2, 3]


async def test_tasks_are_listed_with_the_newest_first(people: People, watch: Watch) -> None:
    dora = await people.one()
    for title in ("one", "two", "three"):
        await dora.task(title)
        watch.tick()
    answer = await dora.ask(TITLES)
    assert [task["title"] for task in answer.data["tasks"]["nodes"]] == ["three", "two", "one"]


async def test_a_task_is_read_as_it_was_made(people: People) -> None:
    dora = await people.one()
    task = await dora.task("Water the plants", **RULE)
    assert (await dora.ask(READ, id=task["id"])).data == {"task": task}


async def test_a_task_is_a_node(people: People) -> None:
    dora = await people.one()
    task = await dora.task("Water the plants")
    answer = await dora.ask(NODE, id=task["id"])
    assert answer.data == {"node": {"__typename": "Task", "id": task["id"], "title": "Water the plants"}}


async def test_an_unknown_task_is_not_found_and_called_so(people: People) -> None:
    answer = await (await people.one()).ask(READ, id="task_" + "0" * 32)
    assert answer.error["message"] == f"Task with id 'task_{'0' * 32}' not found"
    assert answer.error["path"] == ["task"]
    assert answer.error["extensions"]["category"] == "NOT_FOUND"
    assert answer.code == "TASK_NOT_FOUND"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "New"),
        ("description", "New"),
        ("priority", "URGENT"),
        ("dueAt", "2026-03-29T07:00:00+00:00"),
        ("timeZone", "Asia/Tokyo"),
        ("reminders", [10]),
        ("repeatsFrom", "COMPLETION"),
    ],
)
async def test_an_update_changes_what_it_names_and_nothing_else(
    people: People, watch: Watch, field: str, value: Any
) -> None:
    dora = await people.one()
    task = await dora.task("Old", description="Old", priority="LOW", dueAt=DUE, reminders=[5])
    watch.tick()
    changed = (await update(dora, task, **{field: value})).data["updateTask"]
    assert changed == task | {field: value, "version": 2, "updatedAt": LATER}


async def test_null_clears_the_description(people: People) -> None:
    dora = await people.one()
    task = await dora.task(description="Old")
    assert (await update(dora, task, description=None)).data["updateTask"]["description"] is None


async def test_a_due_date_that_is_absent_stays(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**RULE)
    changed = (await update(dora, task, title="New")).data["updateTask"]
    assert (changed["dueAt"], changed["recurrence"], changed["nextDueAt"]) == (DUE, "FREQ=DAILY", task["nextDueAt"])


async def test_null_clears_the_due_date_and_ends_the_recurrence(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**RULE)
    changed = (await update(dora, task, dueAt=None)).data["updateTask"]
    assert (changed["dueAt"], changed["recurrence"], changed["nextDueAt"]) == (None, None, None)


async def test_null_ends_the_recurrence_and_leaves_the_due_date(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**RULE)
    changed = (await update(dora, task, recurrence=None)).data["updateTask"]
    assert (changed["dueAt"], changed["recurrence"], changed["nextDueAt"]) == (DUE, None, None)


async def test_a_new_due_date_moves_the_next_one(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**RULE)
    changed = (await update(dora, task, dueAt="2026-05-01T10:00:00Z")).data["updateTask"]
    assert changed["nextDueAt"] == "2026-05-02T10:00:00+00:00"


async def test_another_time_zone_moves_the_next_one_across_a_change_of_clocks(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**RULE)
    changed = (await update(dora, task, timeZone="Europe/Berlin")).data["updateTask"]
    assert (task["nextDueAt"], changed["nextDueAt"]) == ("2026-03-29T08:00:00+00:00", "2026-03-29T07:00:00+00:00")


async def test_an_update_that_changes_nothing_writes_nothing_and_tells_nobody(people: People, watch: Watch) -> None:
    dora = await people.one()
    label = await dora.label()
    task = await dora.task("Same", **RULE, priority="LOW", reminders=[5], labelIds=[label["id"]])
    watch.tick()
    same = {name: task[name] for name in ("title", "description", "priority", "timeZone", "reminders", "completed")}
    async with dora.socket() as socket, socket.events() as events:
        before = await dora.task("Before")
        while (await events.next())["task"]["id"] != before["id"]:
            pass
        assert (await update(dora, task, **same, **RULE, labelIds=[label["id"]])).data["updateTask"] == task
        assert (await update(dora, task)).data["updateTask"] == task
        marker = await dora.task("Marker")
        assert (await events.next())["task"]["id"] == marker["id"]


async def test_the_expected_version_lets_an_update_pass(people: People) -> None:
    dora = await people.one()
    task = await dora.task("One")
    assert (await update(dora, task, 1, title="Two")).data["updateTask"]["version"] == 2


async def test_an_outdated_version_is_a_conflict_and_changes_nothing(people: People) -> None:
    dora = await people.one()
    task = await dora.task("One")
    await update(dora, task, title="Two")
    before = await people.row(task["id"])
    answer = await update(dora, task, 1, title="Three")
    assert answer.error["message"] == "Task has changed meanwhile: version 2, not 1"
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")
    assert await people.row(task["id"]) == before


async def test_of_ten_updates_of_one_version_exactly_one_wins(people: People) -> None:
    dora = await people.one()
    task = await dora.task("One")
    answers = await asyncio.gather(*(update(dora, task, 1, title=f"Title {n}") for n in range(10)))
    won = [answer.data["updateTask"] for answer in answers if "errors" not in answer.body]
    assert len(won) == 1
    assert [answer.code for answer in answers if "errors" in answer.body] == ["CONFLICT"] * 9
    assert (await dora.ask(READ, id=task["id"])).data == {"task": won[0]}


async def test_completed_true_is_the_same_as_completing(people: People, watch: Watch) -> None:
    dora = await people.one()
    task = await dora.task(**RULE)
    watch.tick()
    done = (await update(dora, task, completed=True)).data["updateTask"]
    assert (done["completed"], done["completedAt"], done["version"]) == (True, LATER, 2)
    assert done["next"] is not None


async def test_completed_false_is_the_same_as_reopening(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**RULE)
    await update(dora, task, completed=True)
    reopened = (await update(dora, task, completed=False)).data["updateTask"]
    assert (reopened["completed"], reopened["completedAt"], reopened["next"]) == (False, None, None)
    assert [task["title"] for task in (await dora.ask(TITLES)).data["tasks"]["nodes"]] == ["A task"]


async def test_what_an_update_changes_is_what_the_next_occurrence_has(people: People) -> None:
    dora = await people.one()
    task = await dora.task("Old", **RULE)
    done = (await update(dora, task, completed=True, title="New")).data["updateTask"]
    assert (await people.row(done["next"]["id"]))["title"] == "New"


async def test_a_time_of_completion_is_not_the_clients_to_say(people: People) -> None:
    dora = await people.one()
    task = await dora.task()
    answer = await update(dora, task, completed=True, completedAt=DUE)
    assert (answer.code, list(answer.details)) == ("VALIDATION_ERROR", ["completedAt"])
    assert (await people.row(task["id"]))["completed_at"] is None

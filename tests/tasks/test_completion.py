"""Done and done again: completing, taking it back, and the next occurrence of what recurs."""

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
AT_NOON, LATER = "2026-03-10T12:00:00+00:00", "2026-03-10T12:01:00+00:00"
DAILY: dict[str, Any] = {"dueAt": "2026-03-10T09:00:00Z", "recurrence": "FREQ=DAILY"}

COMPLETE = f"mutation ($id: ID!) {{ completeTask(id: $id) {{ {TASK} }} }}"
REOPEN = f"mutation ($id: ID!) {{ reopenTask(id: $id) {{ {TASK} }} }}"
COMPLETE_ALL = "mutation ($ids: [ID!]!) { completeTasks(ids: $ids) { id completed version } }"
DELETE = "mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }"
UPDATE = "mutation ($id: ID!, $input: UpdateTaskInput!) { updateTask(id: $id, input: $input) { id } }"
READ = f"query ($id: ID!) {{ task(id: $id) {{ {TASK} }} }}"
PARTS = """query ($id: ID!) { task(id: $id) { subtasks { nodes {
  title completed labels { name } subtasks { nodes { title completed } } } } } }"""
LIST = """query ($filter: TaskFilter) { tasks(filter: $filter, orderBy: {field: POSITION}) {
  nodes { title completed } } }"""
WATCH = Watch(NOON)


@pytest.fixture(autouse=True)
def watch() -> Watch:
    WATCH.at = NOON
    return WATCH


@pytest.fixture(scope="module")
async def people(settings: Settings) -> AsyncIterator[People]:
    async with served(settings, WATCH) as running:
        yield running.people


async def complete(person: Person, task: Any) -> Any:
    return (await person.ask(COMPLETE, id=task["id"])).data["completeTask"]


async def reopen(person: Person, task: Any) -> Any:
    return (await person.ask(REOPEN, id=task["id"])).data["reopenTask"]


async def next_of(person: Person, task: Any) -> Any:
    """Completes it and reads what that has opened."""
    following = (await complete(person, task))["next"]
    return following and (await person.ask(READ, id=following["id"])).data["task"]


async def listed(person: Person, **filter: Any) -> Any:
    return (await person.ask(LIST, filter=filter)).data["tasks"]["nodes"]


async def test_completing_sets_the_servers_time(people: People, watch: Watch) -> None:
    dora = await people.one()
    task = await dora.task()
    watch.tick()
    done = {"completed": True, "completedAt": LATER, "updatedAt": LATER, "version": 2}
    assert await complete(dora, task) == task | done


async def test_completing_twice_is_completing_once(people: People, watch: Watch) -> None:
    dora = await people.one()
    task = await complete(dora, await dora.task(**DAILY))
    watch.tick()
    assert await complete(dora, task) == task
    assert len(await listed(dora)) == 2


async def test_reopening_clears_the_time_of_completion(people: People, watch: Watch) -> None:
    dora = await people.one()
    task = await dora.task()
    await complete(dora, task)
    watch.tick()
    assert await reopen(dora, task) == task | {"updatedAt": LATER, "version": 3}


async def test_reopening_what_is_open_changes_nothing(people: People, watch: Watch) -> None:
    dora = await people.one()
    task = await dora.task()
    watch.tick()
    assert await reopen(dora, task) == task


async def test_what_does_not_recur_opens_nothing(people: People) -> None:
    dora = await people.one()
    assert await next_of(dora, await dora.task(dueAt="2026-03-10T09:00:00Z")) is None
    assert len(await listed(dora)) == 1


async def test_completing_leaves_the_subtasks_as_they_are(people: People) -> None:
    dora = await people.one()
    parent = await dora.task("Parent")
    await dora.task("Part", parentId=parent["id"])
    await complete(dora, parent)
    assert [(task["title"], task["completed"]) for task in await listed(dora)] == [("Parent", True), ("Part", False)]


async def test_many_are_completed_at_once_in_the_order_asked_for(people: People) -> None:
    dora = await people.one()
    one, two, three = [await dora.task() for _ in range(3)]
    await complete(dora, two)
    answer = await dora.ask(COMPLETE_ALL, ids=[three["id"], two["id"], one["id"], three["id"]])
    done = [{"id": task["id"], "completed": True, "version": 2} for task in (three, two, one)]
    assert answer.data["completeTasks"] == done


@pytest.mark.parametrize("bad", ["unknown", "trashed", "a stranger's"])
async def test_of_many_all_are_completed_or_none(people: People, bad: str) -> None:
    dora, sam = await people.one(), await people.one()
    good, thrown, theirs = await dora.task(**DAILY), await dora.task("Thrown"), await sam.task()
    await dora.ask(DELETE, id=thrown["id"])
    last = {"unknown": "task_" + "0" * 32, "trashed": thrown["id"], "a stranger's": theirs["id"]}[bad]
    before = [await people.row(id) for id in (good["id"], last)]
    assert (await dora.ask(COMPLETE_ALL, ids=[good["id"], last])).code == "TASK_NOT_FOUND"
    assert [await people.row(id) for id in (good["id"], last)] == before
    assert len(await listed(dora)) == 1


async def test_what_recurs_opens_the_next_beside_it(people: People) -> None:
    dora = await people.one(time_zone="Europe/Berlin")
    label, parent = await dora.label(), await dora.task("Parent")
    given = {"description": "Every day", "priority": "HIGH", "reminders": [5, 60], "repeatsFrom": "DUE_DATE"}
    task = await dora.task("Plants", **given, **DAILY, parentId=parent["id"], labelIds=[label["id"]])
    following = await next_of(dora, task)
    own = {"id": following["id"], "dueAt": "2026-03-11T09:00:00+00:00", "nextDueAt": "2026-03-12T09:00:00+00:00"}
    assert following == task | own | {"previous": {"id": task["id"]}}
    done = (await dora.ask(READ, id=task["id"])).data["task"]
    assert (done["completed"], done["next"]) == (True, {"id": following["id"]})


async def test_the_next_has_the_parts_and_their_labels_and_all_are_open(people: People) -> None:
    dora = await people.one()
    label = await dora.label("green")
    task = await dora.task("Garden", **DAILY)
    bed = await dora.task("Bed", parentId=task["id"], labelIds=[label["id"]])
    weed, thrown = [await dora.task(title, parentId=bed["id"]) for title in ("Weed", "Thrown")]
    await dora.task("Below", parentId=thrown["id"])
    await complete(dora, weed)
    await dora.ask(DELETE, id=thrown["id"])
    following = await next_of(dora, task)
    weeds = {"nodes": [{"title": "Weed", "completed": False}]}
    parts = [{"title": "Bed", "completed": False, "labels": [{"name": "green"}], "subtasks": weeds}]
    assert (await dora.ask(PARTS, id=following["id"])).data == {"task": {"subtasks": {"nodes": parts}}}
    assert (await people.row(weed["id"]))["parent_id"] == bed["id"]


@pytest.mark.parametrize(
    ("due", "done", "repeats_from", "following"),
    [
        ("2026-03-28T08:00:00Z", "2026-03-28T08:30:00Z", "DUE_DATE", "2026-03-29T07:00:00+00:00"),
        ("2026-03-28T08:00:00Z", "2026-03-28T22:30:00Z", "COMPLETION", "2026-03-29T07:00:00+00:00"),
        ("2026-03-20T08:00:00Z", "2026-03-28T23:30:00Z", "COMPLETION", "2026-03-30T07:00:00+00:00"),
        ("2026-10-24T07:00:00Z", "2026-10-24T09:30:00Z", "DUE_DATE", "2026-10-25T08:00:00+00:00"),
        ("2026-10-20T07:00:00Z", "2026-10-24T21:30:00Z", "COMPLETION", "2026-10-25T08:00:00+00:00"),
        ("2026-01-01T08:00:00Z", "2026-03-29T12:00:00Z", "DUE_DATE", "2026-03-30T07:00:00+00:00"),
        ("2026-01-01T08:00:00Z", "2026-03-29T06:00:00Z", "DUE_DATE", "2026-03-29T07:00:00+00:00"),
        ("2026-05-01T07:00:00Z", "2026-03-29T06:00:00Z", "DUE_DATE", "2026-05-02T07:00:00+00:00"),
        ("2026-05-01T07:00:00Z", "2026-03-28T06:00:00Z", "COMPLETION", "2026-03-29T07:00:00+00:00"),
    ],
)
async def test_every_day_at_nine_stays_nine_in_berlin(
    people: People, watch: Watch, due: str, done: str, repeats_from: str, following: str
) -> None:
    watch.at = datetime.fromisoformat(done)
    dora = await people.one(time_zone="Europe/Berlin")
    task = await dora.task(dueAt=due, recurrence="FREQ=DAILY", repeatsFrom=repeats_from)
    assert (await next_of(dora, task))["dueAt"] == following


async def test_the_last_of_a_count_opens_nothing(people: People) -> None:
    dora = await people.one()
    first = await dora.task(dueAt="2026-03-10T13:00:00Z", recurrence="FREQ=DAILY;COUNT=2")
    second = await next_of(dora, first)
    assert (first["nextDueAt"], second["dueAt"]) == ("2026-03-11T13:00:00+00:00",) * 2
    assert (second["recurrence"], second["nextDueAt"]) == ("FREQ=DAILY;COUNT=1", None)
    assert await next_of(dora, second) is None


async def test_reopening_takes_the_next_back_with_its_parts(people: People) -> None:
    dora = await people.one()
    task = await dora.task("Garden", **DAILY)
    await dora.task("Bed", parentId=task["id"])
    following = await next_of(dora, task)
    assert (await reopen(dora, task))["next"] is None
    assert [task["title"] for task in await listed(dora)] == ["Garden", "Bed"]
    assert sorted(task["title"] for task in await listed(dora, trashed=True)) == ["Bed", "Garden"]
    assert (await people.row(following["id"]))["previous_id"] is None


async def test_completing_again_after_reopening_opens_another(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY)
    first = await next_of(dora, task)
    await reopen(dora, task)
    second = await next_of(dora, task)
    assert second["id"] != first["id"]
    assert second["dueAt"] == first["dueAt"]
    assert len(await listed(dora, completed=False)) == 1


async def test_reopening_is_refused_while_the_next_is_completed(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY)
    following = await next_of(dora, task)
    await complete(dora, following)
    before = await people.row(task["id"]), await people.row(following["id"])
    answer: Answer = await dora.ask(REOPEN, id=task["id"])
    assert answer.error["message"] == "The next occurrence is already completed; reopen that first"
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "NEXT_COMPLETED")
    assert (await people.row(task["id"]), await people.row(following["id"])) == before


async def test_a_chain_is_reopened_from_its_end(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY)
    following = await next_of(dora, task)
    await complete(dora, following)
    await reopen(dora, following)
    await reopen(dora, task)
    assert len(await listed(dora)) == 1


async def test_reopening_works_when_the_next_was_thrown_away_completed(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY)
    following = await next_of(dora, task)
    await complete(dora, following)
    await dora.ask(DELETE, id=following["id"])
    assert (await reopen(dora, task))["completed"] is False
    assert (await people.row(following["id"]))["completed_at"] is not None


async def test_a_recurrence_that_ended_opens_nothing(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY)
    await dora.ask(UPDATE, id=task["id"], input={"recurrence": None})
    assert await next_of(dora, task) is None


async def test_of_twenty_completions_at_once_one_opens_the_next(people: People) -> None:
    dora = await people.one()
    task = await dora.task("Plants", **DAILY)
    answers = await asyncio.gather(*(dora.ask(COMPLETE, id=task["id"]) for _ in range(20)))
    assert {answer.data["completeTask"]["version"] for answer in answers} == {2}
    assert len({answer.data["completeTask"]["next"]["id"] for answer in answers}) == 1
    assert [task["completed"] for task in await listed(dora)] == [True, False]


async def test_twenty_completions_and_reopenings_at_once_leave_one_open_at_most(people: People) -> None:
    dora = await people.one()
    task = await dora.task("Plants", **DAILY)
    queries = [COMPLETE, REOPEN] * 10
    for answer in await asyncio.gather(*(dora.ask(query, id=task["id"]) for query in queries)):
        assert answer.data
    assert [task["completed"] for task in await listed(dora)] in ([True, False], [False])

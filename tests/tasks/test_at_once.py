"""Several devices at once: whatever they do to the same tasks, nobody is told that something unexpected happened."""

import asyncio
from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from tests.people import Answer, People, Person

DAILY: dict[str, Any] = {"dueAt": "2026-03-10T09:00:00Z", "recurrence": "FREQ=DAILY"}
EXPECTED = {"TASK_NOT_FOUND", "LABEL_NOT_FOUND", "VALIDATION_ERROR", "CONFLICT"}
ROUNDS = 5
# They would go for good when the trash is emptied.
ORPHANS = """select part.id from task part join task parent on parent.id = part.parent_id
  where part.owner_id = :owner and part.trashed_at is null and parent.trashed_at is not null"""


async def tree(person: Person) -> list[str]:
    """A recurring task with parts, and one beside it; their ids."""
    top = await person.task("Top", **DAILY)
    parts = [await person.task(title, parentId=top["id"], **DAILY) for title in ("One", "Two")]
    return [task["id"] for task in (top, *parts, await person.task("Beside", **DAILY))]


async def do(person: Person, verb: str, *ids: str) -> Answer:
    names = "abcd"[: len(ids)]
    variables = ", ".join(f"${name}: ID!" for name in names)
    return await person.ask(f"mutation ({variables}) {{ {verb} }}", **dict(zip(names, ids, strict=True)))


def expected(answers: Iterable[Answer]) -> None:
    codes = {error["extensions"]["code"] for answer in answers for error in answer.body.get("errors", [])}
    assert codes <= EXPECTED


async def test_deleting_and_completing_and_moving_at_once(people: People) -> None:
    dora = await people.one()
    for _ in range(ROUNDS):
        top, one, two, beside = await tree(dora)
        expected(
            await asyncio.gather(
                do(dora, "deleteTask(id: $a) { deletedId }", top),
                do(dora, "completeTasks(ids: [$a, $b]) { id }", two, top),
                do(dora, "moveTask(id: $a, input: {parentId: $b}) { id }", beside, one),
                do(dora, "moveTask(id: $a, input: {parentId: $b}) { id }", one, beside),
                do(dora, "completeTask(id: $a) { id }", one),
                do(dora, "deleteTasks(ids: [$a, $b]) { deletedId }", two, one),
                do(dora, 'createTask(input: {title: "Part", parentId: $a}) { id }', one),
            )
        )


async def test_reopening_and_restoring_and_emptying_at_once(people: People) -> None:
    dora = await people.one()
    for _ in range(ROUNDS):
        top, one, two, beside = await tree(dora)
        await do(dora, "completeTasks(ids: [$a, $b]) { id }", top, beside)
        await do(dora, "deleteTask(id: $a) { deletedId }", one)
        expected(
            await asyncio.gather(
                do(dora, "reopenTask(id: $a) { id }", top),
                do(dora, "restoreTask(id: $a) { id }", one),
                do(dora, "deleteTask(id: $a) { deletedId }", top),
                do(dora, "updateTask(id: $a, input: {completed: false}) { id }", beside),
                do(dora, "completeTasks(ids: [$a, $b]) { id }", two, top),
                dora.ask("mutation { emptyTrash }"),
            )
        )


async def test_a_label_is_deleted_while_it_is_put_on(people: People) -> None:
    dora = await people.one()
    for _ in range(ROUNDS):
        label = (await dora.label())["id"]
        worn, *others = [(await dora.task(labelIds=[label]))["id"] for _ in range(4)]
        put_on = 'updateTask(id: $a, input: {title: "New", labelIds: [$b]}) { id }'
        expected(
            await asyncio.gather(
                do(dora, "updateTask(id: $a, input: {labelIds: []}) { id }", worn),
                do(dora, "deleteLabel(id: $a) { deletedId }", label),
                *(do(dora, put_on, id, label) for id in others),
                do(dora, 'createTask(input: {title: "New", labelIds: [$a]}) { id }', label),
            )
        )
        assert await people.row(label) == {}


async def test_no_task_is_left_alive_below_one_in_the_trash(people: People) -> None:
    dora = await people.one()
    for _ in range(ROUNDS):
        top, one, _, beside = await tree(dora)
        await asyncio.gather(
            do(dora, "deleteTask(id: $a) { deletedId }", top),
            *(do(dora, 'createTask(input: {title: "Part", parentId: $a}) { id }', one) for _ in range(4)),
            do(dora, "moveTask(id: $a, input: {parentId: $b}) { id }", beside, one),
        )
    async with people.services.db.transaction() as transaction:
        assert (await transaction.scalars(text(ORPHANS), {"owner": dora.id})).all() == []


async def test_twenty_tasks_made_at_once_have_twenty_positions(people: People) -> None:
    dora = await people.one()
    tasks = await asyncio.gather(*(dora.task() for _ in range(20)))
    assert sorted(task["position"] for task in tasks) == [*range(1, 21)]

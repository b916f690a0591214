"""Done, and done again: completing a recurring task closes it and opens the next one beside it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from db.base import ID
from db.tasks.labels import Label, task_label
from db.tasks.tasks import RepeatsFrom, Task
from kit.errors import Conflict, Invalid
from kit.ids import Id
from live.log import Kind
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.tasks import labels, recurrence, trees
from resolvers.work import Work

RECKONED_FROM = ("recurrence", "repeats_from", "due_at", "time_zone")
COPIED = ("owner_id", "title", "description", "priority", "position", "time_zone", "reminders", "repeats_from")

TaskId = Annotated[Id, Doc("The task's id.")]
TaskIds = Annotated[list[Id], Doc("1 to 100 ids: all or none.")]


def next_due_at(
    rule: str | None, repeats_from: RepeatsFrom, due_at: datetime | None, time_zone: str
) -> datetime | None:
    """When it will be due again if it is done on time, if at all. Raises Invalid for a rule without a date."""
    if rule is None:
        return None
    if due_at is None:
        raise Invalid({"recurrence": ["needs dueAt"]})
    found = following(rule, repeats_from, due_at, due_at, time_zone)
    return found.due_at if found else None


def following(
    rule: str, repeats_from: RepeatsFrom, due_at: datetime, done_at: datetime, time_zone: str
) -> recurrence.Occurrence | None:
    """What comes after a task that was due and done at these times."""
    from_completion = repeats_from is RepeatsFrom.COMPLETION
    return recurrence.next_due(
        rule, from_completion=from_completion, due_at=due_at, completed_at=done_at, time_zone=time_zone
    )


async def complete(ctx: Context, id: TaskId) -> Task:
    return (await complete_all(ctx, [id]))[0]


async def complete_all(ctx: Context, ids: TaskIds) -> list[Task]:
    trees.within(ids)
    async with ctx.work(alone="tasks") as work:
        tasks = await work.lock_all(Task, ids, trashed_at=None)
        for task in tasks:
            await complete_in(work, task)
        return tasks


async def reopen(ctx: Context, id: TaskId) -> Task:
    """Takes back a completion, and with it the next occurrence that the completion had opened."""
    async with ctx.work(alone="tasks") as work:
        task = await work.lock(Task, id, trashed_at=None)
        await reopen_in(work, task)
        return task


async def complete_in(work: Work, task: Task) -> None:
    if task.completed_at is not None:
        return
    now = work.ctx.now()
    work.change(task, Kind.STATUS_CHANGED, completed_at=now)
    if task.recurrence is None or task.due_at is None:
        return
    again = following(task.recurrence, task.repeats_from, task.due_at, now, task.time_zone)
    if again is not None:
        await _open_next(work, task, again)


async def reopen_in(work: Work, task: Task) -> None:
    if task.completed_at is None:
        return
    following = await work.session.scalars(select(Task.id).where(Task.previous_id == task.id))
    for successor in await work.lock_those(Task, [*following]):
        if successor.completed_at is not None and successor.trashed_at is None:
            raise Conflict("The next occurrence is already completed; reopen that first", reason="NEXT_COMPLETED")
        parts = await trees.parts(work, successor.id)
        successor.previous_id = None  # told with its deletion, not as a change of its own
        for part in await work.lock_those(Task, parts, trashed_at=None):
            work.change(part, Kind.DELETED, trashed_at=work.ctx.now())
    work.change(task, Kind.STATUS_CHANGED, completed_at=None)


async def tell_neighbours(work: Work, gone_or_back: Sequence[Task]) -> None:
    """Of tasks that went to the trash or came back: those whose next or previous they are look different now."""
    ids = [task.id for task in gone_or_back]
    before = [task.previous_id for task in gone_or_back if task.previous_id is not None]
    among = bindparam("ids", ids, ARRAY(ID))
    after = await work.session.scalars(select(Task.id).where(Task.previous_id == func.any(among)))
    for neighbour in await work.visible(Task, {*before, *after}.difference(ids), trashed_at=None):
        work.tell(neighbour, Kind.UPDATED)


async def _open_next(work: Work, task: Task, again: recurrence.Occurrence) -> None:
    # A task has one next, and the index would refuse a second: whatever else says it is gives way.
    await work.session.execute(update(Task).where(Task.previous_id == task.id).values(previous_id=None))
    copy = Task(**{name: getattr(task, name) for name in COPIED}, parent_id=task.parent_id, previous_id=task.id)
    copy.due_at, copy.recurrence = again.due_at, again.rule
    copy.next_due_at = next_due_at(copy.recurrence, copy.repeats_from, copy.due_at, copy.time_zone)
    await _add_labelled(work, copy, task.id)
    originals = await work.lock_those(Task, (await trees.parts(work, task.id))[1:], trashed_at=None)
    await _copy_parts(work, {task.id: copy.id}, originals)


async def _copy_parts(work: Work, copies: dict[Id, Id], originals: Sequence[Task]) -> None:
    """Parents come before their parts. The parts of what is in the trash are passed over with it."""
    for part in originals:
        if part.parent_id not in copies:
            continue
        copy = Task(**{name: getattr(part, name) for name in COPIED}, parent_id=copies[part.parent_id])
        await _add_labelled(work, copy, part.id)
        copies[part.id] = copy.id


async def _add_labelled(work: Work, copy: Task, original: Id) -> None:
    await work.add(copy)
    worn = await work.session.scalars(select(task_label.c.label_id).where(task_label.c.task_id == original))
    await labels.put_on(work, copy, [label.id for label in await work.visible(Label, worn)])

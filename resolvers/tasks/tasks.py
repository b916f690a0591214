"""Tasks: which rows, and what may be done with them. `completion.py` has what happens when one is done."""

from collections.abc import Iterable
from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal_column, select
from sqlalchemy import delete as sql_delete
from sqlalchemy.orm import InstrumentedAttribute

from db.selection import Listing, Order, Reached
from db.slots import NOW, VIEWER_TIME_ZONE
from db.tasks.tasks import Task
from kit.errors import Forbidden, NotFound
from kit.ids import Id
from live.log import Kind
from live.topics import labels_of, tasks_of, user
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.matching import matches
from resolvers.orders import ordered
from resolvers.relations import any_of, reached
from resolvers.tasks import completion, labels, trees
from resolvers.tasks.completion import TaskId, TaskIds
from resolvers.tasks.policy import POLICIES
from resolvers.tasks.rules import (
    CreateTask,
    Due,
    TaskFilter,
    TaskOrder,
    TaskOrderField,
    UpdateTask,
)
from resolvers.topics import Followed
from resolvers.work import Deleted, Work

ExpectedVersion = Annotated[int | None, Doc("Refused with CONFLICT when the task is no longer of this version.")]

ORDERS: dict[TaskOrderField, InstrumentedAttribute[Any] | Reached] = {
    TaskOrderField.CREATED_AT: Task.created_at,
    TaskOrderField.UPDATED_AT: Task.updated_at,
    TaskOrderField.DUE_AT: Task.due_at,
    TaskOrderField.COMPLETED_AT: Task.completed_at,
    TaskOrderField.PRIORITY: Task.priority,
    TaskOrderField.TITLE: Task.title,
    TaskOrderField.POSITION: Task.position,
    TaskOrderField.PARENT_TITLE: reached(Task.parent, Task.title),
}


def by_id(id: TaskId) -> Select[Task]:
    return select(Task).where(Task.id == id, Task.trashed_at.is_(None))


def listed(
    filter: Annotated[TaskFilter | None, Doc("Which tasks.")] = None,
    order_by: Annotated[TaskOrder | None, Doc("Default: the newest first.")] = None,
    user_id: Annotated[Id | None, Doc("Must be oneself.")] = None,
) -> Listing:
    rows = filtered(filter)
    return ordered(rows, ORDERS, order_by, usual=Order(Task.created_at, descending=True))


def counts(filter: Annotated[TaskFilter | None, Doc("Which tasks to count.")] = None) -> Select[*tuple[Any, ...]]:
    """One row; every number counts the same tasks that `listed` gives for the same filter."""
    rows = filtered(filter).where(POLICIES[Task].see(Task))
    zone = _zone(filter)
    return rows.with_only_columns(
        func.count().label("total"),
        func.count().filter(Task.completed_at.is_(None)).label("open"),
        func.count().filter(Task.completed_at.is_not(None)).label("completed"),
        *(func.count().filter(_due(due, zone)).label(due.value.lower()) for due in Due if due is not Due.NONE),
        maintain_column_froms=True,
    )


def filtered(filter: TaskFilter | None) -> Select[Task]:
    filter = filter or TaskFilter()
    rows = _within(_labelled(select(Task), filter), filter)
    rows = rows.where(Task.trashed_at.is_not(None) if filter.trashed else Task.trashed_at.is_(None))
    if filter.completed is not None:
        rows = rows.where(Task.completed_at.is_not(None) if filter.completed else Task.completed_at.is_(None))
    if filter.due is not None:
        rows = rows.where(_due(filter.due, _zone(filter)))
    if filter.due_after is not None:
        rows = rows.where(Task.due_at >= filter.due_after)
    if filter.due_before is not None:
        rows = rows.where(Task.due_at < filter.due_before)
    if filter.priority is not None:
        rows = rows.where(cast(Task.priority, String) == func.any(filter.priority))
    if filter.search is not None:
        rows = rows.where(matches(Task, filter.search))
    return rows


def _labelled(rows: Select[Task], filter: TaskFilter) -> Select[Task]:
    if filter.label_ids is not None:
        rows = rows.where(any_of(Task.labels, lambda label: label.id == func.any(filter.label_ids)))
    if filter.label_names is not None:
        names = select(func.lower(func.unnest(filter.label_names)))
        rows = rows.where(any_of(Task.labels, lambda label: func.lower(label.name).in_(names)))
    return rows


def _within(rows: Select[Task], filter: TaskFilter) -> Select[Task]:
    """The parts of a parent whom the viewer may see. Whether a task is part of anything, its own row says."""
    if filter.parent_id is not None:
        return rows.where(
            Task.parent_id == filter.parent_id, any_of(Task.parent, lambda parent: parent.id == filter.parent_id)
        )
    if "parent_id" in filter.model_fields_set:
        return rows.where(Task.parent_id.is_(None))
    return rows


def _zone(filter: TaskFilter | None) -> Any:
    return filter.time_zone if filter is not None and filter.time_zone is not None else VIEWER_TIME_ZONE


def _due(due: Due, zone: Any) -> ColumnElement[bool]:
    """Days as the clock on the wall in `zone` has them; overdue and upcoming are only said of what is still open."""
    today, tomorrow = (_midnight(zone, literal_column(f"interval '{days} day'")) for days in (0, 1))
    match due:
        case Due.NONE:
            return Task.due_at.is_(None)
        case Due.TODAY:
            return and_(Task.due_at >= today, Task.due_at < tomorrow)
        case Due.OVERDUE:
            return and_(Task.due_at < NOW, Task.completed_at.is_(None))
        case Due.UPCOMING:
            return and_(Task.due_at >= tomorrow, Task.completed_at.is_(None))


def _midnight(zone: Any, later: Any) -> Any:
    """When the day begins that comes so much later. A subquery, so that it is reckoned once and not for each row.

    Where the clocks go back over midnight it comes twice and PostgreSQL means the second; the first goes by the offset
    of the day before.
    """
    wall = func.date_trunc("day", func.timezone(zone, NOW)) + later
    day = select(wall.label("wall"), func.timezone(zone, wall).label("last")).subquery().c
    day_before = day.last - literal_column("interval '24 hours'")
    first = day_before + (day.wall - func.timezone(zone, day_before))
    return select(case((func.timezone(zone, first) == day.wall, first), else_=day.last)).scalar_subquery()


def followed(ctx: Context) -> Followed:
    return Followed((tasks_of(ctx.viewer.id),))


def looked_at(ctx: Context, **_: Any) -> Followed:
    """Where it is told of whatever a list of one's own tasks may show."""
    return Followed((tasks_of(ctx.viewer.id), labels_of(ctx.viewer.id), user(ctx.viewer.id)))


async def create(ctx: Context, input: Annotated[CreateTask, Doc("The new task.")]) -> Task:
    if input.user_id is not None and input.user_id != ctx.viewer.id:
        raise Forbidden("Cannot create tasks for other users")
    async with ctx.work(alone="tasks") as work:
        if input.parent_id is not None:
            await trees.check_depth(work, input.parent_id)
        values = input.model_dump(exclude={"label_ids", "user_id", "time_zone"})
        task = Task(owner_id=ctx.viewer.id, time_zone=input.time_zone or ctx.viewer.time_zone, **values)
        task.position = await _last_position(work) + 1
        task.next_due_at = completion.next_due_at(task.recurrence, task.repeats_from, task.due_at, task.time_zone)
        await work.add(task)
        await labels.put_on(work, task, input.label_ids)
        return task


async def update(
    ctx: Context,
    id: TaskId,
    input: Annotated[UpdateTask, Doc("What to change.")],
    expected_version: ExpectedVersion = None,
) -> Task:
    of_one_row = input.label_ids is None and input.completed is None
    async with ctx.work(alone=None if of_one_row else "tasks") as work:
        task = await work.lock(Task, id, version=expected_version, trashed_at=None)
        values = input.given("label_ids", "completed")
        if "due_at" in values and values["due_at"] is None:
            values.setdefault("recurrence", None)
        relabelled = input.label_ids is not None and await labels.put_on(work, task, input.label_ids)
        if values.keys() & set(completion.RECKONED_FROM):
            rule = (values.get(name, getattr(task, name)) for name in completion.RECKONED_FROM)
            values["next_due_at"] = completion.next_due_at(*rule)
        before = task.version
        work.change(task, **values)
        if relabelled and task.version == before:
            work.touch(task)
        if input.completed is not None:
            await (completion.complete_in if input.completed else completion.reopen_in)(work, task)
        return task


async def delete(ctx: Context, id: TaskId) -> Deleted:
    """Moves it, with its subtasks, to the trash."""
    await delete_all(ctx, [id])
    return Deleted(id)


async def delete_all(ctx: Context, ids: TaskIds) -> list[Deleted]:
    trees.within(ids)
    async with ctx.work(alone="tasks") as work:
        await work.lock_all(Task, ids, trashed_at=None)
        now = ctx.now()
        parts = await work.lock_those(
            Task, [part for id in ids for part in await trees.parts(work, id)], trashed_at=None
        )
        for part in parts:
            work.change(part, Kind.DELETED, trashed_at=now)
        await completion.tell_neighbours(work, parts)
    return [Deleted(id) for id in dict.fromkeys(ids)]


async def restore(ctx: Context, id: TaskId) -> Task:
    """Brings it back with the subtasks that went with it; on its own if its parent is still gone."""
    async with ctx.work(alone="tasks") as work:
        task = await work.lock(Task, id)
        if task.trashed_at is None:
            return task
        went = task.trashed_at
        parents = await work.visible(Task, [task.parent_id], trashed_at=None) if task.parent_id else []
        parts = await work.lock_those(Task, await trees.parts(work, id), trashed_at=went)
        for part in parts:
            orphan = part is task and not parents
            work.change(part, Kind.ADDED, trashed_at=None, parent_id=None if orphan else part.parent_id)
        await completion.tell_neighbours(work, parts)
        return task


async def purge(ctx: Context, id: TaskId) -> Deleted:
    """Removes it from the trash, with its subtasks and for good."""
    async with ctx.work(alone="tasks") as work:
        task = await work.lock(Task, id)
        if task.trashed_at is None:
            raise NotFound("Task", id)
        _tell_of_the_end(work, [part for part in await trees.parts(work, id) if part != id])
        return await work.remove(task)


async def empty_trash(ctx: Context) -> int:
    """Removes all of one's trash for good; how many tasks that were."""
    async with ctx.work(alone="tasks") as work:
        mine = Task.owner_id == ctx.viewer.id
        rows = await work.session.scalars(sql_delete(Task).where(mine, Task.trashed_at.is_not(None)).returning(Task.id))
        gone = rows.all()
        _tell_of_the_end(work, gone)
        return len(gone)


def _tell_of_the_end(work: Work, ids: Iterable[Id]) -> None:
    """Also of what was in the trash: somebody may be looking there."""
    for id in ids:
        work.tell(Task(id=id, owner_id=work.ctx.viewer.id), Kind.DELETED)


async def _last_position(work: Work) -> float:
    found = await work.session.scalar(select(func.max(Task.position)).where(Task.owner_id == work.ctx.viewer.id))
    return found or 0.0

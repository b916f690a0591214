"""Tasks within tasks, and their order among siblings."""

from typing import Annotated

from sqlalchemy import Integer, Select, literal, literal_column, select

from db.tasks.tasks import Task
from kit.errors import Invalid, NotFound
from kit.ids import Id
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.tasks.rules import DEEPEST, MoveTask
from resolvers.work import Work

SMALLEST_GAP = 1e-6  # between neighbours; below it the siblings are numbered anew


async def move(
    ctx: Context, id: Annotated[Id, Doc("The task's id.")], input: Annotated[MoveTask, Doc("Where to.")]
) -> Task:
    async with ctx.work(alone="tasks") as work:
        task = await work.lock(Task, id, trashed_at=None)
        parent_id = input.parent_id if "parent_id" in input.model_fields_set else task.parent_id
        if parent_id is not None and parent_id != task.parent_id:
            await check_depth(work, parent_id, height=await _height(work, id), moved=id)
        work.change(task, parent_id=parent_id, position=await _place(work, task, parent_id, input))
        return task


async def _place(work: Work, task: Task, parent_id: Id | None, input: MoveTask) -> float:
    """A position between the neighbours that the input names."""
    places = await _siblings(work, task, parent_id)
    at = _gap([*places], input)
    positions = [*places.values()]
    if 0 < at < len(positions) and positions[at] - positions[at - 1] < SMALLEST_GAP:
        for number, sibling in enumerate(await work.lock_those(Task, [*places], trashed_at=None)):
            work.change(sibling, position=float(number))
        positions = [float(number) for number in range(len(places))]
    if not positions:
        return task.position
    if at == 0:
        return positions[0] - 1
    if at == len(positions):
        return positions[-1] + 1
    return (positions[at - 1] + positions[at]) / 2


async def _siblings(work: Work, task: Task, parent_id: Id | None) -> dict[Id, float]:
    """Their positions, in order."""
    rows = select(Task.id, Task.position).where(
        Task.owner_id == task.owner_id,
        Task.parent_id.is_not_distinct_from(parent_id),
        Task.trashed_at.is_(None),
        Task.id != task.id,
    )
    found = await work.session.execute(rows.order_by(Task.position, Task.id))
    return {row.id: row.position for row in found}


def _gap(siblings: list[Id], input: MoveTask) -> int:
    """The index before which it goes."""
    places = {id: index for index, id in enumerate(siblings)}
    for field, id, step in (("beforeId", input.before_id, 0), ("afterId", input.after_id, 1)):
        if id is None:
            continue
        if id not in places:
            raise Invalid({field: ["must be another task with the same parent"]})
        at = places[id] + step
        if field == "beforeId" and input.after_id is not None and places.get(input.after_id) != at - 1:
            raise Invalid({"afterId": ["must stand directly before beforeId"]})
        return at
    return len(siblings)


async def _height(work: Work, id: Id) -> int:
    depths = (await work.session.execute(_tree(id))).all()
    return 1 + max((row.depth for row in depths), default=0)


async def parts(work: Work, id: Id) -> list[Id]:
    """A task and all that is part of it, parents before parts."""
    return [*(await work.session.scalars(_tree(id)))]


def _tree(id: Id) -> Select[Id, int]:
    top = select(Task.id, literal_column("0", Integer).label("depth")).where(Task.id == id).cte("tree", recursive=True)
    found = top.union_all(select(Task.id, top.c.depth + literal(1)).join(top, Task.parent_id == top.c.id))
    return select(found.c.id, found.c.depth).order_by(found.c.depth, found.c.id)


async def check_depth(work: Work, parent_id: Id, *, height: int = 1, moved: Id | None = None) -> None:
    """Whether a task with `height` levels may go below this parent."""
    above, at = 0, parent_id
    while at is not None:
        found = await work.visible(Task, [at], trashed_at=None)
        if not found:
            raise NotFound("Task", at)
        if at == moved:
            raise Invalid({"parentId": ["must not be the task itself or a part of it"]})
        above, at = above + 1, found[0].parent_id  # type: ignore[assignment]
    if above + height > DEEPEST:
        raise Invalid({"parentId": [f"subtasks may be {DEEPEST} levels deep"]})


def within(ids: list[Id]) -> None:
    if not 1 <= len(ids) <= 100:
        raise Invalid({"ids": ["must be 1 to 100 ids"]})

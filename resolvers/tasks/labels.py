from typing import Annotated

from sqlalchemy import Select, insert, select

from db.selection import Listing, Order
from db.tasks.labels import Label, task_label
from db.tasks.tasks import Task
from kit.errors import NotFound
from kit.ids import Id
from live.log import Kind
from live.topics import labels_of
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.tasks.rules import CreateLabel, UpdateLabel
from resolvers.topics import Followed
from resolvers.work import Deleted, Work


def by_id(id: Annotated[Id, Doc("The label's id.")]) -> Select[Label]:
    return select(Label).where(Label.id == id)


def listed() -> Listing:
    return Listing(select(Label), (Order(Label.name),))


def followed(ctx: Context) -> Followed:
    return Followed((labels_of(ctx.viewer.id),))


async def create(ctx: Context, input: Annotated[CreateLabel, Doc("The new label.")]) -> Label:
    async with ctx.work(alone="tasks") as work:
        return await work.add(Label(owner_id=ctx.viewer.id, **input.model_dump()))


async def update(
    ctx: Context,
    id: Annotated[Id, Doc("The label's id.")],
    input: Annotated[UpdateLabel, Doc("What to change.")],
    expected_version: Annotated[int | None, Doc("Refused with CONFLICT when the label is no longer of it.")] = None,
) -> Label:
    async with ctx.work(alone="tasks") as work:
        return work.change(await work.lock(Label, id, version=expected_version), **input.given())


async def delete(ctx: Context, id: Annotated[Id, Doc("The label's id.")]) -> Deleted:
    """Takes it off all tasks too; they count as changed."""
    async with ctx.work(alone="tasks") as work:
        label = await work.lock(Label, id)
        wearing = select(Task.id).join(task_label, task_label.c.task_id == Task.id).where(task_label.c.label_id == id)
        tasks = [*(await work.session.scalars(wearing))]
        deleted = await work.remove(label)
        for task in await work.lock_all(Task, tasks):
            work.touch(task, Kind.UPDATED)
        return deleted


async def put_on(work: Work, task: Task, ids: list[Id]) -> bool:
    """Makes these the task's labels; whether that changed anything. NotFound for one that is not the viewer's."""
    kept = select(task_label.c.label_id).where(task_label.c.task_id == task.id)
    before = {*(await work.session.scalars(kept))}
    wanted = {*ids}
    if before == wanted:
        return False
    found = {label.id for label in await work.visible(Label, wanted)}
    for id in ids:
        if id not in found:
            raise NotFound("Label", id)
    await work.session.execute(task_label.delete().where(task_label.c.task_id == task.id))
    if wanted:
        await work.session.execute(insert(task_label), [{"task_id": task.id, "label_id": id} for id in sorted(wanted)])
    return True

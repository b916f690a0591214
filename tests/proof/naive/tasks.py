"""What each field of tasks and labels is."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from db.models import Label, Task, User
from tests.proof.filters import has_words, is_due, keeps_task
from tests.proof.lists import Page, moment
from tests.proof.naive.asked import NODES, Asked, Given, answers, page, seen_if, to_one
from tests.proof.refusals import order_of
from tests.proof.rows.accounts import DAILY


@seen_if(Task, Label)
def _(asked: Asked, row: Task | Label) -> bool:
    return bool(row.owner_id == asked.me.id)


def _labels_of(asked: Asked, task: Task) -> list[Label]:
    worn = [asked.one(Label, label) for id, label in asked.world.worn if id == task.id]
    return sorted((label for label in worn if label), key=lambda label: (label.name, label.id))


def _page(asked: Asked, field: str, rows: Iterable[Task], given: Given) -> Page:
    order = order_of(field, given)
    if order.by == "parent.title":
        order = replace(order, of=lambda task: _title_of_parent(asked, task))
    return Page(_filtered(asked, rows, given.get("filter")), order, given)


def _title_of_parent(asked: Asked, task: Task) -> str | None:
    parent = asked.one(Task, task.parent_id)
    return parent.title if parent else None


def _filtered(asked: Asked, tasks: Iterable[Task], filter: Given | None) -> list[Task]:
    return [
        task
        for task in tasks
        if keeps_task(
            task,
            filter or {},
            labels=_labels_of(asked, task),
            parts_of={parent.id for parent in [asked.one(Task, task.parent_id)] if parent},
            zone=asked.me.time_zone,
            now=asked.now,
        )
    ]


@answers("Query.task")
def _task(asked: Asked, _: None, id: str) -> Any:
    task = asked.one(Task, id)
    return task if task and task.trashed_at is None else None


NODES["Task"] = lambda asked, task: _task(asked, None, task)


@answers("Query.tasks")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return _page(asked, "tasks", asked.all(Task), given)


@answers("Query.taskCounts")
def _(asked: Asked, _: None, filter: Given | None = None) -> Given:
    rows = _filtered(asked, asked.all(Task), filter)
    zone = (filter or {}).get("timeZone") or asked.me.time_zone
    dues = ("TODAY", "OVERDUE", "UPCOMING")
    done = sum(task.completed for task in rows)
    counts = {"total": len(rows), "open": len(rows) - done, "completed": done}
    return counts | {due.lower(): sum(is_due(task, due, zone, asked.now) for task in rows) for due in dues}


@answers("Query.label")
def _(asked: Asked, _: None, id: str) -> Any:
    return asked.one(Label, id)


@answers("Query.labels")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return page("labels", asked.all(Label), given)


@answers("Query.find")
def _(asked: Asked, _: None, text: str, **given: Any) -> Page:
    tasks = [t for t in asked.all(Task) if not t.trashed_at and has_words(text, t.title, t.description)]
    labels = [label for label in asked.all(Label) if has_words(text, label.name)]
    return page("find", [*tasks, *labels], given)


to_one("Label.owner", User, "owner_id")
to_one("Task.owner", User, "owner_id")
to_one("Task.parent", Task, "parent_id")


@answers("Task.previous")
def _(asked: Asked, task: Task) -> Any:
    found = asked.one(Task, task.previous_id)
    return found if found and found.trashed_at is None else None


@answers("Task.next")
def _(asked: Asked, task: Task) -> Any:
    rows = asked.all(Task)
    return next((row for row in rows if row.previous_id == task.id and row.trashed_at is None), None)


@answers("Task.labels")
def _(asked: Asked, task: Task) -> list[Label]:
    return _labels_of(asked, task)


@answers("Task.subtasks")
def _(asked: Asked, task: Task, **given: Any) -> Page:
    rows = [row for row in asked.all(Task) if row.parent_id == task.id]
    return _page(asked, "subtasks", rows, given)


@answers("Label.tasks")
def _(asked: Asked, label: Label, **given: Any) -> Page:
    rows = [row for row in asked.all(Task) if (row.id, label.id) in asked.world.worn]
    return _page(asked, "tasks", rows, given)


@answers("Task.occurrences")
def _(asked: Asked, task: Task, first: int) -> list[str]:
    """Of the two rules of this world: every day, three times in all, and every Monday."""
    if task.recurrence is None or task.due_at is None:
        return []
    place = ZoneInfo(task.time_zone)
    wall = task.due_at.astimezone(place).replace(tzinfo=None, fold=0)
    days = [wall + timedelta(days=n) for n in range(1, 80)]
    found = days[:2] if task.recurrence == DAILY else [day for day in days if day.weekday() == 0]
    return [moment(day.replace(tzinfo=place)) for day in found[:first]]

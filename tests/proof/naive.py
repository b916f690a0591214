"""The specification in code: what each field of the schema is, over lists of rows. Nothing of resolvers/ or the reader.

A new field of the schema is a function here, called `Type.field`; one without a function is an attribute of its row.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from db.models import Label, Role, Session, Task, User
from tests.proof.faults import Fault, imitates
from tests.proof.filters import is_due, keeps_task, keeps_user
from tests.proof.lists import Page
from tests.proof.refusals import Refusal, order_of
from tests.proof.world import World

KINDS = {"user": "User", "session": "Session", "label": "Label", "task": "Task"}
Given = dict[str, Any]
FIELDS: dict[str, Callable[..., Any]] = {}


@dataclass
class Asked:
    """Who asks of which world, and when; what came of each root field.

    `refused` has all that may be told of a field, by its key; `nothing` says that one of them must not be null.
    """

    world: World
    viewer: User | None
    session_id: str | None
    now: datetime
    refused: dict[str, list[Refusal]] = field(default_factory=dict)
    nothing: bool = False
    statements: int = 0

    def sees(self, row: Any) -> bool:
        """The policies."""
        assert self.viewer is not None
        match row:
            case User():
                return row.id == self.viewer.id or self.viewer.role in (Role.ADMIN, Role.SUPER_ADMIN)
            case Session():
                return bool(row.user_id == self.viewer.id)
            case Task() | Label():
                return bool(row.owner_id == self.viewer.id)
        return False

    def all(self, rows: dict[str, Any]) -> list[Any]:
        return [row for row in rows.values() if self.sees(row)]

    def one(self, rows: dict[str, Any], id: str | None) -> Any:
        row = rows.get(id) if id is not None else None
        return row if row is not None and self.sees(row) else None

    def labels_of(self, task: Task) -> list[Label]:
        worn = [self.one(self.world.labels, label) for id, label in self.world.worn if id == task.id]
        return sorted((label for label in worn if label), key=lambda label: (label.name, label.id))

    def _labels_for_filter(self, task: Task) -> set[str]:
        if imitates(Fault.HIDDEN_LABELS):
            return {label for id, label in self.world.worn if id == task.id}
        return {label.id for label in self.labels_of(task)}

    def _parents_for_filter(self, task: Task) -> set[str | None]:
        if imitates(Fault.HIDDEN_PARENTS):
            return {task.parent_id}
        parent = self.one(self.world.tasks, task.parent_id)
        return {parent.id} if parent else set()

    def filtered(self, tasks: Iterable[Task], filter: Given | None) -> list[Task]:
        assert self.viewer is not None
        return [
            task
            for task in tasks
            if keeps_task(
                task,
                filter or {},
                labels=self._labels_for_filter(task),
                parts_of=self._parents_for_filter(task),
                zone=self.viewer.time_zone,
                now=self.now,
            )
        ]


def answers(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        FIELDS[name] = function
        return function

    return keep


@answers("Query.me")
def _(asked: Asked, _: None) -> Any:
    return asked.viewer


@answers("Query.user")
def _(asked: Asked, _: None, id: str) -> Any:
    return asked.one(asked.world.users, id)


@answers("Query.users")
def _(asked: Asked, _: None, **given: Any) -> Page:
    rows = [user for user in asked.all(asked.world.users) if keeps_user(user, given.get("filter") or {})]
    return Page(rows, order_of("users", given), given)


@answers("Query.sessions")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return Page(_sessions(asked), order_of("sessions", given), given)


def _sessions(asked: Asked) -> list[Session]:
    return [s for s in asked.all(asked.world.sessions) if s.revoked_at is None and s.expires_at > asked.now]


@answers("Query.task")
def _(asked: Asked, _: None, id: str) -> Any:
    task = asked.one(asked.world.tasks, id)
    return task if task and task.trashed_at is None else None


@answers("Query.tasks")
def _(asked: Asked, _: None, **given: Any) -> Page:
    rows = asked.filtered(asked.all(asked.world.tasks), given.get("filter"))
    return Page(rows, order_of("tasks", given), given)


@answers("Query.taskCounts")
def _(asked: Asked, _: None, filter: Given | None = None) -> Given:
    assert asked.viewer is not None
    rows = asked.filtered(asked.all(asked.world.tasks), filter)
    zone = (filter or {}).get("timeZone") or asked.viewer.time_zone
    dues = ("TODAY", "OVERDUE", "UPCOMING")
    done = sum(task.completed for task in rows)
    counts = {"total": len(rows), "open": len(rows) - done, "completed": done}
    return counts | {due.lower(): sum(is_due(task, due, zone, asked.now) for task in rows) for due in dues}


@answers("Query.label")
def _(asked: Asked, _: None, id: str) -> Any:
    return asked.one(asked.world.labels, id)


@answers("Query.labels")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return Page(asked.all(asked.world.labels), order_of("labels", given), given)


@answers("Query.node")
def _(asked: Asked, _: None, id: str) -> Any:
    if (kind := kind_of(id)) == "Session":
        return next((session for session in _sessions(asked) if session.id == id), None)
    return FIELDS[f"Query.{kind.lower()}"](asked, None, id) if kind else None


def kind_of(id: str) -> str | None:
    return KINDS.get(id.partition("_")[0]) if re.fullmatch("[a-z]+_[0-9a-f]{32}", id) else None


@answers("Session.current")
def _(asked: Asked, session: Session) -> bool:
    return bool(session.id == asked.session_id)


@answers("Label.owner")
@answers("Task.owner")
def _(asked: Asked, row: Task | Label) -> Any:
    return asked.one(asked.world.users, row.owner_id)


@answers("Task.parent")
def _(asked: Asked, task: Task) -> Any:
    return asked.one(asked.world.tasks, task.parent_id)


@answers("Task.previous")
def _(asked: Asked, task: Task) -> Any:
    found = asked.one(asked.world.tasks, task.previous_id)
    return found if found and found.trashed_at is None else None


@answers("Task.next")
def _(asked: Asked, task: Task) -> Any:
    rows = asked.all(asked.world.tasks)
    return next((row for row in rows if row.previous_id == task.id and row.trashed_at is None), None)


@answers("Task.labels")
def _(asked: Asked, task: Task) -> list[Label]:
    return asked.labels_of(task)


@answers("Task.subtasks")
def _(asked: Asked, task: Task, **given: Any) -> Page:
    rows = [row for row in asked.all(asked.world.tasks) if row.parent_id == task.id]
    return Page(asked.filtered(rows, given.get("filter")), order_of("subtasks", given), given)

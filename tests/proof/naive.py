"""The specification in code: what each field of the schema is, over lists of rows. Nothing of resolvers/ or the reader.

A new field of the schema is a function here, called `Type.field`; one without a function is an attribute of its row.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from db.models import Label, Presence, Role, Session, Task, User
from tests.proof.filters import has_words, is_due, keeps_task, keeps_user
from tests.proof.lists import Page, moment
from tests.proof.refusals import Refusal, order_of
from tests.proof.world import DAILY, World

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
            case Presence():
                return row.process != "dead" and self.sees(self.world.users[row.user_id])
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

    def tasks(self, field: str, rows: Iterable[Task], given: Given) -> Page:
        order = order_of(field, given)
        if order.by == "parent.title":
            order = replace(order, of=self._title_of_parent)
        return Page(self.filtered(rows, given.get("filter")), order, given)

    def _title_of_parent(self, task: Task) -> str | None:
        parent = self.one(self.world.tasks, task.parent_id)
        return parent.title if parent else None

    def filtered(self, tasks: Iterable[Task], filter: Given | None) -> list[Task]:
        assert self.viewer is not None
        return [
            task
            for task in tasks
            if keeps_task(
                task,
                filter or {},
                labels=self.labels_of(task),
                parts_of={parent.id for parent in [self.one(self.world.tasks, task.parent_id)] if parent},
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


@answers("Query.presence")
def _(asked: Asked, _: None, topic: str, **given: Any) -> Page:
    assert asked.viewer is not None
    asked.statements += not topic.endswith(f":{asked.viewer.id}")  # whether they may see whose topic it is
    rows = [row for row in asked.all(asked.world.presences) if row.topic == topic]
    first = {row.user_id: row for row in sorted(rows, key=lambda row: (row.since, row.id), reverse=True)}
    return Page(first.values(), order_of("presence", given), given)


@answers("Presence.user")
def _(asked: Asked, row: Presence) -> Any:
    return asked.one(asked.world.users, row.user_id)


@answers("Query.task")
def _(asked: Asked, _: None, id: str) -> Any:
    task = asked.one(asked.world.tasks, id)
    return task if task and task.trashed_at is None else None


@answers("Query.tasks")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return asked.tasks("tasks", asked.all(asked.world.tasks), given)


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


@answers("Query.nodes")
def _(asked: Asked, _: None, ids: list[str]) -> list[Any]:
    return [FIELDS["Query.node"](asked, None, id) for id in ids]


@answers("Query.find")
def _(asked: Asked, _: None, text: str, **given: Any) -> Page:
    tasks = [t for t in asked.all(asked.world.tasks) if not t.trashed_at and has_words(text, t.title, t.description)]
    labels = [label for label in asked.all(asked.world.labels) if has_words(text, label.name)]
    return Page([*tasks, *labels], order_of("find", given), given)


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
    return asked.tasks("subtasks", rows, given)


@answers("Label.tasks")
def _(asked: Asked, label: Label, **given: Any) -> Page:
    rows = [row for row in asked.all(asked.world.tasks) if (row.id, label.id) in asked.world.worn]
    return asked.tasks("tasks", rows, given)


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

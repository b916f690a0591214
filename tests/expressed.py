"""A schema of its own whose tasks and labels have expressions: values that PostgreSQL makes of other rows."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import strawberry
from sqlalchemy import ColumnElement, Date, Integer, String, and_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from db.models import Label as LabelModel
from db.models import Task as Model
from db.selection import Listing, Order, Reached
from db.tasks.tasks import Priority
from kit.settings import Settings
from resolvers.documented import Doc
from resolvers.relations import any_of, counted, first_of, reached, summed
from resolvers.tasks import completion, labels, search, tasks
from schema.connection import Connection
from schema.enums import enum
from schema.events import Change, Deletion, Ready, Resync
from schema.fields import any_node, any_nodes, connection, entity, expression, facet, maybe, stream, verb
from schema.node import Node, column, node
from schema.schema import Schema, made


def parent_title(task: Any) -> ColumnElement[str]:
    return reached(task.parent, Model.title).value


def parent_priority(task: Any) -> ColumnElement[Priority]:
    return func.coalesce(reached(task.parent, Model.priority).value, Priority.LOW)


def parent_made(task: Any) -> ColumnElement[datetime]:
    return reached(task.parent, Model.created_at).value


def parent_day(task: Any) -> ColumnElement[date]:
    return reached(task.parent, _due_day).value


def _due_day(task: Any) -> ColumnElement[date]:
    return cast(task.due_at, Date)


def parts(task: Any) -> ColumnElement[int]:
    return counted(task.subtasks, lambda part: part.trashed_at.is_(None))


def letters(task: Any) -> ColumnElement[int]:
    """Of the titles of its parts and of the parts of those."""
    return summed(task.subtasks, lambda part: _length(part) + summed(part.subtasks, _length))


def _length(task: Any) -> ColumnElement[int]:
    return func.length(task.title, type_=Integer)


def first_part(task: Any) -> ColumnElement[str]:
    return first_of(task.subtasks, lambda part: part.title, lambda part: part.title.desc())


def shares(task: Any) -> ColumnElement[bool]:
    """Whether another task wears one of its labels: two words deep it is spoken of the first row."""
    return any_of(
        task.labels,
        lambda label: any_of(label.tasks, lambda other: and_(other.id != task.id, label.owner_id == task.owner_id)),
    )


def low_parts(task: Any) -> ColumnElement[int]:
    """A word of an expression."""
    return counted(task.subtasks, lambda part: parent_priority(part) == Priority.LOW)


def words(task: Any) -> ColumnElement[list[str]]:
    return func.string_to_array(task.title, " ", type_=ARRAY(String))


def open_tasks(label: Any) -> ColumnElement[int]:
    return counted(label.tasks, lambda task: task.completed_at.is_(None), lambda task: task.trashed_at.is_(None))


class By(StrEnum):
    PARTS = "PARTS"
    PARENT_TITLE = "PARENT_TITLE"
    PARENT_PRIORITY = "PARENT_PRIORITY"
    PARENT_MADE = "PARENT_MADE"
    PARENT_DAY = "PARENT_DAY"
    SHARES = "SHARES"


ORDERS = {
    By.PARTS: Reached(parts(Model), "parts", nullable=False),
    By.PARENT_TITLE: Reached(parent_title(Model), "parentTitle"),
    By.PARENT_PRIORITY: Reached(parent_priority(Model), "parentPriority", nullable=False),
    By.PARENT_MADE: Reached(parent_made(Model), "parentMade"),
    By.PARENT_DAY: reached(Model.parent, _due_day),
    By.SHARES: Reached(shares(Model), "shares", nullable=False),
}


def listed(
    by: Annotated[By | None, Doc("The order.")] = None,
    falling: Annotated[bool, Doc("Which way.")] = False,
    parts: Annotated[int | None, Doc("Of so many parts.")] = None,
    parent_priority: Annotated[Priority | None, Doc("With such a parent.")] = None,
    letters_from: Annotated[int | None, Doc("At least so many letters in it.")] = None,
) -> Listing:
    rows = select(Model).where(Model.trashed_at.is_(None))
    if parts is not None:
        rows = rows.where(ORDERS[By.PARTS].value == parts)
    if parent_priority is not None:
        rows = rows.where(ORDERS[By.PARENT_PRIORITY].value == parent_priority)
    if letters_from is not None:
        rows = rows.where(letters(Model) >= letters_from)
    return Listing(rows, (Order(ORDERS[by] if by else Model.title, descending=falling),))


enum(By, "Orders.", **{by.name: "One." for by in By})
Tasks: TypeAlias = Connection[Annotated["Task", strawberry.lazy("tests.expressed")]]


@node(LabelModel, "A label.", labels.by_id)
class Label(Node):
    name: str = column("Its name.")
    open: int = expression(open_tasks, "How many open tasks wear it.")
    tasks: Tasks = connection(listed, "The tasks that wear it.")


@node(Model, "What a task is made of.", None)
class Body:
    parts: int = expression(parts, "How many parts.")
    parent: "Task | None" = column("What it is a part of.")
    whole: "Task | None" = facet("All of it.")


@node(Model, "A task.", tasks.by_id)
class Task(Node):
    title: str = expression(lambda task: func.upper(task.title), "Masks the column.", weight=0)
    parent: "Task | None" = column("What it is a part of.")
    parent_title: str | None = expression(parent_title, "A text that may be null.")
    parent_priority: Priority = expression(parent_priority, "Of an enum.")
    parent_made: datetime | None = expression(parent_made, "A moment.")
    parent_day: date | None = expression(parent_day, "A day.")
    parts: int = expression(parts, "How many parts.")
    letters: int = expression(letters, "A sum.", weight=5)
    first_part: str | None = expression(first_part, "The first of many.")
    shares: bool = expression(shares, "Of rows behind rows.")
    low_parts: int = expression(low_parts, "How many parts of which an expression holds.")
    words: list[str] = expression(words, "A list.")
    body: Body = facet("What it is made of.")
    labels: list[Label] = column("Its labels.")
    subtasks: Tasks = connection(listed, "Its parts.")


Found = Annotated[Task | Label, strawberry.union("Found", description="What is found.")]


@strawberry.type(description="What can be asked.")
class Query:
    task: Task | None = entity(tasks.by_id, "One.")
    tasks: Connection[Task] = connection(listed, "All.", offset=True)
    labels: Connection[Label] = connection(labels.listed, "All.")
    find: Connection[Found] = connection(search.found, "Of both kinds.")
    node: Node | None = any_node("One.")
    nodes: list[Node | None] = any_nodes("Many.")


@strawberry.type(description="What can be done.")
class Mutation:
    complete_task: Task = verb(completion.complete, "Done.")


@strawberry.type(description="A task changed.")
class TaskChanged(Change):
    task: Task | None = maybe(tasks.by_id, "As it is now.", id="entity_id")


@strawberry.type(description="A task is gone.")
class TaskDeleted(Deletion):
    pass


TaskEvent = Annotated[
    Ready | TaskChanged | TaskDeleted | Resync, strawberry.union("TaskEvent", description="What is told.")
]


@strawberry.type(description="What can be followed.")
class Subscription:
    task_events: TaskEvent = stream(tasks.followed, "Tasks.", changed=TaskChanged, deleted=TaskDeleted)


def schema(settings: Settings | None = None) -> Schema:
    return made(settings, (Query, Mutation, Subscription))

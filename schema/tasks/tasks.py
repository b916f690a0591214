from datetime import datetime
from typing import Annotated

import strawberry

from db.tasks.tasks import Priority, RepeatsFrom
from db.tasks.tasks import Task as Model
from resolvers.limits import per_minute
from resolvers.tasks import completion, rules, trees
from resolvers.tasks import tasks as resolve
from resolvers.tasks.occurrences import occurrences
from schema.accounts.users import User
from schema.connection import Connection
from schema.deletion import Deleted
from schema.enums import enum
from schema.events import Change, Deletion, Ready, Resync
from schema.fields import computed, connection, entity, live, maybe, record, stream, verb
from schema.kinds import Kind
from schema.node import Node, column, node
from schema.tasks.labels import Label

WRITES = per_minute(1_200)  # of each verb: who tidies up, or brings over what they had elsewhere

enum(
    Priority,
    "In rising order.",
    name="TaskPriority",
    NONE="Nobody said.",
    LOW="Some day.",
    MEDIUM="Soon.",
    HIGH="Before others.",
    URGENT="Now.",
)
enum(
    RepeatsFrom,
    "What the next date is reckoned from.",
    name="TaskRepeatsFrom",
    DUE_DATE="The date it was due.",
    COMPLETION="The day it was done, at the time of day it was due.",
)
enum(
    rules.Due,
    "By when a task is due; days begin at midnight in the filter's time zone.",
    name="TaskDue",
    TODAY="Today, done or not.",
    OVERDUE="Before now, and not done.",
    UPCOMING="After today, and not done.",
    NONE="At no time.",
)
enum(
    rules.TaskOrderField,
    "What tasks can be sorted by.",
    CREATED_AT="When it was made.",
    UPDATED_AT="When it last changed.",
    DUE_AT="When it is due.",
    COMPLETED_AT="When it was done.",
    PRIORITY="How pressing it is.",
    TITLE="Its title, letter by letter.",
    POSITION="Its place, set by hand.",
    PARENT_TITLE="The title of what it is a part of; no index helps, so that a page costs as much as the whole list.",
)
strawberry.pydantic.input(rules.CreateTask, name="CreateTaskInput", description="A new task in one's own list.")
strawberry.pydantic.input(rules.UpdateTask, name="UpdateTaskInput", description="What is left out stays; null clears.")
strawberry.pydantic.input(rules.MoveTask, name="MoveTaskInput", description="A new place among siblings.")
strawberry.pydantic.input(rules.TaskFilter, name="TaskFilter", description="All that is given must hold.")
strawberry.pydantic.input(rules.TaskOrder, name="TaskOrder", description="An order; the id decides between equals.")


@node(Model, "Something to do. Seen and changed by its owner alone.", resolve.by_id)
class Task(Node):
    title: str = column("1 to 200 characters.")
    description: str | None = column("More about it.")
    completed: bool = column("Whether it is done.")
    completed_at: datetime | None = column("When it was done; set by the server.")
    priority: Priority = column("How pressing it is.")
    due_at: datetime | None = column("When it is due.")
    time_zone: str = column("Where its time of day is kept when it recurs.")
    reminders: list[int] = column("Minutes before it is due.")
    recurrence: str | None = column("RFC 5545 rule by which it comes round again.")
    repeats_from: RepeatsFrom = column("What the next date is reckoned from.")
    next_due_at: datetime | None = column("When it will be due again, if it is done on time.")
    occurrences: list[datetime] = computed(
        occurrences,
        "The next dates on which it comes round, as if each were done just when it is due.",
        needs=("recurrence", "repeats_from", "due_at", "time_zone"),
        weight=50,
    )
    position: float = column("Its place among its siblings, rising.")
    trashed_at: datetime | None = column("When it went to the trash.")
    owner: User | None = column("Whose it is.")
    parent: "Task | None" = column("What it is a part of.")
    next: "Task | None" = column("The occurrence that its completion opened.")
    previous: "Task | None" = column("The occurrence whose completion opened it.")
    labels: list[Label] = column("By name; at most a hundred.")
    subtasks: Connection["Task"] = connection(resolve.listed, "Its parts.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type(description="How many tasks the filter finds, by state.")
class TaskCounts:
    total: int = strawberry.field(description="All of them.")
    open: int = strawberry.field(description="Not done yet.")
    completed: int = strawberry.field(description="Done.")
    today: int = strawberry.field(description="Due today, done or not.")
    overdue: int = strawberry.field(description="Due before now and not done.")
    upcoming: int = strawberry.field(description="Due after today and not done.")


@strawberry.type(description="A task was made, changed, completed, reopened or restored.")
class TaskChanged(Change):
    task: Task | None = maybe(resolve.by_id, "The task as it is now; null if it is gone.", id="entity_id")


@strawberry.type(description="A task went to the trash, or for good.")
class TaskDeleted(Deletion):
    pass


TaskEvent = Annotated[
    Ready | TaskChanged | TaskDeleted | Resync,
    strawberry.union("TaskEvent", description="What is told of tasks."),
]


@strawberry.type
class TaskQueries:
    task: Task | None = entity(resolve.by_id, "One task that is not in the trash.")
    tasks: Connection[Task] = connection(resolve.listed, "One's own tasks.")
    task_counts: TaskCounts = record(resolve.counts, "How many tasks there are, in one statement.")


@strawberry.type
class TaskMutations:
    create_task: Task = verb(resolve.create, "Makes a task, last in its order.", limit=WRITES)
    update_task: Task = verb(resolve.update, "Changes what is given.")
    complete_task: Task = verb(
        completion.complete, "Marks it done; a recurring task opens its next occurrence.", limit=WRITES
    )
    complete_tasks: list[Task] = verb(completion.complete_all, "Marks all of them done, or none.", limit=WRITES)
    reopen_task: Task = verb(
        completion.reopen, "Takes back a completion, and the occurrence that it opened.", limit=WRITES
    )
    move_task: Task = verb(trees.move, "Gives it another place, or another parent.", limit=WRITES)
    delete_task: Deleted = verb(resolve.delete, "Moves it and its subtasks to the trash.", limit=WRITES)
    delete_tasks: list[Deleted] = verb(resolve.delete_all, "Moves all of them to the trash, or none.", limit=WRITES)
    restore_task: Task = verb(
        resolve.restore, "Brings it back from the trash, with the subtasks that went with it.", limit=WRITES
    )
    purge_task: Deleted = verb(resolve.purge, "Removes it from the trash for good.", limit=WRITES)
    empty_trash: int = verb(
        resolve.empty_trash, "Removes all of one's trash for good; how many tasks that were.", limit=per_minute(60)
    )


@strawberry.type
class TaskSubscriptions:
    task_events: TaskEvent = stream(
        resolve.followed, "One's own tasks as they change.", changed=TaskChanged, deleted=TaskDeleted
    )
    live_tasks: Connection[Task] = live(
        Kind.CONNECTION,
        resolve.listed,
        "A page of one's own tasks, again when it changes.",
        follows=resolve.looked_at,
    )
    live_task_counts: TaskCounts = live(
        Kind.RECORD, resolve.counts, "How many tasks there are, again when it changes.", follows=resolve.looked_at
    )

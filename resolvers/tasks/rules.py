from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from db.tasks.tasks import Priority, RepeatsFrom
from kit.ids import Id
from resolvers.rules import Clean, Direction, Ids, Input, NotNull, SearchWords, TimeZone, lowered, optional, stripped
from resolvers.tasks import recurrence

LONGEST_REMINDER = 40_320  # minutes: four weeks
DEEPEST = 5  # levels of subtasks

Title = Annotated[str, stripped(200), Clean]
LabelName = Annotated[str, stripped(50), Clean]
LabelNames = Annotated[list[LabelName], Field(max_length=100)]
Description = Annotated[str, StringConstraints(max_length=10_000), Clean]
Reminders = Annotated[
    list[Annotated[int, Field(ge=0, le=LONGEST_REMINDER)]], Field(max_length=10), AfterValidator(lambda m: sorted({*m}))
]
Rule = Annotated[str, AfterValidator(recurrence.normalised)]
Color = Annotated[str, AfterValidator(lowered), StringConstraints(pattern="^#[0-9a-f]{6}$")]


class Due(StrEnum):
    """Days begin at midnight in the filter's time zone, or the viewer's."""

    TODAY = "TODAY"
    OVERDUE = "OVERDUE"
    UPCOMING = "UPCOMING"
    NONE = "NONE"


class TaskOrderField(StrEnum):
    """What tasks can be sorted by."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    DUE_AT = "DUE_AT"
    COMPLETED_AT = "COMPLETED_AT"
    PRIORITY = "PRIORITY"
    TITLE = "TITLE"
    POSITION = "POSITION"
    PARENT_TITLE = "PARENT_TITLE"


class CreateTask(Input):
    """A new task in one's own list."""

    title: Title = Field(description="1 to 200 characters, not blank.")
    description: Description | None = optional("Up to 10,000 characters.")
    priority: Priority = Field(Priority.NONE, description="How pressing it is.")
    due_at: datetime | None = optional("When it is due.")
    time_zone: TimeZone | None = optional(
        "IANA name; a recurring task keeps its time of day there. Default: one's own."
    )
    reminders: Reminders = Field(default_factory=list, description="Minutes before it is due, at most ten.")
    recurrence: Rule | None = optional("RFC 5545 rule such as FREQ=WEEKLY;BYDAY=MO; needs dueAt.")
    repeats_from: RepeatsFrom = Field(RepeatsFrom.DUE_DATE, description="What the next date is reckoned from.")
    parent_id: Id | None = optional("The task that this one is a part of.")
    label_ids: Ids = Field(default_factory=list, description="Labels, all one's own.")
    user_id: Id | None = optional("Must be oneself.")


class UpdateTask(Input):
    """What is left out stays as it is; null clears."""

    title: Annotated[Title | None, NotNull] = optional("1 to 200 characters, not blank.")
    description: Description | None = optional("Up to 10,000 characters.")
    completed: Annotated[bool | None, NotNull] = optional("The same as completeTask and reopenTask.")
    priority: Annotated[Priority | None, NotNull] = optional("How pressing it is.")
    due_at: datetime | None = optional("When it is due; null also ends its recurrence.")
    time_zone: Annotated[TimeZone | None, NotNull] = optional("IANA name.")
    reminders: Annotated[Reminders | None, NotNull] = optional("Minutes before it is due, at most ten.")
    recurrence: Rule | None = optional("RFC 5545 rule; null ends it.")
    repeats_from: Annotated[RepeatsFrom | None, NotNull] = optional("What the next date is reckoned from.")
    label_ids: Annotated[Ids | None, NotNull] = optional("All labels it is to have.")


class MoveTask(Input):
    """A new place among the tasks with the same parent."""

    parent_id: Id | None = optional("The new parent; null makes it a task of its own; left out, it stays.")
    before_id: Id | None = optional("Directly before this sibling.")
    after_id: Id | None = optional("Directly after this sibling. With neither, it goes last.")


class TaskFilter(Input):
    """All that is given must hold."""

    completed: bool | None = optional("Done, or still open.")
    due: Due | None = optional("By when it is due.")
    due_after: datetime | None = optional("Due at this moment or later.")
    due_before: datetime | None = optional("Due before this moment.")
    priority: list[Priority] | None = optional("Any of these.")
    label_ids: Ids | None = optional("With at least one of these labels.")
    label_names: LabelNames | None = optional("With at least one label of such a name, in any case.")
    parent_id: Id | None = optional("The parts of this task; null: only tasks that are part of none.")
    search: SearchWords | None = optional("Words that begin words of title or description, in any order.")
    trashed: bool | None = optional("Those in the trash instead of the others.")
    time_zone: TimeZone | None = optional("Where days begin at midnight; default: the viewer's zone.")


class TaskOrder(Input):
    """An order of tasks; the id decides between equals."""

    field: TaskOrderField = Field(description="What to sort by.")
    direction: Direction = Field(Direction.ASC, description="Which way.")


class CreateLabel(Input):
    """A new label."""

    name: LabelName = Field(description="1 to 50 characters; unique among one's own, in any case.")
    color: Color = Field("#6b7280", description="#rrggbb")


class UpdateLabel(Input):
    """What is left out stays as it is."""

    name: Annotated[LabelName | None, NotNull] = optional("1 to 50 characters.")
    color: Annotated[Color | None, NotNull] = optional("#rrggbb")

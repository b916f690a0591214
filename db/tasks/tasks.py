from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, Integer, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql import ColumnElement

from db.accounts.users import User
from db.base import Entity, enumeration, well_formed_id
from db.tasks.labels import Label, task_label
from db.words import words_of
from kit.ids import Id


class Priority(StrEnum):
    """In rising order, which is also how tasks sort by it."""

    NONE = "NONE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"


class RepeatsFrom(StrEnum):
    DUE_DATE = "DUE_DATE"
    COMPLETION = "COMPLETION"


class Task(Entity):
    __tablename__ = "task"
    prefix: ClassVar[str] = "task"

    owner_id: Mapped[Id] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    parent_id: Mapped[Id | None] = mapped_column(ForeignKey("task.id", ondelete="CASCADE"))
    previous_id: Mapped[Id | None] = mapped_column(ForeignKey("task.id", ondelete="SET NULL"), unique=True)
    title: Mapped[str]
    description: Mapped[str | None]
    priority: Mapped[Priority] = mapped_column(enumeration(Priority, "task_priority"), server_default=Priority.NONE)
    position: Mapped[float] = mapped_column(Float)
    due_at: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    reminders: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default=text("'{}'"))
    recurrence: Mapped[str | None]
    repeats_from: Mapped[RepeatsFrom] = mapped_column(
        enumeration(RepeatsFrom, "task_repeats_from"), server_default=RepeatsFrom.DUE_DATE
    )
    next_due_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    trashed_at: Mapped[datetime | None]
    search: Mapped[Any] = mapped_column(TSVECTOR, words_of({"title": "A", "coalesce(description, '')": "B"}))

    owner: Mapped[User] = relationship(lazy="raise")
    parent: Mapped["Task | None"] = relationship(
        lazy="raise", remote_side="Task.id", foreign_keys=[parent_id], back_populates="subtasks"
    )
    subtasks: Mapped[list["Task"]] = relationship(
        lazy="raise", foreign_keys=[parent_id], back_populates="parent", passive_deletes=True
    )
    previous: Mapped["Task | None"] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="and_(foreign(Task.previous_id) == remote(Task.id), remote(Task.trashed_at).is_(None))",
    )
    next: Mapped["Task | None"] = relationship(
        lazy="raise",
        viewonly=True,
        uselist=False,
        primaryjoin="and_(Task.id == remote(foreign(Task.previous_id)), remote(Task.trashed_at).is_(None))",
    )
    labels: Mapped[list[Label]] = relationship(lazy="raise", secondary=task_label, order_by=[Label.name, Label.id])

    __table_args__ = (
        well_formed_id("task"),
        CheckConstraint("length(title) between 1 and 200", name="title_length"),
        CheckConstraint("length(description) <= 10000", name="description_length"),
        CheckConstraint("cardinality(reminders) <= 10", name="reminders_count"),
        CheckConstraint("recurrence is null or due_at is not null", name="recurrence_needs_due"),
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        Index("ix_task_owner_id_created_at_id", "owner_id", "created_at", "id"),
        Index("ix_task_owner_id_updated_at_id", "owner_id", "updated_at", "id"),
        Index("ix_task_owner_id_position_id", "owner_id", "position", "id"),
        Index("ix_task_owner_id_due_at_id", "owner_id", "due_at", "id"),
        Index("ix_task_owner_id_completed_at_id", "owner_id", "completed_at", "id"),
        Index("ix_task_owner_id_priority_id", "owner_id", "priority", "id"),
        Index("ix_task_owner_id_title_id", "owner_id", "title", "id"),
        Index("ix_task_parent_id_owner_id_created_at_id", "parent_id", "owner_id", "created_at", "id"),
        Index(
            "ix_task_top",
            "owner_id",
            "created_at",
            "id",
            postgresql_where=text("parent_id is null and trashed_at is null"),
        ),
        Index("ix_task_trashed_at", "trashed_at", postgresql_where=text("trashed_at is not null")),
        Index("ix_task_search", "search", postgresql_using="gin"),
    )

    @hybrid_property
    def completed(self) -> bool:
        return self.completed_at is not None

    @completed.inplace.expression
    @classmethod
    def _completed(cls) -> ColumnElement[bool]:
        return cls.completed_at.is_not(None)

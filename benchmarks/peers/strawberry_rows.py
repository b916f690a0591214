"""The tables as the by-the-book Strawberry peer maps them with SQLAlchemy's ORM, and its sessions."""

import os
from datetime import datetime
from enum import StrEnum

import strawberry
from sqlalchemy import ForeignKey, Integer, Select, select
from sqlalchemy.dialects.postgresql import ARRAY, ENUM
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

VIEWER = os.environ["BENCH_USER"]

engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=int(os.environ["BENCH_POOL"]),
    max_overflow=0,
)
session = async_sessionmaker(engine, expire_on_commit=False)


@strawberry.enum
class TaskPriority(StrEnum):
    NONE = "NONE"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    URGENT = "URGENT"


class Base(DeclarativeBase):
    pass


class UserRow(Base):
    __tablename__ = "user_account"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]


class LabelRow(Base):
    __tablename__ = "label"

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str]
    name: Mapped[str]
    color: Mapped[str]


class WornRow(Base):
    __tablename__ = "task_label"

    task_id: Mapped[str] = mapped_column(ForeignKey("task.id"), primary_key=True)
    label_id: Mapped[str] = mapped_column(ForeignKey(LabelRow.id), primary_key=True)


class TaskRow(Base):
    __tablename__ = "task"

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str]
    parent_id: Mapped[str | None]
    title: Mapped[str]
    description: Mapped[str | None]
    priority: Mapped[TaskPriority] = mapped_column(ENUM(TaskPriority, name="task_priority", create_type=False))
    position: Mapped[float]
    due_at: Mapped[datetime | None] = mapped_column()
    time_zone: Mapped[str]
    reminders: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    completed_at: Mapped[datetime | None]
    trashed_at: Mapped[datetime | None]
    version: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


def mine() -> Select[TaskRow]:
    return select(TaskRow).where(TaskRow.owner_id == VIEWER, TaskRow.trashed_at.is_(None))


def newest_first(rows: Select[TaskRow]) -> Select[TaskRow]:
    return rows.order_by(TaskRow.created_at.desc(), TaskRow.id.desc())

"""Strawberry as its documentation writes it: SQLAlchemy's ORM, a session for each piece of work, DataLoaders against
the 1 + n problem, and the two caches of its performance guide."""

import base64
import json
import os
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

import strawberry
import uvicorn
from sqlalchemy import func, select, tuple_, update
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types import Info

from benchmarks.peers.strawberry_rows import (
    VIEWER,
    LabelRow,
    TaskPriority,
    TaskRow,
    UserRow,
    WornRow,
    mine,
    newest_first,
    session,
)

DEFAULT_SIZE = 20


@strawberry.type
class User:
    id: strawberry.ID
    name: str
    email: str

    @classmethod
    def of(cls, row: UserRow) -> "User":
        return cls(id=strawberry.ID(row.id), name=row.name, email=row.email)


@strawberry.type
class Label:
    id: strawberry.ID
    name: str
    color: str

    @classmethod
    def of(cls, row: LabelRow) -> "Label":
        return cls(id=strawberry.ID(row.id), name=row.name, color=row.color)


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class TaskConnection:
    parent_id: strawberry.Private[str | None]
    first: strawberry.Private[int]
    after: strawberry.Private[str | None]
    rows: strawberry.Private[list[TaskRow] | None] = None

    async def fetched(self, info: Info) -> list[TaskRow]:
        """One row more than asked for, to tell whether there is another page."""
        if self.rows is None and self.parent_id is not None:
            self.rows = await info.context["subtasks"](self.first + 1).load(self.parent_id)
        elif self.rows is None:
            self.rows = await page(self.first + 1, self.after)
        return self.rows

    @strawberry.field
    async def nodes(self, info: Info) -> list["Task"]:
        return [Task.of(row) for row in (await self.fetched(info))[: self.first]]

    @strawberry.field
    async def page_info(self, info: Info) -> PageInfo:
        rows = await self.fetched(info)
        last = rows[: self.first][-1] if rows else None
        return PageInfo(has_next_page=len(rows) > self.first, end_cursor=cursor_of(last) if last else None)

    @strawberry.field
    async def total_count(self, info: Info) -> int:
        if self.parent_id is not None:
            counted: int = await info.context["subtask_count"].load(self.parent_id)
            return counted
        async with session() as work:
            return await work.scalar(select(func.count()).select_from(mine().subquery())) or 0


@strawberry.type
class Task:
    id: strawberry.ID
    title: str
    description: str | None
    completed_at: datetime | None
    priority: TaskPriority
    due_at: datetime | None
    time_zone: str
    reminders: list[int]
    position: float
    version: int
    created_at: datetime
    updated_at: datetime
    owner_id: strawberry.Private[str]

    @classmethod
    def of(cls, row: TaskRow) -> "Task":
        return cls(
            id=strawberry.ID(row.id),
            title=row.title,
            description=row.description,
            completed_at=row.completed_at,
            priority=row.priority,
            due_at=row.due_at,
            time_zone=row.time_zone,
            reminders=row.reminders,
            position=row.position,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            owner_id=row.owner_id,
        )

    @strawberry.field
    def completed(self) -> bool:
        return self.completed_at is not None

    @strawberry.field
    async def owner(self, info: Info) -> User | None:
        row = await info.context["owner"].load(self.owner_id)
        return User.of(row) if row else None

    @strawberry.field
    async def labels(self, info: Info) -> list[Label]:
        return [Label.of(row) for row in await info.context["labels"].load(self.id)]

    @strawberry.field
    def subtasks(self, first: int = DEFAULT_SIZE) -> TaskConnection:
        return TaskConnection(parent_id=self.id, first=first, after=None)


def cursor_of(row: TaskRow) -> str:
    return base64.b64encode(json.dumps([row.created_at.isoformat(), row.id]).encode()).decode()


async def page(size: int, after: str | None) -> list[TaskRow]:
    rows = newest_first(mine()).limit(size)
    if after is not None:
        moment, id = json.loads(base64.b64decode(after))
        rows = rows.where(tuple_(TaskRow.created_at, TaskRow.id) < (datetime.fromisoformat(moment), id))
    async with session() as work:
        return list(await work.scalars(rows))


async def subtasks_of(ids: list[str], size: int) -> list[list[TaskRow]]:
    newest: list[Any] = [TaskRow.created_at.desc(), TaskRow.id.desc()]
    number = func.row_number().over(partition_by=TaskRow.parent_id, order_by=newest).label("number")
    numbered = mine().where(TaskRow.parent_id.in_(ids)).with_only_columns(TaskRow.id, number).subquery()
    rows = newest_first(select(TaskRow).join(numbered, TaskRow.id == numbered.c.id).where(numbered.c.number <= size))
    groups = defaultdict[str | None, list[TaskRow]](list)
    async with session() as work:
        for row in await work.scalars(rows):
            groups[row.parent_id].append(row)
    return [groups[id] for id in ids]


async def subtask_counts(ids: list[str]) -> list[int]:
    rows = mine().where(TaskRow.parent_id.in_(ids)).with_only_columns(TaskRow.parent_id, func.count())
    async with session() as work:
        counts = dict((await work.execute(rows.group_by(TaskRow.parent_id))).tuples().all())
    return [counts.get(id, 0) for id in ids]


async def owners(ids: list[str]) -> list[UserRow | None]:
    async with session() as work:
        rows = await work.scalars(select(UserRow).where(UserRow.id == VIEWER, UserRow.id.in_(ids)))
        found = {row.id: row for row in rows}
    return [found.get(id) for id in ids]


async def labels_of(ids: list[str]) -> list[list[LabelRow]]:
    rows = select(WornRow.task_id, LabelRow).join(LabelRow, LabelRow.id == WornRow.label_id)
    rows = rows.where(LabelRow.owner_id == VIEWER, WornRow.task_id.in_(ids)).order_by(LabelRow.name, LabelRow.id)
    groups = defaultdict[str, list[LabelRow]](list)
    async with session() as work:
        for task_id, label in await work.execute(rows):
            groups[task_id].append(label)
    return [groups[id] for id in ids]


@strawberry.input
class UpdateTaskInput:
    title: str


@strawberry.type
class Query:
    @strawberry.field
    async def task(self, id: strawberry.ID) -> Task | None:
        async with session() as work:
            row = await work.scalar(mine().where(TaskRow.id == id))
        return Task.of(row) if row else None

    @strawberry.field
    def tasks(self, first: int = DEFAULT_SIZE, after: str | None = None) -> TaskConnection:
        return TaskConnection(parent_id=None, first=first, after=after)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def update_task(self, id: strawberry.ID, input: UpdateTaskInput) -> Task:
        change = update(TaskRow).where(TaskRow.id == id, TaskRow.owner_id == VIEWER, TaskRow.trashed_at.is_(None))
        values: dict[str, Any] = {"version": TaskRow.version + 1, "updated_at": func.now()}
        async with session() as work, work.begin():
            row = await work.scalar(change.values(title=input.title, **values).returning(TaskRow))
        assert row is not None
        return Task.of(row)


def _paged_loader() -> Callable[[int], DataLoader[str, list[TaskRow]]]:
    loaders: dict[int, DataLoader[str, list[TaskRow]]] = {}

    def sized(size: int) -> DataLoader[str, list[TaskRow]]:
        if size not in loaders:
            loaders[size] = DataLoader(lambda ids: subtasks_of(ids, size))
        return loaders[size]

    return sized


class App(GraphQL[dict[str, Any], None]):
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> dict[str, Any]:
        return {
            "owner": DataLoader(owners),
            "labels": DataLoader(labels_of),
            "subtask_count": DataLoader(subtask_counts),
            "subtasks": _paged_loader(),
        }


schema = strawberry.Schema(query=Query, mutation=Mutation, extensions=[ParserCache, ValidationCache])

if __name__ == "__main__":
    uvicorn.run(App(schema, graphql_ide=None), port=int(os.environ["PORT"]), access_log=False, log_level="warning")

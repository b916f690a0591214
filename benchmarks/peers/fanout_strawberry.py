"""Subscriptions in Strawberry as a hand makes them first: broadcaster in memory, an async generator for each follower,
SQLAlchemy's ORM.

The row that the mutation has changed is what is published. With BENCH_REREAD=1 its id is, and each follower reads the
row anew: then nobody is shown an older state than the row's, which is what Parlor promises.
"""

import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

import strawberry
import uvicorn
from broadcaster import Broadcast
from sqlalchemy import func, select, update
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from benchmarks.peers.strawberry_rows import TaskRow, session

REREAD = os.environ.get("BENCH_REREAD") == "1"
broadcast = Broadcast("memory://")


@strawberry.enum
class EventKind(StrEnum):
    ADDED = "ADDED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"


@strawberry.type
class Task:
    id: strawberry.ID
    title: str
    completed: bool

    @classmethod
    def of(cls, row: TaskRow) -> "Task":
        return cls(id=strawberry.ID(row.id), title=row.title, completed=row.completed_at is not None)


@strawberry.type
class TaskChanged:
    kind: EventKind
    task: Task


@strawberry.input
class UpdateTaskInput:
    title: str


@strawberry.type
class Query:
    @strawberry.field
    def ready(self) -> bool:
        return True


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def update_task(self, id: strawberry.ID, input: UpdateTaskInput) -> Task:
        change = update(TaskRow).where(TaskRow.id == id, TaskRow.trashed_at.is_(None))
        values: dict[str, Any] = {"version": TaskRow.version + 1, "updated_at": func.now()}
        async with session() as work, work.begin():
            row = await work.scalar(change.values(title=input.title, **values).returning(TaskRow))
        assert row is not None
        task = Task.of(row)
        message: Any = row.id if REREAD else TaskChanged(kind=EventKind.UPDATED, task=task)
        await broadcast.publish(channel=row.owner_id, message=message)
        return task


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def task_events(self, owner: strawberry.ID) -> AsyncGenerator[TaskChanged, None]:
        async with broadcast.subscribe(channel=owner) as events:
            async for event in events:  # type: ignore[union-attr]
                message: Any = event.message  # type: ignore[union-attr]
                yield await reread(message) if REREAD else message


async def reread(id: str) -> TaskChanged:
    async with session() as work:
        row = await work.scalar(select(TaskRow).where(TaskRow.id == id))
    assert row is not None
    return TaskChanged(kind=EventKind.UPDATED, task=Task.of(row))


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with broadcast:
        yield


schema = strawberry.Schema(Query, Mutation, Subscription, extensions=[ParserCache, ValidationCache])
graphql = GraphQL[None, None](schema, graphql_ide=None, subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,))
app = Starlette(routes=[Route("/graphql", graphql), WebSocketRoute("/graphql", graphql)], lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), access_log=False, log_level="warning")

"""Ariadne on uvicorn, with asyncpg and aiodataloader. Parsed and validated documents are kept, for which Ariadne has
the places (`query_parser`, `query_validator`) but no cache of its own."""

import base64
import json
import os
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn
from aiodataloader import DataLoader
from ariadne import MutationType, ObjectType, QueryType, ScalarType, make_executable_schema
from ariadne.asgi import GraphQL
from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse, validate
from starlette.applications import Starlette
from starlette.routing import Route

VIEWER = os.environ["BENCH_USER"]
DEFAULT_SIZE = 20

TASK = (
    'id, title, description, priority, reminders, position, version, owner_id as "ownerId", parent_id as "parentId",'
    ' completed_at as "completedAt", due_at as "dueAt", time_zone as "timeZone", created_at as "createdAt",'
    ' updated_at as "updatedAt"'
)
MINE = "owner_id = $1 and trashed_at is null"
NEWEST_FIRST = "order by created_at desc, id desc"

Row = dict[str, Any]
pool: asyncpg.Pool


async def leave_as_it_is(connection: Any) -> None:
    """asyncpg's reset between two uses costs more than these queries, and there is nothing to reset."""


@asynccontextmanager
async def connected(app: Starlette) -> AsyncIterator[None]:
    global pool
    size = int(os.environ["BENCH_POOL"])
    pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], max_size=size, reset=leave_as_it_is)
    async with pool:
        yield


async def rows_of(sql: str, *arguments: Any) -> list[Row]:
    return [dict(row) for row in await pool.fetch(sql, VIEWER, *arguments)]


def grouped(rows: Iterable[Row], key: str, ids: list[str]) -> list[list[Row]]:
    groups = defaultdict[str, list[Row]](list)
    for row in rows:
        groups[row[key]].append(row)
    return [groups[id] for id in ids]


async def page(size: int, after: str | None) -> list[Row]:
    if after is None:
        return await rows_of(f"select {TASK} from task where {MINE} {NEWEST_FIRST} limit $2", size)
    moment, id = json.loads(base64.b64decode(after))
    past = "(created_at, id) < ($3, $4)"
    key = datetime.fromisoformat(moment)
    return await rows_of(f"select {TASK} from task where {MINE} and {past} {NEWEST_FIRST} limit $2", size, key, id)


async def subtasks_of(ids: list[str], size: int) -> list[list[Row]]:
    sql = f"""select part.* from unnest($2::text[]) as parent (id) cross join lateral
      (select {TASK} from task where {MINE} and parent_id = parent.id {NEWEST_FIRST} limit $3) as part"""
    return grouped(await rows_of(sql, ids, size), "parentId", ids)


async def subtask_counts(ids: list[str]) -> list[int]:
    sql = f"select parent_id, count(*) from task where {MINE} and parent_id = any($2::text[]) group by parent_id"
    counts = {row["parent_id"]: row["count"] for row in await rows_of(sql, ids)}
    return [counts.get(id, 0) for id in ids]


async def owners(ids: list[str]) -> list[Row | None]:
    rows = await rows_of("select id, name, email from user_account where id = $1 and id = any($2::text[])", ids)
    found = {row["id"]: row for row in rows}
    return [found.get(id) for id in ids]


async def labels_of(ids: list[str]) -> list[list[Row]]:
    sql = """select task_id, id, name, color from task_label join label on label.id = label_id
      where owner_id = $1 and task_id = any($2::text[]) order by name, id"""
    return grouped(await rows_of(sql, ids), "task_id", ids)


class Loaders:
    """As long as one request lives."""

    def __init__(self) -> None:
        self.owner = DataLoader(owners)
        self.labels = DataLoader(labels_of)
        self.subtask_count = DataLoader(subtask_counts)
        self._pages: dict[int, Any] = {}

    def subtasks(self, size: int) -> Any:
        if size not in self._pages:

            async def sized(ids: list[str]) -> list[list[Row]]:
                return await subtasks_of(ids, size)

            self._pages[size] = DataLoader(sized)
        return self._pages[size]


class Connection:
    def __init__(self, loaders: Loaders, parent_id: str | None, first: int, after: str | None = None) -> None:
        self._loaders = loaders
        self._parent_id = parent_id
        self._first = first
        self._after = after
        self._rows: list[Row] | None = None

    async def fetched(self) -> list[Row]:
        """One row more than asked for, to tell whether there is another page."""
        if self._rows is None:
            size = self._first + 1
            own = self._parent_id is None
            self._rows = await (page(size, self._after) if own else self._loaders.subtasks(size).load(self._parent_id))
        return self._rows

    async def nodes(self, info: Any) -> list[Row]:
        return (await self.fetched())[: self._first]

    async def page_info(self, info: Any) -> Row:
        rows = await self.fetched()
        kept = rows[: self._first]
        return {"hasNextPage": len(rows) > self._first, "endCursor": cursor_of(kept[-1]) if kept else None}

    async def total_count(self, info: Any) -> int:
        if self._parent_id is not None:
            counted: int = await self._loaders.subtask_count.load(self._parent_id)
            return counted
        return int((await rows_of(f"select count(*) from task where {MINE}"))[0]["count"])


def cursor_of(row: Row) -> str:
    return base64.b64encode(json.dumps([row["createdAt"].isoformat(), row["id"]]).encode()).decode()


async def one(source: Any, info: Any, id: str) -> Row | None:
    found = await rows_of(f"select {TASK} from task where {MINE} and id = $2", id)
    return found[0] if found else None


def many(source: Any, info: Any, first: int = DEFAULT_SIZE, after: str | None = None) -> Connection:
    return Connection(info.context["loaders"], None, first, after)


def parts(task: Row, info: Any, first: int = DEFAULT_SIZE) -> Connection:
    return Connection(info.context["loaders"], task["id"], first)


async def rename(source: Any, info: Any, id: str, input: Row) -> Row:
    change = "title = $3, version = version + 1, updated_at = now()"
    return (await rows_of(f"update task set {change} where {MINE} and id = $2 returning {TASK}", id, input["title"]))[0]


def bound() -> list[Any]:
    query, mutation, task, connection = QueryType(), MutationType(), ObjectType("Task"), ObjectType("TaskConnection")
    query.set_field("task", one)
    query.set_field("tasks", many)
    mutation.set_field("updateTask", rename)
    task.set_field("completed", lambda task, info: task["completedAt"] is not None)
    task.set_field("owner", lambda task, info: info.context["loaders"].owner.load(task["ownerId"]))
    task.set_field("labels", lambda task, info: info.context["loaders"].labels.load(task["id"]))
    task.set_field("subtasks", parts)
    connection.set_field("nodes", lambda connection, info: connection.nodes(info))
    connection.set_field("pageInfo", lambda connection, info: connection.page_info(info))
    connection.set_field("totalCount", lambda connection, info: connection.total_count(info))
    moment = ScalarType("DateTime", serializer=lambda moment: moment.isoformat())
    return [query, mutation, task, connection, moment]


@lru_cache(maxsize=1000)
def parsed(text: str) -> DocumentNode:
    return parse(text)


def kept(validated: Callable[..., list[GraphQLError]]) -> Callable[..., list[GraphQLError]]:
    """The validator, asked once for each document that the parser's cache hands out."""
    known: dict[int, tuple[DocumentNode, list[GraphQLError]]] = {}

    def validator(schema: GraphQLSchema, document: DocumentNode, *rest: Any, **more: Any) -> list[GraphQLError]:
        if id(document) not in known:
            known[id(document)] = (document, validated(schema, document, *rest, **more))
        return known[id(document)][1]

    return validator


schema = make_executable_schema((Path(__file__).parent / "schema.graphql").read_text(), *bound())
graphql = GraphQL(
    schema,
    context_value=lambda request, data: {"request": request, "loaders": Loaders()},
    query_parser=lambda context, data: parsed(data["query"]),
    query_validator=kept(validate),
    introspection=True,
    explorer=None,
)
app = Starlette(routes=[Route("/graphql", graphql)], lifespan=connected)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), access_log=False, log_level="warning")

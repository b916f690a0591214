"""Asking with an Idempotency-Key, and what is kept of it."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2

from tests.people import Person
from tests.waiting import until

CREATE = "mutation ($title: String!) { createTask(input: {title: $title}) { id title version } }"
PASSWORD = """mutation ($old: String!, $new: String!) {
  changePassword(input: {currentPassword: $old, newPassword: $new}) { id } }"""
REUSED = ("CONFLICT", "IDEMPOTENCY_KEY_REUSED")
TITLES = "{ tasks { nodes { title } } }"


async def post(person: Person, query: str, key: str | None, **variables: Any) -> httpx2.Response:
    return await send(person, {"query": query, "variables": variables}, key)


async def send(person: Person, body: Any, key: str | None) -> httpx2.Response:
    headers = person.headers | ({} if key is None else {"idempotency-key": key})
    return await person.people.http.post("/graphql", json=body, headers=headers)


def reason(response: httpx2.Response) -> tuple[str, str | None]:
    """The code and the reason of the one error of an answer."""
    (error,) = response.json()["errors"]
    return error["extensions"]["code"], error["extensions"].get("reason")


async def titles(person: Person) -> list[str]:
    return sorted(node["title"] for node in (await person.ask(TITLES)).data["tasks"]["nodes"])


async def kept(person: Person, key: str) -> dict[str, Any] | None:
    """What the database has of somebody's key."""
    id = hashlib.sha256(f"{person.id} {key}".encode()).digest()
    rows = await person.people.services.db.fetch("select * from idempotency_key where id = $1", id)
    return dict(rows[0]) if rows else None


@asynccontextmanager
async def holding_up(url: str, *statements: str) -> AsyncIterator[asyncpg.Connection]:
    """Holds the locks that the statements take until the block ends."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
            yield connection
    finally:
        await connection.close()


def writes_of(person: Person) -> str:
    """Takes the lock that this person's writes to tasks wait for."""
    return f"select pg_advisory_xact_lock(hashtext('tasks'), hashtext('{person.id}'))"


async def waiting(connection: asyncpg.Connection, number: int) -> None:
    """Returns when so many processes wait for a lock in the database of the connection."""

    async def so_many() -> bool:
        statement = """select count(*) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'"""
        await connection.execute("select pg_stat_clear_snapshot()")  # a transaction knows of no newer connections
        return bool(await connection.fetchval(statement) == number)

    await until(so_many)

"""Asking with an Idempotency-Key, and what is kept of it."""

import hashlib
from typing import Any

import httpx2

from tests.people import Person

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

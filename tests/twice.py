"""Mutations by the prepared way and by the executor: the same is asked in two worlds that are alike, and compared."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from kit import ids
from kit.settings import Settings
from resolvers.context import Context
from schema.operations import Answer
from schema.schema import Roots, Schema, made
from tests.conftest import Served, served
from tests.people import People, Person

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
_DRAWN = re.compile(
    r'[a-z]+_[0-9a-f]{32}|[Pp]erson ?\d+|"traceId":"\w+"|"(?:access|refresh)Token":"[^"]+"|"code":"(?![A-Z_]+")[^"]+"'
    r'|"(?:cursor|startCursor|endCursor)":"[^"]+"|[-:0-9T]+\.\d{1,6}[+]00:00'
)


@dataclass
class Asked:
    """A world in which something is asked, and what it answered: each status, Retry-After and body.

    The `other` world has the other server.
    """

    people: People
    other: People
    told: list[str] = field(default_factory=list)

    async def ask(self, person: Person, query: str, key: str | None = None, **variables: Any) -> Any:
        """The data."""
        return await self.send(person, {"query": query, "variables": variables}, key)

    async def send(self, person: Person, body: Any, key: str | None = None) -> Any:
        headers = person.headers | ({} if key is None else {"idempotency-key": key})
        response = await person.people.http.post("/graphql", json=body, headers=headers)
        self.told.append(f"{response.status_code} {response.headers.get('retry-after')} {response.text}")
        return response.json().get("data")

    async def left(self, person: Person) -> None:
        """What is written of all this in the audit and in the log of events."""
        fetch = self.people.services.db.fetch
        audit = await fetch("select action, details::text from audit_entry where actor_id = $1 order by id", person.id)
        events = await fetch("select kind, entity from event where actor_id = $1 order by id", person.id)
        self.told.append(f"{[tuple(row) for row in audit]} {[tuple(row) for row in events]}")

    def alike(self) -> list[str]:
        """What was told, with numbers in place of what is drawn by lot."""
        drawn: dict[str, int] = {}
        return [_DRAWN.sub(lambda found: f"#{drawn.setdefault(found[0], len(drawn))}", text) for text in self.told]


Script = Callable[[Asked], Awaitable[None]]


@dataclass(frozen=True)
class Ways:
    """Two servers of one database, of which one has all mutations executed. `executed` are those of the other."""

    prepared: Served
    executing: Served
    executed: list[str]

    async def told(self, script: Script, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """What both tell, which must be the same."""
        self.executed.clear()
        found = []
        both = (self.prepared, self.executing)
        for server, other in zip(both, reversed(both), strict=True):
            world, number = uuid4().hex[:16], count()
            with monkeypatch.context() as patch:  # rows that are made at one moment are in the same order then
                patch.setattr(ids, "uuid7", lambda world=world, number=number: f"{next(number):016x}{world}")
                asked = Asked(server.people, other.people)
                await script(asked)
            found.append(asked.alike())
        prepared, executed = found
        different = [pair for pair in zip(prepared, executed, strict=True) if pair[0] != pair[1]]
        if different:
            raise AssertionError("prepared {}\nexecuted {}".format(*different[0]))
        return prepared


@asynccontextmanager
async def both_ways(settings: Settings, *roots: Roots) -> AsyncIterator[Ways]:
    quick, slow, executed = made(settings, *roots), made(settings, *roots), list[str]()
    execute = quick.execute

    async def noted(query: str | None, *args: Any, **kwargs: Any) -> Any:
        executed.append(query or "")
        return await execute(query, *args, **kwargs)

    async def by_executor(query: str, variables: Mapping[str, Any], name: str | None, ctx: Context) -> Answer:
        given = {"variable_values": dict(variables), "context_value": ctx, "operation_name": name}
        return Answer.of(await Schema.execute(slow, query, **given))

    quick.execute = noted  # type: ignore[method-assign]
    slow.mutated = by_executor  # type: ignore[method-assign, assignment]
    async with served(settings, lambda: NOON, schema=quick) as one, served(settings, lambda: NOON, schema=slow) as two:
        yield Ways(one, two, executed)

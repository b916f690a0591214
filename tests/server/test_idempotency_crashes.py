"""A server is killed in the midst of a mutation: who asks again with its key is answered, and nothing is done twice.

The moment is made by a lock that the server waits for: of a table that only the answer reads, or only the next write.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.conftest import SECRET
from tests.people import People, Person
from tests.server.holding import holding_up, waiting, writes_of
from tests.server.once import CREATE, post, reason, titles
from tests.server.processes import PATIENCE, Running, serving

LABELLED = CREATE.replace("version", "labels { name }")
BOTH = """mutation { task: createTask(input: {title: "Once"}) { id }
  label: createLabel(input: {name: "home"}) { id } }"""
LABELS = "{ labels { nodes { id } } }"


@asynccontextmanager
async def killed(person: Person, url: str, data: Path, lock: str, query: str, **variables: Any) -> AsyncIterator[None]:
    """Asks a server of its own with the key "k" and kills it once it waits for the lock."""
    with serving(data, DATABASE_URL=url, JWT_SECRET=SECRET) as running:
        async with holding_up(url, lock) as hand, client(running, person) as there:
            asking = asyncio.create_task(post(there, query, "k", **variables))
            await waiting(hand, 1)
            running.stop(signal.SIGKILL)
            with pytest.raises(httpx2.TransportError):
                await asking
            yield


@asynccontextmanager
async def client(running: Running, person: Person) -> AsyncIterator[Person]:
    async with httpx2.AsyncClient(base_url=running.url, timeout=PATIENCE) as http:
        yield person.at(People(http, person.people.services, running.url))


async def test_after_the_commit_and_before_the_reply(people: People, database_url: str, data: Path) -> None:
    dora = await people.one()
    async with killed(dora, database_url, data, "lock table label in access exclusive mode", LABELLED, title="Once"):
        assert await titles(dora) == ["Once"]
    (task,) = (await dora.ask("{ tasks { nodes { id } } }")).data["tasks"]["nodes"]
    with serving(data, DATABASE_URL=database_url, JWT_SECRET=SECRET) as running:
        async with client(running, dora) as there:
            again = await post(there, LABELLED, "k", title="Once")
    assert again.json() == {"data": {"createTask": {"id": task["id"], "title": "Once", "labels": []}}}
    assert (await post(dora, LABELLED, "k", title="Once")).content == again.content
    assert await titles(dora) == ["Once"]


async def test_between_the_first_field_and_the_second(people: People, database_url: str, data: Path) -> None:
    dora = await people.one()
    async with killed(dora, database_url, data, "lock table label in share row exclusive mode", BOTH):
        assert await titles(dora) == ["Once"]
        assert (await dora.ask(LABELS)).data["labels"]["nodes"] == []
    (task,) = (await dora.ask("{ tasks { nodes { id } } }")).data["tasks"]["nodes"]
    again = await post(dora, BOTH, "k")
    (label,) = (await dora.ask(LABELS)).data["labels"]["nodes"]
    assert again.json() == {"data": {"task": task, "label": label}}
    assert await titles(dora) == ["Once"]


async def test_before_the_commit(people: People, database_url: str, data: Path) -> None:
    dora = await people.one()
    async with killed(dora, database_url, data, writes_of(dora), CREATE, title="Once"):
        assert await titles(dora) == []
    again = await post(dora, CREATE, "k", title="Once")
    assert again.json()["data"]["createTask"]["title"] == "Once"
    assert await titles(dora) == ["Once"]


@pytest.mark.parametrize(
    ("query", "status"), [(CREATE, 200), ("{ tasks { nodes { title } } }", 503)], ids=["a mutation", "a query"]
)
async def test_what_is_under_way_when_the_server_has_to_go_is_ended_and_told_so(
    people: People, database_url: str, data: Path, query: str, status: int
) -> None:
    """A mutation is given up by its database, and is known not to have been done."""
    dora, quickly = await people.one(), {"SHUTDOWN_SECONDS": "1", "LEAVING_SECONDS": "0"}
    with serving(data, DATABASE_URL=database_url, JWT_SECRET=SECRET, **quickly) as running:
        async with holding_up(database_url, "lock table task") as hand, client(running, dora) as there:
            asking = asyncio.create_task(post(there, query, "k", title="Once"))
            await waiting(hand, 1)
            assert await asyncio.to_thread(running.stop, signal.SIGTERM) == 0
            answer = await asking
            await waiting(hand, 0)
        assert (answer.status_code, reason(answer)) == (status, ("UNAVAILABLE", None))
        assert "Traceback" not in running.said
    assert await titles(dora) == []

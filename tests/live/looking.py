"""Followers of the presence at somebody's own topic, as clients are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.conftest import Served
from tests.people import Person
from tests.sockets import Socket
from tests.waiting import until

PATIENCE = 15  # seconds until what must be told has been told
FIELDS = "presence(topic: $topic) { totalCount nodes { since user { id } } }"
QUERY = f"query ($topic: String!) {{ {FIELDS} }}"
SUBSCRIPTION = f"subscription ($topic: String!) {{ {FIELDS} }}"


def own_topic(person: Person) -> str:
    return f"user:{person.id}"


def people_in(answer: Any) -> dict[str, str]:
    """Who is there, and since when; each is counted once."""
    found = {node["user"]["id"]: node["since"] for node in answer["nodes"]}
    assert answer["totalCount"] == len(answer["nodes"]) == len(found)
    return found


@dataclass
class Looking:
    """A subscription; `told` are all its answers so far."""

    socket: Socket
    topic: str
    told: list[dict[str, str]] = field(default_factory=list)

    async def until(self, *people: Person) -> dict[str, str]:
        """The first answer in which these are there, and nobody else."""
        async with asyncio.timeout(PATIENCE):
            while not self.told or self.told[-1].keys() != {person.id for person in people}:
                frame = await self.socket.frame()
                assert frame["type"] == "next", frame
                self.told.append(people_in(frame["payload"]["data"]["presence"]))
        return self.told[-1]

    async def until_refused(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while (frame := await self.socket.frame())["type"] == "next":
                pass
        assert frame["payload"][0]["extensions"]["code"] == "FORBIDDEN"

    async def end(self) -> None:
        """Leaves the socket open."""
        await self.socket.send({"type": "complete", "id": "1"})
        await self.socket.start("{ __typename }", "ended")
        while await self.socket.frame() != {"type": "complete", "id": "ended"}:
            pass


@asynccontextmanager
async def looking(person: Person, at: Person, url: str | None = None) -> AsyncIterator[Looking]:
    """In a tab of its own, through the server of `url`."""
    async with Socket(url, person.token) if url else person.socket() as socket:
        await socket.start(SUBSCRIPTION, topic=own_topic(at))
        yield Looking(socket, own_topic(at))


async def there(asking: Person, at: Person) -> dict[str, str]:
    return people_in((await asking.ask(QUERY, topic=own_topic(at))).data["presence"])


async def rows(house: Served, topic: str) -> list[str]:
    """The users whom the table has there, whether or not their process still lives."""
    found = await house.services.db.fetch("select user_id from presence where topic = $1 order by user_id", topic)
    return [row["user_id"] for row in found]


async def until_rows(house: Served, topic: str, wanted: list[str]) -> None:
    async def so() -> bool:
        return await rows(house, topic) == sorted(wanted)

    await until(so)

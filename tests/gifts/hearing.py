"""Following what happens in a family, over a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.people import Person
from tests.sockets import Socket

CHANGES = """subscription ($topics: [String!]) { changes(topics: $topics) {
  __typename ... on EntityChanged { entityId } ... on EntityDeleted { deletedId } } }"""


class Heard:
    """A stream that has begun."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket

    async def next(self) -> Any:
        frame = await self.socket.frame()
        assert frame["type"] == "next", frame
        return next(iter(frame["payload"]["data"].values()))

    async def entity(self) -> tuple[str, str]:
        told = await self.next()
        return told["entityType"], told.get("kind", "DELETED")

    async def refused(self) -> str:
        frame = await self.socket.frame()
        assert frame["type"] == "error", frame
        return str(frame["payload"][0]["extensions"]["code"])


@asynccontextmanager
async def hearing(person: Person, query: str, url: str | None = None, **variables: Any) -> AsyncIterator[Heard]:
    async with Socket(url, person.token) if url else person.socket() as socket:
        payload = {"query": query, "variables": variables}
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
        heard = Heard(socket)
        assert (await heard.next())["__typename"] == "Ready"
        yield heard

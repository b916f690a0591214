"""A client of HTTP that sees each chunk as it was written, and streams of events read one event at a time."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.lines import reached
from tests.people import Person
from tests.sockets import EVENTS
from tests.waiting import PATIENCE

SSE = "text/event-stream"
MULTIPART = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0, application/json"
DEFERRED = "multipart/mixed;deferSpec=20220824, application/graphql-response+json,application/json;q=0.9"
INCREMENTAL = "multipart/mixed;incrementalSpec=v0.2, application/graphql-response+json,application/json;q=0.9"
PART = b"\r\ncontent-type: application/json\r\n\r\n%b\r\n--graphql"


@dataclass
class Response:
    """An answer whose head has been read."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: int
    headers: dict[str, str]
    _text: bytes = field(default=b"")

    async def chunk(self) -> bytes:
        """What the server wrote at once; nothing at the end. Raises IncompleteReadError where it cut the connection."""
        async with asyncio.timeout(PATIENCE):
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            body = await self.reader.readexactly(size)
            assert await self.reader.readexactly(2) == b"\r\n"
        return body

    async def rest(self) -> bytes:
        """All that still comes, until the end."""
        if "content-length" in self.headers:
            return await self.reader.readexactly(int(self.headers["content-length"]))
        found, self._text = self._text, b""
        while chunk := await self.chunk():
            found += chunk
        return found

    async def _until(self, end: bytes) -> bytes:
        while end not in self._text:
            chunk = await self.chunk()
            assert chunk, f"the stream ended after {self._text!r}"
            self._text += chunk
        found, _, self._text = self._text.partition(end)
        return found

    async def event(self) -> dict[str, Any]:
        """The next one of an event stream, with its fields; comments are passed over."""
        while True:
            lines = [line.partition(": ") for line in (await self._until(b"\n\n")).decode().split("\n")]
            fields: dict[str, Any] = {name: value for name, _, value in lines if name in ("event", "id", "data")}
            if fields:
                return fields

    async def next(self) -> Any:
        """What the next event of an event stream tells; its id must be the cursor that stands in it."""
        fields = await self.event()
        (told,) = json.loads(fields["data"])["data"].values()
        assert fields == {"event": "next", "id": told["cursor"], "data": fields["data"]}
        return told

    async def part(self) -> Any:
        """The next part of a multipart stream; heartbeats are passed over."""
        while True:
            head, _, body = (await self._until(b"\r\n--graphql")).partition(b"\r\n\r\n")
            if head and (told := json.loads(body)):
                assert head == b"\r\ncontent-type: application/json"
                return told

    def cut(self) -> None:
        """As when the network goes."""
        self.writer.transport.abort()


@asynccontextmanager
async def asked(
    person: Person,
    query: str = EVENTS,
    *,
    accept: str | None = SSE,
    method: str = "POST",
    room: int | None = None,
    variables: dict[str, Any] | None = None,
    **headers: str,
) -> AsyncIterator[Response]:
    """An operation over a connection of its own, `room` bytes wide; names of headers are written with `_`."""
    given = {"query": query, "variables": variables or {}}
    body, path = json.dumps(given).encode(), "/graphql"
    if method == "GET":
        body, path = b"", f"/graphql?{urlencode({'query': query, 'variables': json.dumps(variables or {})})}"
    head = {"host": "localhost", "content-type": "application/json", "content-length": str(len(body)), **person.headers}
    head |= {"accept": accept} if accept is not None else {}
    head |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    async with reached(person.people.url, room=room) as (reader, writer):
        writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        async with asyncio.timeout(PATIENCE):
            status, *fields = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        found = dict(line.lower().split(": ", 1) for line in fields if line)
        yield Response(reader, writer, int(status.split()[1]), found)


@asynccontextmanager
async def following(person: Person, after: str | None = None, **more: Any) -> AsyncIterator[tuple[Response, Any]]:
    """An event stream that has begun, and its first event: Ready or Resync."""
    async with asked(person, variables={"after": after}, **more) as response:
        assert response.status == 200, await response.rest()
        yield response, await response.next()

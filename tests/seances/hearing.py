"""Following a room over a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.people import Person
from tests.sockets import Socket

EVENTS = """subscription ($room: ID!, $after: Cursor) { seanceEvents(seanceId: $room, after: $after) { __typename
  ... on Ready { cursor } ... on Resync { cursor reason } ... on Change { cursor kind at topic actor { name } entityId }
  ... on SeatChange { participant { id user { id name } isHost leftAt leftReason mutedAt } }
  ... on MessageChange { message { id kind text sender { id name } letterTiming startsAt hiddenAt } }
  ... on TurnChange { turn { id state failure provider askedBy { name } question { text } answer { text } } }
  ... on RoomChange { seance { id name participantCount locked isActive host { id name } } }
  ... on SeanceDeleted { cursor deletedId }
  ... on UserTyping { typing user { name } at until } } }"""


class Heard:
    """A stream that has begun; `cursor` is that of the last event."""

    def __init__(self, socket: Socket, id: str = "1") -> None:
        self.socket = socket
        self.id = id
        self.cursor: str = ""

    async def next(self) -> Any:
        frame = await self.socket.frame()
        assert frame["type"] == "next", frame
        assert frame["id"] == self.id, frame
        assert "errors" not in frame["payload"], frame
        told = next(iter(frame["payload"]["data"].values()))
        self.cursor = told.get("cursor", self.cursor)
        return told

    async def event(self) -> Any:
        """The next, who types passed over."""
        while (told := await self.next())["__typename"] == "UserTyping":
            pass
        return told

    async def types(self, number: int) -> list[str]:
        """Of the next so many."""
        return [(await self.event())["__typename"] for _ in range(number)]

    async def until(self, typename: str) -> Any:
        """The next of this type; what comes before it is passed over."""
        while (told := await self.next())["__typename"] != typename:
            pass
        return told

    async def refused(self) -> str:
        frame = await self.socket.frame()
        assert frame["type"] == "error", frame
        return str(frame["payload"][0]["extensions"]["code"])


@asynccontextmanager
async def hearing(
    person: Person, room: str, after: str | None = None, *, query: str = EVENTS, **variables: Any
) -> AsyncIterator[Heard]:
    """Begun: Ready has come."""
    async with person.socket() as socket:
        await socket.start(query, "1", room=room, after=after, **variables)
        heard = Heard(socket)
        assert (await heard.next())["__typename"] == "Ready"
        yield heard

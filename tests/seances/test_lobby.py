"""The live list of rooms: it is answered anew when a room comes, fills, changes, hides or ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest

from db.seances.rooms import Seance
from db.seances.seats import LeftReason
from kit.errors import Unauthenticated
from kit.ids import Id
from live.queries import GAP_SECONDS
from resolvers.context import Context
from resolvers.seances import seats
from resolvers.seances.held import held_unseen, seat_of
from resolvers.work import Work
from tests.people import Person
from tests.seances.hearing import EVENTS
from tests.seances.rooms import DELETE, END, opened, update
from tests.seances.world import World
from tests.sockets import Socket

LOBBY = """subscription ($filter: SeanceFilter) { seances(filter: $filter, first: 100) { totalCount
  nodes { name visibility participantCount freeSeats locked host { name } } } }"""
CHANGES = """subscription ($after: Cursor) { changes(topics: ["lobby:seances"], after: $after) { __typename
  ... on Ready { cursor } ... on EntityChanged { entityType entityId kind node { ... on Seance { name } } }
  ... on EntityDeleted { deletedId } } }"""


class Screen:
    """What somebody sees of the rooms that are asked for."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket

    async def next(self) -> Any:
        frame = await self._socket.frame()
        assert frame["type"] == "next", frame
        found = frame["payload"]["data"]["seances"]
        assert found["totalCount"] == len(found["nodes"])
        return found["nodes"]

    async def until(self, holds: Callable[[Any], bool]) -> Any:
        while not holds(shown := await self.next()):
            pass
        return shown


@asynccontextmanager
async def looking(person: Person, **filter: Any) -> AsyncIterator[Screen]:
    async with person.socket() as socket:
        await socket.start(LOBBY, "1", filter=filter)
        yield Screen(socket)


@pytest.fixture
def word() -> str:
    """In the names of a test's own rooms: other tests leave public ones."""
    return "w" + uuid4().hex


def nobody(world: World) -> Context:
    return Context(world.people.services, Unauthenticated(), trace_id="test", address="local")


@asynccontextmanager
async def holding(world: World, id: str) -> AsyncIterator[tuple[Work, Seance]]:
    """What others do in a room."""
    async with nobody(world).work() as work:
        found = await held_unseen(work, Id(id))
        assert found is not None
        yield work, found


async def come(world: World, id: str, person: Person) -> None:
    async with holding(world, id) as (work, found):
        await seats.sit(work, found, Id(person.id))


async def leave(world: World, id: str, person: Person) -> None:
    async with holding(world, id) as (work, found):
        seat = await seat_of(work, found, Id(person.id))
        assert seat is not None
        await seats.vacate(work, found, seat, LeftReason.LEFT)


async def test_a_stranger_sees_what_becomes_of_a_public_room(world: World, word: str) -> None:
    async with looking(world.sam, search=word) as screen:
        assert await screen.next() == []
        id = (await opened(world.dora, name=word, maxUsers=2))["id"]
        shown = {
            "name": word, "visibility": "PUBLIC", "participantCount": 1, "freeSeats": 1, "locked": False,
            "host": {"name": "Dora"},
        }  # fmt: skip
        assert await screen.next() == [shown]
        await come(world, id, world.gus)
        assert await screen.next() == [shown | {"participantCount": 2, "freeSeats": 0}]
        await leave(world, id, world.dora)
        shown |= {"host": {"name": "Gus"}}
        assert await screen.next() == [shown]
        await update(world.gus, id, name=f"{word} again")
        assert await screen.next() == [shown | {"name": f"{word} again"}]
        await update(world.gus, id, name=word, locked=True)
        assert await screen.next() == [shown | {"locked": True}]
        await update(world.gus, id, visibility="PRIVATE")
        assert await screen.next() == []
        await update(world.gus, id, visibility="PUBLIC", locked=False)
        assert await screen.next() == [shown]
        assert (await world.gus.ask(END, id=id)).data
        assert await screen.next() == []


async def test_of_rooms_that_are_not_public_a_stranger_hears_nothing(world: World, word: str) -> None:
    """Neither in the list nor on its topic, where what comes first is of the public one."""
    async with looking(world.sam, search=word) as screen, world.sam.socket() as socket:
        assert await screen.next() == []
        await socket.start(CHANGES, "1")
        assert (await socket.frame())["payload"]["data"]["changes"]["__typename"] == "Ready"
        for visibility in ("UNLISTED", "PRIVATE"):
            hidden = (await opened(world.dora, name=f"{word} {visibility}", visibility=visibility))["id"]
            await come(world, hidden, world.gus)
            assert (await update(world.dora, hidden, name=f"{word} hidden")).data
            assert (await world.dora.ask(END, id=hidden)).data
            assert (await world.dora.ask(DELETE, id=hidden)).data
        public = (await opened(world.dora, name=word))["id"]
        assert [one["name"] for one in await screen.next()] == [word]
        told = (await socket.frame())["payload"]["data"]["changes"]
    assert (told["entityType"], told["entityId"], told["kind"]) == ("SEANCE", public, "ADDED")


async def test_of_a_room_that_was_hidden_nothing_is_told_again(world: World, word: str) -> None:
    """What was written of it while it was public is not given to whoever resumes."""
    async with world.sam.socket() as early, world.sam.socket() as late:
        await early.start(CHANGES, "1", after=None)
        cursor = (await early.frame())["payload"]["data"]["changes"]["cursor"]
        id = (await opened(world.dora, name=word))["id"]
        assert (await early.frame())["payload"]["data"]["changes"]["node"] == {"name": word}
        await update(world.dora, id, visibility="PRIVATE")
        while (told := (await early.frame())["payload"]["data"]["changes"])["node"] is not None:
            pass
        assert told["entityId"] == id
        await late.start(CHANGES, "1", after=cursor)
        assert (await late.frame())["payload"]["data"]["changes"]["__typename"] == "Ready"
        assert (await late.frame())["payload"]["data"]["changes"]["node"] is None


async def test_ones_own_list_follows_rooms_that_are_not_public(world: World) -> None:
    async with looking(world.ida, mine=True) as screen:
        (shown,) = await screen.next()
        assert (shown["name"], shown["participantCount"]) == ("The attic", 3)
        assert (await update(world.dora, world.room.id, name="The loft")).data
        assert [one["name"] for one in await screen.next()] == ["The loft"]
        await come(world, world.room.id, world.sam)
        assert [one["participantCount"] for one in await screen.next()] == [4]
        await leave(world, world.room.id, world.dora)
        (shown,) = await screen.next()
        assert (shown["participantCount"], shown["host"]) == (3, {"name": "Gus"})
        assert (await world.gus.ask(END, id=world.room.id)).data
        assert await screen.next() == []


async def test_a_room_that_somebody_is_asked_into_comes_and_goes_in_their_list(world: World) -> None:
    async with looking(world.sam, mine=True) as screen:
        assert await screen.next() == []
        await come(world, world.room.id, world.sam)
        assert [one["name"] for one in await screen.next()] == ["The attic"]
        assert (await world.dora.ask(DELETE, id=world.room.id)).data
        assert await screen.next() == []


async def test_many_who_come_at_once_make_few_answers(world: World, word: str) -> None:
    loop = asyncio.get_running_loop()
    guests = [await world.people.one() for _ in range(44)]
    rooms = [(await opened(world.dora, name=word, maxUsers=12))["id"] for _ in range(4)]
    async with looking(world.sam, search=word) as screen:
        assert len(await screen.next()) == 4
        began, answers = loop.time(), 0
        coming = (come(world, rooms[number % 4], guest) for number, guest in enumerate(guests))
        moved = asyncio.gather(*coming)
        while any(one["freeSeats"] for one in await screen.next()):
            answers += 1
        await moved
        assert answers <= (loop.time() - began) / GAP_SECONDS + 1


async def test_a_stranger_who_follows_a_public_room_is_refused(world: World, word: str) -> None:
    public = (await opened(world.dora, name=word))["id"]
    async with world.sam.socket() as socket:
        await socket.start(EVENTS, room=public)
        assert (await socket.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"

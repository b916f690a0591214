"""What becomes of a room, done by what its verbs are made of."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from db.seances.messages import MessageKind, SeanceMessage
from db.seances.rooms import Seance
from db.seances.seats import LeftReason, SeanceParticipant
from kit.ids import Id
from live.log import Kind
from resolvers.context import Context, Viewer
from resolvers.seances import ending, held, seats
from resolvers.work import Work
from tests.people import Person


def context(person: Person) -> Context:
    """As of somebody who has signed in."""
    services, user = person.people.services, person.user
    assert user is not None
    assert person.session_id is not None
    viewer = Viewer(user.id, user.role, person.session_id, "UTC", services.clock())
    return Context(services=services, asks=viewer, trace_id="trace", address="127.0.0.1")


@asynccontextmanager
async def holding(person: Person, room: Id) -> AsyncIterator[tuple[Work, Seance]]:
    """A room, held by what somebody does there."""
    async with context(person).work() as work:
        found = await held.held_unseen(work, room)
        assert found is not None
        yield work, found


async def join(person: Person, room: Id) -> SeanceParticipant:
    async with holding(person, room) as (work, found):
        return await seats.sit(work, found, Id(person.id))


async def go(by: Person, room: Id, person: Person, reason: LeftReason = LeftReason.LEFT) -> None:
    """Of themselves, or because they are sent away by somebody."""
    async with holding(by, room) as (work, found):
        seat = await held.seat_of(work, found, Id(person.id))
        assert seat is not None
        await seats.vacate(work, found, seat, reason)


async def pass_on(by: Person, room: Id, to: Person) -> None:
    async with holding(by, room) as (work, found):
        work.change(found, Kind.ASSIGNED, host_id=Id(to.id))


async def say(person: Person, room: Id, text: str) -> SeanceMessage:
    async with holding(person, room) as (work, found):
        said = SeanceMessage(seance_id=found.id, kind=MessageKind.USER, sender_id=Id(person.id), text=text)
        return await work.add(said)


async def change(person: Person, room: Id, **values: Any) -> None:
    async with holding(person, room) as (work, found):
        work.change(found, **values)


async def end(person: Person, room: Id) -> None:
    async with holding(person, room) as (work, found):
        await ending.end(work, found)


async def mute(by: Person, room: Id, person: Person) -> None:
    async with holding(by, room) as (work, found):
        seat = await held.seat_of(work, found, Id(person.id))
        assert seat is not None
        work.change(seat, muted_at=work.ctx.now())

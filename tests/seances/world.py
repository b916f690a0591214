"""A room to begin with: what tests need before they do anything, written as rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.base import Entity
from db.seances.messages import MessageKind, SeanceMessage
from db.seances.rooms import Seance, SeanceVisibility
from db.seances.seats import SeanceParticipant
from kit.ids import Id
from tests.people import People, Person


@dataclass(frozen=True)
class World:
    """Dora is the host, Gus and Ida sit with her, and Sam is a stranger. `seats` are by user id."""

    people: People
    dora: Person
    gus: Person
    ida: Person
    sam: Person
    room: Seance
    seats: dict[str, SeanceParticipant]

    @property
    def topic(self) -> str:
        return f"seance:{self.room.id}"


async def keep(people: People, *rows: Entity) -> None:
    """Written as they are; the rows stay readable afterwards."""
    async with people.services.db.transaction() as session:
        session.add_all(rows)


def seat(room: Seance, person: Person, at: datetime, **more: Any) -> SeanceParticipant:
    """One that is connected."""
    return SeanceParticipant(
        id=SeanceParticipant.fresh_id(), seance_id=room.id, user_id=Id(person.id), joined_at=at, **more
    )


def said(room: Seance, person: Person, text: str, **more: Any) -> SeanceMessage:
    return SeanceMessage(
        id=SeanceMessage.fresh_id(),
        seance_id=room.id,
        kind=MessageKind.USER,
        sender_id=Id(person.id),
        text=text,
        **more,
    )


async def room(people: People, *persons: Person, **more: Any) -> tuple[Seance, dict[str, SeanceParticipant]]:
    """A room of these, of whom the first is the host; they came in this order. It is private unless said otherwise."""
    values: dict[str, Any] = {"name": "The attic", "visibility": SeanceVisibility.PRIVATE} | more
    made = Seance(id=Seance.fresh_id(), host_id=Id(persons[0].id), participant_count=len(persons), **values)
    seats = {person.id: seat(made, person, people.services.clock()) for person in persons}
    await keep(people, made)
    await keep(people, *seats.values())
    return made, seats


async def world(people: People, **more: Any) -> World:
    dora, gus, ida, sam = [await people.one(name=name) for name in ("Dora", "Gus", "Ida", "Sam")]
    made, seats = await room(people, dora, gus, ida, **more)
    return World(people, dora, gus, ida, sam, made, seats)

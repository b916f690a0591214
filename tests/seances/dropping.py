"""A server whose clock a test moves, and which looks after seats when a test says so."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from kit.settings import Settings
from resolvers.context import for_nobody
from resolvers.seances import holds
from tests.clock import Watch
from tests.conftest import Served, served
from tests.people import Person
from tests.seances.hearing import Heard, hearing
from tests.seances.sitting import rows
from tests.seances.world import World
from tests.seances.world import world as made
from tests.waiting import until

HOLD = timedelta(seconds=10)
QUICK: dict[str, Any] = {
    "presence_lease_seconds": 1.0,
    "presence_grace_seconds": 0.1,
    "seance_hold_seconds": HOLD.total_seconds(),
}

_CAME = "update seance_participant set joined_at = :at where id = :id"


@dataclass(frozen=True)
class Holding:
    """Nobody is connected to begin with, and nobody's seat is held."""

    house: Served
    clock: Watch
    world: World

    async def sweep(self, later: timedelta = timedelta()) -> None:
        self.clock.at += later
        await holds.sweep(for_nobody(self.house.services, "test"))

    async def seat(self, person: Person) -> dict[str, Any]:
        (found,) = await rows(
            self.world.people, "select * from seance_participant where id = $1", self.world.seats[person.id].id
        )
        return found

    async def held(self, person: Person) -> timedelta | None:
        """How long the seat is held from now on; None while they are connected."""
        until: datetime | None = (await self.seat(person))["held_until"]
        return None if until is None else until - self.clock.at

    async def there(self) -> set[str]:
        """Who is connected, as the rows say that count."""
        statement = """select user_id from presence join presence_lease using (process)
            where topic = $1 and until > now()"""
        return {row["user_id"] for row in await rows(self.world.people, statement, self.world.topic)}

    @asynccontextmanager
    async def connected(self, *people: Person) -> AsyncIterator[list[Heard]]:
        """They follow the room, and are there."""
        async with AsyncExitStack() as stack:
            heard = [await stack.enter_async_context(hearing(person, self.world.room.id)) for person in people]
            await self.until(lambda there: {person.id for person in people} <= there)
            yield heard

    async def until(self, holds: Callable[[set[str]], bool]) -> None:
        """Until this holds of who is connected."""

        async def so() -> bool:
            return holds(await self.there())

        await until(so)

    async def until_gone(self, *people: Person) -> None:
        await self.until(lambda there: not {person.id for person in people} & there)


@asynccontextmanager
async def holding(settings: Settings, **more: Any) -> AsyncIterator[Holding]:
    clock = Watch(datetime.now(UTC))
    async with served(settings.model_copy(update=QUICK | more), clock) as house:
        world = await made(house.people)
        async with house.services.db.transaction() as session:  # they came one after the other
            for number, seat in enumerate(world.seats.values()):
                earlier = clock.at - timedelta(minutes=len(world.seats) - number)
                await session.execute(text(_CAME), {"id": seat.id, "at": earlier})
        yield Holding(house, clock, world)

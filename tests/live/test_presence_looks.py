"""Whatever changes between two looks at who is there is noticed by the second, even if it finds what the first found.

Somebody may have been asked about in between. No signal is heard here, and looks are taken and rows written by hand.
"""

import asyncio
from dataclasses import dataclass, field

import pytest
from sqlalchemy import delete, text

from db.accounts.presence import GONE_KEPT
from db.models import User
from kit.clock import now
from kit.ids import Id, new_id
from live import presence
from live.presence import Presence, signal_of
from live.signals import Signal, Signals
from server.housekeeping import tidy
from tests.conftest import Served
from tests.people import Person
from tests.waiting import until


@dataclass
class Process:
    """One of several; `told` is what it has told its queries about the topic."""

    house: Served
    topic: str
    lease: float = 60
    told: list[Signal] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name, signals = new_id("process"), Signals()
        self.presence = Presence(
            self.house.services.db, signals, process=self.name, clock=now, lease=self.lease, grace=0
        )
        signals.follow(signal_of(self.topic), self.told.append)

    async def come(self, person: Person) -> None:
        self.presence.enter(self.topic, Id(person.id))
        await self.presence._write()

    async def go(self, person: Person) -> None:
        self.presence.leave(self.topic, Id(person.id))
        await until(lambda: (self.topic, person.id) not in self.presence._here)
        await self.presence._write()

    async def notices(self) -> bool:
        """Looks."""
        self.told.clear()
        await self.presence._look()
        return bool(self.told)

    async def settled(self) -> None:
        while await self.notices():
            pass


@pytest.fixture
async def dora(house: Served) -> Person:
    return await house.people.one()


@pytest.fixture
async def here(house: Served, dora: Person) -> Process:
    """Somebody is there through it, and it has looked."""
    process = Process(house, f"user:{dora.id}")
    await process.come(await house.people.one())
    await process.settled()
    return process


@pytest.fixture
def there(here: Process) -> Process:
    return Process(here.house, here.topic)


async def lapse(process: Process) -> None:
    async with process.house.services.db.transaction() as session:
        ended = text("update presence_lease set until = now() - interval '1 second' where process = :process")
        await session.execute(ended, {"process": process.name})


async def test_where_nothing_happens_nothing_is_noticed(here: Process) -> None:
    assert not await here.notices()


async def test_who_came_and_went(here: Process, there: Process, dora: Person) -> None:
    await there.come(dora)
    await there.go(dora)
    assert await here.notices()
    assert not await here.notices()


async def test_who_came_through_a_process_that_ended(here: Process, there: Process, dora: Person) -> None:
    await there.come(dora)
    await there.presence.close()
    assert await here.notices()
    assert not await here.notices()


async def test_who_came_through_a_process_that_died(here: Process, there: Process, dora: Person) -> None:
    await there.come(dora)
    await lapse(there)
    assert await here.notices()
    assert not await here.notices()


async def test_who_came_through_a_process_that_died_and_was_cleared_away(
    here: Process, there: Process, dora: Person
) -> None:
    await there.come(dora)
    await lapse(there)
    await tidy(here.house.services)
    assert await here.notices()
    assert not await here.notices()


async def test_who_came_and_was_deleted(here: Process, there: Process, dora: Person) -> None:
    await there.come(dora)
    async with here.house.services.db.transaction() as session:
        await session.execute(delete(User).where(User.id == dora.id))
    assert await here.notices()
    assert not await here.notices()


async def test_a_process_that_was_dead_lived_again_and_died(here: Process, there: Process, dora: Person) -> None:
    await there.come(dora)
    await lapse(there)
    await here.settled()
    await there.presence._write()
    await lapse(there)
    assert await here.notices()


async def test_a_lease_that_ended_and_was_renewed(here: Process, dora: Person) -> None:
    there = Process(here.house, here.topic, lease=0.2)
    await there.come(dora)
    await here.notices()

    async def ended() -> bool:
        rows = await here.house.services.db.fetch(
            "select from presence_lease where process = $1 and until < now()", there.name
        )
        return bool(rows)

    await until(ended)
    await there.presence._write()
    assert await here.notices()


async def test_who_went_by_a_transaction_that_had_begun_before_the_look(
    here: Process, there: Process, dora: Person
) -> None:
    async with here.house.services.db.transaction() as session:
        await session.execute(text("select pg_current_xact_id()"))
        assert not await here.notices()
        await there.come(dora)
        await session.execute(text("delete from presence where user_id = :user"), {"user": dora.id})
    assert await here.notices()
    assert not await here.notices()


async def test_after_a_look_that_failed_everything_is_asked_anew(here: Process) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await here.notices()
    assert await here.notices()
    assert not await here.notices()


async def test_a_look_that_comes_late_has_everything_asked_anew(here: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "TRUSTED_SECONDS", 0)
    await here.notices()
    assert await here.notices()


async def test_traces_are_kept_for_longer_than_a_look_is_trusted(here: Process, there: Process, dora: Person) -> None:
    assert GONE_KEPT.total_seconds() > 4 * presence.TRUSTED_SECONDS
    db = here.house.services.db
    for _ in range(2):
        await there.come(dora)
        await there.go(dora)
    (old, young) = await db.fetch("select id from presence_gone where topic = $1 order by id", here.topic)
    async with db.transaction() as session:
        aged = text("update presence_gone set at = at - cast(:kept as interval) where id = :id")
        await session.execute(aged, {"kept": GONE_KEPT, "id": old["id"]})
    await tidy(here.house.services)
    assert await db.fetch("select id from presence_gone where topic = $1", here.topic) == [young]

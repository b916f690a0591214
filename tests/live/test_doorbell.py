"""The bell is only for speed: without it events come all the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from kit.settings import Settings
from live import doorbell, tail
from live.doorbell import Doorbell
from tests.conftest import Served, served
from tests.live.places import BETWEEN_PROCESSES, place
from tests.server.processes import free_port


class Flight:
    """Where a bell rings to: each ring is on its way until it is let down."""

    def __init__(self) -> None:
        self.rings = 0
        self.departed = asyncio.Event()
        self.landed = asyncio.Event()

    async def publish(self, message: str) -> None:
        self.rings += 1
        self.departed.set()
        await self.landed.wait()
        self.landed.clear()

    async def land(self) -> None:
        async with asyncio.timeout(10):
            await self.departed.wait()
            self.departed.clear()
            self.landed.set()


@asynccontextmanager
async def ringing(bell: Doorbell, flight: Flight) -> AsyncIterator[None]:
    task = asyncio.create_task(bell.speak(flight.publish))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_new_connection_begins_with_a_ring() -> None:
    bell, flight = Doorbell(), Flight()
    async with ringing(bell, flight):
        await flight.land()
        assert flight.rings == 1
        assert bell.heard.is_set()


async def test_one_ring_is_on_its_way_and_the_next_stands_for_all_that_came_meanwhile() -> None:
    bell, flight = Doorbell(), Flight()
    async with ringing(bell, flight):
        async with asyncio.timeout(10):
            await flight.departed.wait()
        for _ in range(1000):
            bell.ring()
        assert flight.rings == 1
        await flight.land()
        await flight.land()
        assert flight.rings == 2


async def test_who_has_nothing_to_ring_rings_now_and_then_to_hear_whether_it_still_hears(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doorbell, "CHECK_SECONDS", 0.01)
    flight = Flight()
    async with ringing(Doorbell(), flight):
        for _ in range(3):
            await flight.land()


async def test_who_rang_need_not_look_again_when_the_ring_comes_back() -> None:
    bell, other = Doorbell(), Doorbell()
    bell.hear(bell.name)
    assert not bell.heard.is_set()
    bell.hear(other.name)
    assert bell.heard.is_set()


async def test_waiting_ends_by_itself() -> None:
    bell = Doorbell()
    await bell.wait(0.01)
    assert not bell.heard.is_set()


@pytest.mark.parametrize("scheme", ["postgres", "redis"])
async def test_with_a_broker_that_is_not_there_events_of_another_process_still_come(
    settings: Settings, scheme: str
) -> None:
    async with two_servers(settings, f"{scheme}://127.0.0.1:{free_port()}") as (here, there):
        dora = await here.people.one()
        async with dora.at(there.people).socket() as client, client.events() as events:
            await dora.task("Without a bell")
            assert (await events.next())["task"]["title"] == "Without a bell"


@pytest.mark.parametrize("kind", BETWEEN_PROCESSES)
async def test_events_of_another_process_come_by_the_bell_alone_and_when_the_broker_returns(
    settings: Settings, database_url: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "IDLE_SECONDS", 60.0)
    async with place(kind, database_url) as broker, two_servers(settings, broker.url) as (here, there):
        dora = await here.people.one()
        async with dora.at(there.people).socket() as client, client.events() as events:
            await dora.task("By the bell")
            assert (await events.next())["task"]["title"] == "By the bell"
            await broker.stop()
            await dora.task("While there is none")
            await broker.start()
            assert (await events.next())["task"]["title"] == "While there is none"


@asynccontextmanager
async def two_servers(settings: Settings, broker: str) -> AsyncIterator[tuple[Served, Served]]:
    """On one database; the broker is elsewhere, so that it alone can go."""
    by = settings.model_copy(update={"broadcast_url": SecretStr(broker)})
    async with served(by) as here, served(by) as there:
        yield here, there

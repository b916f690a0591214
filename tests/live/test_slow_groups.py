"""Groups whose statements take long do not hold up the others, and miss nothing themselves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from db.tasks.tasks import Task
from live import log
from live.lanes import Lane, Lanes
from live.log import Draft, Kind
from tests.conftest import Served, served, settings_for
from tests.databases import database
from tests.live.looking import looking
from tests.people import Person
from tests.sockets import Socket

SLOW = 6  # groups; five statements ran at once when they all took places from the same
EACH = 10  # events of each
LABELS = "subscription { labelEvents { __typename ... on LabelChanged { label { name } } } }"
COUNTS = "subscription { liveTaskCounts { total } }"
TASKS = "subscription { taskEvents { __typename ... on TaskChanged { at task { id } } } }"
HELD = "select pg_advisory_lock(4711)"  # what reads of tasks wait for
STANDSTILL = """alter table task rename to all_tasks;
create view task as select * from all_tasks where (select pg_advisory_xact_lock_shared(4711)) is not null"""


class Standing:
    """A server on which whatever reads tasks waits until `go`."""

    def __init__(self, house: Served, url: str) -> None:
        self.house = house
        self._url = url
        self._hand: asyncpg.Connection | None = None

    async def stop(self) -> None:
        self._hand = await asyncpg.connect(self._url)
        await self._hand.execute(HELD)
        await self._hand.execute(STANDSTILL)

    async def go(self) -> None:
        if self._hand is not None:
            await self._hand.close()
            self._hand = None

    async def happen(self, people: list[Person]) -> None:
        """Events of tasks, without a statement that would wait."""
        now = self.house.services.clock()
        ats = [now + timedelta(seconds=number) for number in range(EACH)]
        drafts = [
            Draft([f"tasks:{person.id}"], Kind.UPDATED, "Task", Task.fresh_id(), None, at)
            for person in people
            for at in ats
        ]
        async with self.house.services.db.transaction() as session:
            await log.append(session, drafts)
        self.house.services.doorbell.ring()


@asynccontextmanager
async def standing(database_url: str) -> AsyncIterator[Standing]:
    async with (
        database(database_url, migrated=True) as url,
        served(settings_for(url, statement_timeout_seconds=60)) as house,
    ):
        made = Standing(house, url)
        try:
            yield made
        finally:
            await made.go()


async def begun(people: list[Person], query: str, stack: AsyncExitStack) -> list[Socket]:
    """A socket of each, that has been told the first."""
    sockets = [await stack.enter_async_context(person.socket()) for person in people]
    for socket in sockets:
        await socket.start(query)
        assert (await socket.frame())["type"] == "next"
    return sockets


@asynccontextmanager
async def held_up(
    database_url: str, query: str
) -> AsyncIterator[tuple[Standing, list[tuple[Person, Socket]], Person, Socket]]:
    """Those who follow what stands still, each with a socket, and eve, whose socket follows something else."""
    async with standing(database_url) as server, AsyncExitStack() as stack:
        slow = [await server.house.people.one() for _ in range(SLOW)]
        eve = await server.house.people.one()
        sockets = await begun(slow, query, stack)
        (quick,) = await begun([eve], LABELS, stack)
        await server.stop()
        await server.happen(slow)
        yield server, [*zip(slow, sockets, strict=True)], eve, quick


async def test_events_that_cannot_be_read_hold_up_nobody_else_and_come_when_they_can(database_url: str) -> None:
    async with held_up(database_url, TASKS) as (server, followers, eve, quick):
        for name in ("home", "garden"):
            await eve.label(name)
            assert (await told(quick))["label"] == {"name": name}
        await server.go()
        for _, socket in followers:
            at = [(await told(socket))["at"] for _ in range(EACH)]
            assert at == sorted(set(at))


async def told(socket: Socket) -> Any:
    payload = (await socket.frame())["payload"]
    assert "errors" not in payload, payload
    return next(iter(payload["data"].values()))


async def test_live_queries_that_take_long_hold_up_neither_events_nor_others(database_url: str) -> None:
    async with held_up(database_url, COUNTS) as (server, followers, eve, quick):
        await eve.label("home")
        assert (await told(quick))["label"] == {"name": "home"}
        async with looking(eve, eve) as present:
            await present.until(eve)
        await server.go()
        for person, socket in followers:
            await person.task("Another")
            assert await told(socket) == {"total": 1}


async def test_a_group_that_is_quick_again_leaves_the_slow() -> None:
    lanes, again, free, asked = Lanes(1), asyncio.Event(), asyncio.Event(), 0
    lane = Lane(lanes)

    async def ask() -> int:
        nonlocal asked
        asked += 1
        if asked == 2:
            again.set()
        await free.wait()
        return asked

    waiting = asyncio.create_task(lane.asked(ask))
    async with asyncio.timeout(5):
        await again.wait()
    assert (lanes.quick.locked(), lanes.slow.locked()) == (False, True)
    free.set()
    assert await waiting == 2
    async with lanes.slow:
        assert await lane.asked(ask) == 3


async def test_an_answer_that_is_late_by_itself_is_an_error_like_any_other() -> None:
    async def ask() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await Lane(Lanes(1)).asked(ask)

"""The hub when something goes wrong: faults of ours, logs that begin anew or are pruned, other eyes."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from live import log
from live.doorbell import Doorbell
from live.hub import Hub
from live.log import Event
from live.meter import Meter
from live.signals import Signals
from live.streams import Payload
from live.tail import Tail
from tests.conftest import Served
from tests.live.following import readable
from tests.live.readers import Names, Outlet, following, numbered, opening, write


@dataclass(frozen=True)
class Number:
    """A live query that answers what it is told to."""

    topic: str
    scope: str
    answers: list[bytes]
    signals: frozenset[str] = frozenset()
    guards: frozenset[str] = frozenset()
    after: None = None
    every: None = None
    field: str = "number"
    present: None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.topic, self.scope

    @property
    def topics(self) -> frozenset[str]:
        return frozenset([self.topic])

    async def answer(self) -> bytes:
        return self.answers[0]


@asynccontextmanager
async def by_hand(house: Served, window: int) -> AsyncIterator[Hub]:
    """A hub whose tail looks only when it is told to."""
    services = house.services
    tail = Tail(services.db, Doorbell(), window=window)
    await tail.open()
    hub = Hub(
        tail,
        Signals(),
        Meter(),
        services.hub.presence,
        window=10,
        window_bytes=10_000,
        total_bytes=10_000,
        executions=2,
    )
    try:
        yield hub
    finally:
        await hub.close()


async def test_a_reader_that_is_being_fed_loses_nothing_when_its_group_fails(house: Served) -> None:
    source, quick, slow = Names(uuid4().hex), Outlet(), Outlet(free=1)
    async with following(house, source, quick), following(house, source, slow):
        await write(house, source.topic, ["One"])
        await quick.until(1)
        source.fault.append(ZeroDivisionError())
        await write(house, source.topic, ["Two"])
        await quick.until(2)
        assert [type(error) for error in quick.ended] == [ZeroDivisionError]
        slow.make(10)
        assert await slow.until(1) == ["One"]
        await write(house, source.topic, ["Three"])
        assert await slow.until(3) == ["One", "Two", "Three"]


async def test_who_is_given_other_eyes_is_given_their_answer(house: Served) -> None:
    topic = uuid4().hex
    before, after = Number(topic, "before", [b"before"]), Number(topic, "after", [b"after"])
    now: list[Any] = [before]

    async def open() -> Any:
        return now[0]

    outlet = Outlet()
    subscription = house.services.hub.follow(open, outlet)
    try:
        await outlet.until(0)
        now[0] = after
        await write(house, topic, ["grant"], grants=True)
        assert await outlet.until(1) == ["after"]
    finally:
        subscription.close()


async def _all_pruned(house: Served) -> None:
    while await log.prune(house.services.db, before=house.services.clock() + timedelta(hours=1)):
        pass


async def test_events_that_were_pruned_before_the_tail_read_them_are_not_passed_over(house: Served) -> None:
    async with by_hand(house, 100) as hub:
        source, outlet = Names(uuid4().hex), Outlet()
        hub.follow(opening(source), outlet)
        await outlet.until(0)
        await write(house, source.topic, ["gone"])
        await readable(house.services.db)
        await _all_pruned(house)
        await write(house, source.topic, ["kept"])
        await readable(house.services.db)
        await hub.tail._look()
        assert await outlet.until(1) == ["PRUNED"]


async def test_all_pruned_before_the_tail_read_it_is_a_resync(house: Served) -> None:
    async with by_hand(house, 100) as hub:
        source, outlet = Names(uuid4().hex), Outlet()
        hub.follow(opening(source), outlet)
        await outlet.until(0)
        await write(house, source.topic, ["gone"])
        await readable(house.services.db)
        await _all_pruned(house)
        await hub.tail._look()
        assert await outlet.until(1) == ["PRUNED"]


async def test_who_reads_the_log_alone_does_not_run_ahead_of_what_it_may_see(house: Served) -> None:
    """An event that grants doubts whoever follows: nobody may be told what came after it before that."""
    async with by_hand(house, 1) as hub:
        topic = uuid4().hex
        start = hub.tail.state.cursor(hub.tail.head)
        await write(house, topic, numbered(3))
        await readable(house.services.db)
        await hub.tail._look()
        await write(house, topic, ["grant"], grants=True)
        await write(house, topic, ["after"])
        await readable(house.services.db)
        outlet = Outlet()
        hub.follow(opening(Names(topic, after=start)), outlet)
        await outlet.until(3)
        for _ in range(100):
            await asyncio.sleep(0)
        assert outlet.got[1:] == numbered(3)


@dataclass(frozen=True)
class Held(Names):
    """Tells when it may."""

    may: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    began: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)

    async def told(self, event: Event, cursor: str) -> bytes:
        self.began.set()
        await self.may.wait()
        return await super().told(event, cursor)


async def test_a_reader_may_come_while_its_group_is_still_in_the_epoch_before(house: Served) -> None:
    """It waits until the group has begun anew, and keeps nobody else from anything."""
    async with by_hand(house, 100) as hub:
        source, first, second = Held(uuid4().hex), Outlet(), Outlet()
        hub.follow(opening(source), first)
        await first.until(0)
        await write(house, source.topic, ["One"])
        await readable(house.services.db)
        await hub.tail._look()
        async with asyncio.timeout(10):
            await source.began.wait()
        hub.tail.state = replace(hub.tail.state, epoch="another")
        hub.tail.followers.call_all()
        hub.follow(opening(source), second)
        await second.until(0)
        source.may.set()
        assert await first.until(1) == ["EPOCH_CHANGED"]
        await write(house, source.topic, ["Two"])
        await readable(house.services.db)
        hub.tail._take((await log.look(hub.tail.db, hub.tail.head, 100)).events)
        assert (await first.until(2))[-1] == (await second.until(1))[-1] == "Two"


@dataclass(frozen=True)
class Slow(Number):
    """Answers when it may."""

    may: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)

    async def answer(self) -> bytes:
        await self.may.wait()
        return b"at last"


async def test_events_do_not_wait_behind_live_queries(house: Served) -> None:
    may, topic = asyncio.Event(), uuid4().hex
    outlets = [Outlet() for _ in range(20)]
    slow = [Slow(topic, str(number), [], may=may) for number in range(20)]
    asked = [house.services.hub.follow(opening(one), outlet) for one, outlet in zip(slow, outlets, strict=True)]  # type: ignore[arg-type]
    source, outlet = Names(uuid4().hex), Outlet()
    async with following(house, source, outlet):
        await write(house, source.topic, ["One"])
        assert await outlet.until(1) == ["One"]
    may.set()
    for outlet in outlets:
        await outlet.until(0)
    for subscription in asked:
        subscription.close()


class Broken(Outlet):
    """Takes Ready, and fails from then on, at its end too."""

    def push(self, payloads: Sequence[Payload]) -> int:
        if self.got:
            raise OSError
        return super().push(payloads)

    def end(self, error: Exception | None) -> None:
        super().end(error)
        raise OSError


async def test_what_one_outlet_fails_on_is_nobody_elses_loss(house: Served) -> None:
    source, broken, sound = Names(uuid4().hex), Broken(), [Outlet() for _ in range(3)]
    async with following(house, source, broken) as failed:
        subscriptions = [house.services.hub.follow(opening(source), outlet) for outlet in sound]
        for outlet in sound:
            await outlet.until(0)
        await write(house, source.topic, ["One"])
        for outlet in sound:
            assert await outlet.until(1) == ["One"]
        assert (failed.closed, [type(error) for error in broken.ended]) == (True, [OSError])
        assert [outlet.ended for outlet in sound] == [[], [], []]
        source.fault.append(ZeroDivisionError())
        failing = house.services.hub.follow(opening(source), last := Broken())
        await last.until(0)
        await write(house, source.topic, ["Two"])
        for outlet in [*sound, last]:
            await outlet.until(2)
            assert [type(error) for error in outlet.ended] == [ZeroDivisionError]
        for subscription in [*subscriptions, failing]:
            assert subscription.closed

"""Signals in a stream of events: told to those who are there and have room, and to nobody later."""

import asyncio
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from structlog.typing import EventDict

from kit.errors import Forbidden, Unavailable
from kit.ids import Id
from live.events import SIGNALS
from live.hub import Subscription
from live.log import Event
from live.signals import Signal
from tests.conftest import Served
from tests.live.readers import Names, Outlet, following, write
from tests.waiting import until


def hearing() -> Names:
    topic = uuid4().hex
    return Names(topic, signals=frozenset([f"typing:{topic}"]))


def say(house: Served, source: Names, payload: str, key: str = "dora") -> None:
    (topic,) = source.signals
    house.services.signals.send(topic, key, payload)


async def test_a_signal_is_told_among_events_and_moves_no_cursor(house: Served) -> None:
    source, outlet = hearing(), Outlet()
    async with following(house, source, outlet) as reader:
        await until(lambda: reader in (reader.group.members if reader.group else ()))
        before = reader.position
        say(house, source, "dora types")
        assert await outlet.until(1) == ["dora types"]
        assert outlet.cursors[1] is None
        assert reader.position == before
        await write(house, source.topic, ["an event"])
        assert await outlet.until(2) == ["dora types", "an event"]
        assert outlet.cursors[2] is not None


async def test_who_has_no_room_never_hears_it_and_loses_no_event(house: Served) -> None:
    source, quick, slow = hearing(), Outlet(), Outlet(free=1)
    async with following(house, source, quick) as first, following(house, source, slow) as second:
        await until(lambda: first.group is not None and {first, second} <= first.group.members)
        say(house, source, "dora types")
        assert await quick.until(1) == ["dora types"]
        await write(house, source.topic, ["an event"])
        assert await quick.until(2) == ["dora types", "an event"]
        slow.make(10)
        assert await slow.until(1) == ["an event"]


async def test_of_one_key_the_latest_counts_and_of_too_many_the_oldest_is_dropped(house: Served) -> None:
    source, outlet = hearing(), Outlet()
    (topic,) = source.signals
    async with following(house, source, outlet) as reader:
        await until(lambda: reader in (reader.group.members if reader.group else ()))
        for number in range(SIGNALS + 1):
            house.services.signals.tell(Signal(topic, f"key {number}", f"{number}"))
        house.services.signals.tell(Signal(topic, "key 2", "2 again"))
        house.services.signals.tell(Signal(topic, "key 3", ""))  # nothing to tell
        heard = await outlet.until(SIGNALS - 1)
        assert heard == ["1", "2 again", *(str(number) for number in range(4, SIGNALS + 1))]


async def test_the_last_reader_takes_the_following_of_signals_with_it(house: Served) -> None:
    source = hearing()
    (topic,) = source.signals
    async with following(house, source, Outlet()):
        assert topic in house.services.signals._following
    assert topic not in house.services.signals._following


@dataclass(frozen=True)
class Gated(Names):
    """Waits in what is named before it tells, until `gate` opens; `begun` tells that it does."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    waits: str = "heard"

    async def heard(self, signal: Signal) -> bytes | None:
        await self._pass("heard")
        return await Names.heard(self, signal)

    async def told(self, event: Event, cursor: str) -> bytes:
        await self._pass("told")
        return await Names.told(self, event, cursor)

    async def _pass(self, what: str) -> None:
        if what == self.waits and not self.gate.is_set():
            self.begun.set()
            await self.gate.wait()


@dataclass(frozen=True)
class Choosy(Names):
    """Does not understand everything that is signalled."""

    async def heard(self, signal: Signal) -> bytes | None:
        if signal.payload == "away":
            raise Unavailable
        return str(int(signal.payload)).encode()


def gated(waits: str) -> Gated:
    topic = uuid4().hex
    guards = frozenset([f"guard:{topic}"])
    return Gated(topic, signals=frozenset([f"typing:{topic}"]), guards=guards, waits=waits)


async def joined(*readers: Subscription) -> None:
    """All of them are where what happens is pushed to them."""
    await until(lambda: all(reader.group and reader in reader.group.members for reader in readers))


async def test_who_may_no_longer_hear_does_not_hear_what_was_being_told(house: Served) -> None:
    source, stays, goes = gated("heard"), Outlet(), Outlet()
    may = [True]

    async def open() -> Names:
        if not may[0]:
            raise Forbidden
        return source

    gone = house.services.hub.follow(open, goes)
    async with following(house, source, stays) as reader:
        await goes.until(0)
        await joined(reader, gone)
        say(house, source, "dora types")
        await source.begun.wait()
        may[0] = False
        await write(house, f"guard:{source.topic}", ["they were sent away"], grants=True)
        await until(lambda: goes.ended)
        await joined(reader)
        source.gate.set()
        assert await stays.until(1) == ["dora types"]
        assert isinstance(goes.ended[0], Forbidden)
        assert goes.got == ["Ready"]


async def test_a_signal_that_comes_while_an_event_is_executed_is_told_after_it(house: Served) -> None:
    source, outlet = gated("told"), Outlet()
    async with following(house, source, outlet) as reader:
        await joined(reader)
        await write(house, source.topic, ["an event"])
        await source.begun.wait()
        say(house, source, "dora types")
        (topic,) = source.signals
        await until(lambda: (topic, "dora") in reader.group._heard)  # type: ignore[union-attr]
        source.gate.set()
        assert await outlet.until(2) == ["an event", "dora types"]
        assert reader.position == house.services.tail.head
        await write(house, source.topic, ["another"])
        assert (await outlet.until(3))[-1] == "another"


async def test_one_that_comes_while_another_is_told_follows_it(house: Served) -> None:
    source, outlet = gated("heard"), Outlet()
    async with following(house, source, outlet) as reader:
        await joined(reader)
        say(house, source, "dora types")
        await source.begun.wait()
        say(house, source, "gus types", "gus")
        await until(lambda: reader.group._heard)  # type: ignore[union-attr]
        source.gate.set()
        assert await outlet.until(2) == ["dora types", "gus types"]


async def test_a_signal_that_is_not_understood_ends_nobody(house: Served, logged: list[EventDict]) -> None:
    topic = uuid4().hex
    source, outlet = Choosy(topic, signals=frozenset([f"typing:{topic}"])), Outlet()
    async with following(house, source, outlet) as reader:
        await joined(reader)
        for number, payload in enumerate(["1", "x" * 1_000, "2"]):
            house.services.signals.tell(Signal(f"typing:{topic}", str(number), payload))
        assert await outlet.until(2) == ["1", "2"]
        (told,) = [record for record in logged if record["event"] == "signal.not_told"]
        assert len(told["error"]) == 200
        house.services.signals.tell(Signal(f"typing:{topic}", "", "away"))
        await until(lambda: not reader.group._heard)  # type: ignore[union-attr]
        await write(house, topic, ["an event"])
        assert (await outlet.until(3))[-1] == "an event"
        assert outlet.ended == []


@pytest.mark.parametrize("how", ["it fails", "it is refused", "it is refused at first", "it ends while it begins"])
async def test_whoever_is_present_has_gone_with_the_stream(house: Served, how: str) -> None:
    dora = await house.people.one()
    topic = uuid4().hex
    source = Names(topic, present=(topic, Id(dora.id)), guards=frozenset([f"guard:{topic}"]))
    tabs, outlet, opened = house.services.hub.presence._tabs, Outlet(), asyncio.Event()
    may = [how != "it is refused at first"]

    async def open() -> Names:
        opened.set()
        if how == "it ends while it begins":
            await asyncio.Event().wait()
        if not may[0]:
            raise Forbidden
        return source

    reader = house.services.hub.follow(open, outlet)
    await opened.wait()
    if how in ("it fails", "it is refused"):
        await joined(reader)
        assert tabs[topic, Id(dora.id)] == 1
        await write(house, f"guard:{topic}", ["something else"], grants=True)
        await joined(reader)
        assert tabs[topic, Id(dora.id)] == 1
    if how == "it fails":
        source.fault.append(RuntimeError("on purpose"))
        await write(house, topic, ["an event"])
    elif how == "it is refused":
        may[0] = False
        await write(house, f"guard:{topic}", ["they were sent away"], grants=True)
    elif how == "it ends while it begins":
        reader.close()
    await until(lambda: reader.closed)
    assert (topic, Id(dora.id)) not in tabs
    reader.close()
    assert (topic, Id(dora.id)) not in tabs

"""Signals in a stream of events: told to those who are there and have room, and to nobody later."""

from uuid import uuid4

from live.events import SIGNALS
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

"""Signals: now or never, latest by key, dropped first, counted; the same in each kind of broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest
from structlog.typing import EventDict

from live import signals as lane
from live.doorbell import Doorbell
from live.signals import MESSAGE_BYTES, WAITING, Signal, Signals
from tests.live.places import InPostgres, Place, Talk, lost

LARGEST = "x" * (MESSAGE_BYTES - len('[["t","k",""]]'))


class Ear:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Signal] = []
        self.news = asyncio.Event()

    def __call__(self, signal: Signal) -> None:
        self.heard.append(signal)
        self.news.set()

    async def until(self, payload: str) -> None:
        async with asyncio.timeout(10):
            while not self.heard or self.heard[-1].payload != payload:
                self.news.clear()
                await self.news.wait()

    @property
    def payloads(self) -> list[str]:
        return [signal.payload for signal in self.heard]


class Wire:
    """A broker in which a message is on its way until it is let through, in the order in which they came."""

    def __init__(self) -> None:
        self.messages: list[list[list[str]]] = []
        self.departed = asyncio.Event()
        self.landed = asyncio.Event()

    async def publish(self, message: str) -> None:
        assert len(message.encode()) <= MESSAGE_BYTES
        self.messages.append(orjson.loads(message))
        self.departed.set()
        await self.landed.wait()
        self.landed.clear()

    async def next(self) -> list[list[str]]:
        """What is on its way, once there is something; the one before has arrived."""
        async with asyncio.timeout(10):
            await self.departed.wait()
        self.departed.clear()
        return self.messages[-1]

    def land(self) -> None:
        self.landed.set()


@asynccontextmanager
async def wired(signals: Signals) -> AsyncIterator[Wire]:
    """With one signal on its way, so that those which follow must wait."""
    wire = Wire()
    task = asyncio.create_task(signals.speak(wire.publish))
    await asyncio.sleep(0)  # it begins
    signals.send("t", "first", "")
    await wire.next()
    try:
        yield wire
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_signal_is_heard_by_all_who_follow_its_topic_and_by_nobody_else(anywhere: Place) -> None:
    signals, one, two, other = Signals(), Ear(), Ear(), Ear()
    async with anywhere.joined(Doorbell(), signals):
        with signals.follow("room", one), signals.follow("room", two), signals.follow("another", other):
            signals.send("room", "typing", 'Zoë "the" typist\0')
            signals.send("another", "typing", b"true")
            await other.until("true")
            assert one.heard == two.heard == [Signal("room", "typing", 'Zoë "the" typist\0')]
            assert other.heard == [Signal("another", "typing", "true")]
        assert (signals.sent, signals.heard, signals.dropped) == (2, 2, 0)


async def test_a_signal_is_heard_in_every_process(between: Place) -> None:
    here, there, ear, far = Signals(), Signals(), Ear(), Ear()
    async with between.joined(Doorbell(), here), between.joined(Doorbell(), there):
        with here.follow("room", ear), there.follow("room", far):
            here.send("room", "typing", "from here")
            await far.until("from here")
            await ear.until("from here")
            there.send("room", "typing", "from there")
            await ear.until("from there")
            await far.until("from there")
        assert ear.payloads == far.payloads == ["from here", "from there"]
        assert (here.sent, there.sent, here.heard, there.heard) == (1, 1, 2, 2)


async def test_the_largest_signal_passes_and_a_larger_one_is_refused(anywhere: Place) -> None:
    signals, ear = Signals(), Ear()
    async with anywhere.joined(Doorbell(), signals):
        with signals.follow("t", ear):
            signals.send("t", "k", LARGEST)
            await ear.until(LARGEST)
            with pytest.raises(ValueError, match="7998 bytes is too large"):
                signals.send("t", "k", LARGEST + "x")
            signals.send("t", "k", "after it")
            await ear.until("after it")
        assert ear.payloads == [LARGEST, "after it"]
        assert (signals.sent, signals.dropped) == (2, 0)


@pytest.mark.parametrize("payload", [b"\xff", "\ud800"])
def test_what_is_no_text_is_refused(payload: bytes | str) -> None:
    with pytest.raises(ValueError, match=r"text|decode"):
        Signals().send("t", "k", payload)


async def test_while_it_waits_the_latest_of_a_key_takes_the_place_of_those_before() -> None:
    signals = Signals()
    async with wired(signals) as wire:
        for number in range(100):
            signals.send("t", "a", f"a{number}")
            signals.send("t", "b", f"b{number}")
            signals.send("u", "a", f"u{number}")
        wire.land()
        assert await wire.next() == [["t", "a", "a99"], ["t", "b", "b99"], ["u", "a", "u99"]]
        assert (signals.sent, signals.dropped) == (4, 0)


async def test_signals_share_messages_as_long_as_they_fit() -> None:
    signals, large = Signals(), "x" * 3000
    async with wired(signals) as wire:
        for key in "abc":
            signals.send("t", key, large)
        signals.send("t", "d", "small")
        wire.land()
        assert [key for _, key, _ in await wire.next()] == ["a", "b"]
        wire.land()
        assert [key for _, key, _ in await wire.next()] == ["c", "d"]


async def test_a_message_is_filled_to_its_last_byte() -> None:
    signals = Signals()
    async with wired(signals) as wire:
        signals.send("t", "k", LARGEST[: -len(',["t","l",""]')])
        signals.send("t", "l", "")
        signals.send("t", "m", "")
        wire.land()
        assert [key for _, key, _ in await wire.next()] == ["k", "l"]
        wire.land()
        assert [key for _, key, _ in await wire.next()] == ["m"]


async def test_where_too_many_wait_the_oldest_are_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "WAITING", 3)
    signals = Signals()
    async with wired(signals) as wire:
        for key in "abcde":
            signals.send("t", key, "")
        signals.send("t", "d", "a later one needs no room")
        assert signals.dropped == 2
        wire.land()
        assert await wire.next() == [["t", "c", ""], ["t", "d", "a later one needs no room"], ["t", "e", ""]]


async def test_with_its_connection_all_that_waits_is_dropped_and_counted() -> None:
    signals = Signals()
    async with wired(signals):
        signals.send("t", "a", "")
        signals.send("t", "b", "")
    assert (signals.sent, signals.dropped) == (1, 2)  # nobody knows what became of the one that was on its way
    signals.send("t", "c", "")
    assert (signals.sent, signals.dropped) == (1, 3)
    async with wired(signals) as wire:
        assert wire.messages == [[["t", "first", ""]]]


async def test_signals_to_a_dead_broker_are_dropped_and_those_after_its_return_heard(between: Place) -> None:
    signals, ear = Signals(), Ear()
    async with between.joined(Doorbell(), signals) as joined:
        with signals.follow("room", ear):
            await between.stop()
            await lost(joined)
            for number in range(10 * WAITING):
                signals.send("room", str(number), "too early")
            assert signals.dropped == 10 * WAITING
            await between.start()
            async with asyncio.timeout(20):
                await joined.connected.wait()
            signals.send("room", "typing", "in time")
            await ear.until("in time")
            assert ear.payloads == ["in time"]


async def test_no_ring_waits_behind_signals(postgres: InPostgres) -> None:
    here, bell, there, far = Signals(), Doorbell(), Signals(), Doorbell()
    async with postgres.joined(bell, here), postgres.joined(far, there):
        far.heard.clear()
        for number in range(500):
            here.send("t", str(number), LARGEST[:7000])  # each a message of its own
        bell.ring()
        async with asyncio.timeout(10):
            await far.heard.wait()
        assert there.heard < 10


async def test_who_fails_in_hearing_harms_nobody_else(anywhere: Place, logged: list[EventDict]) -> None:
    def fails(signal: Signal) -> None:
        raise LookupError("of this one alone")

    signals, ear = Signals(), Ear()
    async with anywhere.joined(Doorbell(), signals) as joined:
        with signals.follow("room", fails), signals.follow("room", ear):
            signals.send("room", "typing", "one")
            await ear.until("one")
            signals.send("room", "typing", "two")
            await ear.until("two")
        failures = [entry["topic"] for entry in logged if entry["event"] == "signals.hearing_failed"]
        assert failures == ["room", "room"]
        assert joined.connected.is_set()


async def test_who_has_ended_hears_no_more_and_is_forgotten(anywhere: Place) -> None:
    signals, one, two = Signals(), Ear(), Ear()
    async with anywhere.joined(Doorbell(), signals):
        following = signals.follow("room", one)
        with signals.follow("room", two):
            following.close()
            following.close()
            signals.send("room", "typing", "later")
            await two.until("later")
        assert one.heard == []
        assert signals._following == {}


def test_who_is_ended_by_one_who_hears_before_hears_nothing() -> None:
    signals, ear = Signals(), Ear()
    signals.follow("room", lambda signal: following.close())
    following = signals.follow("room", ear)
    signals.hear('[["room","typing",""]]')
    assert ear.heard == []


@pytest.mark.parametrize("message", ["nonsense", "5", "[5]", '["abc"]', '[["room","typing"]]', '[[[],"typing","a"]]'])
async def test_what_cannot_be_understood_is_passed_over(between: Place, message: str) -> None:
    signals, ear, stranger = Signals(), Ear(), Talk(Signals.channel)
    async with between.joined(Doorbell(), signals) as joined, between.joined(stranger):
        with signals.follow("room", ear):
            stranger.to_say.put_nowait(message)
            await stranger.until_heard(message)
            signals.send("room", "typing", "clear")
            await ear.until("clear")
        assert ear.payloads == ["clear"]
        assert joined.connected.is_set()


def test_of_some_topics_it_is_known_what_was_said_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "RECALLED", 2)
    signals = Signals(recalled=("typing",))
    signals.send("typing:1", "dora", "dropped")  # there is no broker
    assert signals.latest("typing:1", "dora") is None
    signals.connected = True
    signals.send("typing:1", "dora", b"yes")
    signals.send("looking:1", "dora", "yes")
    assert [signals.latest(topic, "dora") for topic in ("typing:1", "looking:1")] == ["yes", None]
    signals.hear('[["typing:1","gus","yes"],["typing:1","dora","no"]]')  # from another process
    assert [signals.latest("typing:1", who) for who in ("dora", "gus", "ida")] == ["no", "yes", None]
    signals.hear('[["typing:2","ida","yes"]]')
    assert [signals.latest("typing:1", who) for who in ("dora", "gus")] == ["no", None]  # the oldest is forgotten

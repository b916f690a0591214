"""One connection that carries rings and signals, dies and comes back: the same promises in each kind of broker."""

import asyncio

import asyncpg
import pytest
from broadcaster import Event

from live import broker, brokers
from live.brokers.postgres import WAITING, Postgres
from live.doorbell import Doorbell
from tests.live.places import InPostgres, Place, Talk, lost


async def heard(bell: Doorbell) -> bool:
    """Whether it rings within ten seconds, which is to say at once."""
    async with asyncio.timeout(10):
        await bell.heard.wait()
    bell.heard.clear()
    return True


async def test_what_a_line_says_is_heard_on_its_channel_alone_in_its_order(anywhere: Place) -> None:
    one, other = Talk("one"), Talk("other")
    async with anywhere.joined(one, other):
        for number in range(50):
            one.to_say.put_nowait(str(number))
        await one.until_heard("49")
        await other.until_heard("here I am")
        assert one.heard == ["here I am", *map(str, range(50))]
        assert other.heard == ["here I am"]


async def test_what_one_process_says_all_hear(between: Place) -> None:
    first, second = Talk(), Talk()
    async with between.joined(first), between.joined(second):
        first.to_say.put_nowait("from the first, with ümläuts")
        second.to_say.put_nowait("from the second")
        for talk in (first, second):
            await talk.until_heard("from the first, with ümläuts")
            await talk.until_heard("from the second")


async def test_a_thousand_rings_are_one_message(anywhere: Place) -> None:
    bell, messages, last = Doorbell(), list[str](), asyncio.Event()
    hear = bell.hear

    def counting(message: str) -> None:
        messages.append(message)
        hear(message)
        if len(messages) == 2:
            last.set()

    bell.hear = counting  # type: ignore[method-assign]
    async with anywhere.joined(bell), asyncio.timeout(10):
        bell.heard.clear()
        for _ in range(1000):
            bell.ring()
        bell.heard.clear()  # one's own tail was told without the broker
        await last.wait()
        assert messages == [bell.name, bell.name]  # that of the connection, and this one
        assert not bell.heard.is_set()


async def test_a_ring_is_heard_by_the_other_process(between: Place) -> None:
    one, two = Doorbell(), Doorbell()
    async with between.joined(one), between.joined(two):
        two.heard.clear()
        one.ring()
        assert await heard(two)


async def test_a_broker_that_goes_and_comes_back_is_joined_again_and_rings(between: Place) -> None:
    one, two = Doorbell(), Doorbell()
    async with between.joined(one) as first, between.joined(two) as second:
        await between.stop()
        await lost(first)
        await lost(second)
        one.ring()  # nobody is there to carry it
        one.heard.clear()
        two.heard.clear()
        await between.start()
        assert await heard(one)
        assert await heard(two)
        async with asyncio.timeout(20):
            await first.connected.wait()
            await second.connected.wait()
        one.heard.clear()
        two.ring()
        assert await heard(one)


async def test_a_broker_that_answers_no_more_is_left_and_joined_anew(
    between: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "ECHO_SECONDS", 0.5)
    monkeypatch.setattr(broker, "CONNECT_SECONDS", 0.5)
    bell = Doorbell()
    async with between.joined(bell) as joined:
        await between.freeze()
        try:
            bell.ring()
            await lost(joined)
        finally:
            await between.thaw()
        async with asyncio.timeout(20):
            await joined.connected.wait()


async def test_stopping_does_not_wait_for_a_broker_that_answers_no_more(between: Place) -> None:
    bell = Doorbell()
    async with asyncio.timeout(5):
        async with between.joined(bell):
            await between.freeze()
            bell.ring()
    await between.thaw()


async def test_connections_that_postgres_ends_are_made_anew_at_once(postgres: InPostgres) -> None:
    bell = Doorbell()
    async with postgres.joined(bell) as joined:
        for _ in range(3):
            (before,) = await postgres.listeners()
            bell.heard.clear()
            await postgres.cut()
            await lost(joined)
            async with asyncio.timeout(2):
                await joined.connected.wait()
            (after,) = await postgres.listeners()
            assert after != before
            assert bell.heard.is_set()


async def test_many_publish_at_once_in_postgres(postgres: InPostgres) -> None:
    backend = Postgres(postgres.url, ["talk"])
    await backend.connect()
    try:
        await asyncio.gather(*(backend.publish("talk", str(number)) for number in range(200)))
        said = {(await backend.next_published()).message for _ in range(200)}
        assert said == set(map(str, range(200)))
    finally:
        await backend.disconnect()


async def test_the_session_in_postgres_is_left_as_it_was_found(postgres: InPostgres) -> None:
    """A pooler may lend it to those who write, and by what was set here their commits could be lost."""
    backend = Postgres(postgres.url, ["talk"])
    await backend.connect()
    try:
        await backend.publish("talk", "here I am")
        assert backend._connection is not None
        changed = "select name from pg_settings where source = 'session'"
        assert [row["name"] for row in await backend._connection.fetch(changed)] == []
    finally:
        await backend.disconnect()


async def test_where_too_many_wait_the_oldest_of_their_own_channel_fall_out(postgres: InPostgres) -> None:
    backend = Postgres(postgres.url, ["rings", "signals"])
    await backend.connect()
    crowd = "select pg_notify('signals', n::text) from generate_series(1, 3000) n"
    try:
        other = await asyncpg.connect(postgres.url)
        await other.execute(crowd)
        await other.close()
        await backend.publish("rings", "a ring")
        await backend.publish("signals", "the last")
        assert await backend.next_published() == Event("rings", "a ring")
        waiting = [(await backend.next_published()).message for _ in range(WAITING)]
        assert waiting == [*map(str, range(3000 - WAITING + 2, 3001)), "the last"]
    finally:
        await backend.disconnect()


async def test_postgres_without_a_name_is_the_database_of_everything_else(postgres: InPostgres) -> None:
    backend = brokers.backend("postgres://", ["talk"], database=postgres.url)
    await backend.connect()
    assert len(await postgres.listeners()) == 1
    await backend.disconnect()

"""The hub by itself, over the real log: readers with little room, groups, doubts."""

import asyncio
from dataclasses import replace
from random import Random
from uuid import uuid4

import pytest

from kit.errors import Forbidden, Unavailable
from kit.settings import Settings
from live import log
from live.events import AT_ONCE
from live.positions import START
from tests.conftest import Served, served
from tests.live.readers import Names, Outlet, following, numbered, opening, write
from tests.waiting import until


async def test_an_event_is_executed_once_for_all_who_ask_the_same(house: Served) -> None:
    source, outlets = Names(uuid4().hex), [Outlet() for _ in range(5)]
    other, elsewhere = Names(source.topic, scope="another's eyes"), Outlet()
    async with asyncio.timeout(10), following(house, other, elsewhere):
        subscriptions = [house.services.hub.follow(opening(source), outlet) for outlet in outlets]
        for outlet in outlets:
            while not outlet.got:
                await outlet.news.wait()
        await write(house, source.topic, numbered(40))
        for outlet in [*outlets, elsewhere]:
            assert await outlet.until(40) == numbered(40)
        assert source.asked == numbered(40)
        assert other.asked == numbered(40)
        for subscription in subscriptions:
            subscription.close()
    assert not [key for key in house.services.hub.groups if source.topic in str(key)]


async def test_who_has_no_room_is_fed_when_there_is_some_and_keeps_nobody_waiting(house: Served) -> None:
    source, quick, slow = Names(uuid4().hex), Outlet(), Outlet(free=8)
    async with following(house, source, quick), following(house, source, slow) as fed:
        await write(house, source.topic, numbered(100))
        assert await quick.until(100) == numbered(100)
        assert slow.got == ["Ready", *numbered(7)]
        assert fed not in fed.group.members  # type: ignore[union-attr]
        for room in (1, 30, 500):
            slow.make(room)
        assert await slow.until(100) == numbered(100)
        await write(house, source.topic, ["last"])
        assert (await slow.until(101))[-1] == (await quick.until(101))[-1] == "last"
        assert fed in fed.group.members  # type: ignore[union-attr]


async def test_what_a_group_does_not_hold_any_more_comes_from_the_log(settings: Settings) -> None:
    small = settings.model_copy(update={"group_window": 10, "event_window": 100})
    async with served(small) as house:
        source, quick, slow = Names(uuid4().hex), Outlet(), Outlet(free=1)
        async with following(house, source, quick), following(house, source, slow) as fed:
            for part in range(8):
                await write(house, source.topic, numbered(50, f"{part}."))
            expected = [name for part in range(8) for name in numbered(50, f"{part}.")]
            assert await quick.until(400) == expected
            assert 0 < house.services.hub.held <= 10 * len("7.49")
            slow.make(1_000)
            assert await slow.until(400) == expected
            await write(house, source.topic, ["last"])
            assert (await slow.until(401))[-1] == "last"
            assert fed in fed.group.members  # type: ignore[union-attr]
        assert house.services.hub.held == 0


async def test_all_groups_together_hold_no_more_than_they_may(settings: Settings) -> None:
    async with served(settings.model_copy(update={"hub_bytes": 1024})) as house:
        sources, outlets = [Names(uuid4().hex) for _ in range(4)], [Outlet() for _ in range(4)]
        subscriptions = [
            house.services.hub.follow(opening(source), outlet) for source, outlet in zip(sources, outlets, strict=True)
        ]
        for source, outlet in zip(sources, outlets, strict=True):
            while not outlet.got:
                await outlet.news.wait()
            await write(house, source.topic, ["x" * 100 + name for name in numbered(9)])
            await outlet.until(9)
            assert house.services.hub.held <= 1024
        for subscription in subscriptions:
            subscription.close()
        assert house.services.hub.held == 0


async def test_joining_and_leaving_at_random_neither_loses_nor_doubles(settings: Settings) -> None:
    """Readers come with the cursors of others, have little room, go, and come back, while somebody writes."""
    random, topic = Random(4), uuid4().hex  # noqa: S311 - chance, not secrets
    async with served(settings.model_copy(update={"group_window": 20, "event_window": 100})) as house:
        source, hub = Names(topic), house.services.hub
        heard: list[str] = []
        last = house.services.tail.state.cursor(house.services.tail.head)

        async def writing() -> None:
            for part in range(60):
                await write(house, topic, numbered(random.randint(1, 12), f"{part}."))

        writer = asyncio.create_task(writing())
        while not (writer.done() and len(heard) == len(await _all(house, topic))):
            outlet = Outlet(free=random.choice([2, 5, 1_000]))
            subscription = hub.follow(opening(replace(source, after=last)), outlet)
            await outlet.until(0)
            for _ in range(random.randint(0, 200)):
                await asyncio.sleep(0)
                outlet.make(random.choice([0, 1, 50]))
            subscription.close()
            heard += outlet.got[1:]
            last = [cursor for cursor in outlet.cursors if cursor][-1]
            assert outlet.ended == []
        await writer
        assert heard == await _all(house, topic)


async def _all(house: Served, topic: str) -> list[str]:
    found = await log.look(house.services.db, START, 10_000, topics=[topic])
    return [event.entity_id for event in found.events]


async def test_what_cannot_be_read_just_now_is_told_later(house: Served) -> None:
    source, outlet = Names(uuid4().hex, fault=[Unavailable()]), Outlet()
    async with following(house, source, outlet):
        await write(house, source.topic, numbered(AT_ONCE + 3))
        assert await outlet.until(AT_ONCE + 3) == numbered(AT_ONCE + 3)
        assert outlet.ended == []


async def test_a_fault_of_ours_ends_the_subscriptions_it_touches(
    house: Served, caplog: pytest.LogCaptureFixture
) -> None:
    source, outlet = Names(uuid4().hex, fault=[ZeroDivisionError()]), Outlet()
    async with following(house, source, outlet):
        await write(house, source.topic, ["One"])
        assert await outlet.until(1) == []
    assert [type(error) for error in outlet.ended] == [ZeroDivisionError]
    assert not [key for key in house.services.hub.groups if source.topic in str(key)]


async def test_a_doubted_subscription_is_told_nothing_until_it_has_been_looked_at(house: Served) -> None:
    topic, looks = uuid4().hex, 0
    before, after = Names(topic, scope="before"), Names(topic, scope="after")
    allowed = asyncio.Event()

    async def open() -> Names:
        nonlocal looks
        looks += 1
        if looks == 1:
            return before
        await allowed.wait()
        return after

    outlet = Outlet()
    subscription = house.services.hub.follow(open, outlet)
    await outlet.until(0)
    await write(house, topic, ["grant", "later"], grants=True)
    other, quick = Names(topic, scope="other"), Outlet()
    async with following(house, other, quick):
        await write(house, topic, ["last"])
        await quick.until(1)
        assert outlet.got == ["Ready"]
        allowed.set()
        assert await outlet.until(3) == ["grant", "later", "last"]
    assert (before.asked, after.asked, looks) == ([], ["grant", "later", "last"], 2)
    subscription.close()


async def test_who_may_follow_no_more_hears_why_and_nothing_else(house: Served) -> None:
    topic, source, looks = uuid4().hex, Names(uuid4().hex), 0
    source = replace(source, topic=topic)

    async def open() -> Names:
        nonlocal looks
        looks += 1
        if looks > 1:
            raise Forbidden
        return source

    outlet = Outlet()
    house.services.hub.follow(open, outlet)
    await outlet.until(0)
    await write(house, topic, ["grant"], grants=True)
    await outlet.until(1)
    assert (outlet.got, [type(error) for error in outlet.ended]) == (["Ready"], [Forbidden])
    assert topic not in str(house.services.hub.groups)


async def test_who_is_gone_leaves_nothing_behind(house: Served) -> None:
    source, outlet = Names(uuid4().hex), Outlet(free=1)
    async with following(house, source, outlet) as subscription:
        await write(house, source.topic, ["One"])
        outlet.make(-1)
        await until(lambda: subscription.closed)
    assert subscription not in house.services.hub.subscriptions
    assert not [key for key in house.services.hub.groups if source.topic in str(key)]


async def test_what_changes_who_may_see_while_one_is_being_let_in_is_not_overlooked(house: Served) -> None:
    topic, looks = uuid4().hex, 0
    source, outlet = Names(topic), Outlet()

    async def open() -> Names:
        nonlocal looks
        looks += 1
        if looks == 1:  # nothing guards the topic yet
            grants = house.services.tail.grants
            await write(house, topic, ["grant"], grants=True)
            await until(lambda: house.services.tail.grants != grants)
            return source
        raise Forbidden

    house.services.hub.follow(open, outlet)
    await outlet.until(1)
    assert (looks, [type(error) for error in outlet.ended]) == (2, [Forbidden])
    assert outlet.got == []


async def test_many_that_come_back_together_share_what_is_executed(house: Served) -> None:
    source, quick = Names(uuid4().hex), Outlet()
    last = house.services.tail.state.cursor(house.services.tail.head)
    await write(house, source.topic, numbered(40))
    outlets = [Outlet() for _ in range(50)]
    async with following(house, source, quick):
        subscriptions = [house.services.hub.follow(opening(replace(source, after=last)), outlet) for outlet in outlets]
        for outlet in outlets:
            assert await outlet.until(40) == numbered(40)
        for subscription in subscriptions:
            subscription.close()
    assert len(source.asked) <= 2 * 40, "not fifty times forty"

"""Tries that several processes count together, in Redis; and what happens when it goes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr
from structlog.typing import EventDict

from kit.settings import Settings
from resolvers import limits
from resolvers.limits import per_minute
from tests.accounts.signing import email_of, login, member
from tests.conftest import Served, served
from tests.live.places import InRedis, Place, place
from tests.server.limiting import codes, limited, made, make
from tests.waiting import until


@pytest.fixture
async def redis(database_url: str) -> AsyncIterator[Place]:
    async with place("redis", database_url) as found:
        yield found


@pytest.fixture(autouse=True)
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three tries; and Redis counts as gone when it is, not when the machine is busy."""
    limited(monkeypatch, per_minute(3))
    monkeypatch.setattr(limits, "REDIS_SECONDS", 10)


@asynccontextmanager
async def two(settings: Settings, url: str) -> AsyncIterator[tuple[Served, Served]]:
    """Servers that have nothing in common but the database and Redis."""
    more = {"rate_limit_url": SecretStr(url), "login_attempts": 3}
    async with served(settings.model_copy(update=more)) as one, served(settings.model_copy(update=more)) as other:
        yield one, other


async def test_two_servers_count_a_field_together(settings: Settings, redis: Place) -> None:
    async with two(settings, redis.url) as (one, other):
        dora = await one.people.one()
        assert codes(await make(dora, "a")) == codes(await make(dora, "b")) == []
        assert codes(await make(dora.at(other.people), "c")) == []
        refused = await make(dora.at(other.people), "d")
        assert codes(refused) == codes(await make(dora, "e")) == ["RATE_LIMITED"]
        assert 55 <= int(refused.headers["retry-after"]) <= 60
        assert await made(dora) == ["a", "b", "c"]


async def test_two_servers_count_signing_in_together(settings: Settings, redis: Place) -> None:
    async with two(settings, redis.url) as (one, other):
        dora = await member(one.people)
        tries = [await login(house.people, email_of(dora), "wrong") for house in (one, other, one, other)]
        assert [answer.code for answer in tries] == [*["UNAUTHENTICATED"] * 3, "RATE_LIMITED"]
        assert (await login(one.people, email_of(dora))).code == "RATE_LIMITED"


async def test_the_right_password_forgives_in_all_of_them(settings: Settings, redis: Place) -> None:
    async with two(settings, redis.url) as (one, other):
        dora = await member(one.people)
        for house in (one, other):
            assert (await login(house.people, email_of(dora), "wrong")).code == "UNAUTHENTICATED"
        assert "errors" not in (await login(one.people, email_of(dora))).body
        tries = [await login(other.people, email_of(dora), "wrong") for _ in range(4)]
        assert [answer.code for answer in tries] == [*["UNAUTHENTICATED"] * 3, "RATE_LIMITED"]


async def test_the_redis_of_the_broker_counts_by_default(settings: Settings, redis: Place) -> None:
    assert settings.counting_redis is None
    broker = settings.model_copy(update={"broadcast_url": SecretStr(redis.url)})
    assert broker.counting_redis == redis.url
    assert broker.model_copy(update={"rate_limit_url": SecretStr("memory://")}).counting_redis is None


async def test_without_redis_each_counts_for_itself_and_says_so_once(
    settings: Settings, redis: Place, logged: list[EventDict]
) -> None:
    async with two(settings, redis.url) as (one, other):
        dora = await one.people.one()
        await make(dora, "a")
        await redis.stop()
        assert [codes(await make(dora, name)) for name in "bcde"] == [[], [], [], ["RATE_LIMITED"]]
        assert codes(await make(dora.at(other.people), "f")) == []
        lost = [line for line in logged if line["event"] == "limits.redis_lost"]
        assert [line["log_level"] for line in lost] == ["warning"] * 2, "one line of each server"


async def test_a_redis_that_comes_back_is_used_again(
    settings: Settings, redis: Place, logged: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "AGAIN_SECONDS", 0.1)
    async with two(settings, redis.url) as (one, other):
        dora, sam = await one.people.one(), await one.people.one()
        await redis.stop()
        await make(sam, "a")
        await redis.start()

        async def found() -> bool:
            await make(sam, "b")
            return "limits.redis_found" in [line["event"] for line in logged]

        await until(found)
        assert [codes(await make(dora, name)) for name in "abc"] == [[], [], []]
        assert codes(await make(dora.at(other.people), "d")) == ["RATE_LIMITED"]


async def test_a_redis_that_does_not_answer_holds_nobody_up(
    settings: Settings, redis: InRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "AGAIN_SECONDS", 60)
    async with two(settings, redis.url) as (one, _):
        dora = await one.people.one()
        await make(dora, "a")
        await redis.freeze()
        monkeypatch.setattr(limits, "REDIS_SECONDS", 0.25)
        async with asyncio.timeout(10):
            assert [codes(await make(dora, name)) for name in "bcde"] == [[], [], [], ["RATE_LIMITED"]]
        await redis.thaw()

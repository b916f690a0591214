"""The bell is only for speed: without it events come all the same."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis

from kit.settings import Settings
from live import doorbell
from live.doorbell import Doorbell
from tests.conftest import served


@asynccontextmanager
async def running(url: str) -> AsyncIterator[Doorbell]:
    bell = Doorbell(url)
    task = asyncio.create_task(bell.run())
    try:
        await bell.wait(10)  # it rings once when it is connected
        yield bell
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def heard(bell: Doorbell) -> bool:
    """Whether it rings within ten seconds, which is to say at once."""
    async with asyncio.timeout(10):
        await bell.heard.wait()
    bell.heard.clear()
    return True


async def test_a_ring_is_heard_and_many_at_once_are_few() -> None:
    async with running("memory://") as bell:
        for _ in range(1000):
            bell.ring()
        assert await heard(bell)


async def test_waiting_ends_by_itself() -> None:
    async with running("memory://") as bell:
        await bell.wait(0.01)
        assert not bell.heard.is_set()


async def test_a_broker_that_is_not_there_fails_nobody_and_events_still_come(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = settings.model_copy(update={"broadcast_url": f"redis://127.0.0.1:{_free_port()}"})
    async with served(dead) as house:
        dora = await house.people.one()
        async with dora.socket() as client, client.events() as events:
            await dora.task("Without a bell")
            assert (await events.next())["task"]["title"] == "Without a bell"


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="Redis is not installed (Debian: redis-server)")
async def test_two_processes_hear_each_other_through_redis_also_after_it_restarts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doorbell, "ECHO_SECONDS", 0.5)
    port = _free_port()
    url = f"redis://127.0.0.1:{port}"
    redis = await _redis(port)
    try:
        async with running(url) as one, running(url) as two:
            one.ring()
            assert await heard(two)
            redis.kill()
            redis.wait(10)
            redis = await _redis(port)
            await _both_listen_again(port, one, two)
            one.heard.clear()
            two.ring()
            assert await heard(one)
    finally:
        redis.kill()
        redis.wait(10)


async def _both_listen_again(port: int, *bells: Doorbell) -> None:
    """Each notices that its subscription has died when it does not hear its own ring."""
    async with asyncio.timeout(20), Redis(port=port) as client:
        while await client.publish(doorbell.CHANNEL, "") < len(bells):
            for bell in bells:
                bell.ring()
            await bells[0].wait(0.1)


async def _redis(port: int) -> subprocess.Popen[bytes]:
    command = ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    redis = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: ASYNC220 (it starts in a moment)
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return redis


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

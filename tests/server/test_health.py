"""The server outlives its database: it says so, and works again once the database is back."""

import asyncio
from pathlib import Path

import pytest

from tests.breaking import breakable, health, until_healthy
from tests.people import People
from tests.sockets import Closed

HEALTHY = {"status": "healthy", "db": "connected"}
UNHEALTHY = {"status": "unhealthy", "db": "disconnected"}
TITLES = "{ tasks { nodes { title } } }"


async def test_health_needs_no_token_and_tells_no_more_than_that(people: People) -> None:
    response = await people.http.get("/health")
    assert response.status_code == 200
    assert response.json() == HEALTHY


async def test_without_its_database_the_server_is_unhealthy_and_with_it_healthy_again(data: Path) -> None:
    async with breakable(data) as (postgres, house):
        assert (await health(house)).json() == HEALTHY
        await postgres.stop()
        async with asyncio.timeout(2):
            response = await health(house)
        assert response.status_code == 503
        assert response.json() == UNHEALTHY
        await postgres.start()
        await until_healthy(house)


async def test_what_is_asked_meanwhile_fails_and_what_is_asked_after_is_answered(data: Path) -> None:
    async with breakable(data) as (postgres, house):
        dora = await house.people.one()
        await dora.task("Before")
        async with dora.socket() as socket:
            await postgres.stop()
            lost = await dora.ask(TITLES)
            assert lost.code == "INTERNAL_ERROR"
            assert lost.error["message"] == "An unexpected error occurred"
            answer = await socket.ask(TITLES)
            (error,) = answer["errors"] if isinstance(answer, dict) else answer
            assert error["extensions"]["code"] == "INTERNAL_ERROR"
            await postgres.start()
            await until_healthy(house)
            expected = {"tasks": {"nodes": [{"title": "Before"}]}}
            assert (await dora.ask(TITLES)).data == expected
            assert await socket.ask(TITLES) == {"data": expected}


async def test_a_subscription_lives_through_it_and_hears_what_happens_after(data: Path) -> None:
    async with breakable(data) as (postgres, house):
        dora = await house.people.one()
        async with dora.socket() as socket, socket.events() as events:
            before = await dora.task("Before")
            assert (await events.next())["task"]["id"] == before["id"]
            await postgres.stop()
            assert (await health(house)).status_code == 503
            await postgres.start()
            await until_healthy(house)
            after = await dora.task("After")
            assert (await events.next())["task"] == {"id": after["id"], "title": "After", "completed": False}


async def test_a_socket_that_comes_while_the_database_is_away_is_told_to_try_again(data: Path) -> None:
    async with breakable(data) as (postgres, house):
        dora = await house.people.one()
        await postgres.stop()
        socket = await dora.socket().open()
        await socket.send({"type": "connection_init", "payload": {"authorization": f"Bearer {dora.token}"}})
        with pytest.raises(Closed) as closed:
            await socket.frame()
        assert closed.value.args == (1013, "An unexpected error occurred")

"""The server outlives its database: it says so, and works again once the database is back."""

import asyncio
from pathlib import Path

import pytest

from live.vitals import Part, Vital
from resolvers.accounts.viewers import BELIEVED
from server.health import _of
from tests.breaking import breakable, health, until_healthy, until_ready
from tests.conftest import Served
from tests.people import People
from tests.sockets import Closed

HEALTHY = {"status": "healthy", "db": "connected"}
UNHEALTHY = {"status": "unhealthy", "db": "disconnected"}
HEALTH = "{ health { status db broker } }"
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
            assert lost.code == "UNAVAILABLE"
            assert lost.error["message"] == "The database cannot be reached just now; try again"
            answer = await socket.ask(TITLES)
            (error,) = answer["errors"] if isinstance(answer, dict) else answer
            assert error["extensions"]["code"] == "UNAVAILABLE"
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
        assert closed.value.args == (1013, "The database cannot be reached just now; try again")


async def test_graphql_tells_anybody_how_it_is_over_http_and_sockets(house: Served) -> None:
    await until_ready(house)
    expected = {"health": {"status": "HEALTHY", "db": "CONNECTED", "broker": "CONNECTED"}}
    nobody, dora = house.people.nobody, await house.people.one()
    for person in (nobody, dora):
        assert (await person.ask(HEALTH)).data == expected
        async with person.socket() as socket:
            assert await socket.ask(HEALTH) == {"data": expected}


@pytest.mark.parametrize(
    ("failed", "leaving", "status"),
    [
        ([], False, "ready"),
        ([Part.BROKER], False, "degraded"),
        ([Part.LOG], False, "not ready"),
        ([Part.BROKER, Part.MIGRATIONS], False, "not ready"),
        ([Part.BROKER], True, "leaving"),
    ],
)
def test_only_without_a_broker_it_goes_on(failed: list[Part], status: str, *, leaving: bool) -> None:
    vital = Vital(frozenset(failed), leaving)
    assert _of(vital)["status"] == status
    assert vital.ready == (status in ("ready", "degraded"))


async def test_graphql_tells_it_without_a_database_whoever_asks(data: Path) -> None:
    async with breakable(data) as (postgres, house):
        nobody, dora = house.people.nobody, await house.people.one()
        await until_ready(house)
        async with dora.socket() as socket:
            await postgres.stop()
            await asyncio.sleep(BELIEVED.total_seconds())
            for person in (nobody, dora):
                answer = await person.ask(HEALTH)
                assert (answer.status, answer.data["health"]["db"]) == (200, "DISCONNECTED")
                assert answer.data["health"]["status"] == "UNHEALTHY"
            answer = await socket.ask(HEALTH)
            assert answer["data"]["health"]["status"] == "UNHEALTHY"
            assert (await dora.ask("{ health { status } me { id } }")).status == 503
            assert (await dora.ask(TITLES)).status == 503

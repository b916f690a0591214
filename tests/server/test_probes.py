"""What probes are told: whether the process lives, whether it can serve, and what keeps it from that."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from kit.settings import Settings
from live import vitals
from live.vitals import KEPT_SECONDS, LOOK_SECONDS, NAME, Part
from tests.breaking import breakable, health, ready, until_ready
from tests.conftest import Served, served, url_of
from tests.people import People
from tests.server.processes import SECRET, postgres_of, serving, until

HEALTHY = {"status": "healthy", "db": "connected"}
UNHEALTHY = {"status": "unhealthy", "db": "disconnected"}
HEALTH = "{ health { status db broker } }"
SLACK = 1  # seconds that a busy machine takes for what should take none
READY = {"status": "ready", "database": "ok", "migrations": "ok", "log": "ok", "broker": "ok"}


@contextmanager
def hanging(data: Path) -> Iterator[None]:
    """Every process of the PostgreSQL of a data directory stands still."""
    processes = [int(pid) for pid in postgres_of(data)]
    try:
        send(processes, signal.SIGSTOP)
        yield
    finally:
        send(processes, signal.SIGCONT)


def send(processes: list[int], by: signal.Signals) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, by)


async def test_a_server_that_has_all_it_needs_is_alive_and_ready(people: People, house: Served) -> None:
    await until_ready(house)
    assert await ready(house) == (200, READY)
    alive = await people.http.get("/health/live")
    assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
    for path in ("/health", "/health/live", "/health/ready", "/health/websocket"):
        answer = await people.http.get(path)
        assert answer.headers["cache-control"] == "no-store"
        assert (await people.http.head(path)).status_code == 200
        assert (await people.http.post(path)).status_code == 405


async def test_without_its_database_it_is_alive_and_not_ready_and_says_what_failed(data: Path) -> None:
    async with breakable(data) as (postgres, house):
        await until_ready(house)
        await postgres.stop()
        status, body = await ready(house)
        assert (status, body["status"]) == (503, "not ready")
        assert (body["database"], body["migrations"]) == ("failed", "unknown")
        assert (await house.people.http.get("/health/live")).status_code == 200
        await postgres.start()
        await until_ready(house)
        assert await ready(house) == (200, READY)


async def test_a_database_that_hangs_is_told_within_a_second_and_found_again_when_it_goes_on(data: Path) -> None:
    async with breakable(data) as (_, house):
        await until_ready(house)
        with hanging(data):
            began = time.monotonic()
            while (await ready(house))[1]["database"] == "ok":
                assert time.monotonic() - began < LOOK_SECONDS + KEPT_SECONDS + SLACK
            assert time.monotonic() - began < LOOK_SECONDS + KEPT_SECONDS + SLACK
            for _ in range(2):  # nor does it take longer the next time
                began = time.monotonic()
                assert (await health(house)).json() == UNHEALTHY
                assert time.monotonic() - began < LOOK_SECONDS + SLACK
                assert (await house.people.http.get("/health/live")).status_code == 200
        await until_ready(house)


async def test_probes_share_one_look_and_hold_one_connection(house: Served, database_url: str) -> None:
    await until_ready(house)
    before, looks, began = await probing(house), list[object](), time.monotonic()
    connection = house.services.vitals._connection
    assert connection is not None
    with connection.query_logger(looks.append):
        answers = await asyncio.gather(*(ready(house) for _ in range(200)))
    assert {status for status, _ in answers} == {200}
    assert len(looks) <= 1 + (time.monotonic() - began) / KEPT_SECONDS
    assert await probing(house) == before


async def probing(house: Served) -> list[int]:
    """The connections of probes to the test's database, by process; each server has one."""
    sql = "select pid from pg_stat_activity where application_name = $1 and datname = current_database() order by pid"
    return [row["pid"] for row in await house.services.db.fetch(sql, NAME["application_name"])]


async def test_a_probe_that_hangs_up_leaves_the_look_to_the_others(data: Path) -> None:
    async with breakable(data) as (_, house):
        await until_ready(house)
        vitals = house.services.vitals
        with hanging(data):
            while (await ready(house))[1]["database"] == "ok":
                pass
            await asyncio.sleep(KEPT_SECONDS)
            first, second = asyncio.create_task(vitals.look()), asyncio.create_task(vitals.look())
            await asyncio.sleep(0)
            first.cancel()
            assert Part.DATABASE in (await second).failed
        await until_ready(house)


async def test_a_database_of_an_older_version_is_not_ready_and_one_of_a_later_version_is(own: Settings) -> None:
    """While a new version takes over it migrates first, and the old one must go on."""
    async with served(own) as house:
        await until_ready(house)
        for revision, status, told in (("0001", 503, "failed"), ("9999", 200, "ok")):
            await become(house, "update alembic_version set version_num = :revision", revision=revision)
            await asyncio.sleep(KEPT_SECONDS)
            answer = await ready(house)
            assert (answer[0], answer[1]["migrations"], answer[1]["database"]) == (status, told, "ok")
        await become(house, "drop table alembic_version")
        await asyncio.sleep(KEPT_SECONDS)
        assert (await ready(house))[1]["migrations"] == "failed"
        assert (await health(house)).json() == HEALTHY


async def become(house: Served, statement: str, **values: str) -> None:
    async with house.services.db.transaction() as transaction:
        await transaction.execute(text(statement), values)


async def test_without_the_broker_it_is_ready_and_degraded(own: Settings) -> None:
    async with served(own.model_copy(update={"broadcast_url": SecretStr("postgres://nobody@127.0.0.1:1/no")})) as house:
        await until_ready(house, "degraded")
        assert await ready(house) == (200, READY | {"status": "degraded", "broker": "failed"})
        expected = {"health": {"status": "DEGRADED", "db": "CONNECTED", "broker": "DISCONNECTED"}}
        assert (await house.people.nobody.ask(HEALTH)).data == expected


async def test_where_the_log_is_not_read_it_is_not_ready(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(own) as house:
        await until_ready(house)
        monkeypatch.setattr(vitals, "LAG_SECONDS", -1)
        assert await ready(house) == (503, READY | {"status": "not ready", "log": "failed"})


def test_while_it_leaves_it_is_alive_and_not_ready(settings: Settings, data: Path) -> None:
    """Told over a connection that stays open; nobody new comes in."""
    with serving(data, LEAVING_SECONDS="2", DATABASE_URL=url_of(settings), JWT_SECRET=SECRET) as running:
        address = ("127.0.0.1", int(running.url.rpartition(":")[2]))
        with connect(
            running.url.replace("http", "ws") + "/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            proxy=None,
        ):
            probe = HTTPConnection(*address, timeout=5)
            until(lambda: probed(probe)[0] == 200, "readiness")
            running.process.send_signal(signal.SIGTERM)
            until(lambda: probed(probe) == (503, READY | {"status": "leaving"}), "that it is leaving")
            probe.close()
        assert running.process.wait(10) == 0


def probed(probe: HTTPConnection) -> tuple[int, Any]:
    probe.request("GET", "/health/ready")
    response = probe.getresponse()
    return response.status, json.loads(response.read())


async def test_what_sockets_do_is_told_to_this_machine_alone(own: Settings) -> None:
    async with served(own) as house:
        dora = await house.people.one()
        async with dora.socket() as socket:
            await socket.ask("{ __typename }")
            answer = await house.people.http.get("/health/websocket")
            body = answer.json()
            since = datetime.fromisoformat(body.pop("start_time")) - house.services.meter.start
            assert abs(since.total_seconds()) < 0.001
            assert body == {
                "status": "healthy",
                "total_connections": 1,
                "active_connections": 1,
                "peak_connections": 1,
                "messages_sent": 3,
                "messages_received": 2,
                "total_messages": 5,
                "errors": 0,
                "avg_latency_ms": 0.0,
                "peak_latency_ms": 0.0,
            }
        for header in ({"x-forwarded-for": "1.2.3.4"}, {"via": "1.1 proxy"}):
            assert (await house.people.http.get("/health/websocket", headers=header)).status_code == 403


async def test_with_a_token_it_is_told_to_who_shows_it(own: Settings) -> None:
    token = "a token of sixteen characters"
    async with served(own.model_copy(update={"metrics_token": SecretStr(token)})) as house:
        http = house.people.http
        assert (await http.get("/health/websocket")).status_code == 403
        assert (await http.get("/health/websocket", headers={"authorization": "Bearer wrong"})).status_code == 403
        assert (await http.get("/health/websocket", headers={"authorization": f"Bearer {token}"})).status_code == 200
        assert (await http.get("/health/ready")).status_code in (200, 503)

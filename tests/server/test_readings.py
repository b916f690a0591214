"""What processes count of their sockets is kept, and adds up over processes and restarts."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from db.accounts.users import Role
from kit.settings import Settings
from live.readings import Readings, fold
from resolvers.context import Services
from server import metrics
from tests.conftest import Served, served, settings_for
from tests.databases import database
from tests.server.counting import ALIVE, SYSTEM, readings, work, write
from tests.waiting import until

COUNTS = "totalConnections activeConnections peakConnections messagesSent messagesReceived totalMessages errors"
HEALTH = f"""query ($process: String) {{ now: websocketHealth(process: $process) {{ {COUNTS} processes }}
  ever: websocketHealth(period: ALL_TIME, process: $process) {{ {COUNTS} processes }} }}"""
LATENCIES = """{ now: websocketHealth { status avgLatencyMs peakLatencyMs startTime countedAt }
  ever: websocketHealth(period: ALL_TIME) { avgLatencyMs peakLatencyMs startTime } }"""
CONNECTIONS = "{ websocketConnections { id userId address since until code } }"


def counted(*numbers: int, processes: int) -> dict[str, int]:
    return dict(zip(COUNTS.split(), numbers, strict=True)) | {"processes": processes}


async def run(services: Services, sql: str) -> None:
    async with services.db.transaction() as session:
        await session.execute(text(sql))


async def test_processes_add_up_and_one_that_ends_stays_in_all_time(own: Settings) -> None:
    async with served(own) as first:
        ada = await first.people.one(Role.ADMIN)
        async with served(own) as second:
            work(first.services, sockets=3, sent=10, received=4, errors=1)
            work(second.services, sockets=2, sent=5, received=1)
            await write(first.services)
            await write(second.services)
            together = counted(5, 2, 3, 15, 5, 20, 1, processes=2)
            assert (await ada.ask(HEALTH)).data == {"now": together, "ever": together}
            alone = counted(2, 1, 2, 5, 1, 6, 0, processes=1)
            assert (await ada.ask(HEALTH, process=second.services.process)).data == {"now": alone, "ever": alone}
        assert (await ada.ask(HEALTH)).data == {
            "now": counted(3, 1, 3, 10, 4, 14, 1, processes=1),
            "ever": counted(5, 1, 3, 15, 5, 20, 1, processes=1),
        }


async def test_all_time_goes_on_after_a_restart(own: Settings) -> None:
    async with served(own) as before:
        work(before.services, sockets=4, sent=7, received=2)
    async with served(own) as after:
        ada = await after.people.one(Role.ADMIN)
        work(after.services, sockets=1, sent=1, received=1)
        await write(after.services)
        assert (await ada.ask(HEALTH)).data == {
            "now": counted(1, 1, 1, 1, 1, 2, 0, processes=1),
            "ever": counted(5, 1, 4, 8, 3, 11, 0, processes=1),
        }


async def test_what_is_counted_is_kept_by_itself(database_url: str) -> None:
    async with (
        database(database_url, migrated=True) as url,
        served(settings_for(url, metrics_flush_seconds=1)) as house,
    ):
        ada = await house.people.one(Role.ADMIN)
        work(house.services, sockets=1, sent=6, received=0)

        async def kept() -> bool:
            return bool((await ada.ask(HEALTH)).data["now"]["messagesSent"] == 6)

        await until(kept)


async def test_one_that_was_killed_no_longer_lives_and_becomes_part_of_all_time(own: Settings) -> None:
    async with served(own) as house:
        ada = await house.people.one(Role.ADMIN)
        await readings(house.services)
        work(house.services, sockets=2, sent=3, received=0)
        killed = Readings(house.services.db, "killed", house.services.meter, believed=ALIVE)
        await killed.write()
        ever = counted(2, 0, 2, 3, 0, 3, 0, processes=0)
        await run(house.services, "update meter_reading set until = now() - interval '1 second'")
        assert (await ada.ask(HEALTH)).data == {"now": counted(*[0] * 7, processes=0), "ever": ever}
        await fold(house.services.db)
        assert (await ada.ask(HEALTH, process="killed")).data["ever"] == ever, "it may still come back"
        await run(house.services, "update meter_reading set until = now() - interval '61 minutes'")
        await fold(house.services.db)
        assert (await ada.ask(HEALTH)).data["ever"] == ever
        assert (await ada.ask(HEALTH, process="killed")).data["ever"] == counted(*[0] * 7, processes=0)


async def test_one_that_was_taken_for_gone_and_lives_is_not_counted_twice(own: Settings) -> None:
    async with served(own) as house:
        ada = await house.people.one(Role.ADMIN)
        slept = await readings(house.services)
        work(house.services, sockets=1, sent=3, received=2)
        await slept.write()
        for sent in (4, 5):
            await run(house.services, "update meter_reading set until = now() - interval '2 hours'")
            await fold(house.services.db)
            house.services.meter.sent(sent)
            await slept.write()
            await slept.write()
        assert (await ada.ask(HEALTH)).data["ever"] == counted(1, 1, 1, 12, 2, 14, 0, processes=1)


async def test_many_that_go_at_once_are_each_counted_once(own: Settings) -> None:
    async with served(own) as house:
        ada = await house.people.one(Role.ADMIN)
        made = "insert into meter_reading (process, start, until, connections, sent, peak_connections)"
        many = "select 'p' || n, now(), now() - interval '2 hours', 1, n, n from generate_series(1, 200) n"
        await run(house.services, f"{made} {many}")
        await asyncio.gather(*[fold(house.services.db) for _ in range(4)], write(house.services))
        await fold(house.services.db)
        assert (await ada.ask(HEALTH)).data["ever"] == counted(200, 0, 200, 20_100, 0, 20_100, 0, processes=1)
        rows = await house.services.db.fetch("select process from meter_reading order by process")
        assert [row["process"] for row in rows] == ["", house.services.process]


async def test_latencies_are_averaged_by_how_many_there_were(own: Settings) -> None:
    async with served(own) as first, served(own) as second:
        ada = await first.people.one(Role.ADMIN)
        for _ in range(3):
            first.services.meter.delivered(0.125, 10)
        second.services.meter.latency(0.625)
        await write(first.services)
        await write(second.services)
        data = (await ada.ask(LATENCIES)).data
        start = first.services.meter.start.isoformat().replace("+00:00", "Z")
        assert data["ever"] == {"avgLatencyMs": 250, "peakLatencyMs": 625, "startTime": data["now"]["startTime"]}
        assert (data["now"]["avgLatencyMs"], data["now"]["peakLatencyMs"]) == (250, 625)
        assert data["now"]["startTime"][:23] == start[:23]
        assert data["now"]["countedAt"] is not None
        assert data["now"]["status"] == "DEGRADED", "that of the worse one"


@pytest.mark.parametrize(
    ("latency", "errors", "status"),
    [
        (0.25, 10, "HEALTHY"),
        (0.26, 0, "DEGRADED"),
        (0.0, 11, "DEGRADED"),
        (2.01, 0, "UNHEALTHY"),
        (0.0, 101, "UNHEALTHY"),
    ],
)
async def test_the_status_speaks_of_latency_and_errors(own: Settings, latency: float, errors: int, status: str) -> None:
    async with served(own) as house:
        ada = await house.people.one(Role.ADMIN)
        house.services.meter.latency(latency)
        work(house.services, sockets=1, sent=200, received=0, errors=errors)
        await write(house.services)
        assert (await ada.ask("{ websocketHealth { status } }")).data == {"websocketHealth": {"status": status}}


async def test_counts_may_pass_what_an_int_holds(own: Settings) -> None:
    async with served(own) as house:
        ada = await house.people.one(Role.ADMIN)
        house.services.meter.sent(3_000_000_000)
        await write(house.services)
        data = (await ada.ask(HEALTH)).data
        assert data["now"]["messagesSent"] == data["ever"]["totalMessages"] == 3_000_000_000


async def test_the_latest_connections_are_listed_newest_first(own: Settings) -> None:
    async with served(own) as house:
        ada = await house.people.one(Role.ADMIN)
        assert ada.user is not None
        house.services.meter.connected("a", ada.user.id, "10.0.0.1")
        house.services.meter.connected("b", None, "10.0.0.2")
        house.services.meter.disconnected("a", 4401)
        newer, older = (await ada.ask(CONNECTIONS)).data["websocketConnections"]
        assert {name: newer[name] for name in ("id", "userId", "address", "until", "code")} == {
            "id": "b",
            "userId": None,
            "address": "10.0.0.2",
            "until": None,
            "code": None,
        }
        assert (older["id"], older["userId"], older["code"]) == ("a", ada.id, 4401)
        assert older["since"] <= newer["since"] <= older["until"]


@pytest.mark.parametrize("query", ["{ websocketHealth { errors } }", CONNECTIONS, SYSTEM])
async def test_health_is_for_administrators(house: Served, query: str) -> None:
    assert (await (await house.people.one(Role.AGENT)).ask(query)).code == "FORBIDDEN"
    assert (await house.people.nobody.ask(query)).code == "UNAUTHENTICATED"


async def test_keeping_outlives_a_database_that_is_away(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Any] = []

    async def failing(self: Readings) -> None:
        tried.append(self)
        if len(tried) == 3:
            raise KeyboardInterrupt
        raise OSError("the database is away")

    monkeypatch.setattr(Readings, "write", failing)
    at_once = house.services.settings.model_copy(update={"metrics_flush_seconds": 0})
    with pytest.raises(KeyboardInterrupt):
        await metrics.keep_readings(replace(house.services, settings=at_once))
    assert len(tried) == 4, "the last one is what it leaves"

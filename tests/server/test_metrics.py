"""What Prometheus scrapes, who may, and how far the log has been read."""

import asyncio
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from db.accounts.users import Role
from kit.settings import Settings
from live.operations import CODES, DONE, NAMES, Operations, Title
from server import metrics
from tests.breaking import breakable
from tests.conftest import Served, served, settings_for
from tests.server.counting import SYSTEM, work, write
from tests.waiting import until


async def scraped(house: Served, **headers: str) -> dict[str, float]:
    response = await house.people.http.get("/metrics", headers=headers)
    assert response.status_code == 200
    families = text_string_to_metric_families(response.text)
    return {
        sample.name + "".join(f"|{value}" for value in sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


async def test_the_system_says_what_it_runs_on_and_who_lives(own: Settings) -> None:
    async with served(own) as first, served(own) as second:
        ada = await first.people.one(Role.ADMIN)
        await write(first.services)
        await write(second.services)
        data = (await ada.ask(SYSTEM)).data["systemHealth"]
        assert data["databaseVersion"].startswith("18.")
        assert data["process"] == first.services.process
        assert data["processes"] == [first.services.process, second.services.process]
        assert data["log"]["unreadEvents"] == 0
        assert (data["log"]["behindMs"], data["log"]["events"], data["log"]["oldestAt"]) == (0, 0, None)


async def test_the_log_is_behind_while_an_older_transaction_is_open(own: Settings) -> None:
    async with served(own) as house:
        ada = await house.people.one(Role.ADMIN)
        async with house.services.db.transaction() as session:
            await session.execute(text("select pg_current_xact_id()"))
            await ada.task("Held back")
            log = (await ada.ask(SYSTEM)).data["systemHealth"]["log"]
            assert (log["unreadEvents"], log["events"]) == (1, 1)
            assert 0 < log["behindMs"] < log["fenceMs"] < 10_000
            assert log["fenceTransactions"] > 1
            assert log["oldestAt"] is not None
            found = await scraped(house)
            assert found["parlor_log_unread_events"] == 1
            assert 0 < found["parlor_log_behind_seconds"] < found["parlor_log_fence_seconds"] < 10

        async def read() -> bool:
            return bool((await ada.ask(SYSTEM)).data["systemHealth"]["log"]["unreadEvents"] == 0)

        await until(read)


async def test_a_scrape_has_what_the_process_counts(own: Settings) -> None:
    async with served(own) as house:
        work(house.services, sockets=3, sent=10, received=4, errors=2)
        meter = house.services.meter
        meter.delivered(0.004, 30)
        meter.delivered(0.2, 5)
        meter.executed(0.0005)
        meter.resumed("log")
        meter.refused("expired")
        meter.opened_stream("taskEvents")
        await house.people.http.get("/nowhere")
        found = await scraped(house)
        expected = {
            "parlor_sockets": 1,
            "parlor_sockets_peak": 3,
            "parlor_sockets_opened_total": 3,
            "parlor_sockets_closed_total|1000": 2,
            "parlor_messages_total|sent": 10,
            "parlor_messages_total|received": 4,
            "parlor_sent_bytes_total": 1_000,
            "parlor_errors_total": 2,
            "parlor_refusals_total|expired": 1,
            "parlor_delivery_seconds_bucket|0.0025": 0,
            "parlor_delivery_seconds_bucket|0.005": 30,
            "parlor_delivery_seconds_bucket|0.25": 35,
            "parlor_delivery_seconds_bucket|+Inf": 35,
            "parlor_delivery_seconds_count": 35,
            "parlor_delivery_seconds_sum": pytest.approx(1.12),
            "parlor_execution_seconds_count": 1,
            "parlor_group_sockets_peak": 30,
            "parlor_streams|taskEvents": 1,
            "parlor_resumes_total|log": 1,
            "parlor_http_requests_total|4xx": 1,
            "parlor_database_up": 1,
            "parlor_log_events": 0,
        }
        assert {name: found.get(name) for name in expected} == expected
        assert found[f"parlor_info|{house.services.process}|{metrics.VERSION}"] == 1


async def test_requests_are_counted_by_the_class_of_their_status(own: Settings) -> None:
    async with served(own) as house:
        await house.people.http.get("/")
        await house.people.http.get("/nowhere")
        await house.people.http.post("/graphql", content=b"[")
        assert house.services.meter.snapshot().requests == {"2xx": 1, "4xx": 2}


async def test_openmetrics_is_spoken_to_who_asks_for_it(house: Served) -> None:
    accept = {"accept": "application/openmetrics-text; version=1.0.0"}
    response = await house.people.http.get("/metrics", headers=accept)
    assert response.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert response.text.endswith("# EOF\n")


async def test_without_a_database_the_counters_are_there_all_the_same(data: Path) -> None:
    async with breakable(data) as (postgres, house):
        house.services.meter.sent(3)
        await postgres.stop()
        async with asyncio.timeout(3):
            found = await scraped(house)
        assert (found["parlor_database_up"], found["parlor_messages_total|sent"]) == (0, 3)
        assert not [name for name in found if name.startswith("parlor_log")]


@pytest.mark.parametrize("header", ["x-forwarded-for: 203.0.113.5", "x-forwarded-for: 127.0.0.1", "via: 1.1 proxy"])
async def test_metrics_are_for_this_machine(house: Served, header: str) -> None:
    assert (await house.people.http.get("/metrics")).status_code == 200
    refused = await house.people.http.get("/metrics", headers=dict([header.split(": ")]))
    assert (refused.status_code, refused.text) == (403, metrics.REFUSED)


async def test_with_a_token_metrics_are_for_who_shows_it(database_url: str) -> None:
    token = "a token of sixteen letters or more"
    async with served(settings_for(database_url, metrics_token=token)) as house:
        elsewhere = {"x-forwarded-for": "203.0.113.5"}
        for headers in ({}, {"authorization": "Bearer another"}, {"authorization": f"Basic {token}"}):
            refused = await house.people.http.get("/metrics", headers=headers)
            assert (refused.status_code, refused.text) == (403, metrics.REFUSED)
        assert (await scraped(house, authorization=f"Bearer {token}", **elsewhere))["parlor_database_up"] == 1


async def test_operations_are_counted_by_type_name_and_code(own: Settings) -> None:
    async with served(own) as house:
        dora = await house.people.one()
        for _ in range(2):
            await dora.ask("query TaskList { tasks(first: 10) { nodes { id } } }")
        await dora.ask("query TaskList { tasks(first: 1) { nodes { id } } }")
        await dora.ask('mutation Drop { deleteTask(id: "task_1") { deletedId } }')
        await dora.ask("{ me { id } }")
        await dora.ask("{ nope }")
        await house.people.nobody.ask("query Mine { me { id } }")
        async with dora.socket() as socket, socket.events():
            await socket.ask("query TaskList { tasks(first: 10) { nodes { id } } }")
        await house.people.http.post("/graphql", content=b"[")
        found = await scraped(house)
    expected = {
        "parlor_operations_total|OK|TaskList|query": 4,
        "parlor_operations_total|TASK_NOT_FOUND|Drop|mutation": 1,
        "parlor_operations_total|OK|none|query": 1,
        "parlor_operations_total|VALIDATION_ERROR|none|none": 2,
        "parlor_operations_total|UNAUTHENTICATED|other|query": 1,
        "parlor_operations_total|OK|none|subscription": 1,
        "parlor_operations_seconds_count|TaskList|query": 4,
        "parlor_operations_seconds_bucket|+Inf|TaskList|query": 4,
        "parlor_operations_cost_total|TaskList|query": 3 * 11 + 2,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert 0 < found["parlor_operations_seconds_sum|TaskList|query"] < 20
    assert "parlor_operations_seconds_count|none|subscription" not in found


async def test_names_that_clients_make_up_do_not_add_up(own: Settings) -> None:
    async with served(own) as house:
        dora = await house.people.one()
        for number in range(NAMES + 20):
            await dora.ask(f"query N{number} {{ __typename }}")
            await house.people.nobody.ask(f"query X{number} {{ __typename }}")
        found = await scraped(house)
    counted = {
        name.split("|")[2]: value for name, value in found.items() if name.startswith("parlor_operations_total|")
    }
    assert counted["N0"] == counted[f"N{NAMES - 1}"] == 1
    assert counted["other"] == NAMES + 20 + 20
    assert len(counted) == NAMES + 1


def test_ten_thousand_names_take_no_memory() -> None:
    operations = Operations()
    for number in range(10_000):
        for signed_in in (True, False):
            operations.of(Title("query", f"N{number}"), signed_in=signed_in).ended(DONE, 0.001)
    assert len(operations.counted) == NAMES + 1
    assert sum(counted.codes[DONE] for counted in operations.counted.values()) == 20_000
    counted = operations.of(Title("query", "other"), signed_in=False)
    for number in range(10_000):
        counted.ended(f"CODE_{number}")
    assert len(counted.codes) == CODES + 1


def test_a_trusted_document_counts_under_its_name_however_many_there_are() -> None:
    operations = Operations()
    for number in range(NAMES * 2):
        operations.of(Title("query", f"N{number}", trusted=True), signed_in=False)
    operations.of(Title("query"), signed_in=False)
    assert [*operations.counted][NAMES * 2 - 1 :] == [
        ("query", f"N{NAMES * 2 - 1}"),
        ("query", "none"),
    ]

"""What is counted, to the last one; and how two processes add up."""

from datetime import UTC, datetime, timedelta

import pytest

from kit.ids import Id
from live.histogram import SECONDS
from live.meter import CONNECTIONS, LATEST, Connection, Meter, Resumed
from live.operations import NAMES
from tests.clock import Watch

MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
DORA = Id("user_dora")


def test_connections_are_counted_in_all_at_once_and_at_most() -> None:
    meter = Meter()
    meter.connected("a", DORA, "10.0.0.1")
    meter.connected("b", None, "10.0.0.2")
    meter.disconnected("a", 1000)
    meter.connected("c", None, "10.0.0.3")
    found = meter.snapshot()
    assert (found.connections, found.active, found.peak_connections) == (3, 2, 2)
    assert found.closes == {"1000": 1}


def test_one_that_goes_twice_or_never_came_is_not_counted() -> None:
    meter = Meter()
    meter.connected("a", DORA, "10.0.0.1")
    meter.disconnected("a", 4401)
    meter.disconnected("a", 1006)
    meter.disconnected("b", 1006)
    assert meter.snapshot().active == 0
    assert meter.snapshot().closes == {"4401": 1}


def test_the_history_says_who_came_when_and_why_they_went() -> None:
    clock = Watch(MONDAY)
    meter = Meter(clock)
    meter.connected("a", DORA, "10.0.0.1")
    clock.tick()
    meter.connected("b", None, "10.0.0.2")
    meter.disconnected("a", 1001)
    later = MONDAY + timedelta(minutes=1)
    assert [*meter.history] == [
        Connection("a", DORA, "10.0.0.1", MONDAY, later, 1001),
        Connection("b", None, "10.0.0.2", later, None, None),
    ]


def test_the_history_has_the_last_hundred() -> None:
    meter = Meter()
    for number in range(CONNECTIONS + 5):
        meter.connected(str(number), None, "10.0.0.1")
    assert [connection.id for connection in meter.history] == [str(number) for number in range(5, 105)]
    meter.disconnected("0", 1000)
    assert meter.snapshot().active == 104


def test_messages_are_counted_each_way_and_together() -> None:
    meter = Meter()
    meter.received()
    meter.received(2)
    meter.sent(4, 400)
    meter.error()
    found = meter.snapshot()
    assert (found.received, found.sent, found.sent_bytes, found.messages, found.errors) == (3, 4, 400, 7, 1)


def test_recent_errors_are_those_of_the_last_thousand_messages() -> None:
    meter = Meter()
    meter.received()
    meter.error()
    meter.sent(LATEST - 1)
    assert meter.snapshot().recent_errors == 1
    meter.received()
    meter.error()
    assert (meter.snapshot().recent_errors, meter.snapshot().errors) == (1, 2)


def test_the_average_is_of_the_last_thousand_latencies_and_the_peak_of_all() -> None:
    meter = Meter()
    meter.latency(9.0)
    for _ in range(LATEST):
        meter.latency(0.5)
    found = meter.snapshot()
    assert (found.recent, found.recent_latency, found.peak_latency) == (LATEST, 0.5, 9.0)
    assert found.average_latency == (9.0 + LATEST * 0.5) / (LATEST + 1)


def test_without_any_latency_the_averages_are_nought() -> None:
    found = Meter().snapshot()
    assert (found.recent_latency, found.average_latency, found.peak_latency) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, 0), (0.001, 0), (0.0011, 1), (0.01, 3), (10.0, len(SECONDS) - 1), (11.0, len(SECONDS)), (-3.0, 0)],
)
def test_a_delivery_counts_for_each_socket_in_its_bucket(seconds: float, bucket: int) -> None:
    meter = Meter()
    meter.delivered(seconds, 30)
    found = meter.snapshot()
    assert [(at, count) for at, count in enumerate(found.deliveries.counts) if count] == [(bucket, 30)]
    assert found.deliveries.sum == max(seconds, 0.0) * 30
    assert (found.deliveries.count, found.latencies, found.largest_group) == (30, 1, 30)


def test_what_happens_to_streams_is_counted_by_name() -> None:
    meter = Meter()
    meter.executed(0.02)
    meter.resumed(Resumed.LOG)
    meter.resumed("log")
    meter.lagged()
    meter.refused("expired")
    meter.opened_stream("taskEvents")
    meter.opened_stream("taskEvents")
    meter.closed_stream("taskEvents")
    meter.answered(404)
    found = meter.snapshot()
    assert (found.executions.count, found.executions.sum) == (1, 0.02)
    assert found.lags == 1
    assert (found.resumes, found.refusals) == ({"log": 2}, {"expired": 1})
    assert (found.streams, found.requests) == ({"taskEvents": 1}, {"4xx": 1})


def test_names_that_clients_make_up_are_counted_as_others() -> None:
    meter = Meter()
    for code in range(4_000, 4_400):
        meter.connected("a", None, "10.0.0.1")
        meter.disconnected("a", code)
    for number in range(NAMES + 10):
        meter.refused(f"reason {number}")
    assert meter.snapshot().closes == {"other": 400}
    assert meter.snapshot().refusals["other"] == 10
    assert len(meter.snapshot().refusals) == NAMES + 1


def test_two_processes_add_up() -> None:
    clock = Watch(MONDAY)
    first, second = Meter(clock), Meter(Watch(MONDAY + timedelta(days=1)))
    for id in "abc":
        first.connected(id, None, "10.0.0.1")
    first.disconnected("a", 1000)
    second.connected("a", None, "10.0.0.1")
    first.sent(5, 50)
    second.received(2)
    first.delivered(0.1, 10)
    second.delivered(0.4, 2)
    second.delivered(0.4, 3)
    second.opened_stream("taskEvents")
    first.opened_stream("taskEvents")
    found = first.snapshot() + second.snapshot()
    assert found.start == MONDAY
    assert (found.connections, found.active, found.peak_connections) == (4, 3, 3)
    assert (found.sent, found.sent_bytes, found.received, found.messages) == (5, 50, 2, 7)
    assert (found.deliveries.count, found.largest_group, found.streams) == (15, 10, {"taskEvents": 2})
    assert found.deliveries.sum == pytest.approx(3.0)
    assert found.recent_latency == pytest.approx(0.3), "each process counts by the number of its latencies"
    assert found.peak_latency == 0.4


def test_a_snapshot_stays_as_it_was() -> None:
    meter = Meter()
    meter.refused("expired")
    before = meter.snapshot()
    meter.refused("expired")
    meter.executed(0.1)
    assert before.refusals == {"expired": 1}
    assert before.executions.count == 0

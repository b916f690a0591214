"""`parlor` as a process of its own: run to its end, or serving until it is stopped."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from tests.kit.environment import variables

PARLOR = str(Path(sys.executable).with_name("parlor"))
SECRET = "a secret of the command line's tests"
# Seconds until a process must have done what it was started for. Under coverage a first start takes 5 s of a core,
# of which each has a fifth where ten processes share two.
PATIENCE = 90
LOGIN = """mutation ($who: String!, $password: String!) {
  login(identifier: $who, password: $password) { accessToken } }"""
TITLES = "{ tasks(filter: {parentId: null}) { nodes { title } } }"


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    said: str


@dataclass(frozen=True)
class Running:
    process: subprocess.Popen[bytes]
    url: str
    data: Path
    log: Path

    @property
    def said(self) -> str:
        return self.log.read_text()

    def stop(self, by: signal.Signals) -> int:
        """Its exit code."""
        self.process.send_signal(by)
        return self.process.wait(PATIENCE)

    def ask(self, query: str, token: str = "", **variables: Any) -> Any:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        body = {"query": query, "variables": variables}
        return httpx2.post(f"{self.url}/graphql", json=body, headers=headers, timeout=PATIENCE).json()

    def token(self, email: str) -> str:
        token: str = self.ask(LOGIN, who=email, password="parlor-demo")["data"]["login"]["accessToken"]
        return token

    def titles(self, email: str) -> list[str]:
        nodes = self.ask(TITLES, self.token(email))["data"]["tasks"]["nodes"]
        return sorted(node["title"] for node in nodes)


def environment(**changes: str) -> dict[str, str]:
    """Ours without any setting of whoever runs the tests."""
    settings = variables()
    return {name: value for name, value in os.environ.items() if name not in settings} | changes


def parlor(*arguments: str, cwd: Path, **changes: str) -> Done:
    """Runs it to its end."""
    done = subprocess.run(
        [PARLOR, *arguments], cwd=cwd, env=environment(**changes), capture_output=True, text=True, timeout=PATIENCE
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def until(holds: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def serving(data: Path, *arguments: str, **changes: str) -> Iterator[Running]:
    """A server that has announced itself; killed at the end unless it has ended."""
    port, log = free_port(), data.with_name(f"{uuid4().hex}.log")
    command = [PARLOR, "serve", "--port", str(port), "--data", str(data), *arguments]
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, cwd=data.parent, env=environment(**changes), stderr=stderr)
    running = Running(process, f"http://127.0.0.1:{port}", data, log)
    try:
        until(lambda: "Parlor listens on" in running.said or process.poll() is not None, "the announcement")
        assert process.poll() is None, running.said
        yield running
    finally:
        process.kill()
        process.wait(PATIENCE)
        until(lambda: not postgres_of(data), "the end of PostgreSQL")


def postgres_of(data: Path) -> list[str]:
    """The processes of the PostgreSQL of a data directory."""
    if sys.platform != "linux":
        return subprocess.run(["pgrep", "-f", str(data)], capture_output=True, text=True).stdout.split()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(data):
                found.append(process.name)
        except OSError:  # it has ended meanwhile
            continue
    return found

"""Scripts of real clients, played against a Parlor process of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.server.processes import environment, free_port

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
START_SECONDS = 60
STOP_SECONDS = 10
SCRIPT_SECONDS = 20  # each step of a script has a limit of its own, and says what it waited for


class Server:
    """A Parlor process with its own data; it comes back on the same port with the same secret."""

    process: subprocess.Popen[bytes]

    def __init__(self, directory: Path, **settings: str) -> None:
        assert (HERE / "node_modules").is_dir(), "The JavaScript clients are not installed: `make test` does it."
        self.directory = directory
        self.settings = settings
        self.log = directory / "parlor.log"
        self.port = free_port()

    def start(self) -> None:
        command = [f"{BIN}/parlor", "serve", "--port", f"{self.port}", "--data", f"{self.directory}/data", "--demo"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.directory,  # where no .env lies
                env=environment(JWT_SECRET="the clients' tokens outlive a restart", **self.settings),
                stdout=log,
                stderr=log,
            )
        self._await_health()

    def _await_health(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self.process.poll() is None, f"The server has ended.\n{self.log.read_text()}"
            assert time.monotonic() < deadline, f"No health in {START_SECONDS} s.\n{self.log.read_text()}"
            try:
                if httpx2.get(f"http://127.0.0.1:{self.port}/health", timeout=1).is_success:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)

    def end(self, by: signal.Signals) -> int:
        """Its exit code; fails when it does not end in time."""
        self.process.send_signal(by)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            pytest.fail(f"The server did not end within {STOP_SECONDS} s.\n{self.log.read_text()}")


@contextmanager
def script(name: str, server: Server) -> Iterator[subprocess.Popen[str]]:
    pipe = subprocess.PIPE
    command = [f"{BIN}/node", f"{name}.mjs", f"{server.port}"]
    with subprocess.Popen(
        command, cwd=HERE, stdin=pipe, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as running:
        try:
            yield running
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)  # `node` is a wrapper of Node


def told(running: subprocess.Popen[str], answer: str = "", *, seconds: float = SCRIPT_SECONDS) -> Any:
    """What a script prints last, once it has ended well."""
    out, err = running.communicate(answer, timeout=seconds)
    assert running.returncode == 0, err
    return json.loads(out)


def played(name: str, server: Server, *, seconds: float = SCRIPT_SECONDS) -> Any:
    with script(name, server) as running:
        return told(running, seconds=seconds)

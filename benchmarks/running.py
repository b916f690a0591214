"""A server under test as a process, from its start to its end, and questions to it."""

import json
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.commands import HERE, POOL, Server, environment
from benchmarks.rows import EMAIL, PASSWORD
from benchmarks.stage import PEER, Database, Stage

START_SECONDS = 30
STOP_SECONDS = 10
ANSWER_SECONDS = 30
SIGN_IN = (
    "mutation SignIn($who: String!, $password: String!)"
    " { login(identifier: $who, password: $password) { accessToken } }"
)


class Unfit(Exception):
    """A server did not start, or did not answer as it must."""


@dataclass(slots=True)
class Running:
    server: Server
    pid: int
    port: int
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, text: str, variables: dict[str, Any]) -> Any:
        """The data of the answer. Raises Unfit when it has errors."""
        request = urllib.request.Request(  # noqa: S310 (a server of ours)
            f"{self.url}/graphql",
            body(text, variables).encode(),
            {"content-type": "application/json", **self.headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as response:  # noqa: S310
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            raise Unfit(f"{self.server.title} answers {error.code}: {error.read()[:1000]!r}") from error
        if "errors" in answer:
            raise Unfit(f"{self.server.title} answers {json.dumps(answer['errors'], indent=2)}")
        return answer["data"]


def body(text: str, variables: dict[str, Any]) -> str:
    asked = {"query": text, "operationName": operation(text), "variables": variables}
    return json.dumps(asked, separators=(",", ":"))


def operation(text: str) -> str:
    """The name of a document's only operation."""
    found = re.match(r"(?:query|mutation) (\w+)", text)
    assert found is not None, "name the operation"
    return found[1]


@contextmanager
def running(server: Server, stage: Stage, database: Database, viewer: str, **more: str) -> Iterator[Running]:
    """The server, ready and with the viewer signed in, until the block ends."""
    port = _free_port()
    command = [*server.command, str(port)] if server.command[-1] == "--port" else [*server.command]
    user = PEER if server.generated else "parlor"
    settings = {
        "PYTHONPATH": f"{stage.tree}:{HERE.parent}",
        "DATABASE_URL": database.url(user),
        "PORT": str(port),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
        "BENCH_USER": viewer,
        "BENCH_POOL": str(POOL),
        "READ_POOL_SIZE": str(POOL),
        "WRITE_POOL_SIZE": str(POOL),
        "QUERY_BUDGET_PER_USER": "0",  # one user at one address, who asks as fast as they can
        "QUERY_BUDGET_PER_ADDRESS": "0",
    }
    log = stage.folder / f"{server.name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            command, cwd=stage.folder, env=environment(**settings, **more), stdout=out, stderr=out
        )
    try:
        _await_port(process, port, log)
        made = Running(server, process.pid, port)
        if server.name == "parlor":
            token = made.ask(SIGN_IN, {"who": EMAIL, "password": PASSWORD})["login"]["accessToken"]
            made.headers["authorization"] = f"Bearer {token}"
        yield made
        if process.poll() is not None:
            raise Unfit(f"{server.title} has ended:\n{log.read_text()[-2000:]}")
    finally:
        _end(process)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Unfit(f"No server on port {port}:\n{log.read_text()[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

"""The real parts that the faults fall on: PostgreSQL, Redis and the servers. Each is a child that dies with us."""

import asyncio
import random
import shutil
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx2

from server import postgres
from server.leash import ENVIRONMENT
from tests.server.processes import environment

ROOT = Path(__file__).parents[2]
SECRET = "a secret of the soak, long enough for HS256"
STARTING = 60  # seconds until a part must have come up, on a machine with other things to do
STOPPING = 20  # seconds for the orderly end of one
AGAIN = 0.2  # seconds until whoever supervises a server starts it again
# Below the ports that connections are made from: none of those may sit on a part's port while it is down.
PORTS = iter(random.sample(range(20_000, 32_000), 12_000))

BROKERS = ("memory", "postgres", "redis") if shutil.which("redis-server") else ("memory", "postgres")


def free_port() -> int:
    for port in PORTS:
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


def leashed(command: list[str], by: str = "KILL") -> list[str]:
    """The same command, ended by this signal when we die. (Elsewhere than on Linux only an orderly end ends it.)"""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", by, "--", *command] if setpriv else command


@dataclass
class Part:
    """A process that can be started again as it was."""

    name: str
    command: list[str]
    log: Path
    environment: dict[str, str] = field(default_factory=environment)
    process: Process | None = None

    async def start(self) -> Process:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, stdin=DEVNULL, stdout=log, stderr=log, env=self.environment, cwd=self.log.parent
            )
        return self.process

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def send(self, by: signal.Signals) -> None:
        if self.process is not None and self.runs:
            self.process.send_signal(by)

    async def end(self, by: signal.Signals) -> None:
        """Returns when it has ended; in an orderly way only if it does so in time."""
        if self.process is None:
            return
        self.send(by)
        try:
            async with asyncio.timeout(STOPPING):
                await self.process.wait()
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self.process.wait()


class Postgres(Part):
    """A durable cluster of its own, over TCP alone. `url` is that of its database `parlor`."""

    def __init__(self, data: Path) -> None:
        self.cluster, self.port = data / "postgres", free_port()
        self.url = f"postgresql://parlor@127.0.0.1:{self.port}/parlor"
        with postgres._log(data) as log:
            postgres._initdb(self.cluster, log, durable=False)
        more = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": ""}
        server = [str(postgres.binaries() / "postgres"), "-D", str(self.cluster)]
        settings = [f"--{name}={value}" for name, value in (postgres.SETTINGS | more).items()]
        command = [*postgres._as_user(self.cluster), *leashed([*server, *settings], "QUIT")]
        super().__init__("postgres", command, data / "postgres.log", ENVIRONMENT)

    async def up(self) -> None:
        """Returns when it lets somebody in; makes the database the first time."""
        await self.start()
        async with asyncio.timeout(STARTING):
            while True:
                assert self.runs, f"PostgreSQL has ended, see {self.log}"
                with suppress(OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):
                    await self._create_database()
                    return
                await asyncio.sleep(0.02)

    async def _create_database(self) -> None:
        connection = await asyncpg.connect(self.url.removesuffix("parlor") + "postgres")
        with suppress(asyncpg.DuplicateDatabaseError):
            await connection.execute("create database parlor")
        await connection.close()

    @asynccontextmanager
    async def hand(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.url)
        try:
            yield connection
        finally:
            connection.terminate()

    async def crash(self) -> None:
        """What `pg_ctl stop -m immediate` does: every process ends at once, and the next start recovers."""
        await self.end(signal.SIGQUIT)


class Redis(Part):
    def __init__(self, data: Path) -> None:
        self.port = free_port()
        command = ["redis-server", "--port", str(self.port), "--save", "", "--bind", "127.0.0.1"]
        super().__init__("redis", leashed(command), data / "redis.log")


class Server(Part):
    """One `parlor serve`. `unbidden` are the ends that nobody asked for."""

    def __init__(self, name: str, data: Path, **settings: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.unbidden: list[str] = []
        self._bidden: Process | None = None
        command = [sys.executable, "-m", "server.cli", "serve", "--port", str(port), "--data", str(data)]
        given = {"JWT_SECRET": SECRET, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | settings
        super().__init__(name, leashed(command), data / f"{name}.log", environment(**given))

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/graphql"

    async def keep(self) -> None:
        """Runs it, and again whenever it has ended, as any supervisor would."""
        while True:
            at = self.log.stat().st_size if self.log.exists() else 0
            process = await self.start()
            code = await process.wait()
            said = self.log.read_bytes()[at:].decode(errors="replace")
            if (
                process is not self._bidden and "Parlor listens on" in said
            ):  # otherwise it had no database to begin with
                self.unbidden.append(f"{self.name} ended by itself with {code}: {said[-1000:]}")
            await asyncio.sleep(AGAIN)

    def bid(self, by: signal.Signals) -> None:
        """Asks it to end; whoever keeps it will start it again."""
        self._bidden = self.process
        self.send(by)

    async def up(self) -> None:
        """Returns when it is healthy."""
        async with asyncio.timeout(STARTING), httpx2.AsyncClient(timeout=2) as http:
            while True:
                with suppress(httpx2.HTTPError):
                    if (await http.get(f"{self.url}/health")).status_code == 200:
                        return
                await asyncio.sleep(0.05)

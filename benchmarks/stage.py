"""The one PostgreSQL of a run: the one Parlor embeds, on a data folder that goes with the run."""

import asyncio
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from benchmarks.commands import PARLOR, environment
from benchmarks.rows import EMAIL, PASSWORD
from server.postgres import embedded

PEER = "benchmark_peer"

# PostGraphile sees what the role it connects as may see: the policies say the same as Parlor's. `version` and
# `updated_at` are kept by a trigger, for this role alone, because its generated mutation sets what the client sent.
_PEER = f"""
create role {PEER} login;
alter role {PEER} set benchmark.viewer = '%s';
grant usage on schema public to {PEER};
grant select on user_account, task, label, task_label to {PEER};
grant update on task to {PEER};
alter table user_account enable row level security;
alter table task enable row level security;
alter table label enable row level security;
create policy peer on user_account to {PEER} using (id = current_setting('benchmark.viewer'));
create policy peer on task to {PEER} using (owner_id = current_setting('benchmark.viewer') and trashed_at is null);
create policy peer on label to {PEER} using (owner_id = current_setting('benchmark.viewer'));
create function touched() returns trigger language plpgsql as $$
  begin new.version := old.version + 1; new.updated_at := now(); return new; end
$$;
create trigger touched before update on task for each row when (current_user = '{PEER}') execute function touched();
"""


@dataclass(frozen=True, slots=True)
class Database:
    """Everybody comes through the Unix socket, the one way in that the embedded PostgreSQL offers."""

    directory: str
    name: str = "parlor"

    def url(self, user: str = "parlor") -> str:
        return f"postgresql://{user}@/{self.name}?host={self.directory}"

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.url(), timeout=10)
        try:
            yield connection
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class Stage:
    database: Database
    folder: Path
    tree: Path

    @property
    def postmaster(self) -> int:
        return int((self.folder / "data" / "postgres" / "postmaster.pid").read_text().split()[0])


@contextmanager
def stage(tree: Path) -> Iterator[Stage]:
    """`tree` is the Parlor under test: its migrations, its command line."""
    folder = Path(tempfile.mkdtemp(prefix="parlor-bench-"))
    folder.chmod(0o755)
    try:
        with embedded(folder / "data") as url:
            directory = parse_qs(urlsplit(url).query)["host"][0]
            yield Stage(Database(directory), folder, tree)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


SESSION = ("plan_cache_mode = force_generic_plan", "jit = off", "timezone = 'UTC'")


async def prepared(stage: Stage, name: str) -> tuple[Database, str]:
    """A new database, migrated, in which the viewer has registered; and the viewer's id."""
    database = Database(stage.database.directory, name)
    async with stage.database.connected() as connection:
        await connection.execute(f'create database "{name}"')
        for setting in SESSION:  # the same for everybody
            await connection.execute(f'alter database "{name}" set {setting}')
    await _parlor(stage, database, "migrate")
    words = ["--email", EMAIL, "--name", "The Viewer", "--password", PASSWORD, "--role", "USER"]
    await _parlor(stage, database, "user", "create", *words)
    async with database.connected() as connection:
        viewer: str = await connection.fetchval("select id from user_account where email = $1", EMAIL)
    return database, viewer


async def _parlor(stage: Stage, database: Database, *words: str) -> None:
    command = [*PARLOR, *words]
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=stage.folder,
        env=environment(PYTHONPATH=str(stage.tree), DATABASE_URL=database.url()),
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode != 0:
        raise RuntimeError(f"parlor {words[0]} failed:\n{done.stderr}")


async def admit_peer(database: Database, viewer: str) -> None:
    async with database.connected() as connection:
        await connection.execute(_PEER % viewer)

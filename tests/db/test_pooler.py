"""Behind PgBouncer in transaction mode, where no two transactions are sure to meet on one connection."""

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import asyncpg
import pytest

from db.engine import Database
from kit.errors import Unauthenticated
from kit.settings import Pooler
from resolvers.context import Context
from server.postgres import _as_user
from server.starting import migrated
from tests.conftest import Served, served, settings_for
from tests.databases import database
from tests.db.opening import BLOCKED, Counted, hand, opened, pid, reads
from tests.people import Person
from tests.server.holding import holding_up, waiting, writes_of
from tests.server.noting import Note
from tests.server.processes import LOGIN, free_port
from tests.waiting import until

BINARY = shutil.which("pgbouncer")
VERSION = (
    re.search(rb"PgBouncer (\d+)\.(\d+)", subprocess.run([BINARY, "--version"], capture_output=True).stdout)
    if BINARY
    else None
)
KEEPS_PREPARED = VERSION is not None and (int(VERSION[1]), int(VERSION[2])) >= (1, 21)
TREE = "{ tasks(filter: {parentId: null}) { nodes { title subtasks { nodes { title labels { name } } } } } }"
ONE = "query ($id: ID!) { task(id: $id) { title owner { name } } }"

pytestmark = pytest.mark.skipif(BINARY is None, reason="PgBouncer is not installed (Debian: pgbouncer)")


@dataclass
class PgBouncer:
    """It has ONE connection to PostgreSQL, for all that its clients do."""

    directory: Path
    cluster: Path
    ini: str
    url: str
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        assert BINARY is not None
        ini = self.directory / "pgbouncer.ini"
        ini.write_text(self.ini)
        command = [*_as_user(self.cluster), BINARY, "--quiet", str(ini)]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: ASYNC220 (it starts in a moment)

        async def lets_in() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, "it ended"
            try:
                connection = await asyncpg.connect(self.url, statement_cache_size=0)
            except OSError:
                return False
            await connection.close()
            return True

        await until(lets_in)

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)


@asynccontextmanager
async def pgbouncer(url: str, directory: Path, prepared: int) -> AsyncIterator[PgBouncer]:
    base, _, sockets = url.partition("?host=")
    name, port = base.rpartition("/")[2], free_port()
    more = f"max_prepared_statements = {prepared}" if KEEPS_PREPARED else ""
    ini = f"""
[databases]
{name} = host={unquote(sockets)} port=5432 user=parlor dbname={name}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 1
max_db_connections = 1
{more}
"""
    cluster = Path(unquote(sockets)).parent / "postgres"
    running = PgBouncer(directory, cluster, ini, f"postgresql://parlor@127.0.0.1:{port}/{name}")
    await running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(
    params=[0, pytest.param(100, marks=pytest.mark.skipif(not KEEPS_PREPARED, reason="PgBouncer is older than 1.21"))]
)
async def bouncer(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[PgBouncer]:
    async with (
        database(database_url, migrated=False) as url,
        pgbouncer(url, tmp_path, request.param) as running,
    ):
        yield running


@asynccontextmanager
async def pooled(bouncer: PgBouncer, **changes: object) -> AsyncIterator[Served]:
    """A server that was migrated and works through the pooler."""
    settings = settings_for(bouncer.url, database_pooler=Pooler.TRANSACTION, **changes)
    await migrated(settings)
    await migrated(settings)
    async with served(settings) as house:
        yield house


async def test_people_sign_in_ask_write_and_hear_through_one_connection(bouncer: PgBouncer) -> None:
    async with pooled(bouncer) as house:
        dora = await house.people.one(password="longenough")
        assert dora.user is not None
        signed_in = await house.people.nobody.ask(LOGIN, who=dora.user.email, password="longenough")
        assert signed_in.data["login"]["accessToken"]

        label = await dora.label("home")
        async with dora.socket() as socket, socket.events() as events:
            root = await dora.task("Root")
            await dora.task("Leaf", parentId=root["id"], labelIds=[label["id"]])
            assert [event["task"]["title"] for event in await events.take(2)] == ["Root", "Leaf"]
        leaf = {"title": "Leaf", "labels": [{"name": "home"}]}
        expected = {"tasks": {"nodes": [{"title": "Root", "subtasks": {"nodes": [leaf]}}]}}
        for _ in range(3):
            assert (await dora.ask(TREE)).data == expected


async def test_jobs_are_done_through_one_connection(bouncer: PgBouncer) -> None:
    set_by = "select source from pg_settings where name = 'jit'"
    stranger = await asyncpg.connect(bouncer.url, statement_cache_size=0)
    before = await stranger.fetchval(set_by)
    async with pooled(bouncer, job_concurrency=2) as house:
        ctx = Context(house.services, Unauthenticated(), trace_id="tests", address="local")
        async with ctx.work() as work:
            await work.enqueue(Note(word="pooled"))

        async def noted() -> bool:
            return bool(await house.services.db.fetchval("select count(*) from audit_entry", ()) == 1)

        await until(noted)
        assert await house.services.db.fetchval("select count(*) from pg_listening_channels()", ()) == 0
    assert await stranger.fetchval(set_by) == before == "command line"
    await stranger.close()


@pytest.mark.parametrize("query", ['mutation { createTask(input: {title: "Late"}) { id } }', TREE])
async def test_what_took_too_long_frees_the_one_connection(bouncer: PgBouncer, database_url: str, query: str) -> None:
    async with pooled(bouncer, operation_seconds=1) as house:
        dora = await house.people.one()

        async def planned() -> bool:  # which may take longer than the second
            return (await dora.ask(TREE)).body.get("data") is not None

        await until(planned)
        async with holding_up(direct(bouncer, database_url), writes_of(dora), "lock table task") as hand:
            answer = await dora.ask(query)
            assert answer.code == "QUERY_TIMEOUT"
            await waiting(hand, 0)
        assert (await dora.ask(TREE)).data == {"tasks": {"nodes": []}}


async def test_two_clients_at_once_never_see_each_others_answers(bouncer: PgBouncer) -> None:
    async with pooled(bouncer) as house:
        dora, emil = await house.people.one(name="Dora"), await house.people.one(name="Emil")

        async def write_and_read(person: Person, rounds: int) -> None:
            for number in range(rounds):
                title = f"{person.id} {number}"
                id = (await person.task(title))["id"]
                answer = await asyncio.gather(*(person.ask(ONE, id=id) for _ in range(3)))
                name = "Dora" if person is dora else "Emil"
                assert [each.data for each in answer] == [{"task": {"title": title, "owner": {"name": name}}}] * 3

        await asyncio.gather(*(write_and_read(person, 10) for person in (dora, emil) for _ in range(2)))


HELD = "idle_in_transaction_session_timeout"


async def test_reads_go_by_the_settings_of_the_house_and_leave_nothing_in_the_session(bouncer: PgBouncer) -> None:
    wanted = {
        "transaction_read_only": "on",
        "TimeZone": "UTC",
        "jit": "off",
        "statement_timeout": "10s",
        "application_name": "parlor",
    }
    async with opened(bouncer.url, pooler=Pooler.TRANSACTION) as db:
        assert {name: await db.fetchval(f"show {name}", ()) for name in wanted} == wanted
        assert await db.fetchval("select json_build_object('n', $1::int)", [7]) == b'{"n" : 7}'
        async with db.transaction() as session:
            wrote = {name: (await session.fetch(f"show {name}"))[0][0] for name in wanted}
        assert wrote == wanted | {"transaction_read_only": "off"}
        async with db.engine.begin() as migrating:
            found = {name: (await migrating.exec_driver_sql(f"show {name}")).scalar_one() for name in (*wanted, HELD)}
        assert found == wrote | {HELD: "30s"}
    stranger = await asyncpg.connect(bouncer.url, statement_cache_size=0)
    left = {name: await stranger.fetchval(f"show {name}") for name in wanted}
    assert left["transaction_read_only"] == "off"
    assert left["statement_timeout"] == "0"
    assert await stranger.fetchval("select count(*) from pg_prepared_statements") == 0
    assert await stranger.fetchval("select count(*) from pg_locks where locktype = 'advisory'") == 0
    await stranger.close()


async def test_an_error_and_a_cancelled_read_leave_no_transaction_behind(bouncer: PgBouncer, database_url: str) -> None:
    async with opened(bouncer.url, pooler=Pooler.TRANSACTION) as db, hand(direct(bouncer, database_url)) as other:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await db.fetchval("select 1 / $1::int", [0])
        asking = asyncio.create_task(db.fetchval(BLOCKED, [other.key]))
        await other.held_up(1)
        asking.cancel()
        assert await db.fetchval("select $1::int", [7]) == 7
        assert asking.cancelled()
        assert await other.held_up(0) == []
        await written(db)


async def test_a_read_is_repeated_when_postgresql_drops_the_poolers_connection(
    bouncer: PgBouncer, database_url: str
) -> None:
    counted = Counted()
    async with opened(bouncer.url, pooler=Pooler.TRANSACTION) as db, hand(direct(bouncer, database_url)) as other:
        asking = asyncio.create_task(reads(db).run(counted, BLOCKED, [other.key]))
        (first,) = await other.held_up(1)
        await other.end(first)
        (second,) = await other.held_up(1)
        await other.release()
        assert await asking == second != first
        assert len(counted.pids) == 2


async def test_reads_and_writes_go_on_when_the_pooler_was_restarted(bouncer: PgBouncer) -> None:
    async with opened(bouncer.url, pooler=Pooler.TRANSACTION, read_pool=3) as db:
        before = await pid(db)
        await written(db)
        bouncer.stop()
        await bouncer.start()
        assert await asyncio.gather(*(db.fetchval("select $1::int", [n]) for n in range(9))) == [*range(9)]
        assert await pid(db) != before
        await written(db)


async def written(db: Database) -> None:
    async with db.transaction() as session:
        await session.fetch("create table if not exists thing (n int)")
        assert (await session.fetch("insert into thing values (7) returning n"))[0][0] == 7


def direct(bouncer: PgBouncer, database_url: str) -> str:
    """The address of the same database, past the pooler."""
    return database_url.replace("/parlor?", f"/{bouncer.url.rpartition('/')[2]}?")


async def test_looking_up_a_type_changes_nothing_in_the_session_of_others(bouncer: PgBouncer) -> None:
    stranger = await asyncpg.connect(bouncer.url, statement_cache_size=0)
    await stranger.execute("create type mood as enum ('good'); set jit = on")
    async with opened(bouncer.url, pooler=Pooler.TRANSACTION) as db:
        assert await db.fetchval("select 'good'::mood", ()) == "good"
        assert await stranger.fetchval("show jit") == "on"
        async with db.transaction() as session:
            assert (await session.fetch("select 'good'::mood"))[0][0] == "good"
        assert await stranger.fetchval("show jit") == "on"
        async with db.engine.begin() as migrating:
            assert (await migrating.exec_driver_sql("select 'good'::mood")).scalar_one() == "good"
        assert await stranger.fetchval("show jit") == "on"
    await stranger.close()

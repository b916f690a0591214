"""What the database says, within seconds; nothing in it is changed."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg

from db.engine import OLDEST_VERSION, WITHOUT_SESSION, dsn, normalised
from db.migrate import newest, revisions
from kit.settings import Pooler, Settings
from server.demo import PEOPLE
from server.doctor.finding import ANSWER_SECONDS, Finding, failed, ok, skipped, warning

BESIDE = 4  # connections of a process beside its pools: one listens, two are for jobs, one for probes
SKEW, FAR_SKEW = 1.0, 30.0  # seconds; tokens live by this clock, events by the database's
OLD = 60  # seconds; an older transaction that writes is nobody's intention
ITEMS = ("migrations", "connections", "open transactions", "clock", "people")

_FACTS = """
select current_setting('server_version_num')::int / 10000 as version,
       current_setting('server_version') as said,
       pg_is_in_recovery() or current_setting('transaction_read_only')::bool as read_only,
       (select rolsuper from pg_roles where rolname = current_user) as superuser,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as room,
       (select reset_val::int from pg_settings where name = 'idle_in_transaction_session_timeout') as idle,
       coalesce((select extract(epoch from clock_timestamp() - min(xact_start)) from pg_stat_activity
                 where backend_xid is not null and pid <> pg_backend_pid()), 0)::float8 as oldest,
       to_regclass('alembic_version') is not null as migrated,
       extract(epoch from clock_timestamp())::float8 as clock
"""
_ADMINISTRATORS = "select count(*) from user_account where role in ('ADMIN', 'SUPER_ADMIN')"
_DEMO = "select count(*) from user_account where email = any($1::text[])"
Facts = Mapping[str, Any]


async def of_database(settings: Settings) -> list[Finding]:
    if settings.database_url is None:
        return [_embedded(settings), *_left_out("the embedded PostgreSQL runs with the server alone")]
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _asked(settings, dsn(normalised(settings.database_url.get_secret_value())))
    except TimeoutError:
        why = f"no answer within {ANSWER_SECONDS} s"
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        why = str(error) or repr(error)
    told = failed("PostgreSQL", f"cannot be reached: {why}", "look at DATABASE_URL, and whether PostgreSQL runs there")
    return [told, *_left_out("there is no database to ask")]


def _embedded(settings: Settings) -> Finding:
    if not settings.production:
        return ok("PostgreSQL", "the embedded one, in --data")
    said = "the embedded one: for one process on this machine, and nobody backs it up"
    return warning("PostgreSQL", said, "DATABASE_URL=postgresql://…, or back up --data")


def _left_out(why: str) -> Iterator[Finding]:
    return (skipped(item, why) for item in ITEMS)


async def _asked(settings: Settings, address: str) -> list[Finding]:
    pooled = settings.database_pooler is Pooler.TRANSACTION
    connection: asyncpg.Connection = await asyncpg.connect(address, **WITHOUT_SESSION)
    try:
        began = time.time()
        facts = dict(await connection.fetchrow(_FACTS) or {})
        skew = facts["clock"] - (began + time.time()) / 2
        found = [_version(facts), await _migrations(connection, facts)]
        found += [_connections(settings, facts, pooled=pooled), _transactions(facts), _clock(skew)]
        return [*found, await _people(connection, settings, found[1])]
    finally:
        connection.terminate()


def _version(facts: Facts) -> Finding:
    if facts["version"] < OLDEST_VERSION:
        said = f"{facts['said']} is too old"
        return failed("PostgreSQL", said, f"PostgreSQL {OLDEST_VERSION} or newer")
    if facts["read_only"]:
        return failed("PostgreSQL", "it cannot be written to: a standby, or read-only", "name the primary")
    if facts["superuser"]:
        said = f"{facts['said']}; Parlor's role is a superuser, whom no permission holds back"
        return warning("PostgreSQL", said, "a role of its own, which owns its database and nothing else")
    return ok("PostgreSQL", facts["said"])


async def _migrations(connection: asyncpg.Connection, facts: Facts) -> Finding:
    revision = await connection.fetchval("select version_num from alembic_version") if facts["migrated"] else None
    if revision == newest():
        return ok("migrations", f"at {revision}, the newest")
    if revision is None or revision in revisions():
        return failed("migrations", f"at {revision or 'none'}, not {newest()}", "parlor migrate")
    return failed("migrations", f"at {revision}, of a later version than this one", "deploy that version")


def _connections(settings: Settings, facts: Facts, *, pooled: bool) -> Finding:
    ours, room = settings.write_pool_size + settings.read_pool_size + BESIDE, facts["room"]
    if pooled:
        return ok("connections", f"up to {ours} for each process, to a pooler")
    said = f"up to {ours} for each process; PostgreSQL has room for {room}"
    remedy = "smaller pools (WRITE_POOL_SIZE, READ_POOL_SIZE), a higher max_connections, or a pooler"
    if ours > room:
        return failed("connections", said, remedy)
    if 2 * ours > room:  # when one process takes another's place, both are there
        return warning("connections", f"{said}: two processes at once do not fit", remedy)
    return ok("connections", f"{said}: {room // ours} processes")


def _transactions(facts: Facts) -> Finding:
    if facts["oldest"] > OLD:
        said = f"one has been open for {facts['oldest']:.0f} s, and no event written since is delivered"
        return warning("open transactions", said, "pg_stat_activity says whose it is; pg_terminate_backend ends it")
    if facts["idle"] == 0:
        said = "other programs may leave one open for ever, which holds back every event"
        remedy = "alter database … set idle_in_transaction_session_timeout = '60s'"
        return warning("open transactions", said, remedy)
    return ok("open transactions", f"end after {facts['idle'] / 1000:g} s without a word")


def _clock(skew: float) -> Finding:
    said = f"{abs(skew):.1f} s {'behind' if skew > 0 else 'ahead of'} the database's"
    remedy = "keep the clocks of both machines by NTP (timedatectl set-ntp true)"
    if abs(skew) > FAR_SKEW:
        return failed("clock", said, remedy)
    return warning("clock", said, remedy) if abs(skew) > SKEW else ok("clock", "as the database's, to the second")


async def _people(connection: asyncpg.Connection, settings: Settings, migrations: Finding) -> Finding:
    if migrations.remedy:
        return skipped("people", "the database is not migrated")
    if settings.production and (number := await connection.fetchval(_DEMO, [*PEOPLE])):
        said = f"{number} of --demo are there, whose password stands in the manual"
        return failed("people", said, "delete them (deleteUser), or begin with another database")
    if not await connection.fetchval(_ADMINISTRATORS):
        return warning("people", "nobody is an administrator", "parlor user create --email … --name …")
    return ok("people", "there is an administrator")

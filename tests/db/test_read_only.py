"""Through the reads' pool nothing is written, whatever is run."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import asyncpg
import pytest

from db.engine import Database
from kit.settings import Pooler
from tests.databases import database
from tests.db.opening import opened, pid, reads

THINGS = """
create table thing (id serial primary key, n int);
insert into thing (n) values (7);
create function writing() returns int language sql as 'update thing set n = 8 returning n';
create function unlocking() returns int language plpgsql as $$ begin
  perform set_config('transaction_read_only', 'off', true);
  update thing set n = 8; return 8; end $$;
create function unlocking_the_session() returns int language plpgsql as $$ begin
  perform set_config('default_transaction_read_only', 'off', false);
  update thing set n = 8; return 8; end $$;
create procedure unlocking_the_next() language plpgsql as $$ begin
  set default_transaction_read_only = off;
  commit;
  update thing set n = 8; end $$;
"""
PREFIXED = "a comment before a procedure"
WRITES = {
    "insert": "insert into thing (n) values (8)",
    "update": "update thing set n = 8 returning n",
    "delete": "delete from thing",
    "merge": "merge into thing using (select 7 as n) o on thing.n = o.n when matched then delete",
    "a write in a WITH": "with gone as (delete from thing returning n) select n from gone",
    "truncate": "truncate thing",
    "create": "create table other (n int)",
    "alter": "alter table thing add column note text",
    "drop": "drop table thing",
    "select into": "select n into other from thing",
    "a function that writes": "select writing()",
    "a function that unlocks the transaction": "select unlocking()",
    "a function that unlocks the session": "select unlocking_the_session()",
    "set_config and a write": "with w as (update thing set n = 8 returning n)"
    " select set_config('transaction_read_only', 'off', true), n from w",
    "for update": "select n from thing for update",
    "for share": "select n from thing for share",
    "nextval": "select nextval('thing_id_seq')",
    "setval": "select setval('thing_id_seq', 99)",
    "copy": "copy thing (n) from program 'echo 8'",
    "analysing what writes": "explain analyze update thing set n = 8",
    "a block": "do $$ begin update thing set n = 8; end $$",
    "a block that unlocks": "do $$ begin set transaction read write; update thing set n = 8; end $$",
    "a block that unlocks the next transaction": "do $$ begin set default_transaction_read_only = off; commit;"
    " update thing set n = 8; end $$",
    "a procedure that unlocks the next transaction": "call unlocking_the_next()",
    PREFIXED: "/* select */ call unlocking_the_next()",
    "a grant": "grant select on thing to public",
    "several statements": "select 1; update thing set n = 8",
    "several statements that unlock": "set transaction read write; update thing set n = 8",
    "an end and a write": "commit; update thing set n = 8",
}
UNLOCKING = {
    "set_config": "select set_config('default_transaction_read_only', 'off', false)",
    "set": "set default_transaction_read_only = off",
    "characteristics": "set session characteristics as transaction read write",
    "begin": "begin read write",
    "transaction": "set transaction read write",
}
STATE = """
select array_agg(n)::text, (select last_value from thing_id_seq), (select count(*) from pg_class
  where relnamespace = 'public'::regnamespace), (select count(*) from pg_attribute where attrelid = 'thing'::regclass),
  (select relacl::text from pg_class where oid = 'thing'::regclass), max(xmax::text) from thing
"""


@pytest.fixture(scope="module", params=Pooler)
async def things(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[tuple[Database, Any]]:
    """A database with something to spoil, by way of the pool and by a connection that may."""
    async with database(database_url, migrated=False) as url:
        admin = await asyncpg.connect(url)
        await admin.execute(THINGS)
        async with opened(url, pooler=request.param) as db:
            yield db, admin
        await admin.close()


async def refused(db: Database, statement: str) -> None:
    for run in (db.fetchval(statement, ()), db.fetch(statement)):
        with pytest.raises((ValueError, asyncpg.PostgresError)):
            await run


@pytest.mark.parametrize("statement", WRITES.values(), ids=WRITES)
async def test_nothing_that_writes_changes_anything(things: tuple[Database, Any], statement: str) -> None:
    db, admin = things
    before = await admin.fetchrow(STATE)
    await refused(db, statement)
    assert await admin.fetchrow(STATE) == before


@pytest.mark.parametrize("write", [name for name in WRITES if "next transaction" not in name and name != PREFIXED])
async def test_postgresql_refuses_what_gets_past_the_first_look(things: tuple[Database, Any], write: str) -> None:
    db, admin = things
    before = await admin.fetchrow(STATE)
    reads(db)._known.add(WRITES[write])
    with pytest.raises(asyncpg.PostgresError):
        await db.fetchval(WRITES[write], ())
    assert await admin.fetchrow(STATE) == before


@pytest.mark.parametrize("unlocking", UNLOCKING.values(), ids=UNLOCKING)
async def test_what_unlocks_writing_unlocks_it_for_nobody(things: tuple[Database, Any], unlocking: str) -> None:
    db, admin = things
    before = await admin.fetchrow(STATE)
    for _ in range(3):
        with suppress(ValueError):
            await db.fetchval(unlocking, ())
        for write in ("a write in a WITH", "nextval", "select into"):
            await refused(db, WRITES[write])
    assert await admin.fetchrow(STATE) == before


async def test_a_connection_that_could_write_now_is_given_to_nobody(database_url: str) -> None:
    async with opened(database_url) as db:
        process = await pid(db)
        assert await db.fetchval(UNLOCKING["set_config"], ()) == "off"
        assert await pid(db) != process


async def test_every_way_to_read_is_let_through(database_url: str) -> None:
    async with opened(database_url) as db:
        assert await db.fetchval("\n (select 1)", ()) == 1
        assert await db.fetchval("WITH a AS (VALUES (2)) TABLE a", ()) == 2
        assert await db.fetchval("values (3)", ()) == 3
        assert await db.fetchval("explain select 4", ()) == "Result  (cost=0.00..0.01 rows=1 width=4)"
        with pytest.raises(ValueError, match=r"^not a statement that reads: selecting$"):
            await db.fetchval("selecting", ())


async def test_the_memory_of_statements_is_bounded(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.reads.MOST_KNOWN", 3)
    async with opened(database_url) as db:
        for n in range(10):
            assert await db.fetchval(f"select {n}", ()) == n
        assert reads(db)._known <= {"select 7", "select 8", "select 9"}

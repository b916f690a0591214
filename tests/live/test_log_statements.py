"""A look at the log reads what is new and nothing else, however long the log is and whenever it was planned."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import pytest

from db.engine import OF_READS, dsn, normalised
from live import log
from tests.databases import database
from tests.waiting import until

FILL = """
do $$ begin for batch in 1..20 loop
  insert into event (topics, kind, entity, entity_id)
    select array['topic:' || n], 'ADDED', 'Task', 'task_' || n from generate_series(1, 100) n;
  commit;
end loop; end $$
"""
# Of other databases too some older transaction may still be under way.
READABLE = "select not exists (select from event where xid >= pg_snapshot_xmin(pg_current_snapshot()))"
LAST = 1  # which each look reads: is it waiting?


@asynccontextmanager
async def empty(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A log without an event, as those see it who read."""
    async with database(database_url, migrated=True) as url:
        hand = await asyncpg.connect(dsn(normalised(url)), server_settings=OF_READS)
        try:
            await hand.execute("set default_transaction_read_only = off")
            await hand.execute("insert into log_state default values on conflict do nothing")
            yield hand
        finally:
            await hand.close()


async def fill(hand: asyncpg.Connection, *, analyzed: bool) -> None:
    await hand.execute(FILL)
    if analyzed:
        await hand.execute("analyze event")
    await until(lambda: hand.fetchval(READABLE))


async def seven_before_the_end(hand: asyncpg.Connection) -> str:
    return str(await hand.fetchval("select format('%L, %s', xid, id) from event order by id desc offset 7 limit 1"))


@pytest.mark.parametrize("analyzed", [False, True])
async def test_a_look_reads_no_more_of_the_log_than_it_answers(database_url: str, *, analyzed: bool) -> None:
    async with empty(database_url) as hand:
        await hand.execute(f"prepare look (text, bigint, bigint) as {log._LOOK}")
        await hand.execute(f"prepare head as {log._HEAD}")
        assert await read_by(hand, "look('0', 0, 500)") == await read_by(hand, "head") == 0
        await fill(hand, analyzed=analyzed)
        assert await read_by(hand, f"look({await seven_before_the_end(hand)}, 500)") == 7 + LAST
        assert await read_by(hand, "look('0', 0, 500)") == 500 + LAST
        assert await read_by(hand, "head") == 1


async def test_a_look_at_topics_reads_in_order_what_is_often_and_by_the_index_what_is_rare(database_url: str) -> None:
    async with empty(database_url) as hand:
        await fill(hand, analyzed=True)
        await hand.execute(f"prepare near (text, bigint, bigint, varchar[]) as {log._LOOK_NEAR}")
        await hand.execute(f"prepare far (text, bigint, bigint, varchar[]) as {log._LOOK_AT_TOPICS}")
        often, rare = "array['topic:1', 'topic:2', 'topic:3', 'topic:4']", "array['topic:100']"
        more = 1_000 + 1  # whether there is
        assert await read_by(hand, f"near('0', 0, 4, {often})") == 4 + more + LAST
        assert await read_by(hand, f"near('0', 0, 16, {rare})") == 1_000 + more + LAST
        assert await read_by(hand, f"far('0', 0, 16, {rare})") == 20 + LAST
        assert await read_by(hand, f"near({await seven_before_the_end(hand)}, 16, {rare})") == 7 + 7 + LAST


async def read_by(hand: asyncpg.Connection, what: str) -> int:
    """Rows of the log that a statement looks at."""
    (plan,) = orjson.loads(await hand.fetchval(f"explain (analyze, format json) execute {what}"))
    return sum(
        node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        for node in nodes(plan["Plan"])
        if node.get("Relation Name") == "event"
    )


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)

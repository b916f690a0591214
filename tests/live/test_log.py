"""The fence: what commits late comes in its place, and nothing is lost."""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text

from db.engine import Database, dsn
from kit.ids import Id
from live import log
from live.log import Draft, Event, Kind
from live.positions import START
from tests.conftest import Served
from tests.live.following import following, readable
from tests.live.writer import TOPIC
from tests.transactions import begun

ROOT = Path(__file__).parent.parent.parent


def draft(name: str, topic: str) -> Draft:
    return Draft([topic], Kind.ADDED, "Task", Id(name), None, datetime.now(UTC))


async def kept(db: Database, topic: str) -> Sequence[Event]:
    """All events of a topic that are still there."""
    return (await log.look(db, START, 1000, topics=[topic])).events


async def read(house: Served, topic: str) -> list[str]:
    return [event.entity_id for event in await kept(house.services.db, topic)]


async def test_an_event_waits_for_every_older_transaction(house: Served) -> None:
    topic, url = uuid4().hex, dsn(house.services.db.url)
    async with begun(url) as early, begun(url) as late:
        await log.append(early, [draft("early", topic)])
        await log.append(late, [draft("late", topic)])
        await late.commit()
        assert await read(house, topic) == []
        assert (await log.state(house.services.db)).waiting
        await early.commit()
    await readable(house.services.db)
    assert await read(house, topic) == ["early", "late"]


async def test_what_is_rolled_back_never_was(house: Served) -> None:
    topic, url = uuid4().hex, dsn(house.services.db.url)
    async with begun(url) as early, begun(url) as late:
        await log.append(early, [draft("early", topic)])
        await log.append(late, [draft("late", topic)])
        await late.commit()
        await early.rollback()
    await readable(house.services.db)
    assert await read(house, topic) == ["late"]


async def test_a_follower_hears_interleaved_transactions_in_the_order_of_their_positions(house: Served) -> None:
    topic, url, tail = uuid4().hex, dsn(house.services.db.url), house.services.tail
    async with following(tail, [topic]) as follower, begun(url) as early, begun(url) as late:
        await log.append(early, [draft("early", topic)])
        await log.append(late, [draft("late 1", topic), draft("late 2", topic)])
        await late.commit()
        house.services.doorbell.ring()
        assert await follower.next() == [], "the idle look comes, the event does not"
        await early.commit()
        heard = await follower.take(3)
    assert [event.entity_id for event in heard] == ["early", "late 1", "late 2"]


async def test_two_processes_that_write_at_once_lose_nothing_and_swap_nothing(house: Served, database_url: str) -> None:
    tail = house.services.tail
    async with following(tail, [TOPIC]) as follower, asyncio.timeout(60):
        writers = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.live.writer", database_url, name, "150", str(seed),
                stdout=asyncio.subprocess.PIPE, cwd=ROOT,
            )
            for seed, name in enumerate(("one", "two"))
        ]  # fmt: skip
        printed = asyncio.gather(*(writer.communicate() for writer in writers))
        heard: list[Event] = []
        while not printed.done():
            heard += await follower.next()
        transactions: list[list[str]] = [ids for out, _ in printed.result() for ids in json.loads(out)]
        expected = {id for ids in transactions for id in ids}
        heard += await follower.take(len(expected) - len(heard))
    ids: list[str] = [event.entity_id for event in heard]
    assert len(ids) == len(set(ids)), "nothing twice"
    assert set(ids) == expected, "nothing lost, nothing made up"
    assert [event.position for event in heard] == sorted(event.position for event in heard)
    for transaction in transactions:
        at = ids.index(transaction[0])
        assert ids[at : at + len(transaction)] == transaction, "a transaction's events stay together, in order"
    assert len(transactions) > 200


async def test_pruning_takes_the_oldest_and_remembers_how_far(house: Served) -> None:
    topic, db, tail = uuid4().hex, house.services.db, house.services.tail
    old = datetime.now(UTC) - timedelta(days=100)
    while await log.prune(db, before=old + timedelta(days=1)):  # of other tests, whose clocks stand still
        pass
    async with following(tail, [topic]) as follower:
        async with db.transaction() as session:
            await log.append(session, [Draft([topic], Kind.ADDED, "Task", Id(f"old {n}"), None, old) for n in range(5)])
            await log.append(session, [draft("new", topic)])
        house.services.doorbell.ring()
        await follower.take(6)
    assert await log.prune(db, before=datetime.now(UTC) - timedelta(days=99), size=3) == 3
    assert await log.prune(db, before=datetime.now(UTC) - timedelta(days=99), size=3) == 2
    assert await log.prune(db, before=datetime.now(UTC) - timedelta(days=99), size=3) == 0
    assert await read(house, topic) == ["new"]
    (new,) = await kept(db, topic)
    assert (await log.state(db)).pruned < new.position


async def test_the_end_of_the_log_never_lies_before_what_was_pruned(house: Served) -> None:
    """Not even where a clock that goes ahead has dated an early event after the later ones."""
    topic, db, now = uuid4().hex, house.services.db, datetime.now(UTC)
    while await log.prune(db, before=now + timedelta(days=2)):  # of other tests, whose clocks go ahead
        pass
    async with following(house.services.tail, [topic]) as follower:
        async with db.transaction() as session:
            await log.append(session, [Draft([topic], Kind.ADDED, "Task", Id("ahead"), None, now + timedelta(days=1))])
            await log.append(session, [draft("later", topic)])
        house.services.doorbell.ring()
        await follower.take(2)
    while await log.prune(db, before=now + timedelta(hours=1)):
        pass
    assert await read(house, topic) == ["ahead"]
    (early,) = await kept(db, topic)
    assert early.position < (await log.state(db)).pruned == await log.head(db)
    assert await log.prune(db, before=now + timedelta(days=2), size=1) == 1  # and what lies before that goes, too
    assert await read(house, topic) == []
    assert await log.prune(db, before=now + timedelta(days=2), size=1) == 0


async def test_a_log_of_another_cluster_begins_anew(house: Served) -> None:
    db = house.services.db
    before = (await log.state(db)).epoch
    await log.adopt(db)
    assert (await log.state(db)).epoch == before, "the same cluster keeps its log"
    async with db.transaction() as session:
        cluster = await session.scalar(text("select cluster from log_state"))
    assert cluster is not None
    assert cluster.count(".") == 2

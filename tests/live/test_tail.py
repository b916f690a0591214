"""Falling behind, catching up, and what cannot be told any more."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from db.engine import Database
from kit.errors import Unavailable
from kit.ids import Id
from kit.settings import Settings
from live import log
from live.cursors import epoch_of
from live.log import Draft, Event, Kind
from live.positions import Position
from live.tail import BATCH, Pruned
from tests.conftest import Served, served, settings_for
from tests.databases import database
from tests.live.following import following
from tests.people import People

RESUME = """subscription ($after: Cursor) { taskEvents(after: $after) { __typename
  ... on Resync { reason cursor } ... on Ready { cursor } ... on TaskChanged { task { title } } } }"""


async def write(house: Served, topic: str, names: list[str]) -> None:
    drafts = [Draft([topic], Kind.ADDED, "Task", Id(name), None, datetime.now(UTC)) for name in names]
    async with house.services.db.transaction() as session:
        await log.append(session, drafts)
    house.services.doorbell.ring()


async def hear(house: Served, topic: str, after: Position, number: int) -> list[str]:
    async with following(house.services.tail, [topic], after) as follower:
        return [event.entity_id for event in await follower.take(number)]


async def test_who_falls_behind_the_window_catches_up_from_the_log(settings: Settings) -> None:
    topic = uuid4().hex
    async with served(settings.model_copy(update={"event_window": 100})) as house:
        start = house.services.tail.head
        names = [f"{n}" for n in range(BATCH + 250)]
        await write(house, topic, names)
        assert await hear(house, topic, start, len(names)) == names
        assert len(house.services.tail._window) == 100
        await write(house, topic, ["next"])
        assert await hear(house, topic, house.services.tail.head, 0) == []


@pytest.mark.parametrize("between", [log.NEAR - 2, log.NEAR - 1, log.NEAR, log.NEAR + 1, 2 * log.NEAR])
async def test_who_reads_the_log_misses_nothing_however_much_of_others_lies_between(
    settings: Settings, between: int
) -> None:
    topic, other = uuid4().hex, uuid4().hex
    async with served(settings.model_copy(update={"event_window": 100})) as house:
        start = house.services.tail.head
        await write(house, topic, ["one"])
        await write(house, other, [f"{n}" for n in range(between)])
        await write(house, topic, ["two", "three"])
        await hear(house, other, start, between)
        assert not house.services.tail.holds(start)
        assert [event.entity_id for event in (await log.look(house.services.db, start, 2, [topic])).events] == [
            "one",
            "two",
        ]
        assert [event.entity_id for event in (await log.look(house.services.db, start, 1, [topic])).events] == ["one"]
        assert await hear(house, topic, start, 3) == ["one", "two", "three"]


async def test_a_follower_that_stops_in_the_middle_goes_on_where_it_was(settings: Settings) -> None:
    topic = uuid4().hex
    async with served(settings.model_copy(update={"event_window": 100})) as house:
        heard: list[Event] = []
        async with following(house.services.tail, [topic]) as follower:
            for part in range(5):
                await write(house, topic, [f"{part}.{n}" for n in range(70)])
                heard += await follower.take(70 * part - len(heard))  # behind, with a window that holds less than two
            heard += await follower.take(350 - len(heard))
        assert [event.entity_id for event in heard] == [f"{part}.{n}" for part in range(5) for n in range(70)]


async def test_nobody_is_kept_who_has_gone(people: People) -> None:
    dora, services = await people.one(), people.services
    async with dora.socket() as socket, socket.events():
        assert len(services.tail.followers) >= 1
        assert len(services.hub.subscriptions) >= 1
        await socket.send({"type": "complete", "id": "1"})
        await socket.ask("{ __typename }", id="2")
        assert not [group for group in services.hub.groups.values() if f"tasks:{dora.id}" in group.topics]


async def test_a_cursor_before_what_was_pruned_gets_a_resync_and_goes_on(settings: Settings) -> None:
    async with served(settings) as house:
        dora = await house.people.one()
        async with dora.socket() as socket, socket.events() as events:
            cursor = events.first["cursor"]
            await dora.task("One")
            await events.next()
        tail = house.services.tail
        tail.state = replace(tail.state, pruned=tail.head)
        async with dora.socket() as socket, socket.events(cursor, query=RESUME) as events:
            assert events.first["__typename"] == "Resync"
            assert events.first["reason"] == "PRUNED"
            assert tail.state.opened(events.first["cursor"]) == tail.head
            await dora.task("Two")
            assert await events.next() == {"__typename": "TaskChanged", "task": {"title": "Two"}}


async def test_who_is_overtaken_by_pruning_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(settings.model_copy(update={"event_window": 100})) as house:
        topic, start = uuid4().hex, await fallen_behind(house)
        tail = house.services.tail
        answered(monkeypatch, replace(tail.state, pruned=tail.head))
        async with following(tail, [topic], start) as follower:
            with pytest.raises(Pruned):
                await follower.next()


@pytest.mark.parametrize("other", [{"ours": False}, {"epoch": "another"}])
async def test_who_reads_the_log_alone_is_given_nothing_of_another_log(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]
) -> None:
    async with served(settings.model_copy(update={"event_window": 100})) as house:
        start, tail = await fallen_behind(house), house.services.tail
        answered(monkeypatch, replace(tail.state, **other))
        with pytest.raises(Unavailable):
            await tail.since(frozenset({"any"}), start, 10)


async def fallen_behind(house: Served) -> Position:
    """A position before the window of a hundred."""
    topic, start = uuid4().hex, house.services.tail.head
    await write(house, topic, [f"{n}" for n in range(300)])
    await hear(house, topic, start, 300)
    return start


def answered(monkeypatch: pytest.MonkeyPatch, state: log.State) -> None:
    """From here on PostgreSQL answers that the log stands so."""
    look = log.look

    async def said(db: Database, after: Position, limit: int, topics: Sequence[str] | None = None) -> log.Look:
        return replace(await look(db, after, limit, topics), state=state)

    monkeypatch.setattr(log, "look", said)


async def test_a_cursor_of_another_epoch_gets_a_resync(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket, socket.events("another1234-" + "0" * 32, query=RESUME) as events:
        assert events.first["__typename"] == "Resync"
        assert events.first["reason"] == "EPOCH_CHANGED"


async def test_a_malformed_cursor_is_a_validation_error(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        (error,) = await socket.ask(RESUME, after="nonsense")
        assert error["extensions"]["code"] == "VALIDATION_ERROR"
        assert error["extensions"]["details"] == {"after": ["is not a cursor of this server"]}
        assert await socket.ask("{ __typename }") == {"data": {"__typename": "Query"}}


async def test_a_log_that_begins_anew_tells_its_followers(database_url: str) -> None:
    """What a promoted replica or a restored dump looks like: another cluster, so another epoch."""
    async with database(database_url, migrated=True) as url, served(settings_for(url)) as house:
        dora = await house.people.one()
        async with dora.socket() as socket, socket.events() as events:
            before = events.first["cursor"]
            async with house.services.db.transaction() as session:
                await session.execute(text("update log_state set cluster = 'another'"))
            resync = await events.next()
            assert resync["__typename"] == "Resync"
            assert resync["reason"] == "EPOCH_CHANGED"
            assert epoch_of(resync["cursor"]) != epoch_of(before)
            await dora.task("Afterwards")
            assert (await events.next())["task"]["title"] == "Afterwards"

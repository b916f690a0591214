"""Who is looking at a topic: whoever follows that is there, once, and gone when the last of their tabs is."""

import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete

from db.accounts.presence import PresenceLease
from db.accounts.users import Role
from kit.ids import Id
from kit.settings import Settings
from live import presence
from resolvers.topics import own
from server.housekeeping import tidy
from tests.breaking import breakable, until_healthy
from tests.clock import Watch
from tests.conftest import SECRET, Served, served, url_of
from tests.live.looking import QUERY, SUBSCRIPTION, looking, own_topic, rows, there, until_rows
from tests.people import Person
from tests.server.processes import serving

SHORT = {"presence_lease_seconds": 3.0, "presence_grace_seconds": 0.1}


@pytest.fixture
async def quick(settings: Settings) -> AsyncIterator[Served]:
    """A server that waits less for those who have left."""
    async with served(settings.model_copy(update=SHORT)) as running:
        yield running


@pytest.fixture
async def dora(quick: Served) -> Person:
    return await quick.people.one()


@pytest.fixture
async def ada(quick: Served) -> Person:
    return await quick.people.one(Role.ADMIN)


async def test_who_follows_it_is_there_and_the_query_says_so_too(quick: Served, dora: Person, ada: Person) -> None:
    async with looking(ada, dora) as watching:
        await watching.until(ada)
        async with looking(dora, dora):
            told = await watching.until(ada, dora)
            assert await there(ada, dora) == told
        assert [*await watching.until(ada)] == [ada.id]
        assert await there(ada, dora) == watching.told[-1]


async def test_whom_one_may_not_see_is_neither_listed_nor_counted(dora: Person, ada: Person) -> None:
    async with looking(ada, dora) as watching, looking(dora, dora) as hers:
        await watching.until(ada, dora)
        await hers.until(dora)
        assert [*await there(dora, dora)] == [dora.id]
    assert all(ada.id not in told for told in hers.told)


async def test_many_tabs_are_one_since_the_first_until_the_last(settings: Settings) -> None:
    clock = Watch(datetime.now(UTC))
    async with served(settings.model_copy(update=SHORT), clock) as house:
        dora, ada, eve = [await house.people.one(role) for role in (Role.USER, Role.ADMIN, Role.ADMIN)]
        async with looking(ada, dora) as watching, looking(dora, dora) as first:
            since = (await first.until(dora))[dora.id]
            assert datetime.fromisoformat(since) == clock.at
            clock.tick()
            async with looking(dora, dora) as second, looking(dora, dora) as third:
                assert (await second.until(dora), await third.until(dora)) == ({dora.id: since},) * 2
                await first.end()
                await second.end()
                async with looking(eve, dora):
                    assert (await watching.until(ada, eve, dora))[dora.id] == since
            await watching.until(ada)


async def test_a_page_that_is_loaded_again_was_never_gone(settings: Settings) -> None:
    async with served(settings.model_copy(update={"presence_grace_seconds": 60})) as house:
        dora, ada, other = [await house.people.one(role) for role in (Role.USER, Role.ADMIN, Role.ADMIN)]
        async with looking(ada, dora) as watching:
            async with looking(dora, dora):
                since = (await watching.until(ada, dora))[dora.id]
            async with looking(dora, dora), looking(other, dora):
                await watching.until(ada, dora, other)
        told = [answer.get(dora.id) for answer in watching.told]
        assert {*told[told.index(since) :]} == {since}


async def test_a_connection_that_breaks_off_ends_it(dora: Person, ada: Person) -> None:
    async with looking(ada, dora) as watching, looking(dora, dora) as hers:
        await watching.until(ada, dora)
        hers.socket.connection.transport.abort()
        await watching.until(ada)


async def test_processes_see_each_others_people_and_count_them_once(settings: Settings) -> None:
    clock = Watch(datetime.now(UTC))
    changed = settings.model_copy(update=SHORT)
    async with served(changed, clock) as house, served(changed, clock) as other:
        dora, ada = await house.people.one(), await house.people.one(Role.ADMIN)
        async with looking(ada, dora) as here, looking(ada, dora, other.socket_url) as elsewhere:
            async with looking(dora, dora) as first:
                since = (await first.until(dora))[dora.id]
                assert (await elsewhere.until(ada, dora))[dora.id] == since
                clock.tick()
                async with looking(dora, dora, other.socket_url) as second:
                    assert (await second.until(dora))[dora.id] == since
                    await until_rows(house, own_topic(dora), [ada.id, ada.id, dora.id, dora.id])
                    await first.socket.connection.close()
                    await until_rows(house, own_topic(dora), [ada.id, ada.id, dora.id])
                    assert (await there(ada, dora))[dora.id] == since, "without a break, whichever the process"
            for watching in (here, elsewhere):
                await watching.until(ada)


async def test_processes_that_hear_no_signals_look_for_themselves(settings: Settings) -> None:
    deaf = settings.model_copy(update=SHORT | {"broadcast_url": type(settings.broadcast_url)("memory://")})
    async with served(deaf) as house, served(deaf) as other:
        dora, ada = await house.people.one(), await house.people.one(Role.ADMIN)
        async with looking(ada, dora, other.socket_url) as elsewhere:
            await elsewhere.until(ada)
            async with looking(dora, dora):
                await elsewhere.until(ada, dora)
            await elsewhere.until(ada)


async def test_the_people_of_a_process_that_is_killed_are_gone(
    quick: Served, settings: Settings, dora: Person, ada: Person, data: Path
) -> None:
    environment = {
        "DATABASE_URL": url_of(settings),
        "JWT_SECRET": SECRET,
        "PRESENCE_LEASE_SECONDS": "1",
    }
    async with looking(ada, dora) as watching:
        with serving(data, **environment) as process:
            async with looking(dora, dora, process.url.replace("http", "ws") + "/graphql"):
                await watching.until(ada, dora)
                process.stop(signal.SIGKILL)
                await watching.until(ada)
        assert await rows(quick, own_topic(dora)) == sorted([ada.id, dora.id]), "a row that counts no more"
        await tidy(quick.services)
        assert await rows(quick, own_topic(dora)) == [ada.id]


async def test_a_process_that_stops_takes_its_people_away_at_once(quick: Served, dora: Person, ada: Person) -> None:
    long = quick.services.settings.model_copy(update={"presence_grace_seconds": 60, "presence_lease_seconds": 60})
    async with looking(ada, dora) as watching:
        async with served(long) as other, looking(dora, dora, other.socket_url):
            await watching.until(ada, dora)
        assert [*await there(ada, dora)] == [ada.id]
        assert await rows(quick, own_topic(dora)) == [ada.id]
        await watching.until(ada)


async def test_a_stranger_is_refused_and_leaves_no_trace(quick: Served, dora: Person) -> None:
    sam = await quick.people.one()
    for topic in (*own(Id(dora.id)), "user:", "nowhere:1", "", "user:\x00"):
        answer = await sam.ask(QUERY, topic=topic)
        assert (answer.code, answer.body["data"]) == ("FORBIDDEN", None)
        async with sam.socket() as socket:
            (error,) = await socket.ask(SUBSCRIPTION, topic=topic)
            assert error["extensions"]["code"] == "FORBIDDEN"
    async with looking(dora, dora) as watching:
        await watching.until(dora)
    assert await quick.services.db.fetch("select from presence where user_id = $1", sam.id) == []


async def test_it_is_not_found_by_an_id(quick: Served, ada: Person) -> None:
    async with looking(ada, ada) as watching:
        await watching.until(ada)
        (row,) = await quick.services.db.fetch("select id from presence where user_id = $1", ada.id)
        answer = await ada.ask("query ($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }", id=row["id"])
        assert answer.data == {"node": None, "nodes": [None]}


async def test_who_may_no_longer_look_is_gone(quick: Served, dora: Person, ada: Person) -> None:
    boss = await quick.people.one(Role.SUPER_ADMIN)
    async with looking(boss, dora) as watching, looking(ada, dora) as theirs:
        await watching.until(boss, ada)
        await boss.ask("mutation ($id: ID!) { setUserRole(id: $id, role: USER) { id } }", id=ada.id)
        await theirs.until_refused()
        await watching.until(boss)


@pytest.mark.parametrize("ending", ["logout", "deleteUser(id: $id)"])
async def test_who_has_signed_out_or_was_deleted_is_gone(quick: Served, ada: Person, ending: str) -> None:
    eve = await quick.people.one(Role.ADMIN)
    async with looking(ada, ada) as watching, looking(eve, ada):
        await watching.until(ada, eve)
        verb = ending.replace("$id", f'"{eve.id}"')
        assert "errors" not in (await eve.ask(f"mutation {{ {verb} {{ deletedId }} }}")).body
        await watching.until(ada)


async def test_what_others_have_cleared_away_is_written_again(quick: Served, dora: Person, ada: Person) -> None:
    """As when a process was held up for longer than its lease."""
    async with looking(ada, dora) as watching, looking(dora, dora):
        before = await watching.until(ada, dora)
        async with quick.services.db.transaction() as session:
            await session.execute(delete(PresenceLease).where(PresenceLease.process == quick.services.process))
        await until_rows(quick, own_topic(dora), [ada.id, dora.id])
        assert await there(ada, dora) == before


async def test_who_left_while_the_database_was_away_is_gone_when_it_is_back(data: Path) -> None:
    async with breakable(data) as (postgres, house):
        dora, ada, eve = [await house.people.one(role) for role in (Role.USER, Role.ADMIN, Role.ADMIN)]
        async with looking(ada, dora) as watching, looking(eve, dora) as leaving:
            since = (await watching.until(ada, eve))[ada.id]
            await postgres.stop()
            await leaving.end()
            await postgres.start()
            await until_healthy(house)
            assert (await watching.until(ada))[ada.id] == since
            async with looking(dora, dora):
                assert (await watching.until(ada, dora))[ada.id] == since


async def test_a_process_stops_though_its_database_is_away(data: Path) -> None:
    async with breakable(data) as (postgres, house):
        dora = await house.people.one()
        async with looking(dora, dora) as watching:
            await watching.until(dora)
            await postgres.stop()


async def test_a_crowd_is_written_in_parts(quick: Served, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "BATCH", 2)
    crowd = [await quick.people.one(Role.ADMIN) for _ in range(5)]
    async with looking(ada, ada) as watching:
        async with AsyncExitStack() as tabs:
            for person in crowd:
                await tabs.enter_async_context(looking(person, ada))
            await watching.until(ada, *crowd)
        await watching.until(ada)

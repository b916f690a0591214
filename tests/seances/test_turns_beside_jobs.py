"""A provider that does not answer keeps nobody waiting but those who asked."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from db.seances.rooms import SeanceVisibility
from kit.settings import Settings
from tests.conftest import served, settings_for
from tests.databases import database
from tests.seances.asking import asked, execute, states, turns
from tests.seances.rooms import END
from tests.seances.sitting import invite, rows
from tests.seances.world import room
from tests.spirit_server import spirit_server, waits, with_spirit
from tests.waiting import until

LATE = "update seance_turn set alive_until = now() - interval '1 s' where id = :id"
REVOKED = "select revoked_at is not null as revoked from seance_invite where seance_id = $1"


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Settings]:
    async with database(database_url, migrated=True) as url:
        yield settings_for(url, job_concurrency=2)


async def test_other_jobs_are_done_while_as_many_turns_as_there_are_hands_wait_for_an_answer(own: Settings) -> None:
    speaks = asyncio.Event()
    async with spirit_server() as spirits:
        spirits.replies = [waits(speaks, "YES")]
        async with served(with_spirit(own, spirits, llm_seconds=60.0, llm_stall_seconds=60.0)) as house:
            host = await house.people.one()
            stuck = [(await room(house.people, host))[0].id for _ in range(3)]
            other, _ = await room(house.people, host, visibility=SeanceVisibility.PUBLIC)
            await invite(host, other.id)
            for id in stuck:
                await asked(host, id)
            await until(lambda: len(spirits.asked) == 2)
            await host.ask(END, id=other.id)

            async def is_tidy() -> bool:
                return await rows(house.people, REVOKED, other.id) == [{"revoked": True}]

            await until(is_tidy)
            assert [await states(house.people, id) for id in stuck] == [[("THINKING", None)]] * 3
            speaks.set()

            async def all_answered() -> bool:
                return [await states(house.people, id) for id in stuck] == [[("ANSWERED", None)]] * 3

            await until(all_answered)


async def test_a_turn_that_finds_no_hand_waits_for_one_longer_than_a_turn_may_be_silent(own: Settings) -> None:
    speaks = asyncio.Event()
    async with spirit_server() as spirits:
        spirits.replies = [waits(speaks, "YES")]
        async with served(with_spirit(own, spirits, llm_seconds=60.0, llm_stall_seconds=60.0)) as house:
            host = await house.people.one()
            rooms = [(await room(house.people, host))[0].id for _ in range(3)]
            for id in rooms[:2]:
                await asked(host, id)
            await until(lambda: len(spirits.asked) == 2)
            turn = await asked(host, rooms[2])
            await execute(house.people, LATE, id=turn["id"])

            async def is_kept() -> bool:
                (row,) = await turns(house.people, rooms[2])
                return bool(row["alive_until"] is None or row["alive_until"] > house.services.clock())

            await until(is_kept)
            assert await states(house.people, rooms[2]) == [("THINKING", None)]
            speaks.set()

            async def all_answered() -> bool:
                return [await states(house.people, id) for id in rooms] == [[("ANSWERED", None)]] * 3

            await until(all_answered)

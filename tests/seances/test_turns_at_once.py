"""Many questions at the same moment: the spirit thinks of one at a time, and answers all that were taken, in order."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kit.settings import Settings
from tests.conftest import served, settings_for
from tests.databases import database
from tests.people import Person
from tests.seances.asking import CANCEL, ask, asked, turns, until_over
from tests.seances.hearing import hearing
from tests.seances.world import room, world
from tests.spirit_server import SpiritServer, answers, spirit_server, with_spirit


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Settings]:
    async with database(database_url, migrated=True) as url:
        yield settings_for(url, job_concurrency=4)


@pytest.fixture
async def spirits() -> AsyncIterator[SpiritServer]:
    async with spirit_server() as made:
        yield made


async def _outcome(person: Person, room: str, text: str) -> str:
    answer = await ask(person, room, text)
    return str(answer.error["extensions"]["reason"]) if "errors" in answer.body else "taken"


async def test_fifty_questions_at_once(own: Settings) -> None:
    async with served(own) as house:
        persons = [await house.people.one() for _ in range(12)]
        made, _ = await room(house.people, *persons, max_users=12)
        async with hearing(persons[0], made.id) as heard:
            asking = [_outcome(persons[i % 12], made.id, f"Number {i}?") for i in range(50)]
            outcomes = Counter(await asyncio.gather(*asking))
            assert {*outcomes} <= {"taken", "QUEUE_FULL", "TURNS_OPEN"}
            assert outcomes["taken"] >= 6
            assert await until_over(house.people, made.id) == [("ANSWERED", None)] * outcomes["taken"]
            told = [await heard.event() for _ in range(4 * outcomes["taken"])]
        order = [row["id"] for row in await turns(house.people, made.id)]
        assert _of(told, "SpiritAsked") == _of(told, "SpiritThinking") == order
        thinking = [one["__typename"] for one in told if one["__typename"] in ("SpiritThinking", "SpiritResponse")]
        assert thinking == ["SpiritThinking", "SpiritResponse"] * outcomes["taken"]
        answered = [row["answer_id"] for row in await turns(house.people, made.id)]
        assert _of(told, "SpiritResponse") == answered


def _of(told: list[Any], typename: str) -> list[str]:
    return [one["entityId"] for one in told if one["__typename"] == typename]


async def test_what_is_called_off_at_the_moment_of_its_answer_ends_one_way(
    own: Settings, spirits: SpiritServer
) -> None:
    """Whoever hears SpiritResponse hears no ErrorEvent of it, and the other way round."""
    spirits.replies = [answers("YES")]
    async with served(with_spirit(own, spirits)) as house:
        home = await world(house.people)
        ended = Counter[str]()
        async with hearing(home.ida, home.room.id) as ida:
            for person in [home.gus] * 5 + [home.ida] * 5:
                turn = await asked(person, home.room.id)
                await ida.until("SpiritThinking")
                called = await home.dora.ask(CANCEL, turn=turn["id"])
                told = await ida.event()
                ended[told["__typename"]] += 1
                assert ("errors" in called.body) is (told["__typename"] == "SpiritResponse")
        assert {*ended} <= {"SpiritResponse", "ErrorEvent"}
        assert {state for state, _ in await until_over(house.people, home.room.id)} <= {"ANSWERED", "FAILED"}

"""What was said is read page by page and searched, by those who sat there, also when all is over."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.settings import Settings
from tests.conftest import Served, served
from tests.seances.talking import BANNED, LEFT, end, page, report, say, set_seat, texts
from tests.seances.world import World, keep, said, seat
from tests.seances.world import world as made
from tests.statements import Statements

WHOLE = """query ($room: ID!, $search: String, $first: Int) { seance(id: $room) {
  name participants { nodes { user { name } } }
  messages(search: $search, first: $first) { totalCount pageInfo { hasNextPage endCursor } edges { cursor }
    nodes { text isSystem letterTiming sender { name } seance { name } } } } }"""
ONE = "query ($id: ID!) { seanceMessage(id: $id) { text isSystem seance { name } sender { name } } }"
REPORTS = """query ($room: ID!) { seance(id: $room) { reports { totalCount nodes {
  text sender { name } reporter { name } message { text } } } } }"""
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


async def tell(world: World, number: int) -> list[str]:
    """So many messages a minute apart, the oldest first; the last one now."""
    now = world.people.services.clock()
    texts = [f"Message {n} of the {'ghost' if n % 10 == 0 else 'attic'}" for n in range(number)]
    at = [now - timedelta(minutes=number - 1 - n) for n in range(number)]
    await keep(
        world.people, *(said(world.room, world.gus, text, created_at=at) for text, at in zip(texts, at, strict=True))
    )
    return texts


async def test_the_newest_comes_first_and_pages_go_both_ways(world: World) -> None:
    told = (await tell(world, 7))[::-1]
    first = await page(world.ida, world.room.id, first=3)
    second = await page(world.ida, world.room.id, first=3, after=first["pageInfo"]["endCursor"])
    back = await page(world.ida, world.room.id, last=3, before=second["pageInfo"]["startCursor"])
    oldest = await page(world.ida, world.room.id, last=2)
    pages = [[node["text"] for node in found["nodes"]] for found in (first, second, back, oldest)]
    assert pages == [told[:3], told[3:6], told[:3], told[5:]]
    assert {found["totalCount"] for found in (first, second, back, oldest)} == {7}
    ends = [(found["pageInfo"]["hasPreviousPage"], found["pageInfo"]["hasNextPage"]) for found in (first, second)]
    assert ends == [(False, True), (True, True)]


async def test_deep_pages_stay_as_they_are_while_others_speak(world: World) -> None:
    told = (await tell(world, 60))[::-1]
    read, after = [], None

    async def speak() -> None:
        for number in range(12):
            await say(world.dora, world.room.id, f"Meanwhile {number}")

    speaking = asyncio.create_task(speak())
    for _ in range(10):
        found = await page(world.ida, world.room.id, first=6, after=after)
        after = found["pageInfo"]["endCursor"]
        read += [node["text"] for node in found["nodes"]]
    await speaking
    read = [text for text in read if not text.startswith("Meanwhile")]
    assert read == told[: len(read)]
    assert len(read) >= 48


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ghost", [30, 20, 10, 0]),
        ("GHO", [30, 20, 10, 0]),
        ("message 20", [20]),
        ("ghost attic", []),
        ("'; drop", []),
        ("%", []),
    ],
)
async def test_what_was_said_is_found_by_its_words(world: World, search: str, found: list[int]) -> None:
    told = await tell(world, 31)
    await say(world.gus, world.room.id, "<b>something</b> else")
    seen = await page(world.ida, world.room.id, search=search)
    assert [node["text"] for node in seen["nodes"]] == [told[n] for n in found]
    assert seen["totalCount"] == len(found)


async def test_a_search_for_nothing_is_refused(world: World) -> None:
    query = 'query ($room: ID!) { seance(id: $room) { messages(search: " ") { totalCount } } }'
    refused = await world.ida.ask(query, room=world.room.id)
    assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"search": ["must not be blank"]})


async def test_when_all_is_over_those_who_sat_there_read_on(world: World) -> None:
    told = await tell(world, 5)
    await end(world)
    for person in (world.dora, world.gus, world.ida):
        assert await texts(person, world.room.id) == told[::-1]
        assert await texts(person, world.room.id, search="ghost") == [told[0]]


async def test_who_left_early_reads_what_was_said_until_then(world: World) -> None:
    id = await say(world.gus, world.room.id, "While she was here")
    await set_seat(world, world.ida, LEFT)
    later = await say(world.gus, world.room.id, "When she was gone")
    await end(world)
    assert await texts(world.ida, world.room.id) == ["While she was here"]
    assert (await page(world.ida, world.room.id, search="was"))["totalCount"] == 1
    assert (await world.ida.ask(ONE, id=id)).data["seanceMessage"]["text"] == "While she was here"
    assert (await world.ida.ask(ONE, id=later)).code == "SEANCE_MESSAGE_NOT_FOUND"


async def test_who_was_banned_reads_nothing(world: World) -> None:
    await tell(world, 3)
    await set_seat(world, world.ida, BANNED)
    refused = await world.ida.ask(WHOLE, room=world.room.id)
    assert refused.code == "SEANCE_NOT_FOUND"


async def test_who_came_late_reads_all_and_who_came_back_too(world: World) -> None:
    told = await tell(world, 3)
    await keep(world.people, seat(world.room, world.sam, world.people.services.clock()))
    assert await texts(world.sam, world.room.id) == told[::-1]
    await set_seat(world, world.ida, LEFT)
    await say(world.gus, world.room.id, "Meanwhile")
    await set_seat(world, world.ida, "left_at = null, left_reason = null")
    assert (await texts(world.ida, world.room.id))[0] == "Meanwhile"


@pytest.fixture(scope="module")
async def still(settings: Settings) -> AsyncIterator[Served]:
    """Its clock stands still, so that a session that was looked up stays known."""
    async with served(settings, lambda: NOW) as running:
        yield running


@pytest.fixture(scope="module")
async def long(still: Served) -> World:
    """A room in which a thousand things were said."""
    world = await made(still.people)
    await tell(world, 1_000)
    return world


@pytest.fixture
def statements(still: Served, monkeypatch: pytest.MonkeyPatch) -> Any:
    watched = Statements(still, monkeypatch)
    yield watched
    watched.stop()


@pytest.mark.parametrize(("search", "total"), [(None, 1_000), ("ghost", 100)])
@pytest.mark.parametrize("first", [1, 100])
async def test_a_page_of_a_thousand_messages_is_one_statement(
    long: World, statements: Statements, first: int, search: str | None, total: int
) -> None:
    await long.ida.ask("{ __typename }")
    statements.clear()
    found = (await long.ida.ask(WHOLE, room=long.room.id, first=first, search=search)).data["seance"]["messages"]
    assert len(statements) == 1
    assert (len(found["nodes"]), found["totalCount"]) == (first, total)


@pytest.mark.parametrize("name", ["seanceMessage", "reports"])
async def test_one_message_and_a_rooms_reports_are_one_statement(
    still: Served, statements: Statements, name: str
) -> None:
    world = await made(still.people)
    id = await say(world.gus, world.room.id)
    for person in (world.dora, world.ida):
        await report(person, id)
    statements.clear()
    asked = {"query": ONE, "id": id} if name == "seanceMessage" else {"query": REPORTS, "room": world.room.id}
    answer = (await world.dora.ask(**asked)).data
    assert len(statements) == 1
    assert name == "seanceMessage" or answer["seance"]["reports"]["totalCount"] == 2

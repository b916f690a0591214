"""What was said is read page by page and searched, by those who sat there, also when all is over."""

import asyncio
from datetime import timedelta

import pytest

from tests.seances.talking import BANNED, LEFT, end, page, say, set_seat, texts
from tests.seances.world import World, keep, said, seat

WHOLE = """query ($room: ID!, $search: String, $first: Int) { seance(id: $room) {
  name participants { nodes { user { name } } }
  messages(search: $search, first: $first) { totalCount pageInfo { hasNextPage endCursor } edges { cursor }
    nodes { text isSystem letterTiming sender { name } seance { name } } } } }"""
ONE = "query ($id: ID!) { seanceMessage(id: $id) { text isSystem seance { name } sender { name } } }"


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

"""Which rooms one is shown, and that those of others which are not public are never among them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from db.seances.rooms import Seance, SeanceVisibility
from tests.people import Person
from tests.seances.rooms import LIST, names
from tests.seances.world import World, keep, room

OPEN = {"visibility": SeanceVisibility.PUBLIC}


async def ended(world: World, *persons: Person, **more: Any) -> Seance:
    made, _ = await room(world.people, *persons, ended_at=world.people.services.clock(), **more)
    return made


@pytest.fixture
def word() -> str:
    """In the names of a test's own rooms: other tests leave public ones."""
    return "w" + uuid4().hex


async def test_a_stranger_is_shown_public_rooms_that_go_on(world: World, word: str) -> None:
    for visibility in SeanceVisibility:
        await room(world.people, world.dora, name=f"{word} {visibility}", visibility=visibility)
    await ended(world, world.dora, name=f"{word} over", **OPEN)
    for filter in ({}, {"active": True}, {"mine": False}, {"hosted": False}, {"withFreeSeats": True}):
        assert await names(world.sam, search=word, **filter) == [f"{word} PUBLIC"]
    for filter in ({"active": False}, {"mine": True}, {"hosted": True}, {"withFreeSeats": False}):
        assert await names(world.sam, search=word, **filter) == []
    for hidden in ("UNLISTED", "PRIVATE", "over"):
        assert await names(world.sam, search=f"{word} {hidden}") == []
    listed = "{ seances(first: 100) { nodes { id visibility isActive } } }"
    shown = (await world.sam.ask(listed)).data["seances"]["nodes"]
    assert {(one["visibility"], one["isActive"]) for one in shown} == {("PUBLIC", True)}


async def test_ones_own_rooms_are_shown_whatever_they_are(world: World, word: str) -> None:
    for visibility in SeanceVisibility:
        await room(world.people, world.gus, world.dora, name=f"{word} {visibility}", visibility=visibility)
    assert await names(world.dora, search=word) == [f"{word} {one}" for one in ("PRIVATE", "UNLISTED", "PUBLIC")]
    assert len(await names(world.dora, search=word, mine=True)) == 3
    assert await names(world.dora, search=word, hosted=True) == []
    assert len(await names(world.gus, search=word, hosted=True)) == 3
    assert await names(world.gus, search=word, mine=False) == []


async def test_of_the_ended_rooms_only_those_one_has_been_in(world: World, word: str) -> None:
    await ended(world, world.dora, world.gus, name=f"{word} theirs", **OPEN)
    await ended(world, world.sam, name=f"{word} other", **OPEN)
    await room(world.people, world.gus, name=f"{word} going")
    for one, filter, found in (
        (world.gus, {"active": False}, [f"{word} theirs"]),
        (world.gus, {"active": None}, [f"{word} going"]),
        (world.gus, {"active": False, "hosted": True}, []),
        (world.dora, {"active": False, "hosted": True}, [f"{word} theirs"]),
    ):
        assert await names(one, search=word, **filter) == found


async def test_with_free_seats_are_those_that_somebody_may_come_into(world: World, word: str) -> None:
    await room(world.people, world.dora, name=f"{word} roomy", max_users=2, **OPEN)
    await room(world.people, world.dora, world.gus, name=f"{word} full", max_users=2, **OPEN)
    await room(world.people, world.dora, name=f"{word} locked", locked=True, **OPEN)
    assert await names(world.sam, search=word, withFreeSeats=True) == [f"{word} roomy"]
    assert await names(world.sam, search=word, withFreeSeats=False) == [f"{word} locked", f"{word} full"]
    query = "query ($filter: SeanceFilter) { seances(filter: $filter) { nodes { freeSeats } } }"
    free = (await world.sam.ask(query, filter={"search": word})).data["seances"]["nodes"]
    assert [one["freeSeats"] for one in free] == [5, 0, 1]


async def test_they_come_in_the_order_that_is_asked_for(world: World, word: str) -> None:
    await room(world.people, world.dora, world.gus, world.ida, name=f"{word} b", **OPEN)
    await room(world.people, world.dora, name=f"{word} c", **OPEN)
    await room(world.people, world.dora, world.gus, name=f"{word} a", **OPEN)
    for order, letters in (
        (None, "acb"),
        ({"field": "CREATED_AT"}, "bca"),
        ({"field": "NAME"}, "abc"),
        ({"field": "NAME", "direction": "DESC"}, "cba"),
        ({"field": "PARTICIPANT_COUNT", "direction": "DESC"}, "bac"),
    ):
        found = await names(world.sam, order, search=word)
        assert [name[-1] for name in found] == [*letters], order


async def test_a_page_has_twenty_and_cursors_go_on(world: World, word: str) -> None:
    at = world.people.services.clock()
    made = [
        Seance(id=Seance.fresh_id(), name=f"{word} {number}", created_at=at + timedelta(seconds=number), **OPEN)
        for number in range(25)
    ]
    await keep(world.people, *made)
    first = (await world.sam.ask(LIST, filter={"search": word})).data["seances"]
    assert (first["totalCount"], len(first["nodes"]), first["nodes"][0]["name"]) == (25, 20, f"{word} 24")
    query = """query ($filter: SeanceFilter, $after: String) { seances(filter: $filter, after: $after) {
      pageInfo { endCursor hasNextPage } nodes { id } } }"""
    page = (await world.sam.ask(query, filter={"search": word})).data["seances"]
    rest = (await world.sam.ask(query, filter={"search": word}, after=page["pageInfo"]["endCursor"])).data["seances"]
    assert (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"], len(rest["nodes"])) == (True, False, 5)
    assert {one["id"] for one in page["nodes"] + rest["nodes"]} == {one.id for one in made}


@pytest.mark.parametrize("text", ["' or 1=1 --", "<zzz>", "& | !", "a:*b", "((("])
async def test_words_that_look_like_queries_are_words(world: World, text: str) -> None:
    assert await names(world.sam, search=text) == []


async def test_what_has_no_words_is_refused_or_finds_nothing(world: World) -> None:
    answer = await world.sam.ask(LIST, filter={"search": "  "})
    assert (answer.code, [*answer.details]) == ("VALIDATION_ERROR", ["search"])

"""Seats are never taken twice, however many want them at the same moment, and whoever asks is told yes or no."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from db.seances.rooms import SeanceVisibility
from tests.people import Answer, People, Person
from tests.seances.hearing import hearing
from tests.seances.sitting import accept, invite, join, leave, reason, row, rows, seated
from tests.seances.world import room

CROWD = 200


def _told(answers: list[Answer]) -> Counter[str]:
    return Counter("seated" if "errors" not in answer.body else reason(answer) for answer in answers)


async def _at_once(crowd: list[Person], ask: Callable[[Person], Awaitable[Answer]]) -> Counter[str]:
    return _told(await asyncio.gather(*(ask(person) for person in crowd)))


@pytest.fixture(scope="module")
async def crowd(people: People) -> list[Person]:
    return [await people.one() for _ in range(CROWD)]


async def test_of_two_hundred_at_once_five_find_a_seat_beside_the_host(people: People, crowd: list[Person]) -> None:
    host = await people.one()
    made, _ = await room(people, host, visibility=SeanceVisibility.PUBLIC)
    async with hearing(host, made.id) as heard:
        assert await _at_once(crowd, lambda person: join(person, made.id)) == {"seated": 5, "SEANCE_FULL": CROWD - 5}
        assert await heard.types(10) == ["UserJoined", "SeanceUpdated"] * 5
    assert (await row(people, made.id))["participant_count"] == len(await seated(people, made.id)) == 6
    assert len(await rows(people, "select id from seance_participant where seance_id = $1", made.id)) == 6


async def test_so_it_is_by_an_invitation_of_which_only_seats_that_were_taken_count(
    people: People, crowd: list[Person]
) -> None:
    host = await people.one()
    made, _ = await room(people, host)
    code = await invite(host, made.id, mostUses=100)
    told = await _at_once(crowd, lambda person: accept(person, code["code"]))
    assert told == {"seated": 5, "SEANCE_FULL": CROWD - 5}
    assert len(await seated(people, made.id)) == 6
    assert await rows(people, "select uses from seance_invite where id = $1", code["id"]) == [{"uses": 5}]


async def test_who_come_and_go_at_once_leave_as_many_seats_as_there_were(people: People, crowd: list[Person]) -> None:
    host = await people.one()
    made, _ = await room(people, host, visibility=SeanceVisibility.PUBLIC, max_users=3)

    async def visit(person: Person) -> Answer:
        answer = await join(person, made.id)
        if "errors" not in answer.body:
            assert (await leave(person, made.id)).data
        return answer

    told = await _at_once(crowd[:40], visit)
    assert set(told) <= {"seated", "SEANCE_FULL"}
    assert await seated(people, made.id) == [host.id]
    assert (await row(people, made.id))["participant_count"] == 1

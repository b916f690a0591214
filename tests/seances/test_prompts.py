"""What the language model is told: the latest that was said, with names, within bounds; and what can be spelled."""

from datetime import timedelta

import pytest

from db.seances.turns import SeanceTurn
from kit.ids import Id
from kit.llm.language import Line, Prompt, Speaker
from resolvers.seances.prompts import CHARACTERS, INSTRUCTIONS, LONGEST, prompt_of, spoken
from tests.seances.asking import asked
from tests.seances.world import World, keep, said


async def prompt(world: World, turn: str) -> Prompt:
    async with world.people.services.db.transaction() as session:
        found = await session.get(SeanceTurn, Id(turn))
        assert found is not None
        return await prompt_of(session, found)


def user(text: str) -> Line:
    return Line(Speaker.USER, text)


async def test_the_question_comes_last_and_what_waits_is_not_told(world: World) -> None:
    now = world.people.services.clock()
    await keep(world.people, said(world.room, world.ida, "Good evening", created_at=now - timedelta(minutes=1)))
    hidden = said(world.room, world.ida, "Rude", created_at=now - timedelta(seconds=50), hidden_at=now)
    await keep(world.people, hidden)
    first = await asked(world.gus, world.room.id, "Who are you?")
    await asked(world.dora, world.room.id, "Me first!")
    await keep(world.people, said(world.room, world.ida, "Hush"))
    assert await prompt(world, first["id"]) == Prompt(
        INSTRUCTIONS,
        (user("Ida: Good evening"), user("Ida: Hush"), user("Gus asks the spirit:"), user("Who are you?")),
        400,
    )


async def test_of_a_long_evening_it_is_told_the_latest(world: World) -> None:
    now = world.people.services.clock()
    lines = [said(world.room, world.ida, f"{i}", created_at=now - timedelta(seconds=60 - i)) for i in range(30)]
    await keep(world.people, *lines)
    turn = await asked(world.gus, world.room.id)
    assert [line.text for line in (await prompt(world, turn["id"])).lines[:-2]] == [f"Ida: {i}" for i in range(10, 30)]


async def test_of_long_speeches_only_as_many_as_there_is_room_for(world: World) -> None:
    now = world.people.services.clock()
    lines = [said(world.room, world.ida, "a" * 1_000, created_at=now - timedelta(seconds=60 - i)) for i in range(10)]
    await keep(world.people, *lines)
    turn = await asked(world.gus, world.room.id, "b" * 1_000)
    told = (await prompt(world, turn["id"])).lines
    assert len(told) == 5 + 2
    assert sum(len(line.text) for line in told[:-2]) <= CHARACTERS


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (" I AM\n\tHERE ", "I AM HERE"),
        ("\x00\x1b[31mBOO\ud800\u202e", "[31mBOO"),
        ("\n\u200b", ""),
        ("a" * 500, "a" * LONGEST),
        ("ab " * 200, ("ab " * 93).strip()),
        ("a" * 279 + " b", "a" * 279),
        ("a" * 278 + " b cd", "a" * 278 + " b"),
    ],
)
def test_an_answer_is_one_line_that_can_be_spelled(answer: str, shown: str) -> None:
    assert spoken(answer) == shown

"""What is hidden: who may, who reads on, and that its words lead nobody to it."""

from typing import Any

import pytest

from db.seances.messages import MessageKind, SeanceMessage
from db.seances.turns import SeanceTurn, TurnState
from kit.ids import Id
from tests.seances.hearing import hearing
from tests.seances.talking import hand_over, hide, page, rows, say, set_seat, texts
from tests.seances.world import World, keep, said

ONE = (
    "query ($id: ID!) { seanceMessage(id: $id) { text letterTiming } node(id: $id) { ... on SeanceMessage { text } } }"
)
TURN = "query ($id: ID!) { node(id: $id) { ... on SeanceTurn { question { text } answer { text letterTiming } } } }"
REPLAY = """subscription ($room: ID!, $after: Cursor) { seanceEvents(seanceId: $room, after: $after) { __typename
  ... on MessageChange { message { text } } } }"""
SECRET = "The key is under the stone"


async def spirit(world: World, **more: Any) -> SeanceMessage:
    now = world.people.services.clock()
    message = SeanceMessage(
        id=SeanceMessage.fresh_id(),
        seance_id=world.room.id,
        kind=MessageKind.SPIRIT,
        text="Yes no",
        letter_timing=[200, 200, 200, 600, 200, 200],
        starts_at=now,
        **more,
    )
    await keep(world.people, message)
    return message


async def read(world: World, id: str) -> list[Any]:
    """By Dora, Gus and Ida, by three ways each."""
    found = []
    for person in (world.dora, world.gus, world.ida):
        one = (await person.ask(ONE, id=id)).data
        (listed,) = await texts(person, world.room.id)
        assert one["seanceMessage"]["text"] == one["node"]["text"] == listed
        found.append(listed)
    return found


async def test_what_the_host_hides_only_the_host_and_who_said_it_read_on(world: World) -> None:
    id = await say(world.gus, world.room.id, SECRET)
    assert (await hide(world.dora, id)).data["hideSeanceMessage"]["hiddenAt"] is not None
    assert await read(world, id) == [SECRET, SECRET, None]


async def test_one_hides_what_one_has_said_and_shows_it_again(world: World) -> None:
    id = await say(world.gus, world.room.id, SECRET)
    hidden = (await hide(world.gus, id)).data["hideSeanceMessage"]
    assert (hidden["text"], hidden["version"]) == (SECRET, 2)
    assert await read(world, id) == [SECRET, SECRET, None]
    shown = (await hide(world.gus, id, hidden=False)).data["hideSeanceMessage"]
    assert (shown["hiddenAt"], shown["version"]) == (None, 3)
    assert await read(world, id) == [SECRET] * 3


async def test_what_the_host_has_hidden_who_said_it_cannot_show_again(world: World) -> None:
    id = await say(world.gus, world.room.id, SECRET)
    await hide(world.dora, id)
    assert (await hide(world.gus, id)).data["hideSeanceMessage"]["version"] == 2
    assert (await hide(world.gus, id, hidden=False)).code == "FORBIDDEN"
    assert await read(world, id) == [SECRET, SECRET, None]
    assert (await hide(world.dora, id, hidden=False)).data["hideSeanceMessage"]["hiddenAt"] is None


async def test_what_somebody_has_withdrawn_the_host_cannot_show_but_can_hide_as_well(world: World) -> None:
    id = await say(world.gus, world.room.id, SECRET)
    await hide(world.gus, id)
    assert (await hide(world.dora, id, hidden=False)).code == "FORBIDDEN"
    assert await read(world, id) == [SECRET, SECRET, None]
    assert (await hide(world.dora, id)).data["hideSeanceMessage"]["version"] == 3
    assert (await hide(world.gus, id, hidden=False)).code == "FORBIDDEN"
    assert (await hide(world.dora, id, hidden=False)).data["hideSeanceMessage"]["hiddenAt"] is None


async def test_to_hide_twice_or_to_show_what_is_shown_changes_nothing(world: World) -> None:
    id = await say(world.gus, world.room.id, SECRET)
    assert (await hide(world.gus, id, hidden=False)).data["hideSeanceMessage"]["version"] == 1
    first = (await hide(world.dora, id)).data
    assert (await hide(world.dora, id)).data == first


async def test_of_what_the_spirit_said_its_rhythm_is_hidden_too(world: World) -> None:
    message = await spirit(world)
    await hide(world.dora, message.id)
    one = [(await person.ask(ONE, id=message.id)).data["seanceMessage"] for person in (world.dora, world.ida)]
    assert one == [
        {"text": "Yes no", "letterTiming": [200, 200, 200, 600, 200, 200]},
        {"text": None, "letterTiming": None},
    ]


async def test_a_turn_shows_no_question_and_no_answer_that_is_hidden(world: World) -> None:
    question, answer = said(world.room, world.gus, SECRET), await spirit(world)
    await keep(world.people, question)
    turn = SeanceTurn(
        id=SeanceTurn.fresh_id(),
        seance_id=world.room.id,
        asked_by_id=Id(world.gus.id),
        question_id=question.id,
        answer_id=answer.id,
        state=TurnState.ANSWERED,
        finished_at=world.people.services.clock(),
    )
    await keep(world.people, turn)
    for id in (question.id, answer.id):
        await hide(world.dora, id)
    seen = (await world.ida.ask(TURN, id=turn.id)).data["node"]
    assert seen == {"question": {"text": None}, "answer": {"text": None, "letterTiming": None}}


async def test_what_the_room_itself_says_cannot_be_hidden(world: World) -> None:
    system = SeanceMessage(
        id=SeanceMessage.fresh_id(), seance_id=world.room.id, kind=MessageKind.SYSTEM, text="Session created"
    )
    await keep(world.people, system)
    assert (await hide(world.dora, system.id)).code == "FORBIDDEN"
    assert [row.hidden_at for row in await rows(world)] == [None]


async def test_nobody_finds_what_is_hidden_by_its_words(world: World) -> None:
    id = await say(world.gus, world.room.id, SECRET)
    await say(world.gus, world.room.id, "A stone")
    await hide(world.dora, id)
    for person in (world.dora, world.gus, world.ida):
        found = await page(person, world.room.id, search="stone")
        assert (found["totalCount"], found["nodes"]) == (1, [{"text": "A stone"}])
        assert (await page(person, world.room.id, search="key"))["totalCount"] == 0
        assert (await page(person, world.room.id))["totalCount"] == 2
    await hide(world.dora, id, hidden=False)
    assert await texts(world.ida, world.room.id, search="key") == [SECRET]


async def test_all_hear_that_it_is_hidden_and_what_is_told_again_has_no_text(world: World) -> None:
    async with hearing(world.ida, world.room.id) as ida, hearing(world.gus, world.room.id) as gus:
        id = await say(world.gus, world.room.id, SECRET)
        before = (await ida.until("MessageReceived"))["message"]["text"], ida.cursor
        await hide(world.dora, id)
        told = [await one.until("MessageChanged") for one in (ida, gus)]
    assert before[0] == SECRET
    assert [event["message"]["text"] for event in told] == [None, SECRET]
    assert {event["actor"]["name"] for event in told} == {"Dora"}


async def test_replayed_from_before_it_was_said_it_stays_hidden(world: World) -> None:
    async with hearing(world.ida, world.room.id) as ida:
        await say(world.dora, world.room.id, "Before")
        await ida.until("MessageReceived")
    id = await say(world.gus, world.room.id, SECRET)
    await hide(world.dora, id)
    async with world.ida.socket() as socket:
        await socket.start(REPLAY, "1", room=world.room.id, after=ida.cursor)
        told = [(await socket.frame())["payload"]["data"]["seanceEvents"] for _ in range(3)]
    kinds = [event["__typename"] for event in told]
    assert sorted(kinds) == ["MessageChanged", "MessageReceived", "Ready"]
    assert [event["message"]["text"] for event in told if "message" in event] == [None, None]


async def test_the_next_host_shows_what_the_last_one_has_hidden(world: World) -> None:
    id = await say(world.gus, world.room.id, SECRET)
    await hide(world.dora, id)
    await hand_over(world, world.ida)
    assert await read(world, id) == [None, SECRET, SECRET]
    assert (await hide(world.dora, id, hidden=False)).code == "FORBIDDEN"
    assert (await hide(world.ida, id, hidden=False)).data["hideSeanceMessage"]["hiddenAt"] is None


async def test_who_was_muted_or_has_left_withdraws_what_they_have_said(world: World) -> None:
    for values in ("muted_at = now()", "left_at = now(), left_reason = 'LEFT'"):
        id = await say(world.gus, world.room.id, SECRET)
        await set_seat(world, world.gus, values)
        assert (await hide(world.gus, id)).data["hideSeanceMessage"]["hiddenAt"] is not None
        await set_seat(world, world.gus, "muted_at = null")


@pytest.mark.parametrize("hidden", [True, False])
async def test_who_neither_said_it_nor_is_the_host_hides_and_shows_nothing(world: World, hidden: bool) -> None:
    id = await say(world.gus, world.room.id, SECRET)
    if not hidden:
        await hide(world.dora, id)
    before = await rows(world)
    assert (await hide(world.ida, id, hidden=hidden)).code == "FORBIDDEN"
    assert (await hide(world.sam, id, hidden=hidden)).code == "SEANCE_MESSAGE_NOT_FOUND"
    assert await rows(world) == before

"""What is said in a room: by whom, how often, and that it comes back as it was said."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from limits import RateLimitItemPerMinute

from resolvers.seances.messages import OF_ALL
from tests.people import People
from tests.seances.hearing import hearing
from tests.seances.talking import BANNED, LEFT, MUTED, end, page, rows, say, send, set_seat, texts
from tests.seances.world import World
from tests.seances.world import world as made

OF_ONE, OF_ROOM = RateLimitItemPerMinute(60), RateLimitItemPerMinute(OF_ALL.amount)
BLANK = " \t\n\r\x0b\x0c\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


async def forget(world: World) -> None:
    """What Gus has said in this minute."""
    limits = world.people.services.limits
    await limits.forget(OF_ONE, "sendSeanceMessage", world.gus.id)
    await limits.forget(OF_ROOM, "sendSeanceMessage in one room", world.room.id)


async def test_what_is_said_is_heard_by_all_who_sit_there(world: World) -> None:
    async with hearing(world.ida, world.room.id) as ida:
        said = (await send(world.gus, world.room.id, "  Is anybody there? ")).data["sendSeanceMessage"]
        told = await ida.until("MessageReceived")
    assert said | {"id": None} == {
        "id": None,
        "kind": "USER",
        "isSystem": False,
        "text": "Is anybody there?",
        "sender": {"name": "Gus"},
        "letterTiming": None,
        "startsAt": None,
        "hiddenAt": None,
        "version": 1,
        "seance": {"id": world.room.id},
    }
    assert (told["__typename"], told["kind"], told["actor"]) == ("MessageReceived", "ADDED", {"name": "Gus"})
    assert (told["message"]["id"], told["message"]["text"]) == (said["id"], "Is anybody there?")


async def test_two_who_hear_hear_the_same_in_the_same_order(world: World) -> None:
    async with hearing(world.dora, world.room.id) as dora, hearing(world.ida, world.room.id) as ida:
        said = [say(person, world.room.id, f"{n}") for n in range(5) for person in (world.dora, world.gus, world.ida)]
        await asyncio.gather(*said)
        heard = [[(await one.until("MessageReceived"))["message"]["id"] for _ in said] for one in (dora, ida)]
    assert heard[0] == heard[1]
    assert len(set(heard[0])) == 15


async def test_any_text_comes_back_as_it_was_sent(world: World) -> None:
    sayable = st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32))])
    inner = st.text(sayable | st.sampled_from("\n\t\r\u2028\u202e\u0301\u200d👻🧙🏽‍♀️'\"\\;<>&%_{}$"), max_size=200)

    @settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
    @given(inner)
    @example("'); drop table seance_message; --")
    @example("<script>alert('boo')</script><img src=x onerror=alert(1)>&amp;")
    @example("a\u2028b\u2029c e\u0301 \u202e\u05d1\u05d5\u05d0\u05d5\u202c 👩‍👩‍👧‍👦")
    @example("\\u0000 \\x00 %s {0} ${x} \\")
    def comes_back(text: str) -> None:
        sent.append(f"<{text}>")

    sent: list[str] = []
    await asyncio.to_thread(comes_back)
    for text in sent:
        await forget(world)
        said = (await send(world.gus, world.room.id, text)).data["sendSeanceMessage"]["text"]
        assert said.encode() == text.encode()
        assert (await texts(world.ida, world.room.id, first=1))[0] == text
    assert [row.text for row in await rows(world)] == sent


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("", ["String should have at least 1 character"]),
        (BLANK, ["String should have at least 1 character"]),
        ("x" * 1_001, ["String should have at most 1000 characters"]),
        ("👻" * 1_001, ["String should have at most 1000 characters"]),
        ("a\0b", ["must not contain control characters"]),
        ("a\x1bb", ["must not contain control characters"]),
    ],
)
async def test_what_cannot_be_said_is_refused(world: World, text: str, details: Any) -> None:
    refused = await send(world.gus, world.room.id, text)
    assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"text": details})
    assert await rows(world) == []


async def test_to_speak_is_a_sign_of_life_of_one_who_is_not_connected(world: World) -> None:
    seats = {person.id: str(world.seats[person.id].id) for person in (world.gus, world.ida)}
    await set_seat(world, world.gus, "held_until = now() + interval '30 seconds'")
    for person in (world.gus, world.ida):
        await say(person, world.room.id)
    held = {row.id: row.held_until for row in await rows(world, "seance_participant")}
    assert held[seats[world.gus.id]] > world.people.services.clock() + timedelta(seconds=60)
    assert held[seats[world.ida.id]] is None


@pytest.mark.parametrize("text", ["x", "x" * 1_000, "👻" * 1_000])
async def test_one_to_a_thousand_characters_are_said(world: World, text: str) -> None:
    await say(world.gus, world.room.id, text)
    assert await texts(world.ida, world.room.id) == [text]


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        (LEFT, "FORBIDDEN", "Only participants may do that"),
        (MUTED, "FORBIDDEN", "You are muted in this room"),
        (BANNED, "SEANCE_NOT_FOUND", None),
    ],
)
async def test_who_has_left_or_is_muted_or_banned_says_nothing(
    world: World, values: str, code: str, message: str | None
) -> None:
    await set_seat(world, world.gus, values)
    refused = await send(world.gus, world.room.id)
    assert refused.code == code
    assert refused.error["message"] == (message or f"Seance with id '{world.room.id}' not found")
    assert await rows(world) == []


async def test_in_a_room_that_has_ended_nothing_is_said(world: World) -> None:
    await end(world)
    refused = await send(world.gus, world.room.id)
    assert (refused.code, refused.error["extensions"]["reason"]) == ("CONFLICT", "SEANCE_ENDED")
    assert await rows(world) == []


async def test_one_says_sixty_things_a_minute(world: World) -> None:
    limits = world.people.services.limits
    for _ in range(60):
        await limits.hit(OF_ONE, "sendSeanceMessage", world.gus.id)
    refused = await send(world.gus, world.room.id)
    assert refused.code == "RATE_LIMITED"
    assert 1 <= refused.error["extensions"]["retryAfter"] <= 60
    assert await rows(world) == []
    await say(world.ida, world.room.id)


async def test_all_in_a_room_together_say_so_much_a_minute_and_strangers_use_up_nothing(world: World) -> None:
    limits = world.people.services.limits
    for _ in range(OF_ALL.amount - 1):
        await limits.hit(OF_ROOM, "sendSeanceMessage in one room", world.room.id)
    await set_seat(world, world.ida, MUTED)
    for person in (world.sam, world.sam, world.ida):
        assert (await send(person, world.room.id)).code in ("SEANCE_NOT_FOUND", "FORBIDDEN")
    await say(world.gus, world.room.id, "The last")
    refused = await send(world.dora, world.room.id)
    assert refused.code == "RATE_LIMITED"
    assert 1 <= refused.error["extensions"]["retryAfter"] <= 60
    assert await texts(world.dora, world.room.id) == ["The last"]


async def test_in_another_room_others_say_what_they_like(people: People, world: World) -> None:
    limits = world.people.services.limits
    for _ in range(OF_ALL.amount):
        await limits.hit(OF_ROOM, "sendSeanceMessage in one room", world.room.id)
    other = await made(people)
    await say(other.gus, other.room.id)
    assert (await page(other.ida, other.room.id))["totalCount"] == 1


async def test_a_message_sent_twice_with_one_key_is_said_once(world: World) -> None:
    body = {
        "query": "mutation ($i: SendSeanceMessageInput!) { sendSeanceMessage(input: $i) { id } }",
        "variables": {"i": {"seanceId": world.room.id, "text": "Once"}},
    }
    headers = world.gus.headers | {"idempotency-key": "said once"}
    answers = [await world.people.http.post("/graphql", json=body, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert await texts(world.ida, world.room.id) == ["Once"]

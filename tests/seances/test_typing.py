"""Who is typing: told to the others, written nowhere, and over by itself."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from limits import RateLimitItemPerMinute

from kit.ids import Id
from kit.settings import Settings
from resolvers.seances.stream import Typing
from tests.conftest import Served, served
from tests.people import Answer, Person
from tests.seances.asking import asked
from tests.seances.hearing import Heard, hearing
from tests.seances.talking import BANNED, LEFT, MUTED, TYPING, end, rows, say, set_seat
from tests.seances.world import World
from tests.seances.world import world as made
from tests.statements import Statements
from tests.waiting import until


async def typing(person: Person, room: str, **more: bool) -> Answer:
    return await person.ask(TYPING, id=room, **more)


@asynccontextmanager
async def followed(world: World, *persons: Person) -> AsyncIterator[list[Heard]]:
    """Signals are for those who are there when they come: all of these are."""
    services = world.people.services
    async with AsyncExitStack() as stack:
        heard = [await stack.enter_async_context(hearing(person, world.room.id)) for person in persons]
        topic = f"seance-typing:{world.room.id}"
        await until(lambda: len(services.signals._following.get(topic, ())) == len(persons))
        yield heard


async def test_others_hear_that_somebody_types_until_five_seconds_later(world: World) -> None:
    async with followed(world, world.dora) as (dora,):
        assert (await typing(world.gus, world.room.id)).data == {"setSeanceTyping": True}
        told = await dora.next()
    assert (told["__typename"], told["typing"], told["user"]) == ("UserTyping", True, {"name": "Gus"})
    since, ends = (datetime.fromisoformat(told[name]) for name in ("at", "until"))
    assert ends - since == timedelta(seconds=5)


async def test_others_hear_that_somebody_types_no_longer(world: World) -> None:
    async with followed(world, world.dora) as (dora,):
        assert (await typing(world.gus, world.room.id, typing=False)).data == {"setSeanceTyping": False}
        told = await dora.next()
    assert (told["typing"], told["until"]) == (False, told["at"])


async def test_whoever_says_something_types_no_longer(world: World) -> None:
    async with followed(world, world.dora) as (dora,):
        await typing(world.gus, world.room.id)
        assert (await dora.next())["typing"] is True
        await say(world.gus, world.room.id)
        told = {event["__typename"]: event for event in (await dora.next(), await dora.next())}
    assert told["UserTyping"]["typing"] is False
    assert told["MessageReceived"]["message"]["text"] == "Is anybody there?"


async def test_of_whoever_says_something_without_typing_no_end_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals = world.people.services.signals
    send, sent = signals.send, list[str]()

    def noted(topic: str, key: str, payload: bytes | str) -> None:
        if topic == f"seance-typing:{world.room.id}":
            sent.append(key)
        send(topic, key, payload)

    monkeypatch.setattr(signals, "send", noted)
    await typing(world.gus, world.room.id)
    for _ in range(2):
        await say(world.gus, world.room.id)
        await say(world.ida, world.room.id)
        await asked(world.dora, world.room.id)
    assert sent == [world.gus.id, world.gus.id]


async def test_whoever_typed_too_long_ago_has_ended_already(world: World) -> None:
    signals, topic = world.people.services.signals, f"seance-typing:{world.room.id}"
    ago = world.people.services.clock() - timedelta(seconds=6)
    said = Typing(user_id=Id(world.gus.id), typing=True, at=ago).model_dump_json()
    signals.hear(json.dumps([[topic, world.gus.id, said]]))
    await say(world.gus, world.room.id)
    assert signals.latest(topic, world.gus.id) == said


@pytest.mark.parametrize(
    "said", ["", '{"typing": "who knows"}', '{"user_id": "u", "typing": true, "at": "2026-11-22T09:00"}']
)
async def test_what_others_said_of_it_and_nobody_understands_keeps_nobody_from_speaking(
    world: World, said: str
) -> None:
    topic = f"seance-typing:{world.room.id}"
    world.people.services.signals.hear(json.dumps([[topic, world.gus.id, said]]))
    assert await say(world.gus, world.room.id)


async def test_whoever_types_at_one_server_and_speaks_at_another_types_no_longer(settings: Settings) -> None:
    async with served(settings) as here, served(settings) as there:
        world = await made(here.people)
        gus = replace(world.gus, people=there.people)
        async with followed(world, world.dora) as (dora,):
            await typing(world.gus, world.room.id)
            topic = f"seance-typing:{world.room.id}"
            await until(lambda: there.services.signals.latest(topic, gus.id))
            await say(gus, world.room.id)
            assert (await dora.until("UserTyping"))["typing"] is True
            assert (await dora.until("UserTyping"))["typing"] is False


async def test_of_what_was_not_said_nobody_hears_an_end(world: World) -> None:
    async with followed(world, world.dora) as (dora,):
        await set_seat(world, world.gus, MUTED)
        await typing(world.gus, world.room.id)
        await typing(world.ida, world.room.id)
        assert (await dora.next())["user"] == {"name": "Ida"}


async def test_to_type_is_one_read_and_writes_nothing(
    house: Served, world: World, once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements = Statements(house, monkeypatch)
    await typing(world.gus, world.room.id)
    assert sum("seance" in sql for sql in statements) == 1
    assert {sql.split()[0].upper() for sql in statements} == {"SELECT"}  # others look up who asks


@pytest.mark.parametrize(("values", "code"), [(LEFT, "FORBIDDEN"), (MUTED, "FORBIDDEN"), (BANNED, "SEANCE_NOT_FOUND")])
async def test_who_may_not_speak_does_not_type_either(world: World, values: str, code: str) -> None:
    await set_seat(world, world.gus, values)
    async with followed(world, world.dora) as (dora,):
        assert (await typing(world.gus, world.room.id)).code == code
        await typing(world.ida, world.room.id)
        assert (await dora.next())["user"] == {"name": "Ida"}


async def test_in_a_room_that_has_ended_nobody_types(world: World) -> None:
    await end(world)
    refused = await typing(world.gus, world.room.id)
    assert (refused.code, refused.error["extensions"]["reason"]) == ("CONFLICT", "SEANCE_ENDED")


@pytest.mark.parametrize("id", ["nothing", "seance_0", "seance_\0", "", "x" * 5_000])
async def test_in_what_is_no_room_nobody_types(world: World, id: str) -> None:
    assert (await typing(world.gus, id)).code == "SEANCE_NOT_FOUND"


async def test_one_types_120_times_a_minute(world: World) -> None:
    for _ in range(120):
        await world.people.services.limits.hit(RateLimitItemPerMinute(120), "setSeanceTyping", world.gus.id)
    refused = await typing(world.gus, world.room.id)
    assert refused.code == "RATE_LIMITED"
    assert 1 <= refused.error["extensions"]["retryAfter"] <= 60


async def test_strangers_and_nobody_type_nowhere(world: World) -> None:
    assert (await typing(world.sam, world.room.id)).code == "SEANCE_NOT_FOUND"
    assert (await typing(world.people.nobody, world.room.id)).code == "UNAUTHENTICATED"
    assert await rows(world) == []

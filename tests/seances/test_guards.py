"""Streams of a room end for whoever may not follow it any more, before anything else is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from db.seances.seats import LeftReason
from kit.clock import now
from kit.ids import Id
from resolvers.seances.stream import Typing, typing_in
from tests.people import Person
from tests.seances import doing
from tests.seances.hearing import EVENTS, Heard, hearing
from tests.seances.world import World, room
from tests.waiting import until

CHANGES = """subscription ($topics: [String!]) { changes(topics: $topics) { __typename
  ... on Ready { cursor } ... on EntityChanged { kind entityId topic actor { id } } } }"""
PRESENCE = "subscription ($topic: String!) { presence(topic: $topic) { nodes { user { id } } } }"
TYPING = """subscription ($room: ID!, $after: Cursor) { seanceEvents(seanceId: $room, after: $after) { __typename
  ... on UserTyping { typing } ... on SeanceUpdated { entityId } } }"""

AWAY = [LeftReason.LEFT, LeftReason.DROPPED, LeftReason.KICKED, LeftReason.BANNED]


@asynccontextmanager
async def changes(person: Person, topic: str) -> AsyncIterator[Heard]:
    """All that is told on one topic."""
    async with person.socket() as socket:
        await socket.start(CHANGES, "1", topics=[topic])
        heard = Heard(socket)
        assert (await heard.next())["__typename"] == "Ready"
        yield heard


@pytest.mark.parametrize("reason", AWAY)
async def test_all_streams_of_a_room_end_for_who_has_no_seat_any_more(world: World, reason: LeftReason) -> None:
    room = world.room.id
    async with world.gus.socket() as socket:
        await socket.start(EVENTS, "events", room=room)
        await socket.start(CHANGES, "changes", topics=[world.topic])
        await socket.start(PRESENCE, "presence", topic=world.topic)
        begun = set[str]()
        while len(begun) < 3:  # others come, too
            frame = await socket.frame()
            assert frame["type"] == "next", frame
            begun.add(frame["id"])
        await doing.go(world.dora, room, world.gus, reason)
        await doing.say(world.dora, room, "Gone?")
        ended: dict[str, str] = {}
        while len(ended) < 3:
            frame = await socket.frame()
            assert frame["type"] == "error" or frame["id"] == "presence", frame  # others come and go
            if frame["type"] == "error":
                ended[frame["id"]] = frame["payload"][0]["extensions"]["code"]
        assert ended == dict.fromkeys(("events", "changes", "presence"), "FORBIDDEN")


async def test_what_is_for_the_host_alone_follows_the_host(world: World) -> None:
    topic = f"seance:hosting:{world.room.id}"
    async with changes(world.dora, topic) as dora:
        await doing.pass_on(world.dora, world.room.id, world.gus)
        assert await dora.refused() == "FORBIDDEN"
    async with changes(world.gus, topic) as gus:
        await doing.change(world.gus, world.room.id, name="The cellar")
        told = await gus.next()
        assert (told["kind"], told["entityId"], told["topic"]) == ("UPDATED", world.room.id, topic)


async def test_the_host_that_leaves_hears_nothing_more_as_the_host(world: World) -> None:
    topic = f"seance:hosting:{world.room.id}"
    async with changes(world.dora, topic) as dora:
        await doing.go(world.dora, world.room.id, world.dora)
        assert await dora.refused() == "FORBIDDEN"


async def test_who_was_sent_away_hears_that_among_what_is_their_own(world: World) -> None:
    topic = f"seats:{world.gus.id}"
    async with changes(world.gus, topic) as gus:
        await doing.go(world.dora, world.room.id, world.gus, LeftReason.BANNED)
        told = await gus.next()
        assert (told["kind"], told["entityId"]) == ("LEFT", world.seats[world.gus.id].id)


async def test_typing_is_told_to_all_but_oneself_whatever_one_asks_of_it(world: World) -> None:
    async def types(person: Person) -> None:
        said = Typing(user_id=Id(person.id), typing=True, at=now())
        world.people.services.signals.send(typing_in(world.room.id), person.id, said.model_dump_json())

    async with (
        hearing(world.gus, world.room.id, query=TYPING) as gus,
        hearing(world.ida, world.room.id, query=TYPING) as ida,
    ):
        await _settled(world, 2)
        await types(world.gus)
        assert await ida.next() == {"__typename": "UserTyping", "typing": True}
        await types(world.ida)
        assert await gus.next() == {"__typename": "UserTyping", "typing": True}
        await doing.change(world.dora, world.room.id, name="The cellar")
        for heard in (gus, ida):
            assert (await heard.next())["__typename"] == "SeanceUpdated"


async def test_who_was_sent_away_hears_nobody_type(world: World) -> None:
    room = world.room.id
    async with hearing(world.gus, room, query=TYPING) as gus, hearing(world.ida, room, query=TYPING) as ida:
        await _settled(world, 2)
        await doing.go(world.dora, room, world.gus, LeftReason.KICKED)
        assert await gus.refused() == "FORBIDDEN"
        told = asyncio.create_task(ida.until("UserTyping"))
        said = Typing(user_id=Id(world.dora.id), typing=True, at=now()).model_dump_json()
        send = world.people.services.signals.send
        await until(lambda: send(typing_in(room), world.dora.id, said) or told.done())  # she is looked at anew, too
        await told
        assert await gus.socket.ask("{ __typename }") == {"data": {"__typename": "Query"}}


async def test_that_somebody_comes_into_a_public_room_is_not_told_of_them(world: World) -> None:
    """Who knows them would else hear where they are, of a topic that anybody may follow."""
    open, _ = await room(world.people, world.dora, visibility="PUBLIC")
    await room(world.people, world.sam, world.gus)  # in which they meet
    async with changes(world.sam, "lobby:seances") as sam:
        await doing.join(world.gus, open.id)
        await doing.go(world.gus, open.id, world.gus)
        told = [await sam.next() for _ in range(2)]
    assert [(one["kind"], one["entityId"], one["actor"]) for one in told] == [("UPDATED", open.id, None)] * 2


async def _settled(world: World, number: int) -> None:
    """So many are where signals are pushed to them."""
    groups = world.people.services.hub.groups
    await until(lambda: sum(len(one.members) for one in groups.values() if world.topic in one.topics) == number)

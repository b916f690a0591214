"""What a stranger hears while a room is made and people sit in it, and what they are told who come back later."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest
from graphql import GraphQLUnionType, get_named_type

from kit.ids import Id, new_id
from live import log
from live.log import Draft, Kind
from resolvers.changes import EntityType
from schema.schema import made
from tests.everything import Question, subscriptions
from tests.people import People, Person
from tests.seances import world
from tests.seances.evening import ELSEWHERE, WORDS, Evening, evening
from tests.sockets import Socket
from tests.transcripts import blanked
from tests.waiting import PATIENCE

SCHEMA = made()._schema
EACH = 90  # operations of one socket; it may have a hundred
CURSORS = re.compile(r'"cursor":"[^"]*"')
CURSOR = "subscription { changes { ... on Ready { cursor } } }"


class Ears:
    """Everything that is told to all of these, by their numbers."""

    def __init__(self) -> None:
        self.heard = defaultdict[str, list[Any]](list)
        self.news = asyncio.Event()

    async def listen(self, socket: Socket) -> None:
        async for frame in socket.connection:
            told = orjson.loads(frame)
            if told["type"] in ("next", "error"):
                self.heard[told["id"]].append(told)
                self.news.set()

    async def until(self, ids: Sequence[str], number: int) -> None:
        """Each of these has been told so many times."""
        await self._until(lambda: all(len(self.heard[id]) >= number for id in ids))

    async def until_told(self, id: str, *words: str) -> None:
        """This one, of all of these, be it at different times."""
        await self._until(lambda: all(word in str(self.heard[id]) for word in words))

    async def _until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not done():
                self.news.clear()
                await self.news.wait()

    def open(self) -> list[str]:
        return [id for id, frames in self.heard.items() if frames[-1]["type"] == "next"]

    def events(self) -> list[str]:
        """Of the streams of events: they begin with Ready."""
        return [id for id in self.open() if '"Ready"' in orjson.dumps(self.heard[id][0]).decode()]

    def first(self) -> dict[str, str]:
        texts = {id: orjson.dumps(frames[0]).decode() for id, frames in self.heard.items()}
        return {id: CURSORS.sub("", blanked(text)) for id, text in texts.items()}


@asynccontextmanager
async def listening(person: Person, asked: Sequence[Question]) -> AsyncIterator[Ears]:
    """To all of them at once; each has begun, or was refused."""
    ears = Ears()
    async with AsyncExitStack() as stack:
        tasks = []
        for start in range(0, len(asked), EACH):
            socket = await stack.enter_async_context(person.socket())
            tasks.append(asyncio.create_task(ears.listen(socket)))
            for number, question in enumerate(asked[start : start + EACH], start):
                await socket.start(question.query, str(number), **question.variables)
        await ears.until([str(number) for number in range(len(asked))], 1)
        yield ears
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def mark(planned: Evening) -> set[str]:
    """Of every type one thing happens on all topics that the stranger may follow; what it is called."""
    sam = planned.sam.id
    own = [f"{name}:{sam}" for name in ("tasks", "labels", "sessions", "families", "givings", "user", "seats", "usage")]
    now = planned.people.services.clock()
    drafts = [
        Draft([*own, "lobby:seances"], Kind.UPDATED, type, new_id("mark"), Id(sam), now, grants=False)
        for type in EntityType
    ]
    async with planned.people.services.db.transaction() as session:
        await log.append(session, drafts)
    planned.people.services.doorbell.ring()
    return {draft.entity_id for draft in drafts}


def unmarked(ears: Ears, events: Sequence[str], marks: set[str]) -> dict[str, Any]:
    """What came first in these, where it is no mark."""
    first = {id: ears.heard[id][1] for id in events}
    return {id: told for id, told in first.items() if not any(mark in str(told) for mark in marks)}


def asked_of(planned: Evening, cursor: str | None = None) -> list[Question]:
    """Of what happens also to whom, or to what."""
    asked = subscriptions(SCHEMA, planned.pool(), ELSEWHERE, cursor=cursor)
    more = "{ __typename ... on Change { entityId } }"
    return [replace(one, query=one.query.replace("{ __typename }", more)) if _of_events(one) else one for one in asked]


def _of_events(question: Question) -> bool:
    assert SCHEMA.subscription_type is not None
    return isinstance(get_named_type(SCHEMA.subscription_type.fields[question.name].type), GraphQLUnionType)


@pytest.mark.parametrize("visibility", ["PRIVATE", "UNLISTED"])
async def test_a_stranger_hears_nothing_of_it(people: People, visibility: str) -> None:
    planned = await evening(people, visibility=visibility)
    asked = asked_of(planned)
    async with listening(planned.sam, asked) as ears:
        before, open, events = ears.first(), ears.open(), ears.events()
        assert len(events) > len(EntityType)
        assert len(open) < len(asked) / 2
        await planned.begins()
        await planned.goes_on()
        found, _ = await world.room(people, await people.one(), visibility="PUBLIC", name="For all")
        own, _ = await world.room(people, planned.sam, name="Their own")
        marks = await mark(planned)
        await ears.until(events, 2)
        rooms = min((id for id in open if asked[int(id)].name == "seances"), key=int)  # all of them
        await ears.until_told(rooms, found.id, own.id)
        assert {
            id: told for id in events if (told := ears.heard[id][1]) and not any(m in str(told) for m in marks)
        } == {}
        again = {asked[int(id)].name for id, frames in ears.heard.items() if len(frames) > 1 and id not in events}
        assert again <= {"presence", "seances"}  # of their own, and of what is for all
        secret = [*(id for ids in planned.ids.values() for id in ids), *planned.users]
        later = {id: str(frames[1:]) for id, frames in ears.heard.items()}
        assert [word for word in secret if word in "".join(later.values())] == []
        elsewhere = [told for id, told in later.items() if asked[int(id)].name != "seances"]  # where others' rooms are
        assert [word for word in WORDS if word in "".join(elsewhere)] == []
    async with listening(planned.sam, asked) as ears:
        refused = {id: text for id, text in before.items() if id not in open}
        assert {id: text for id, text in ears.first().items() if id in refused} == refused
        assert {*ears.open()} == {*open}


async def test_who_comes_back_later_is_told_nothing_of_it(people: People) -> None:
    planned = await evening(people)
    async with planned.sam.socket() as socket:
        await socket.start(CURSOR)
        cursor = (await socket.frame())["payload"]["data"]["changes"]["cursor"]
    await planned.begins()
    await planned.goes_on()
    async with listening(planned.sam, asked_of(planned, cursor)) as ears:
        events = ears.events()
        assert len(events) > len(EntityType)
        marks = await mark(planned)
        await ears.until(events, 2)
        assert unmarked(ears, events, marks) == {}


async def test_who_has_left_is_not_told_what_came_later_by_coming_back_after_a_cursor(people: People) -> None:
    planned = await evening(people)
    async with planned.max.socket() as socket:
        await socket.start(CURSOR)
        cursor = (await socket.frame())["payload"]["data"]["changes"]["cursor"]
    await planned.begins()
    query = """subscription ($topics: [String!], $after: Cursor) { changes(topics: $topics, after: $after) {
      __typename ... on EntityChanged { kind entityType node { id } actor { id } } } }"""
    async with planned.max.socket() as socket:
        await socket.start(query, "room", topics=[f"seance:{planned.room.id}"], after=cursor)
        frame = await socket.frame()
        assert (frame["type"], frame["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
        await socket.start(query, "own", topics=[f"seats:{planned.max.id}"], after=cursor)
        told = [(await socket.frame())["payload"]["data"]["changes"] for _ in range(3)]
        kinds = [(one.get("kind"), one.get("entityType")) for one in told[1:]]
        assert kinds == [("ADDED", "SEANCE_PARTICIPANT"), ("LEFT", "SEANCE_PARTICIPANT")]

"""Comments as clients make and read them, and what is told of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.gifts.world import World
from tests.people import Answer, Person
from tests.sockets import Events, Socket

ADD = """mutation ($input: AddCommentInput!) { addComment(input: $input) {
  id text parentType parentId version author { name } } }"""
READ = """query ($type: CommentParent, $id: ID) { comments(parentType: $type, parentId: $id) {
  totalCount nodes { id text author { name } } } }"""
EVENTS = """subscription ($type: CommentParent!, $of: ID!, $after: Cursor) {
  commentEvents(parentType: $type, parentId: $of, after: $after) { __typename
    ... on Ready { cursor } ... on CommentChanged { kind topic actor { name } comment { text } }
    ... on CommentDeleted { topic deletedId } } }"""


async def add(person: Person, type: str, id: str, text: str = "Nice", **more: Any) -> Answer:
    return await person.ask(ADD, input={"parentType": type, "parentId": id, "text": text} | more)


async def said(person: Person, type: str, id: str, text: str = "Nice", **more: Any) -> Any:
    return (await add(person, type, id, text, **more)).data["addComment"]


async def texts(person: Person, type: str | None = None, id: str | None = None) -> list[str]:
    """What they read; the count says the same."""
    found = (await person.ask(READ, type=type, id=id)).data["comments"]
    assert found["totalCount"] == len(found["nodes"])
    return [node["text"] for node in found["nodes"]]


def parents(home: World) -> dict[str, str]:
    return {
        "OCCASION": home.occasion.id,
        "LIST": home.list.id,
        "ITEM": home.item.id,
        "GIFT": home.gift.id,
        "PERSON": home.receiver.id,
    }


@asynccontextmanager
async def hearing(person: Person, type: str, id: str) -> AsyncIterator[Events]:
    async with person.socket() as socket:
        yield await begun(socket, type, id)


async def begun(socket: Socket, type: str, id: str) -> Events:
    await socket.start(EVENTS, "1", type=type, of=id)
    events = Events(socket, "1")
    events.first = await events.next()
    assert events.first["__typename"] == "Ready"
    return events

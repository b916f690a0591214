"""The family's scenarios with real clients: what one does the others hear, all of them, in the same order, once.

Two clients, and fifty in one process of Node; among them the person whom the presents are for, who hears no secret.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from db.gifts.families import FamilyMember
from kit.ids import Id
from tests.gifts.speaking import said
from tests.gifts.world import World, world
from tests.people import People, Person

HERE = Path(__file__).parent
NODE = str(Path(sys.executable).with_name("node"))
PATIENCE = 60  # seconds; each step of the script has a limit of its own
CHANGES = """subscription ($topics: [String!]) { changes(topics: $topics) { __typename
  ... on Ready { cursor }
  ... on EntityChanged { cursor kind entityType entityId topic }
  ... on EntityDeleted { cursor entityType deletedId topic } } }"""
OF_LIST = """subscription ($of: ID!) { listEvents(listId: $of) { __typename
  ... on Ready { cursor } ... on ListItemChanged { kind entityId topic } } }"""
OF_ITEM = """subscription ($of: ID!) { commentEvents(parentType: ITEM, parentId: $of) { __typename
  ... on Ready { cursor } ... on CommentChanged { kind entityId topic comment { text author { name } } } } }"""
ADD = 'mutation ($of: ID!) { addListItem(listId: $of, input: {gift: {name: "A drum"}}) { id } }'
MOVE = "mutation ($of: ID!) { transitionListItem(id: $of, status: SELECTED) { id } }"
ASSIGN = "mutation ($of: ID!, $user: ID!) { assignListItem(id: $of, userId: $user) { id } }"
REMOVE = "mutation ($of: ID!) { removeListItem(id: $of) { deletedId } }"


class Clients:
    """They are there: each has been told that its stream is ready."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def heard(self, last: str) -> list[list[Any]]:
        """What each has heard until it heard of the last."""
        async with asyncio.timeout(PATIENCE):
            out, err = await self._process.communicate(f"{last}\n".encode())
        assert self._process.returncode == 0, err.decode()
        found: list[list[Any]] = json.loads(out)
        return found


@asynccontextmanager
async def clients(people: list[Person], query: str, **variables: Any) -> AsyncIterator[Clients]:
    port = people[0].people.url.rpartition(":")[2]
    process = await asyncio.create_subprocess_exec(
        NODE, "gifts.mjs", port, cwd=HERE, stdin=PIPE, stdout=PIPE, stderr=PIPE, start_new_session=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        asked = {"tokens": [person.token for person in people], "query": query, "variables": variables}
        process.stdin.write(f"{json.dumps(asked)}\n".encode())
        async with asyncio.timeout(PATIENCE):
            ready = await process.stdout.readline()
        assert ready == b"ready\n", await process.communicate()
        yield Clients(process)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)  # `node` is a wrapper of Node
            await process.wait()


@pytest.fixture
async def home(people: People) -> World:
    assert (HERE / "node_modules").is_dir(), "The JavaScript clients are not installed: `make test` does it."
    return await world(people)


async def add(person: Person, home: World) -> str:
    id: str = (await person.ask(ADD, of=home.list.id)).data["addListItem"]["id"]
    return id


async def move(person: Person, item: str) -> None:
    assert (await person.ask(MOVE, of=item)).data


async def assign(person: Person, item: str, to: Person) -> None:
    assert (await person.ask(ASSIGN, of=item, user=to.id)).data


def told(topic: str, kind: str, item: str) -> dict[str, str]:
    return {"__typename": "ListItemChanged", "kind": kind, "entityId": item, "topic": topic}


async def test_what_is_added_moved_and_assigned_both_clients_hear(home: World) -> None:
    async with clients([home.gus, home.gina], OF_LIST, of=home.list.id) as both:
        item = await add(home.gus, home)
        await move(home.gus, item)
        await assign(home.gina, item, home.gus)
        last = await add(home.ida, home)
        heard = await both.heard(last)
    topic = f"list:{home.list.id}"
    expected = [told(topic, kind, item) for kind in ("ADDED", "STATUS_CHANGED", "ASSIGNED")]
    assert heard == [[*expected, told(topic, "ADDED", last)]] * 2


async def test_what_is_said_both_clients_hear(home: World) -> None:
    async with clients([home.gus, home.gina], OF_ITEM, of=home.item.id) as both:
        comments = [await said(home.gus, "ITEM", home.item.id, text) for text in ("I have them", "In blue")]
        heard = await both.heard(comments[-1]["id"])
    assert heard[0] == heard[1]
    assert [(event["kind"], event["entityId"], event["comment"]["text"]) for event in heard[0]] == [
        ("COMMENT_ADDED", comment["id"], comment["text"]) for comment in comments
    ]


async def crowd(home: World, number: int) -> list[Person]:
    """So many more givers."""
    people = [await home.people.one() for _ in range(number)]
    members = (FamilyMember(id=FamilyMember.fresh_id(), family_id=home.family.id, user_id=Id(p.id)) for p in people)
    await home.keep(*members)
    return people


async def busy(home: World, givers: list[Person]) -> list[str]:
    """Many do many things at the same time; the items that they put on the list."""

    async def one(giver: Person, number: int) -> str:
        item = await add(giver, home)
        await move(giver, item)
        await assign(giver, item, givers[number - 1])
        await said(giver, "ITEM", home.item.id, f"{number}")
        if number % 2:
            assert (await giver.ask(REMOVE, of=item)).data
        return item

    return [*await asyncio.gather(*(one(giver, number) for number, giver in enumerate(givers)))]


async def test_fifty_clients_hear_the_same_in_the_same_order_and_she_no_secret(home: World) -> None:
    givers = [home.gus, home.gina, *await crowd(home, 47)]
    topics = [f"list:{home.list.id}", f"comments:item:{home.item.id}", f"list-items:all:{home.family.id}"]
    async with clients([home.ida, *givers], CHANGES, topics=topics) as fifty:
        items = await busy(home, givers[:10])
        open = await said(home.gus, "ITEM", home.item.id, "What size?", open=True)
        hers, *theirs = await fifty.heard(open["id"])
    assert [event["entityId"] for event in hers] == [open["id"]]
    assert all(heard == theirs[0] for heard in theirs)
    assert len(theirs) == 49
    cursors = [event["cursor"] for event in theirs[0]]
    assert len(cursors) == len({*cursors})
    kinds = {item: [kind_of(event) for event in theirs[0] if id_of(event) == item] for item in items}
    steps = ["ADDED", "STATUS_CHANGED", "ASSIGNED"]
    assert kinds == {item: [*steps, "DELETED"] if number % 2 else steps for number, item in enumerate(items)}
    assert [kind_of(event) for event in theirs[0] if event["topic"].startswith("comments")] == ["COMMENT_ADDED"] * 11


def kind_of(event: Any) -> str:
    kind: str = event.get("kind", "DELETED")
    return kind


def id_of(event: Any) -> str:
    id: str = event.get("entityId") or event["deletedId"]
    return id

"""What the tests of lists and items ask, and how they look at rows."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import text

from db.base import Entity
from tests.gifts.world import World
from tests.people import Answer, Person
from tests.sockets import Events

E = TypeVar("E", bound=Entity)

CREATE = """mutation ($input: CreateGiftListInput!) { createGiftList(input: $input) {
  id name type visibility surprise revealAt giversSeeEachOther version
  owner { name } person { name } occasion { name } family { name } } }"""
UPDATE = """mutation ($id: ID!, $input: UpdateGiftListInput!, $version: Int) {
  updateGiftList(id: $id, input: $input, expectedVersion: $version) { id name version } }"""
DELETE = "mutation ($id: ID!) { deleteGiftList(id: $id) { deletedId } }"
ADD = """mutation ($list: ID!, $input: AddListItemInput!) { addListItem(listId: $list, input: $input) {
  id quantity note status givenBefore version person { name } addedBy { name } list { id }
  gift { id name url priceMinor currency description imageUrl tags addedBy { name } } giving { status claimed } } }"""
CHANGE = """mutation ($id: ID!, $input: UpdateListItemInput!, $version: Int) {
  updateListItem(id: $id, input: $input, expectedVersion: $version) { id quantity note version } }"""
REMOVE = "mutation ($id: ID!) { removeListItem(id: $id) { deletedId } }"

CHANGES = """subscription ($topics: [String!]) { changes(topics: $topics) { __typename
  ... on EntityChanged { kind entityId } ... on EntityDeleted { deletedId } } }"""


async def create(person: Person, home: World, name: str = "Ideas", type: str = "IDEAS", **more: Any) -> Any:
    input = {"familyId": home.family.id, "name": name, "type": type} | more
    return (await person.ask(CREATE, input=input)).data["createGiftList"]


async def update(person: Person, list: Any, version: int | None = None, **input: Any) -> Answer:
    return await person.ask(UPDATE, id=list.id, input=input, version=version)


async def add(person: Person, list: str, name: str = "Kite", **more: Any) -> Any:
    input = {"gift": {"name": name}} | more
    return (await person.ask(ADD, list=list, input=input)).data["addListItem"]


async def rows(home: World, table: str) -> list[dict[str, Any]]:
    """All of a family, whoever may see them."""
    statement = text(f"select * from {table} where family_id = :family order by id")  # noqa: S608 (a name of ours)
    async with home.people.services.db.transaction() as session:
        return [dict(row) for row in (await session.execute(statement, {"family": home.family.id})).mappings()]


async def row(home: World, model: type[E], id: str) -> E | None:
    async with home.people.services.db.transaction() as session:
        return await session.get(model, id)


async def write(home: World, statement: str, **values: Any) -> None:
    """What no verb here would write."""
    async with home.people.services.db.transaction() as session:
        await session.execute(text(statement), values)


Hearing = Callable[[], Awaitable[list[tuple[str, str]]]]


@asynccontextmanager
async def following(home: World, person: Person, *topics: str) -> AsyncIterator[Hearing]:
    """A stream; what is given tells kind and id of all that it has told since, up to a marker: a wish of Ida's."""

    async def hear() -> list[tuple[str, str]]:
        marker, told = (await add(home.ida, home.list.id, "Marker"))["id"], list[tuple[str, str]]()
        while True:
            event = await events.next()
            kind, id = event.get("kind", "DELETED"), event.get("entityId") or event["deletedId"]
            if id == marker:
                return told
            if not id.startswith("gift_"):  # of the marker, and told with every item
                told.append((kind, id))

    async with person.socket() as socket:
        await socket.start(CHANGES, topics=[*topics])
        events = Events(socket, "1")
        assert (await events.next())["__typename"] == "Ready"
        yield hear

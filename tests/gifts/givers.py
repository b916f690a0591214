"""How tests of givers ask, and what they look at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text

from kit.ids import Id, new_id
from live import log
from live.log import Draft, Kind
from live.topics import givings_of
from tests.gifts.world import World
from tests.people import Answer, Person
from tests.sockets import Events

GIVING = """giving { status statusChangedAt receivedAt thankedAt pricePaidMinor currency claimed left targetMinor
  fundedMinor leftMinor version assignee { name } organizer { name }
  claims { totalCount nodes { id quantity anonymous user { name } } }
  contributions { totalCount nodes { id amountMinor anonymous user { name } } } }"""
ITEM = f"query ($id: ID!) {{ listItem(id: $id) {{ status version updatedAt {GIVING} }} }}"
ACTIVITY = "{ activity { nodes { kind status actor { name } item { id } } } }"
HEARD = """subscription ($after: Cursor) { changes(topics: [%s], after: $after) { __typename
  ... on Ready { cursor } ... on EntityChanged { kind topic entityId actor { name } }
  ... on EntityDeleted { topic deletedId actor { name } } } }"""
TABLES = ("list_item", "giving", "claim", "contribution", "comment", "activity", "event")


async def do(person: Person, verb: str, id: str, **more: Any) -> Answer:
    return await person.ask(f"mutation ($id: ID!) {{ {verb} }}", id=id, **more)


async def giving(person: Person, id: str) -> Any:
    return (await person.ask(ITEM, id=id)).data["listItem"]["giving"]


async def activity(person: Person) -> list[tuple[Any, ...]]:
    """Kind, status and who, the oldest first."""
    nodes = (await person.ask(ACTIVITY)).data["activity"]["nodes"]
    return [(node["kind"], node["status"], node["actor"] and node["actor"]["name"]) for node in reversed(nodes)]


async def kept(home: World) -> dict[str, Any]:
    """All that is kept of the family's gifts and told of the item, to show that nothing has changed."""
    found: dict[str, Any] = {}
    async with home.people.services.db.transaction() as session:
        for table in TABLES:
            whose = "entity_id = :item" if table == "event" else "family_id = :family"
            statement = text(f"select * from {table} where {whose} order by id")  # noqa: S608 (names of ours)
            rows = await session.execute(statement, {"item": home.item.id, "family": home.family.id})
            found[table] = [tuple(row) for row in rows]
    return found


async def write(home: World, statement: str, **values: Any) -> None:
    """What no verb would write."""
    async with home.people.services.db.transaction() as session:
        await session.execute(text(statement), values)


def own_topic(giver: Person) -> str:
    return givings_of(Id(giver.id))


@asynccontextmanager
async def listening(person: Person, *topics: str, query: str = HEARD) -> AsyncIterator[Events]:
    named = query % ", ".join(f'"{topic}"' for topic in topics) if topics else query
    async with person.socket() as socket, socket.events(query=named) as events:
        yield events


async def heard(home: World, topic: str, *streams: Events) -> list[list[Any]]:
    """What each has told up to a marker that everybody hears who follows the topic."""
    marker, services = new_id("item"), home.people.services
    async with services.db.transaction() as session:
        await log.append(session, [Draft([topic], Kind.UPDATED, "ListItem", marker, None, services.clock())])
    services.doorbell.ring()
    found: list[list[Any]] = []
    for events in streams:
        told: list[Any] = []
        while (event := await events.next()).get("entityId") != marker:
            told.append(event)
        found.append(told)
    return found

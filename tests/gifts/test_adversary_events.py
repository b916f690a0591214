"""What the person a present is for hears while others act for her, and what she is told when she comes back later."""

import json
from contextlib import AsyncExitStack
from typing import Any

import pytest

from kit.ids import Id, new_id
from live import log
from live.log import Draft, Kind
from resolvers.changes import EntityType
from tests.gifts import asking
from tests.gifts.hearing import hearing
from tests.gifts.scenario import Stage, everything_givers_do, staged
from tests.gifts.test_adversary import rows, topics
from tests.gifts.world import World
from tests.people import Person

EVENT = """{ __typename ... on Ready { cursor } ... on EntityChanged { at kind entityId actor { name } }
  ... on EntityDeleted { at deletedId actor { name } } }"""
OF_ONE_TYPE = """{ __typename ... on Ready { cursor } ... on %sChanged { at kind entityId actor { name } }
  ... on %sDeleted { at deletedId actor { name } } }"""
ANY = dict.fromkeys(("familyEvents", "occasionEvents", "personEvents"), EVENT)
TYPED = {
    name: OF_ONE_TYPE % (type, type)
    for name, type in (
        ("giftListEvents", "GiftList"),
        ("giftEvents", "Gift"),
        ("listEvents", "ListItem"),
        ("listItemEvents", "ListItem"),
        ("givingEvents", "ListItem"),
        ("commentEvents", "Comment"),
    )
}
CHANGES = (
    f"subscription ($topics: [String!], $after: Cursor) {{ told: changes(topics: $topics, after: $after) {EVENT} }}"
)
DASHBOARD = """subscription ($id: ID!) { dashboard(familyId: $id) { pipeline { idea selected purchased received }
  persons(first: 20) { nodes { person { name } idea selected purchased received } }
  ideas(first: 20) { totalCount nodes { id gift { name } person { name } } }
  activity(first: 20) { totalCount nodes { kind actor { name } item { id } } } } }"""


def streams(home: World) -> dict[str, str]:
    ids = {"family": home.family.id, "occasion": home.occasion.id, "list": home.list.id, "person": home.receiver.id}
    of = {"familyEvents": "family", "giftListEvents": "family", "giftEvents": "family", "listItemEvents": "family"}
    of |= {"occasionEvents": "occasion", "personEvents": "person", "listEvents": "list"}
    called = {name: f"{name}({word}Id: {json.dumps(ids[word])}, after: $after)" for name, word in of.items()}
    called |= {"givingEvents": "givingEvents(after: $after)"}
    queries = {
        name: f"subscription ($after: Cursor) {{ {call} {(ANY | TYPED)[name]} }}" for name, call in called.items()
    }
    parents = {
        "ITEM": home.item,
        "LIST": home.list,
        "PERSON": home.receiver,
        "OCCASION": home.occasion,
        "GIFT": home.gift,
    }
    for type, parent in parents.items():
        call = f"commentEvents(parentType: {type}, parentId: {json.dumps(parent.id)}, after: $after)"
        queries[f"commentEvents {type}"] = f"subscription ($after: Cursor) {{ {call} {TYPED['commentEvents']} }}"
    return queries


async def marked(home: World, followed: list[str]) -> set[str]:
    """Of every type one thing happens on all topics; what it is called."""
    drafts = [
        Draft(followed, Kind.UPDATED, entity, new_id("mark"), Id(home.dora.id), home.people.services.clock())
        for entity in EntityType
    ]
    async with home.people.services.db.transaction() as session:
        await log.append(session, drafts)
    home.people.services.doorbell.ring()
    return {draft.entity_id for draft in drafts}


async def all_topics(stage: Stage) -> list[str]:
    found = await rows(stage.home)
    return [topic for topic in topics(stage.home, found) if not topic.startswith("user:")]


async def cursor(person: Person, topic: str) -> str:
    """Of all that has happened up to now."""
    async with person.socket() as socket:
        await socket.start(CHANGES, topics=[topic])
        return str((await socket.frame())["payload"]["data"]["told"]["cursor"])


@pytest.mark.parametrize("resumed", [False, True], ids=["as it happens", "coming back"])
async def test_she_hears_of_nothing(home: World, resumed: bool) -> None:
    stage = await staged(home)
    hers = await all_topics(stage)
    after = await cursor(home.ida, f"family:{home.family.id}") if resumed else None
    if resumed:
        await everything_givers_do(stage)
    queries = streams(home) | {f"changes {topic}": CHANGES for topic in hers}
    async with AsyncExitStack() as stack:
        heard = {}
        for name, query in queries.items():
            named: dict[str, Any] = {"topics": [name.removeprefix("changes ")]} if query == CHANGES else {}
            heard[name] = await stack.enter_async_context(hearing(home.ida, query, after=after, **named))
        if not resumed:
            await everything_givers_do(stage)
        marks = await marked(home, hers)
        told = {name: await stream.next() for name, stream in heard.items()}
    assert {name: event for name, event in told.items() if event.get("entityId") not in marks} == {}


async def test_every_event_names_her_among_those_who_do_not_hear_it(home: World) -> None:
    stage = await staged(home)
    hers = await all_topics(stage)
    db = home.people.services.db
    (last,) = await db.fetch("select max(id) as id from event")
    await everything_givers_do(stage)
    told = await db.fetch(
        "select kind, entity, entity_id, hidden_from, topics from event where id > $1 and topics && $2 order by id",
        last["id"],
        hers,
    )
    assert len(told) > 50
    assert [dict(row) for row in told if home.ida.id not in row["hidden_from"]] == []


async def test_her_dashboard_stays_as_it_is(home: World) -> None:
    stage = await staged(home)
    async with home.ida.socket() as socket:
        payload = {"query": DASHBOARD, "variables": {"id": home.family.id}}
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
        before = (await socket.frame())["payload"]["data"]["dashboard"]
        await everything_givers_do(stage)
        await stage("dora", 'createPerson(input: {familyId: $family;, name: "Marker"}) { id }')
        after = (await socket.frame())["payload"]["data"]["dashboard"]
    people = [node for node in after["persons"]["nodes"] if node["person"]["name"] != "Marker"]
    assert len(people) == len(after["persons"]["nodes"]) - 1
    assert people == before["persons"]["nodes"]
    assert (after["pipeline"], after["ideas"]) == (before["pipeline"], before["ideas"])
    assert after["activity"]["nodes"][1:] == before["activity"]["nodes"][: len(after["activity"]["nodes"]) - 1]


async def test_who_joins_is_not_told_what_happened_before_they_came(home: World) -> None:
    newcomer = await home.people.one(name="Nina")
    after = await cursor(newcomer, f"user:{newcomer.id}")
    made = await staged(home)
    await everything_givers_do(made)
    code = (await asking.invite(home.dora, home.family.id))["code"]
    await asking.join(newcomer, code)
    topic = f"family:{home.family.id}"
    async with hearing(newcomer, CHANGES, topics=[topic], after=after) as stream:
        told = await stream.next()
    ((member,),) = [
        row.values()
        for row in await asking.rows(home.people, "select id from family_member where user_id = $1", newcomer.id)
    ]
    assert (told["kind"], told["entityId"]) == ("ADDED", member)

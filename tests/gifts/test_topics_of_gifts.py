"""Every verb is told on all topics that its rows belong to, and to those alone who may know."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from string import Template
from typing import Any

import pytest
from sqlalchemy import select

from db.gifts.families import FamilyMember
from db.gifts.gifts import Gift, PageState
from db.gifts.occasions import Occasion, OccasionPerson, OccasionType
from db.log import Event
from kit.ids import new_id
from live import log
from live.log import Draft, Kind
from schema.question import BACKREF
from schema.schema import made
from tests.gifts.acting import assign, claim
from tests.gifts.speaking import said
from tests.gifts.telling import CASES, Case
from tests.gifts.world import World
from tests.live.looking import SUBSCRIPTION, Looking
from tests.live.test_audience import context
from tests.people import Person
from tests.sockets import Events

SCHEMA = made()._schema
assert SCHEMA.mutation_type is not None
MUTATIONS = [
    name
    for name, field in SCHEMA.mutation_type.fields.items()
    if field.extensions[BACKREF].call.__module__.startswith("resolvers.gifts.")
]
EVENT = """{ __typename ... on EntityChanged { kind entityType entityId node { id } }
  ... on EntityDeleted { entityType deletedId } }"""
CHANGES = f"subscription ($topics: [String!]) {{ changes(topics: $topics) {EVENT} }}"
AROUND = f"subscription ($of: ID!) {{ personEvents(personId: $of) {EVENT} }}"
NAMES = ("dora", "gus", "gina", "ida", "sam")


async def known(home: World) -> dict[str, str]:
    """The ids that verbs speak of, by name. The gift has a page, which has been read."""
    rows = ("family", "occasion", "list", "gift", "item")
    async with home.people.services.db.transaction() as session:
        gift = await session.get_one(Gift, home.gift.id)
        gift.url, gift.page_state = "http://127.0.0.1/skates", PageState.READY
        guest = await session.scalar(select(OccasionPerson.id).where(OccasionPerson.family_id == home.family.id))
        member = await session.scalar(
            select(FamilyMember.id).where(FamilyMember.family_id == home.family.id, FamilyMember.user_id == home.gus.id)
        )
    found = {name: getattr(home, name).id for name in (*rows, "dora", "gus", "gina", "ida")}
    return found | {"person": home.receiver.id, "guest": str(guest), "member": str(member)}


async def do(person: Person, verb: str, ids: dict[str, str]) -> str:
    """The first value that it answers."""
    found = (await person.ask(f"mutation {{ {Template(verb).substitute(ids)} }}")).data
    while not isinstance(found, str):
        found = found[0] if isinstance(found, list) else next(iter(found.values()))
    return found


async def last(home: World) -> int:
    ((number,),) = await home.people.services.db.fetch("select coalesce(max(id), 0) from event")
    return int(number)


async def told(home: World, people: dict[str, Person], after: int) -> list[str]:
    """As in the table, what people did: a page is read by a job."""
    done = select(Event).where(Event.id > after, Event.actor_id.is_not(None)).order_by(Event.id)
    async with home.people.services.db.transaction() as session:
        events = await session.scalars(done)
        return [_as_text(event, {person.id: name for name, person in people.items()}) for event in events]


def _as_text(event: Any, names: dict[str, str]) -> str:
    topics = sorted(topic.rpartition(":")[0] for topic in event.topics)
    hidden = sorted(names[id] for id in event.hidden_from)
    return f"{event.kind} {event.entity}: {' '.join(topics)}" + (f" | {' '.join(hidden)}" if hidden else "")


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.by}-{case.name}")
async def test_what_a_verb_tells_to_whom(home: World, case: Case) -> None:
    people = {name: getattr(home, name) for name in NAMES[:-1]} | {"sam": await home.people.one()}
    ids = await known(home)
    for number, (by, verb) in enumerate(case.before):
        ids[f"made{number}"] = await do(people[by], verb, ids)
    before = await last(home)
    await do(people[case.by], case.verb, ids)
    assert await told(home, people, before) == case.told


def test_the_table_knows_every_verb_of_a_familys_gifts() -> None:
    assert {*MUTATIONS} == {case.name for case in CASES}


async def test_each_topic_tells_givers_what_givers_do_and_her_what_is_open(home: World) -> None:
    topics = [
        f"list:{home.list.id}",
        f"person:{home.receiver.id}",
        f"list-items:all:{home.family.id}",
        f"occasion:{home.occasion.id}",
        f"comments:item:{home.item.id}",
        f"family:{home.family.id}",
    ]
    async with AsyncExitStack() as stack:
        both = home.gina, home.ida
        streams = {topic: [await begun(stack, person, CHANGES, topics=[topic]) for person in both] for topic in topics}
        await claim(home.gus, home.item)
        await said(home.gus, "ITEM", home.item.id)
        await assign(home.gus, home.item, home.gus)
        await said(home.gus, "ITEM", home.item.id, open=True)
        async with context(home.gus).work() as work:
            work.tell(home.occasion, Kind.UPDATED)
        marker = await marked(home, topics)
        heard = {topic: [await until(events, marker) for events in both] for topic, both in streams.items()}
    comment, occasion = "COMMENT_ADDED COMMENT", "UPDATED OCCASION"
    acts = ["UPDATED LIST_ITEM", "ASSIGNED LIST_ITEM"]
    assert heard == {
        **{topic: [acts, []] for topic in topics[:3]},
        topics[3]: [[occasion], [occasion]],
        topics[4]: [[comment, comment], [comment]],
        topics[5]: [[acts[0], comment, acts[1], comment, occasion], [comment, occasion]],
    }


async def test_around_a_person_givers_hear_of_gifts_and_all_of_occasions(home: World) -> None:
    wedding = Occasion(
        id=Occasion.fresh_id(),
        family_id=home.family.id,
        name="A wedding",
        type=OccasionType.WEDDING,
        day=home.occasion.day,
    )
    await home.keep(wedding)
    async with AsyncExitStack() as stack:
        streams = [await begun(stack, person, AROUND, of=home.receiver.id) for person in (home.gina, home.ida)]
        await claim(home.gus, home.item)
        guest = OccasionPerson(family_id=home.family.id, occasion_id=wedding.id, person_id=home.receiver.id)
        async with context(home.gus).work() as work:
            await work.add(guest)
        async with context(home.gus).work() as work:
            await work.remove(await work.lock(OccasionPerson, guest.id))
        marker = await marked(home, [f"person:{home.receiver.id}"])
        heard = [await until(events, marker) for events in streams]
    occasions = ["ADDED OCCASION_PERSON", "DELETED OCCASION_PERSON"]
    assert heard == [["UPDATED LIST_ITEM", *occasions], occasions]


async def test_a_stranger_follows_nothing_of_a_family(home: World) -> None:
    stranger = await home.people.one()
    async with stranger.socket() as socket:
        (error,) = await socket.ask(AROUND, of=home.receiver.id)
        assert error["extensions"]["code"] == "FORBIDDEN"
        for topic in ("family", "list-items:all", "list", "person", "occasion"):
            id = {"list": home.list, "person": home.receiver, "occasion": home.occasion}.get(topic, home.family).id
            (error,) = await socket.ask(CHANGES, topics=[f"{topic}:{id}"])
            assert error["extensions"]["code"] == "FORBIDDEN"


async def test_who_looks_at_a_list_sees_who_else_does_but_she_does_not(home: World) -> None:
    topic = f"list:{home.list.id}"
    async with looking(home.gus, topic) as first, looking(home.gina, topic) as second:
        for each in (first, second):
            await each.until(home.gus, home.gina)
        async with looking(home.ida, topic) as hers:
            await hers.until(home.ida)
    assert {id for told in hers.told for id in told} == {home.ida.id}


@asynccontextmanager
async def looking(person: Person, topic: str) -> AsyncIterator[Looking]:
    async with person.socket() as socket:
        await socket.start(SUBSCRIPTION, topic=topic)
        yield Looking(socket, topic)


async def begun(stack: AsyncExitStack, person: Person, query: str, **variables: Any) -> Events:
    socket = await stack.enter_async_context(person.socket())
    await socket.start(query, "1", **variables)
    events = Events(socket, "1")
    assert (await events.next())["__typename"] == "Ready"
    return events


async def marked(home: World, topics: list[str]) -> str:
    """An event that all hear who follow these, whatever they may see."""
    marker, services = new_id("item"), home.people.services
    async with services.db.transaction() as session:
        await log.append(session, [Draft(topics, Kind.UPDATED, "ListItem", marker, None, services.clock())])
    services.doorbell.ring()
    return marker


async def until(events: Events, marker: str) -> list[str]:
    """What it has told up to the marker."""
    found = []
    while (event := await events.next()).get("entityId") != marker:
        found.append(f"{event.get('kind', 'DELETED')} {event['entityType']}")
    return found

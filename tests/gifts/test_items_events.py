"""Who hears what of lists and items, and that the person hears of nothing that is kept from them."""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from db.gifts.items import Claim
from kit.ids import Id
from tests.gifts.listing import CHANGE, DELETE, REMOVE, add, create, following, rows, write
from tests.gifts.world import World
from tests.sockets import Events

LIST_EVENTS = """subscription ($id: ID!) { listEvents(listId: $id) { __typename
  ... on ListItemChanged { kind topic listItem { id quantity } } ... on ListItemDeleted { topic deletedId } } }"""
ITEM_EVENTS = LIST_EVENTS.replace("listEvents(listId", "listItemEvents(familyId")
LISTS_EVENTS = """subscription ($id: ID!) { giftListEvents(familyId: $id) { __typename
  ... on GiftListChanged { kind topic list { name } } ... on GiftListDeleted { topic deletedId } } }"""
GIVINGS = """subscription ($id: String!) { changes(topics: [$id]) { __typename
  ... on EntityChanged { kind entityId } ... on EntityDeleted { deletedId } } }"""
SHOW = "mutation ($id: ID!) { updateGiftList(id: $id, input: {visibility: FAMILY}) { id } }"


@pytest.mark.parametrize("of", ["list", "list-items:all", "person", "family"])
async def test_what_happens_to_an_item_is_told_on_all_its_topics_and_not_to_the_person(home: World, of: str) -> None:
    topic = f"{of}:{ {'list': home.list.id, 'person': home.receiver.id}.get(of, home.family.id) }"
    async with following(home, home.gina, topic) as hear, following(home, home.ida, topic) as hers:
        idea = (await add(home.gus, home.list.id))["id"]
        assert await hear() == [("ADDED", idea)]
        assert (await home.gus.ask(CHANGE, id=idea, input={"note": "Red!"})).data
        assert await hear() == [("UPDATED", idea)]
        assert (await home.gus.ask(CHANGE, id=idea, input={"note": "Red!"})).data
        assert await hear() == []
        assert (await home.gus.ask(REMOVE, id=idea)).data
        assert await hear() == [("DELETED", idea)]
        assert {kind for kind, _ in await hers()} == {"ADDED"}  # the markers


async def test_the_streams_of_a_list_and_of_a_family_tell_of_items(home: World) -> None:
    for query, id, topic in (
        (LIST_EVENTS, home.list.id, f"list:{home.list.id}"),
        (ITEM_EVENTS, home.family.id, f"list-items:all:{home.family.id}"),
    ):
        async with home.gus.socket() as socket:
            events = await begun(socket, query, id)
            made = (await add(home.gina, home.list.id))["id"]
            assert await events.next() == changed("ADDED", topic, made, 1)
            await home.gina.ask(CHANGE, id=made, input={"quantity": 2})
            assert await events.next() == changed("UPDATED", topic, made, 2)
            await home.gina.ask(REMOVE, id=made)
            assert await events.next() == {"__typename": "ListItemDeleted", "topic": topic, "deletedId": made}


async def begun(socket: Any, query: str, id: str) -> Events:
    await socket.send({"type": "subscribe", "id": "1", "payload": {"query": query, "variables": {"id": id}}})
    events = Events(socket, "1")
    assert (await events.next())["__typename"] == "Ready"
    return events


def changed(kind: str, topic: str, item: str, quantity: int) -> dict[str, Any]:
    told = {"id": item, "quantity": quantity}
    return {"__typename": "ListItemChanged", "kind": kind, "topic": topic, "listItem": told}


async def test_the_stream_of_lists_tells_the_person_of_none_that_is_hidden(home: World) -> None:
    async with home.ida.socket() as socket, home.gina.socket() as other:
        hers, all = await begun(socket, LISTS_EVENTS, home.family.id), await begun(other, LISTS_EVENTS, home.family.id)
        secret = await create(home.gus, home, "Secret", personId=home.receiver.id)
        assert (await home.gus.ask(DELETE, id=secret["id"])).data
        secret = await create(home.gus, home, "Secret no more", personId=home.receiver.id)
        assert (await home.gus.ask(SHOW, id=secret["id"])).data
        names = [event["list"] and event["list"]["name"] for event in await hers.take(1)]
        assert names == ["Secret no more"]
        kinds = [event.get("kind", "DELETED") for event in await all.take(4)]
        assert kinds == ["ADDED", "DELETED", "ADDED", "UPDATED"]


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        (lambda home: home.ida.ask(CHANGE, id=home.item.id, input={"quantity": 2}), "UPDATED"),
        (lambda home: home.ida.ask(REMOVE, id=home.item.id), "DELETED"),
        (lambda home: home.dora.ask(DELETE, id=home.list.id), "DELETED"),
    ],
    ids=["changed", "removed", "with its list"],
)
async def test_those_who_give_it_hear_on_their_own_topic(
    home: World, act: Callable[[World], Awaitable[Any]], kind: str
) -> None:
    """Dora claims another item on the list, and hears of that alone."""
    given = {"family_id": home.family.id, "quantity": 1}
    other = await home.another(home.ida)
    (theirs,) = [giving["id"] for giving in await rows(home, "giving") if giving["item_id"] == other.id]
    await home.keep(
        Claim(id=Claim.fresh_id(), giving_id=home.giving.id, user_id=Id(home.gus.id), **given),
        Claim(id=Claim.fresh_id(), giving_id=theirs, user_id=Id(home.dora.id), **given),
    )
    await write(home, "update giving set assignee_id = :gina where id = :id", gina=home.gina.id, id=home.giving.id)
    async with AsyncExitStack() as stack:
        streams = []
        for person in (home.gus, home.gina, home.dora):
            socket = await stack.enter_async_context(person.socket())
            streams.append(await begun(socket, GIVINGS, f"givings:{person.id}"))
        assert (await act(home)).data
        for events in streams[:2]:
            assert await told(events) == (kind, home.item.id)
        assert (await home.dora.ask(REMOVE, id=other.id)).body  # gone with its list already, in one case
        assert await told(streams[2]) == ("DELETED", other.id)


async def told(events: Events) -> tuple[str, str]:
    event = await events.next()
    return event.get("kind", "DELETED"), event.get("entityId") or event["deletedId"]


async def test_of_what_goes_with_a_list_the_person_hears_as_much_as_she_has_seen(home: World) -> None:
    made = (await create(home.gus, home, personId=home.receiver.id, visibility="FAMILY"))["id"]
    hidden, wish = (await add(home.gus, made))["id"], (await add(home.ida, made))["id"]
    topic = f"family:{home.family.id}"
    async with following(home, home.ida, topic) as hers, following(home, home.gina, topic) as hear:
        assert (await home.ida.ask(DELETE, id=made)).data
        assert {*await hear()} == {("DELETED", made), ("DELETED", wish), ("DELETED", hidden)}
        assert [event for event in await hers() if event[0] == "DELETED"] == [("DELETED", wish), ("DELETED", made)]

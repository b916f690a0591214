"""Who hears of an occasion, its people and its lists."""

from typing import Any

from db.gifts.comments import Comment, CommentParent
from db.gifts.lists import GiftList, GiftListVisibility
from db.gifts.occasions import OccasionPerson
from resolvers.gifts import keeping
from tests.gifts.test_occasions import ADD, DELETE, REMOVE, UPDATE, rows
from tests.gifts.world import World
from tests.sockets import Events, Socket

EVENTS = """subscription ($occasion: ID!) { occasionEvents(occasionId: $occasion) { __typename ... on Ready { cursor }
  ... on EntityChanged { kind entityType entityId topic actor { name } }
  ... on EntityDeleted { deletedId entityType topic actor { name } } } }"""


async def hidden_list(home: World) -> GiftList:
    """Gus's ideas for Ida, which she does not see, and what he said about the occasion."""
    shown = {"occasion_id": home.occasion.id, "visibility": GiftListVisibility.GIVERS}
    ideas = await home.another_list(home.gus, "Ideas", home.receiver, **shown)
    said = Comment(
        id=Comment.fresh_id(),
        family_id=home.family.id,
        author_id=home.gus.id,
        parent_type=CommentParent.OCCASION,
        parent_id=home.occasion.id,
        occasion_id=home.occasion.id,
        text="She must not know",
        **keeping.from_person(home.receiver.id),
    )
    await home.keep(said)
    return ideas


async def follow(socket: Socket, occasion: str) -> Events:
    await socket.start(EVENTS, "1", occasion=occasion)
    events = Events(socket, "1")
    assert (await events.next())["__typename"] == "Ready"
    return events


def told(kind: str, type: str, id: str, topic: str, by: str) -> dict[str, Any]:
    about = {"__typename": "EntityChanged", "kind": kind, "entityType": type, "entityId": id}
    if kind == "DELETED":
        about = {"__typename": "EntityDeleted", "entityType": type, "deletedId": id}
    return about | {"topic": topic, "actor": {"name": by}}


async def test_whoever_follows_it_hears_of_it_its_people_and_its_lists(home: World) -> None:
    id, topic = home.occasion.id, f"occasion:{home.occasion.id}"
    (guest,) = await rows(home, OccasionPerson)
    async with home.gina.socket() as socket:
        events = await follow(socket, id)
        await home.gus.ask(REMOVE, id=id, person=home.receiver.id)
        added = (await home.gus.ask(ADD, id=id, person=home.receiver.id)).data["addPersonToOccasion"]["id"]
        await home.ida.ask(UPDATE, id=id, input={"name": "Party"})
        assert await events.take(3) == [
            told("DELETED", "OCCASION_PERSON", guest.id, topic, "Gus"),
            told("ADDED", "OCCASION_PERSON", added, topic, "Gus"),
            told("UPDATED", "OCCASION", id, topic, "Ida"),
        ]


async def test_the_end_is_told_to_each_as_far_as_they_may_hear(home: World) -> None:
    """Ida deletes it, and with it what Gus said and may not reach her: others hear of that, and she does not."""
    ideas, topic = await hidden_list(home), f"occasion:{home.occasion.id}"
    (guest,) = await rows(home, OccasionPerson)
    async with home.gina.socket() as one, home.ida.socket() as other:
        givers, hers = await follow(one, home.occasion.id), await follow(other, home.occasion.id)
        assert (await home.ida.ask(DELETE, id=home.occasion.id)).data
        wishes = told("UPDATED", "GIFT_LIST", home.list.id, topic, "Ida")
        ends = [
            told("DELETED", "OCCASION_PERSON", guest.id, topic, "Ida"),
            told("DELETED", "OCCASION", home.occasion.id, topic, "Ida"),
        ]
        assert await hers.take(3) == [wishes, *ends]
        heard = await givers.take(4)
        assert sorted(heard[:2], key=lambda event: event["entityId"]) == sorted(
            [wishes, told("UPDATED", "GIFT_LIST", ideas.id, topic, "Ida")], key=lambda event: str(event["entityId"])
        )
        assert heard[2:] == ends
    assert (await rows(home, Comment), len(await rows(home, GiftList))) == ([], 2)


async def test_strangers_may_not_follow_it(home: World, other: World) -> None:
    for id in (home.occasion.id, "nothing"):
        async with other.gus.socket() as socket:
            await socket.start(EVENTS, "1", occasion=id)
            frame = await socket.frame()
            assert (frame["type"], frame["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")

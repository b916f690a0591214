"""Whoever follows a list or a person hears that it ends, and nobody hears of it who did not see it."""

import pytest

from db.gifts.gifts import Gift
from db.gifts.lists import GiftListType
from db.gifts.persons import Person as Receiver
from resolvers.gifts import items
from tests.gifts.hearing import CHANGES, hearing
from tests.gifts.listing import DELETE, REMOVE, add, row, rows
from tests.gifts.world import World

DELETE_PERSON = "mutation ($id: ID!) { deletePerson(id: $id) { deletedId } }"
LIST_EVENTS = """subscription ($id: ID!) { listEvents(listId: $id) { __typename
  ... on EntityDeleted { deletedId } } }"""
DELETE_OCCASION = "mutation ($id: ID!) { deleteOccasion(id: $id) { deletedId } }"
SAY = """mutation ($type: CommentParent!, $id: ID!) {
  addComment(input: {parentType: $type, parentId: $id, text: "Mine"}) { id } }"""
SAID = """query ($type: CommentParent!, $id: ID!) {
  comments(parentType: $type, parentId: $id) { nodes { id } } }"""
SAYING = """subscription ($type: CommentParent!, $id: ID!) { commentEvents(parentType: $type, parentId: $id) {
  __typename ... on CommentDeleted { deletedId } } }"""
GIFT = "query ($id: ID!) { gift(id: $id) { removedAt } gifts { totalCount } }"


async def test_who_follows_a_list_hears_that_it_is_gone(home: World) -> None:
    async with hearing(home.gus, CHANGES, topics=[f"list:{home.list.id}"]) as his:
        assert (await home.dora.ask(DELETE, id=home.list.id)).data
        told = [await his.next(), await his.next()]
    assert [event["deletedId"] for event in told] == [home.item.id, home.list.id]
    async with home.gus.socket() as socket:
        await socket.start(CHANGES, topics=[f"list:{home.list.id}"])
        assert (await socket.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_who_follows_a_person_hears_that_they_are_gone(home: World) -> None:
    topics = [f"person:{home.receiver.id}", f"list:{home.list.id}"]
    async with hearing(home.gina, CHANGES, topics=topics) as hers, hearing(home.ida, CHANGES, topics=topics) as idas:
        assert (await home.dora.ask(DELETE_PERSON, id=home.receiver.id)).data
        for stream in (hers, idas):
            told = [(await stream.next())["deletedId"] for _ in range(4)]
            assert (told[0], told[1], told[3]) == (home.item.id, home.list.id, home.receiver.id)


async def test_a_gift_that_was_kept_from_them_stays_on_the_lists_of_others(home: World) -> None:
    """And leaves the catalogue, with those that nobody has on a list any more gone for good."""
    kite, ball = [(await add(home.gus, home.list.id, name))["gift"]["id"] for name in ("Kite", "Ball")]
    ben = Receiver(id=Receiver.fresh_id(), family_id=home.family.id, name="Ben")
    await home.keep(ben)
    his = await home.another_list(home.gus, "Ben's", ben, type=GiftListType.WISHLIST)
    item = (await add(home.gus, his.id, gift=None, giftId=kite))["id"]
    async with hearing(home.gina, CHANGES, topics=[f"gift:{ball}", f"gift:{kite}"]) as hers:
        assert (await home.dora.ask(DELETE_PERSON, id=home.receiver.id)).data
        told = [await hers.next() for _ in range(3)]
    assert {event.get("deletedId") for event in told} == {ball, kite, None}
    assert [kept["id"] for kept in await rows(home, "list_item")] == [item]
    assert await row(home, Gift, ball) is None
    left = await row(home, Gift, kite)
    assert left is not None
    assert (left.kept_from_id, left.kept_until, left.removed_at is None) == (None, None, False)
    seen = (await home.gina.ask(GIFT, id=kite)).data
    assert (seen["gift"]["removedAt"] is None, seen["gifts"]["totalCount"]) == (False, 1)


ENDS = [
    ("ITEM", "item", REMOVE, "item"),
    ("ITEM", "item", DELETE, "list"),
    ("ITEM", "item", DELETE_PERSON, "receiver"),
    ("LIST", "list", DELETE, "list"),
    ("LIST", "list", DELETE_PERSON, "receiver"),
    ("OCCASION", "occasion", DELETE_OCCASION, "occasion"),
    ("PERSON", "receiver", DELETE_PERSON, "receiver"),
]


@pytest.mark.parametrize(("type", "subject", "verb", "of"), ENDS)
async def test_whoever_follows_what_is_said_of_something_hears_of_each_comment_that_goes_with_it(
    home: World, monkeypatch: pytest.MonkeyPatch, type: str, subject: str, verb: str, of: str
) -> None:
    """And of none that they could not read: what they knew less what they hear is what there is."""
    monkeypatch.setattr(items, "BATCH", 2)
    about = {"type": type, "id": getattr(home, subject).id}
    for who in (home.ida, *[home.gus] * 4):
        assert (await who.ask(SAY, **about)).data
    known = [
        {node["id"] for node in (await who.ask(SAID, **about)).data["comments"]["nodes"]}
        for who in (home.gina, home.ida)
    ]
    assert [len(ids) for ids in known] == [5, 1]
    async with hearing(home.gina, SAYING, **about) as ginas, hearing(home.ida, SAYING, **about) as idas:
        assert (await home.dora.ask(verb, id=getattr(home, of).id)).data
        for ids, stream in zip(known, (ginas, idas), strict=True):
            assert {(await stream.next())["deletedId"] for _ in ids} == ids
    assert await rows(home, "comment") == []

"""A surprise ends and begins: what that shows, what stays kept, and that the person herself cannot end it."""

from typing import Any

import pytest

from db.gifts.activity import Activity, ActivityKind
from db.gifts.comments import Comment, CommentParent
from db.gifts.families import FamilyRole
from kit.ids import Id
from resolvers.gifts import keeping
from tests.gifts.listing import UPDATE, add, create, following, rows, update, write
from tests.gifts.world import World
from tests.people import Person

SEEN = """query ($family: ID!) { listItems(familyId: $family) { nodes { gift { name } giving { claimed } } }
  comments { nodes { text } } activity { nodes { kind } } }"""
SOON = "2999-12-24T18:00:00Z"


async def seen(home: World, person: Person) -> tuple[dict[str, bool], list[str], list[str]]:
    """Items with whether their other side is seen, comments, and activity about items."""
    told = (await person.ask(SEEN, family=home.family.id)).data
    items = {node["gift"]["name"]: node["giving"] is not None for node in told["listItems"]["nodes"]}
    kinds = sorted(node["kind"] for node in told["activity"]["nodes"] if node["kind"] != "LIST_ADDED")
    return items, sorted(node["text"] for node in told["comments"]["nodes"]), kinds


def comment(home: World, text: str, secret: keeping.Secret, **about: Any) -> Comment:
    (id,) = about.values()
    return Comment(
        id=Comment.fresh_id(),
        family_id=home.family.id,
        author_id=Id(home.gus.id),
        parent_type=CommentParent.ITEM if "item_id" in about else CommentParent.LIST,
        parent_id=id,
        text=text,
        **about,
        **secret,
    )


async def whisper(home: World) -> str:
    """Gus has an idea for Ida's list, claims her wish, and talks of it; a ball of his she has received."""
    kite = await add(home.gus, home.list.id, "Kite")
    ball = await add(home.gus, home.list.id, "Ball")
    await write(home, "update giving set status = 'RECEIVED' where item_id = :ball", ball=ball["id"])
    await write(home, "update list_item set kept_until = null where id = :ball", ball=ball["id"])
    await write(home, "update activity set kept_until = null where item_id = :ball", ball=ball["id"])
    secret = keeping.like(home.item)
    claimed = Activity(id=Activity.fresh_id(), family_id=home.family.id, kind=ActivityKind.CLAIMED, **secret)
    claimed.item_id, claimed.list_id = home.item.id, home.list.id
    await home.keep(
        comment(home, "mine", secret, item_id=home.item.id),
        comment(home, "of the list", secret, list_id=home.list.id),
        comment(home, "said openly", keeping.OPEN, item_id=home.item.id),
        claimed,
    )
    id: str = kite["id"]
    return id


HIDDEN = ({"Roller skates": False, "Ball": True}, ["said openly"], ["ITEM_ADDED"])
SHOWN = (
    {"Roller skates": True, "Kite": True, "Ball": True},
    ["mine", "of the list", "said openly"],
    ["CLAIMED", "ITEM_ADDED", "ITEM_ADDED"],
)


async def test_the_givers_end_a_surprise_and_begin_it_again(home: World) -> None:
    await whisper(home)
    assert await seen(home, home.ida) == HIDDEN
    assert (await update(home.dora, home.list, surprise=False)).data
    assert await seen(home, home.ida) == await seen(home, home.gina) == SHOWN
    assert (await update(home.dora, home.list, surprise=True)).data
    assert await seen(home, home.ida) == HIDDEN
    assert await seen(home, home.gina) == SHOWN
    assert {item["version"] for item in await rows(home, "list_item")} == {1}
    await write(home, "update giving set status = 'PURCHASED' where family_id = :id", id=home.family.id)
    assert (await update(home.dora, home.list, revealAt=SOON)).data
    assert await seen(home, home.ida) == HIDDEN
    days = {kept["kept_until"] for table in ("list_item", "comment", "gift_list") for kept in await rows(home, table)}
    assert {day.isoformat() for day in days if day} == {"2999-12-24T18:00:00+00:00"}


@pytest.mark.parametrize(
    "input",
    [
        {"surprise": False},
        {"surprise": True},
        {"revealAt": None},
        {"revealAt": SOON},
        {"revealAt": "2001-01-01T00:00:00Z"},
        {"revealAt": SOON, "name": "Mine", "visibility": "PRIVATE"},
    ],
)
@pytest.mark.parametrize("role", FamilyRole)
async def test_the_person_may_not_speak_of_the_surprise_whatever_there_is(
    home: World, input: Any, role: FamilyRole
) -> None:
    await write(home, "update family_member set role = :role where user_id = :ida", role=role, ida=home.ida.id)
    made = await create(home.gus, home, personId=home.receiver.id, visibility="FAMILY")
    for id in (home.list.id, made["id"]):
        before = await home.ida.ask(UPDATE, id=id, input=input)
        await whisper(home)
        after = await home.ida.ask(UPDATE, id=id, input=input)
        assert (before.code, after.code) == ("FORBIDDEN", "FORBIDDEN")
        assert before.error["message"] == after.error["message"]
    assert {kept["version"] for kept in await rows(home, "gift_list")} == {1}
    assert (await seen(home, home.ida))[0] == HIDDEN[0]


async def test_who_owns_a_list_for_nobody_does_not_reveal_what_is_on_it_for_them(home: World) -> None:
    shared = (await create(home.ida, home, "Christmas", "SHOPPING"))["id"]
    await add(home.gus, shared, "Kite", personId=home.receiver.id)
    tie = await add(home.ida, shared, "Tie", personId=home.receiver.id)
    before = await seen(home, home.ida)
    for input in ({"surprise": False}, {"surprise": True}, {"revealAt": SOON}, {"revealAt": None}):
        assert (await home.ida.ask(UPDATE, id=shared, input=input)).data
        assert await seen(home, home.ida) == before
    assert (await home.dora.ask(UPDATE, id=shared, input={"surprise": False})).data
    assert (await seen(home, home.ida))[0] == {"Roller skates": False, "Kite": True, "Tie": True}
    assert tie["giving"] is None


async def test_whoever_may_see_more_by_it_hears_of_it(home: World) -> None:
    kite = await whisper(home)
    async with following(home, home.ida, f"list:{home.list.id}", f"family:{home.family.id}") as hear:
        assert (await update(home.dora, home.list, surprise=False)).data
        told = await hear()
        assert told[0] == ("UPDATED", home.list.id)
        assert sorted(told[1:]) == sorted([("UPDATED", home.item.id), ("UPDATED", kite)])
        assert (await update(home.dora, home.list, surprise=True)).data
        told = await hear()
        assert {("UPDATED", home.list.id), ("UPDATED", home.item.id)} < {*told}
        assert ("UPDATED", kite) not in told
        assert (await update(home.dora, home.list, name="Wishes")).data
        assert await hear() == [("UPDATED", home.list.id)]

"""What is said of something in a family, and from whom it is kept."""

from datetime import timedelta
from typing import Any

import pytest

from db.gifts.occasions import Occasion, OccasionPerson, OccasionType
from db.gifts.persons import Person as Receiver
from tests.gifts.speaking import add, hearing, parents, said, texts
from tests.gifts.world import World, world
from tests.people import People

TYPES = ["OCCASION", "LIST", "ITEM", "GIFT", "PERSON"]
UPDATE = """mutation ($id: ID!, $input: UpdateCommentInput!, $version: Int) {
  updateComment(id: $id, input: $input, expectedVersion: $version) { text version } }"""
DELETE = "mutation ($id: ID!) { deleteComment(id: $id) { deletedId } }"
ONE = "query ($id: ID!) { comment(id: $id) { text } node(id: $id) { id } }"
ACTIVITY = (
    """{ activity { nodes { kind actor { name } person { name } occasion { name } list { name } item { id } } } }"""
)


@pytest.mark.parametrize("type", TYPES)
async def test_what_others_say_of_what_is_hers_is_kept_from_her(home: World, type: str) -> None:
    id = parents(home)[type]
    made = await said(home.gus, type, id, "  I have them  ")
    assert (made["text"], made["parentType"], made["parentId"]) == ("I have them", type, id)
    assert (made["version"], made["author"]) == (1, {"name": "Gus"})
    assert [await texts(person, type, id) for person in (home.gus, home.gina, home.ida)] == [
        ["I have them"],
        ["I have them"],
        [],
    ]
    assert await texts(home.ida) == []
    hidden = await home.ida.ask(ONE, id=made["id"])
    assert hidden.code == "COMMENT_NOT_FOUND"


@pytest.mark.parametrize("type", TYPES)
async def test_what_is_said_openly_or_by_herself_is_read_by_all(home: World, type: str) -> None:
    id = parents(home)[type]
    await said(home.gus, type, id, "What size?", open=True)
    await said(home.ida, type, id, "38")
    for person in (home.gus, home.gina, home.ida):
        assert await texts(person, type, id) == ["What size?", "38"]


@pytest.mark.parametrize("type", ["LIST", "ITEM", "GIFT"])
async def test_of_a_list_that_is_no_surprise_all_is_open(people: People, type: str) -> None:
    home = await world(people, surprise=False)
    id = parents(home)[type]
    await said(home.gus, type, id, "Mine")
    assert await texts(home.ida, type, id) == ["Mine"]


@pytest.mark.parametrize("type", ["LIST", "ITEM"])
async def test_it_is_read_from_the_day_on_which_the_list_is_revealed(people: People, type: str) -> None:
    home = await world(people, reveal_at=people.services.clock() - timedelta(days=1))
    id = parents(home)[type]
    await said(home.gus, type, id, "It was me")
    assert await texts(home.ida, type, id) == ["It was me"]


async def test_of_a_gift_that_is_kept_from_her_so_is_what_is_said(home: World) -> None:
    item = await home.another(home.gus)
    await said(home.gina, "GIFT", item.gift_id, "She will love it", open=False)
    assert await texts(home.gus) == ["She will love it"]
    assert await texts(home.ida) == []


async def test_of_an_occasion_of_several_people_all_is_open(home: World) -> None:
    day = home.people.services.clock().date()
    christmas = Occasion(
        id=Occasion.fresh_id(), family_id=home.family.id, name="Christmas", type=OccasionType.CHRISTMAS, day=day
    )
    tom = Receiver(id=Receiver.fresh_id(), family_id=home.family.id, name="Tom")
    await home.keep(christmas, tom)
    for who in (home.receiver, tom):
        await home.keep(
            OccasionPerson(
                id=OccasionPerson.fresh_id(), family_id=home.family.id, occasion_id=christmas.id, person_id=who.id
            )
        )
    await said(home.gus, "OCCASION", christmas.id, "Who cooks?")
    assert await texts(home.ida, "OCCASION", christmas.id) == ["Who cooks?"]


async def test_comments_are_read_from_the_oldest_on_page_by_page(home: World) -> None:
    for number in range(3):
        await said(home.gus, "LIST", home.list.id, f"{number}")
    await said(home.gus, "PERSON", home.receiver.id, "elsewhere")
    page = """query ($id: ID!, $after: String) { comments(parentType: LIST, parentId: $id, first: 2, after: $after) {
      totalCount nodes { text } pageInfo { hasNextPage endCursor } } }"""
    first = (await home.gina.ask(page, id=home.list.id)).data["comments"]
    second = (await home.gina.ask(page, id=home.list.id, after=first["pageInfo"]["endCursor"])).data["comments"]
    assert [first["nodes"], second["nodes"]] == [[{"text": "0"}, {"text": "1"}], [{"text": "2"}]]
    assert [found["totalCount"] for found in (first, second)] == [3, 3]
    assert [found["pageInfo"]["hasNextPage"] for found in (first, second)] == [True, False]


async def test_one_changes_what_one_has_said(home: World) -> None:
    comment = await said(home.gus, "ITEM", home.item.id)
    changed = await home.gus.ask(UPDATE, id=comment["id"], input={"text": "Better"}, version=1)
    assert changed.data["updateComment"] == {"text": "Better", "version": 2}
    stale = await home.gus.ask(UPDATE, id=comment["id"], input={"text": "Best"}, version=1)
    assert (stale.code, stale.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")
    assert await texts(home.gus, "ITEM", home.item.id) == ["Better"]


async def test_one_takes_back_what_one_has_said_and_an_administrator_what_they_see(home: World) -> None:
    ids = [(await said(home.gus, "ITEM", home.item.id))["id"] for _ in range(2)]
    for person, id in zip((home.gus, home.dora), ids, strict=True):
        assert (await person.ask(DELETE, id=id)).data["deleteComment"] == {"deletedId": id}
    assert await texts(home.gus) == []


@pytest.mark.parametrize(
    ("input", "details"),
    [
        ({"text": "  "}, {"text": ["String should have at least 1 character"]}),
        ({"text": "x" * 5_001}, {"text": ["String should have at most 5000 characters"]}),
        ({"text": "\x00"}, {"text": ["must not contain control characters"]}),
    ],
)
async def test_what_cannot_be_said_is_refused(home: World, input: Any, details: Any) -> None:
    refused = await add(home.gus, "ITEM", home.item.id, **input)
    assert (refused.code, refused.details) == ("VALIDATION_ERROR", details)
    assert await texts(home.gus) == []


@pytest.mark.parametrize(
    ("type", "code"),
    [
        ("OCCASION", "OCCASION_NOT_FOUND"),
        ("LIST", "GIFT_LIST_NOT_FOUND"),
        ("ITEM", "LIST_ITEM_NOT_FOUND"),
        ("GIFT", "GIFT_NOT_FOUND"),
        ("PERSON", "PERSON_NOT_FOUND"),
    ],
)
async def test_of_what_is_not_there_nothing_can_be_said(home: World, type: str, code: str) -> None:
    of_others = home.family.id, parents(home)["PERSON" if type == "LIST" else "LIST"], "nothing"
    assert {(await add(home.gus, type, id)).code for id in of_others} == {code}
    assert await texts(home.gus) == []


async def test_each_comment_stands_in_the_activity_for_those_who_read_it(home: World) -> None:
    for type, id in parents(home).items():
        await said(home.gus, type, id, open=type == "LIST")
    seen = (await home.gina.ask(ACTIVITY)).data["activity"]["nodes"]
    nothing: dict[str, Any] = dict.fromkeys(("person", "occasion", "list", "item"))
    entry = {"kind": "COMMENTED", "actor": {"name": "Gus"}} | nothing
    assert seen == [
        entry | {"person": {"name": "Ida"}},
        entry,
        entry | {"item": {"id": home.item.id}},
        entry | {"list": {"name": "Ida's wishes"}},
        entry | {"occasion": {"name": "Ida turns 9"}},
    ]
    assert (await home.ida.ask(ACTIVITY)).data["activity"]["nodes"] == [seen[3]]


@pytest.mark.parametrize("type", TYPES)
async def test_those_who_may_read_it_hear_of_it_and_she_hears_of_the_next_alone(home: World, type: str) -> None:
    id = parents(home)[type]
    async with hearing(home.gina, type, id) as hers, hearing(home.ida, type, id) as idas:
        secret = await said(home.gus, type, id, "Secret")
        await home.gus.ask(UPDATE, id=secret["id"], input={"text": "Still secret"})
        await home.gus.ask(DELETE, id=secret["id"])
        await said(home.gus, type, id, "Open", open=True)
        told, heard = await hers.take(4), await idas.take(1)
    topic = f"comments:{type.lower()}:{id}"
    assert [event.get("kind", "DELETED") for event in told] == ["COMMENT_ADDED", "UPDATED", "DELETED", "COMMENT_ADDED"]
    assert {event["topic"] for event in told} == {topic}
    assert told[2]["deletedId"] == secret["id"]
    assert told[3] == heard[0] | {"actor": {"name": "Gus"}}
    assert heard[0]["comment"] == {"text": "Open"}

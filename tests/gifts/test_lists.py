"""Lists: what they are made as, what may be changed of them, and what goes with them."""

from datetime import timedelta
from typing import Any

import pytest

from db.gifts.families import FamilyMember, FamilyRole
from db.gifts.keeping import FOREVER
from db.gifts.lists import GiftList
from db.gifts.persons import Person as Receiver
from kit.ids import Id
from tests.gifts.listing import CREATE, DELETE, UPDATE, add, create, row, rows, update, write
from tests.gifts.world import World, family, keep

LISTS = """query ($family: ID, $filter: GiftListFilter, $by: GiftListOrder, $first: Int, $after: String) {
  lists(familyId: $family, filter: $filter, orderBy: $by, first: $first, after: $after) {
    totalCount nodes { name } pageInfo { endCursor hasNextPage } } }"""
ACTIVITY = "{ activity { nodes { kind list { name } person { name } occasion { name } actor { name } } } }"


async def names(person: Any, **asked: Any) -> list[str]:
    return [node["name"] for node in (await person.ask(LISTS, **asked)).data["lists"]["nodes"]]


async def test_a_list_is_made_with_what_is_given(home: World) -> None:
    given = {"personId": home.receiver.id, "occasionId": home.occasion.id, "visibility": "PRIVATE", "surprise": True}
    more = {"revealAt": "2999-12-24T18:00:00Z", "giversSeeEachOther": False}
    made = await create(home.gus, home, "  For Ida ", "REGISTRY", **given, **more)
    assert made == {
        "id": made["id"],
        "name": "For Ida",
        "type": "REGISTRY",
        "visibility": "PRIVATE",
        "surprise": True,
        "revealAt": "2999-12-24T18:00:00+00:00",
        "giversSeeEachOther": False,
        "version": 1,
        "owner": {"name": "Gus"},
        "person": {"name": "Ida"},
        "occasion": {"name": "Ida turns 9"},
        "family": {"name": "The Millers"},
    }


@pytest.mark.parametrize(
    ("type", "visibility", "surprise"),
    [
        ("WISHLIST", "FAMILY", True),
        ("IDEAS", "GIVERS", True),
        ("REGISTRY", "FAMILY", False),
        ("SHOPPING", "FAMILY", True),
    ],
)
async def test_what_is_left_out_goes_by_the_type_and_the_family(
    home: World, type: str, visibility: str, surprise: bool
) -> None:
    made = await create(home.gus, home, type=type, personId=home.receiver.id)
    assert (made["visibility"], made["surprise"], made["giversSeeEachOther"]) == (visibility, surprise, True)
    kept = await row(home, GiftList, made["id"])
    assert kept is not None
    assert kept.kept_until == (FOREVER if surprise else None)
    assert kept.kept_from_id == (home.receiver.id if surprise else None)


async def test_the_activity_tells_of_a_new_list_to_those_who_see_it(home: World) -> None:
    await create(home.gus, home, "Secret", personId=home.receiver.id, occasionId=home.occasion.id)
    told = {"kind": "LIST_ADDED", "list": {"name": "Secret"}, "person": {"name": "Ida"}, "actor": {"name": "Gus"}}
    assert (await home.gina.ask(ACTIVITY)).data["activity"]["nodes"] == [told | {"occasion": {"name": "Ida turns 9"}}]
    assert (await home.ida.ask(ACTIVITY)).data["activity"]["nodes"] == []


BAD: list[tuple[str, Any, str]] = [
    ("name", "", "name"),
    ("name", " \t", "name"),
    ("name", "x" * 101, "name"),
    ("name", "a\x1bb", "name"),
    ("name", None, "name"),
    ("type", "WISHES", "type"),
    ("type", None, "type"),
    ("visibility", "PUBLIC", "visibility"),
    ("surprise", "yes", "surprise"),
    ("revealAt", "2001-01-01T00:00:00Z", "revealAt"),
    ("revealAt", "soon", "revealAt"),
    ("ownerId", "user_" + "0" * 32, "ownerId"),
]


@pytest.mark.parametrize(("field", "value", "said"), BAD)
async def test_what_a_list_cannot_be_is_refused(home: World, field: str, value: Any, said: str) -> None:
    input = {"familyId": home.family.id, "name": "Ideas", "type": "IDEAS", field: value}
    answer = await home.gus.ask(CREATE, input=input)
    assert answer.code == "VALIDATION_ERROR"
    assert [*answer.details] == [said]
    assert len(await rows(home, "gift_list")) == 1


@pytest.mark.parametrize(("field", "value", "said"), [*BAD, ("visibility", None, "visibility")])
async def test_what_a_list_cannot_become_is_refused(home: World, field: str, value: Any, said: str) -> None:
    answer = await update(home.dora, home.list, **{field: value})
    assert answer.code == "VALIDATION_ERROR"
    assert [*answer.details] == [said]
    assert (await rows(home, "gift_list"))[0]["version"] == 1


async def test_person_and_occasion_must_be_there_and_of_the_same_family(home: World) -> None:
    other, people = await family(home.people, gus=FamilyRole.MEMBER)
    stranger = Receiver(id=Receiver.fresh_id(), family_id=other.id, name="Ann")
    await keep(home.people, stranger)
    given = {"familyId": other.id, "name": "Ann's", "type": "IDEAS"}
    gus = people["gus"]
    refused = [
        await gus.ask(CREATE, input=given | {"personId": home.receiver.id}),
        await gus.ask(CREATE, input=given | {"occasionId": home.occasion.id}),
        await gus.ask(CREATE, input=given | {"familyId": home.family.id}),
        await gus.ask(CREATE, input=given | {"personId": "person_" + "0" * 32}),
    ]
    assert [answer.code for answer in refused] == [
        "PERSON_NOT_FOUND",
        "OCCASION_NOT_FOUND",
        "FAMILY_NOT_FOUND",
        "PERSON_NOT_FOUND",
    ]
    await home.keep(FamilyMember(id=FamilyMember.fresh_id(), family_id=other.id, user_id=Id(home.gus.id)))
    both = await home.gus.ask(CREATE, input=given | {"personId": home.receiver.id})
    assert (both.code, both.details) == ("VALIDATION_ERROR", {"personId": ["is of another family"]})
    both = await home.gus.ask(CREATE, input=given | {"occasionId": home.occasion.id})
    assert (both.code, both.details) == ("VALIDATION_ERROR", {"occasionId": ["is of another family"]})
    theirs = (await home.gus.ask(CREATE, input=given)).data["createGiftList"]
    moved = await home.gus.ask(UPDATE, id=theirs["id"], input={"occasionId": home.occasion.id})
    assert (moved.code, moved.details) == ("VALIDATION_ERROR", {"occasionId": ["is of another family"]})


async def test_the_person_may_change_much_of_their_list(home: World) -> None:
    changed = {"name": "Wishes", "type": "REGISTRY", "occasionId": None, "giversSeeEachOther": False}
    assert (await update(home.ida, home.list, 1, **changed)).data["updateGiftList"] == {
        "id": home.list.id,
        "name": "Wishes",
        "version": 2,
    }
    kept = await row(home, GiftList, home.list.id)
    assert kept is not None
    assert (kept.type, kept.occasion_id, kept.givers_see_each_other) == ("REGISTRY", None, False)
    assert (await update(home.ida, home.list, 2)).data["updateGiftList"]["version"] == 2
    stale = await update(home.ida, home.list, 1, name="Too late")
    assert (stale.code, stale.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")


async def test_a_list_is_shown_to_more_and_never_to_fewer(home: World) -> None:
    made = await row(home, GiftList, (await create(home.gus, home, visibility="PRIVATE"))["id"])
    assert made is not None
    for visibility in ("GIVERS", "FAMILY"):
        assert (await update(home.gus, made, visibility=visibility)).data
    for visibility in ("GIVERS", "PRIVATE"):
        refused = await update(home.gus, made, visibility=visibility)
        assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"visibility": ["may be widened, not narrowed"]})
    assert (await row(home, GiftList, made.id) or made).visibility == "FAMILY"
    assert (await update(home.gus, made, visibility="FAMILY")).data["updateGiftList"]["version"] == 3


async def test_a_day_of_revealing_that_is_past_may_stay_but_not_be_set(home: World) -> None:
    soon = home.people.services.clock() + timedelta(hours=1)
    made = await create(home.gus, home, personId=home.receiver.id, revealAt=soon.isoformat())
    kept = await row(home, GiftList, made["id"])
    assert kept is not None
    past = home.people.services.clock() - timedelta(hours=1)
    refused = await update(home.gus, kept, revealAt=past.isoformat())
    assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"revealAt": ["must be to come"]})
    await write(home, "update gift_list set reveal_at = :past where id = :id", past=past, id=kept.id)
    assert (await update(home.gus, kept, revealAt=past.isoformat(), name="New")).data["updateGiftList"]["name"] == "New"


async def test_a_list_goes_with_all_that_is_on_it(home: World) -> None:
    for _ in range(3):
        await add(home.gus, home.list.id)
    assert (await home.ida.ask(DELETE, id=home.list.id)).data == {"deleteGiftList": {"deletedId": home.list.id}}
    assert [await rows(home, table) for table in ("gift_list", "list_item", "giving")] == [[], [], []]
    assert (await home.ida.ask(DELETE, id=home.list.id)).code == "GIFT_LIST_NOT_FOUND"


async def test_lists_are_found_by_what_they_are_for(home: World) -> None:
    await create(home.gus, home, "Beach", "SHOPPING")
    await create(home.gus, home, "Books", "IDEAS", personId=home.receiver.id)
    await create(home.gus, home, "Balloons", "SHOPPING", occasionId=home.occasion.id)
    wishes = "Ida's wishes"
    for filter, found in (
        ({"type": ["SHOPPING"]}, ["Balloons", "Beach"]),
        ({"type": "IDEAS"}, ["Books"]),
        ({"personId": home.receiver.id}, ["Books", wishes]),
        ({"personId": None}, ["Balloons", "Beach"]),
        ({"occasionId": home.occasion.id}, ["Balloons", wishes]),
        ({"occasionId": None, "type": ["IDEAS", "SHOPPING"]}, ["Beach", "Books"]),
        ({"visibility": ["GIVERS"]}, ["Books"]),
        ({"search": "b"}, ["Balloons", "Beach", "Books"]),
        ({"search": "wish ida"}, [wishes]),
        ({}, ["Balloons", "Beach", "Books", wishes]),
    ):
        assert await names(home.gina, filter=filter, family=home.family.id) == found
    assert await names(home.gina, family="family_" + "0" * 32) == []
    assert await names(home.ida, filter={"personId": home.receiver.id}) == [wishes]


@pytest.mark.parametrize("field", ["NAME", "CREATED_AT", "UPDATED_AT"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_lists_are_paged_in_every_order(home: World, field: str, direction: str) -> None:
    for name in ("C", "A", "B"):
        await create(home.gus, home, name)
    by, after, paged = {"field": field, "direction": direction}, None, list[str]()
    while True:
        page = (await home.gus.ask(LISTS, by=by, first=1, after=after)).data["lists"]
        paged += [node["name"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    expected = ["A", "B", "C", "Ida's wishes"] if field == "NAME" else ["Ida's wishes", "C", "A", "B"]
    assert paged == (expected if direction == "ASC" else expected[::-1])


async def test_a_person_has_the_lists_for_them(home: World) -> None:
    await create(home.gus, home, "Books", personId=home.receiver.id)
    query = """query ($id: ID!) { person(id: $id) { lists(orderBy: {field: NAME, direction: DESC}) {
      totalCount nodes { name } } } }"""
    for person, found in ((home.gina, ["Ida's wishes", "Books"]), (home.ida, ["Ida's wishes"])):
        lists = (await person.ask(query, id=home.receiver.id)).data["person"]["lists"]
        assert lists == {"totalCount": len(found), "nodes": [{"name": name} for name in found]}

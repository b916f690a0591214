"""Who may not: strangers, members whose list it is not, and the person it is kept from. Nothing has changed."""

from typing import Any

import pytest

from tests.gifts.listing import ADD, CHANGE, DELETE, REMOVE, UPDATE, add, create, rows
from tests.gifts.world import World

TABLES = ("gift_list", "list_item", "giving", "gift", "activity")
ID = "query ($id: ID!) { %s(id: $id) { id } }"


async def everything(home: World) -> list[list[dict[str, Any]]]:
    return [await rows(home, table) for table in TABLES]


async def targets(home: World) -> tuple[str, str]:
    """A list of Gus's own for Ida, and what is on it."""
    made = (await create(home.gus, home, personId=home.receiver.id))["id"]
    return made, (await add(home.gus, made))["id"]


VERBS = [
    (UPDATE, "list", {"input": {"name": "Mine"}}, "GIFT_LIST_NOT_FOUND"),
    (UPDATE, "list", {"input": {"surprise": False}}, "GIFT_LIST_NOT_FOUND"),
    (UPDATE, "list", {"input": {}, "version": 7}, "GIFT_LIST_NOT_FOUND"),
    (DELETE, "list", {}, "GIFT_LIST_NOT_FOUND"),
    (ADD, "list", {"input": {"gift": {"name": "Top"}}}, "GIFT_LIST_NOT_FOUND"),
    (CHANGE, "item", {"input": {"quantity": 2}}, "LIST_ITEM_NOT_FOUND"),
    (CHANGE, "item", {"input": {}, "version": 7}, "LIST_ITEM_NOT_FOUND"),
    (REMOVE, "item", {}, "LIST_ITEM_NOT_FOUND"),
]


@pytest.mark.parametrize(("verb", "of", "variables", "code"), VERBS)
async def test_neither_strangers_nor_the_person_find_a_hidden_list(
    home: World, verb: str, of: str, variables: Any, code: str
) -> None:
    """createGiftList, updateGiftList, deleteGiftList, addListItem, updateListItem and removeListItem."""
    made, item = await targets(home)
    named = {"list" if verb is ADD else "id": made if of == "list" else item}
    before = await everything(home)
    for person in (await home.people.one(), home.ida):
        assert (await person.ask(verb, **variables, **named)).code == code
    assert (await home.people.nobody.ask(verb, **variables, **named)).code == "UNAUTHENTICATED"
    assert await everything(home) == before


@pytest.mark.parametrize(
    ("verb", "of", "variables"), [(verb, of, variables) for verb, of, variables, _ in VERBS if verb is not ADD]
)
async def test_another_member_sees_and_may_not_change(home: World, verb: str, of: str, variables: Any) -> None:
    made, item = await targets(home)
    before = await everything(home)
    assert (await home.gina.ask(verb, id=made if of == "list" else item, **variables)).code == "FORBIDDEN"
    assert await everything(home) == before


async def test_an_administrator_may_change_what_others_made(home: World) -> None:
    made, item = await targets(home)
    assert (await home.dora.ask(UPDATE, id=made, input={"surprise": False})).data
    assert (await home.dora.ask(CHANGE, id=item, input={"quantity": 2})).data
    assert (await home.dora.ask(REMOVE, id=item)).data
    assert (await home.dora.ask(DELETE, id=made)).data


async def test_a_stranger_makes_no_list_in_a_family(home: World) -> None:
    create = (
        """mutation ($family: ID!) { createGiftList(input: {familyId: $family, name: "Mine", type: IDEAS}) { id } }"""
    )
    stranger = await home.people.one()
    assert (await stranger.ask(create, family=home.family.id)).code == "FAMILY_NOT_FOUND"
    assert (await home.people.nobody.ask(create, family=home.family.id)).code == "UNAUTHENTICATED"
    assert len(await rows(home, "gift_list")) == 1


@pytest.mark.parametrize(
    "field", ["listEvents(listId: $id)", "listItemEvents(familyId: $id)", "giftListEvents(familyId: $id)"]
)
async def test_neither_strangers_nor_the_person_follow_what_they_do_not_see(home: World, field: str) -> None:
    made, _ = await targets(home)
    of_list = "listId" in field
    asked = {"id": made if of_list else home.family.id}
    query = f"subscription ($id: ID!) {{ {field} {{ __typename }} }}"
    for person in (await home.people.one(), home.ida) if of_list else (await home.people.one(),):
        async with person.socket() as socket:
            await socket.send({"type": "subscribe", "id": "1", "payload": {"query": query, "variables": asked}})
            frame = await socket.frame()
            assert (frame["type"], frame["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")

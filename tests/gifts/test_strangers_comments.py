"""Who may not say, change or take back what: each is refused, and nothing has changed."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.gifts.speaking import EVENTS, add, parents, said, texts
from tests.gifts.world import World

UPDATE = 'mutation ($id: ID!) { updateComment(id: $id, input: {text: "Mine"}) { id } }'
STALE = 'mutation ($id: ID!) { updateComment(id: $id, input: {text: "Mine"}, expectedVersion: 7) { id } }'
DELETE = "mutation ($id: ID!) { deleteComment(id: $id) { deletedId } }"
TYPES = ["OCCASION", "LIST", "ITEM", "GIFT", "PERSON"]
CODES = dict(zip(TYPES, ("OCCASION", "GIFT_LIST", "LIST_ITEM", "GIFT", "PERSON"), strict=True))


async def rows(home: World) -> list[Any]:
    statement = text("select * from comment where family_id = :id order by id")
    async with home.people.services.db.transaction() as session:
        return [*(await session.execute(statement, {"id": home.family.id}))]


@pytest.mark.parametrize("verb", [UPDATE, STALE, DELETE])
async def test_a_stranger_and_she_from_whom_it_is_kept_find_no_comment(home: World, verb: str) -> None:
    comment = await said(home.gus, "ITEM", home.item.id)
    before = await rows(home)
    for person in (await home.people.one(), home.ida):
        assert (await person.ask(verb, id=comment["id"])).code == "COMMENT_NOT_FOUND"
    assert await rows(home) == before


async def test_what_others_have_said_is_not_ones_own(home: World) -> None:
    comment = await said(home.gus, "ITEM", home.item.id)
    before = await rows(home)
    for person, verb in ((home.gina, UPDATE), (home.gina, DELETE), (home.dora, UPDATE)):
        assert (await person.ask(verb, id=comment["id"])).code == "FORBIDDEN"
    assert await rows(home) == before


@pytest.mark.parametrize("type", TYPES)
async def test_a_stranger_can_say_read_and_follow_nothing(home: World, type: str) -> None:
    stranger, id = await home.people.one(), parents(home)[type]
    await said(home.gus, type, id, open=True)
    assert (await add(stranger, type, id)).code == f"{CODES[type]}_NOT_FOUND"
    assert await texts(stranger, type, id) == []
    async with stranger.socket() as socket:
        (error,) = await socket.ask(EVENTS, type=type, of=id)
        assert error["extensions"]["code"] == "FORBIDDEN"
    assert len(await rows(home)) == 1


async def test_of_what_is_kept_from_her_she_can_say_and_follow_nothing(home: World) -> None:
    item = await home.another(home.gus)
    for type, id in (("ITEM", item.id), ("GIFT", item.gift_id)):
        assert (await add(home.ida, type, id)).code == f"{CODES[type]}_NOT_FOUND"
        async with home.ida.socket() as socket:
            (error,) = await socket.ask(EVENTS, type=type, of=id)
            assert error["extensions"]["code"] == "FORBIDDEN"
    assert await rows(home) == []


async def test_nobody_says_anything_without_having_signed_in(home: World) -> None:
    verb = 'mutation ($id: ID!) { addComment(input: {parentType: LIST, parentId: $id, text: "Hello"}) { id } }'
    assert (await home.people.nobody.ask(verb, id=home.list.id)).code == "UNAUTHENTICATED"
    assert await rows(home) == []

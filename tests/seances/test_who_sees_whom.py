"""What those who have been in one room see of each other, and everybody of the host of a public one: a name."""

from typing import Any

import pytest

from db.accounts.users import Role
from db.seances.rooms import SeanceVisibility
from db.seances.seats import LeftReason
from tests.people import Person
from tests.seances.rooms import DELETE, END, update
from tests.seances.world import World, keep, room, seat

USER = "query ($id: ID!) { user(id: $id) { id name email username role timeZone version } }"
PRIVATE: dict[str, Any] = {"email": None, "username": None, "role": None, "timeZone": None}
CHANGES = "subscription ($topic: String!) { changes(topics: [$topic]) { __typename } }"
PRESENT = "subscription ($topic: String!) { presence(topic: $topic) { totalCount } }"


async def sees(asks: Person, whom: Person) -> bool:
    """Their name, and nothing that is theirs alone; otherwise there is no such user."""
    answer = await asks.ask(USER, id=whom.id)
    node = (await asks.ask("query ($id: ID!) { node(id: $id) { id } }", id=whom.id)).data["node"]
    if "errors" in answer.body:
        assert (answer.code, node) == ("USER_NOT_FOUND", None)
        return False
    assert whom.user is not None
    assert answer.data["user"] == {"id": whom.id, "name": whom.user.name, "version": 1} | PRIVATE
    assert node == {"id": whom.id}
    return True


async def test_those_who_sit_in_one_room_see_a_name_and_no_more(world: World) -> None:
    for asks, whom in ((world.dora, world.gus), (world.gus, world.dora), (world.gus, world.ida)):
        assert await sees(asks, whom)
    for asks, whom in ((world.sam, world.dora), (world.dora, world.sam), (world.sam, world.gus)):
        assert not await sees(asks, whom)


async def test_two_rooms_of_one_user_do_not_meet(world: World) -> None:
    await room(world.people, world.sam, world.gus)
    assert await sees(world.sam, world.gus)
    assert not await sees(world.sam, world.dora)


async def test_who_has_left_is_still_seen_and_still_sees(world: World) -> None:
    """What they said stands in what can be read."""
    now = world.people.services.clock()
    gone = seat(world.room, world.sam, now, left_at=now, left_reason=LeftReason.LEFT)
    await keep(world.people, gone)
    assert await sees(world.sam, world.gus)
    assert await sees(world.gus, world.sam)


async def test_who_was_banned_sees_nobody_there(world: World) -> None:
    now = world.people.services.clock()
    gone = seat(world.room, world.sam, now, left_at=now, left_reason=LeftReason.BANNED, banned_at=now)
    await keep(world.people, gone)
    assert not await sees(world.sam, world.gus)
    assert not await sees(world.sam, world.dora)
    assert await sees(world.gus, world.sam), "whom the host must know to pardon them"


async def test_the_host_of_a_public_room_is_seen_by_all_while_it_lasts(world: World) -> None:
    assert (await update(world.dora, world.room.id, visibility="PUBLIC")).data
    assert await sees(world.sam, world.dora)
    assert not await sees(world.sam, world.gus), "who only sits there"
    listed = "query ($id: ID!) { seance(id: $id) { host { name email } participants { totalCount } } }"
    seen = (await world.sam.ask(listed, id=world.room.id)).data["seance"]
    assert seen == {"host": {"name": "Dora", "email": None}, "participants": {"totalCount": 0}}
    for visibility in ("UNLISTED", "PRIVATE"):
        assert (await update(world.dora, world.room.id, visibility=visibility)).data
        assert not await sees(world.sam, world.dora)
    assert (await update(world.dora, world.room.id, visibility="PUBLIC")).data
    assert (await world.dora.ask(END, id=world.room.id)).data
    assert not await sees(world.sam, world.dora)


async def test_of_an_unlisted_room_the_host_is_nobody_to_strangers(world: World) -> None:
    found, _ = await room(world.people, world.dora, visibility=SeanceVisibility.UNLISTED)
    seen = (await world.sam.ask("query ($id: ID!) { seance(id: $id) { name host { name } } }", id=found.id)).data
    assert seen["seance"] == {"name": "The attic", "host": None}


async def test_with_the_room_goes_the_sight_of_each_other(world: World) -> None:
    assert (await world.dora.ask(DELETE, id=world.room.id)).data
    assert not await sees(world.gus, world.ida)


async def test_to_see_somebody_is_not_to_follow_or_change_them(world: World) -> None:
    before = await world.people.row(world.gus.id)
    for verb in ('updateUser(id: $id, input: {name: "Guy"}) { id }', "deleteUser(id: $id) { deletedId }"):
        assert (await world.dora.ask(f"mutation ($id: ID!) {{ {verb} }}", id=world.gus.id)).code == "FORBIDDEN"
    assert await world.people.row(world.gus.id) == before
    async with world.dora.socket() as socket:
        for name in ("user", "sessions", "seats", "tasks", "usage"):
            for query in (CHANGES, PRESENT):
                await socket.start(query, topic=f"{name}:{world.gus.id}")
                frame = await socket.frame()
                assert (frame["type"], frame["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPER_ADMIN])
async def test_administrators_see_all_of_them_and_no_room(world: World, role: Role) -> None:
    admin = await world.people.one(role)
    assert world.gus.user is not None
    assert (await admin.ask(USER, id=world.gus.id)).data["user"]["email"] == world.gus.user.email
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await admin.ask(node, id=world.room.id)).data == {"node": None}

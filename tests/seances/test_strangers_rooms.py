"""What others may not do to a room: what they are told, and that nothing has changed."""

from typing import Any

import pytest

from db.accounts.users import Role
from db.seances.rooms import SeanceVisibility
from db.seances.seats import LeftReason, SeanceParticipant
from tests.people import Person
from tests.seances.rooms import LIST, names, rows
from tests.seances.world import World, keep, room, said

VERBS = {
    "updateSeance": 'updateSeance(id: $id, input: {name: "Ours"}) { id }',
    "updateSeance(expectedVersion)": "updateSeance(id: $id, input: {}, expectedVersion: 7) { id }",
    "endSeance": "endSeance(id: $id) { id }",
    "deleteSeance": "deleteSeance(id: $id) { deletedId }",
}


async def state(world: World, id: str) -> list[Any]:
    tables = {"seance": "id", "seance_participant": "seance_id", "seance_message": "seance_id"}
    return [
        await rows(world.people, f"select * from {table} where {column} = $1 order by id", id)  # noqa: S608 (ours)
        for table, column in tables.items()
    ]


async def tried(world: World, verb: str, person: Person, id: str) -> str:
    """The code of the refusal, after which nothing has changed."""
    before = await state(world, id)
    answer = await person.ask(f"mutation ($id: ID!) {{ {VERBS[verb]} }}", id=id)
    assert await state(world, id) == before
    return answer.code


@pytest.mark.parametrize("verb", VERBS)
async def test_to_a_stranger_a_private_room_is_not_there(world: World, verb: str) -> None:
    for stranger in (world.sam, await world.people.one(Role.SUPER_ADMIN)):
        assert await tried(world, verb, stranger, world.room.id) == "SEANCE_NOT_FOUND"


@pytest.mark.parametrize("verb", VERBS)
async def test_only_its_host_changes_a_room(world: World, verb: str) -> None:
    found, _ = await room(world.people, world.dora, world.gus, visibility=SeanceVisibility.PUBLIC)
    for person in (world.sam, world.gus):
        assert await tried(world, verb, person, found.id) == "FORBIDDEN"
    assert await tried(world, verb, world.gus, world.room.id) == "FORBIDDEN"
    assert await tried(world, verb, world.people.nobody, found.id) == "UNAUTHENTICATED"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("id", ["", "nonsense", "seance_", "seance_" + "0" * 32, "task_" + "0" * 32, "\0"])
async def test_what_is_no_room_is_not_found(world: World, verb: str, id: str) -> None:
    answer = await world.dora.ask(f"mutation ($id: ID!) {{ {VERBS[verb]} }}", id=id)
    assert answer.code == "SEANCE_NOT_FOUND"


async def test_nobody_makes_a_room_or_sees_one(world: World) -> None:
    made = await world.people.nobody.ask('mutation { createSeance(input: {name: "Mine"}) { id } }')
    assert made.code == "UNAUTHENTICATED"
    assert (await world.people.nobody.ask(LIST)).code == "UNAUTHENTICATED"


async def test_whoever_was_banned_has_never_been_there(world: World) -> None:
    now = world.people.services.clock()
    async with world.people.services.db.transaction() as session:
        seat = await session.get_one(SeanceParticipant, world.seats[world.gus.id].id)
        seat.left_at = seat.banned_at = now
        seat.left_reason = LeftReason.BANNED
    for verb in VERBS:
        assert await tried(world, verb, world.gus, world.room.id) == "SEANCE_NOT_FOUND"
    assert await names(world.gus, mine=True) == []


async def test_nothing_of_a_private_room_is_found_by_its_id(world: World) -> None:
    message = said(world.room, world.gus, "Boo")
    await keep(world.people, message)
    query = """query ($room: ID!, $ids: [ID!]!) { nodes(ids: $ids) { id } seance(id: $room) {
      name participants { totalCount } messages { totalCount } } }"""
    ids = [world.room.id, message.id, *(seat.id for seat in world.seats.values())]
    for stranger in (world.sam, await world.people.one(Role.SUPER_ADMIN)):
        answer = await stranger.ask(query, room=world.room.id, ids=ids)
        assert (answer.code, answer.error["message"]) == (
            "SEANCE_NOT_FOUND",
            f"Seance with id '{world.room.id}' not found",
        )
        assert (await stranger.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)).data == {
            "nodes": [None] * len(ids)
        }
    seen = (await world.gus.ask("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)).data["nodes"]
    assert [node["id"] for node in seen] == ids

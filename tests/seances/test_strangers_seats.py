"""What others may not do to seats and invitations: what they are told, and that nothing has changed."""

from typing import Any

import pytest

from db.accounts.users import Role
from tests.people import Person
from tests.seances.sitting import invite, leave, rows
from tests.seances.world import World, room

# With $room, $seat (Ida's) and $invite.
VERBS = {
    "joinSeance": "joinSeance(id: $room) { id }",
    "leaveSeance": "leaveSeance(id: $room) { id }",
    "kickSeanceParticipant": "kickSeanceParticipant(id: $seat) { id }",
    "banSeanceParticipant": "banSeanceParticipant(id: $seat) { id }",
    "pardonSeanceParticipant": "pardonSeanceParticipant(id: $seat) { id }",
    "muteSeanceParticipant": "muteSeanceParticipant(id: $seat, muted: true) { id }",
    "transferSeance": "transferSeance(id: $room, to: $seat) { id }",
    "createSeanceInvite": "createSeanceInvite(input: {seanceId: $room}) { id }",
    "revokeSeanceInvite": "revokeSeanceInvite(id: $invite) { id }",
}
FOR_HOSTS = [verb for verb in VERBS if verb not in ("joinSeance", "leaveSeance", "revokeSeanceInvite")]
MISSING = {"room": "SEANCE_NOT_FOUND", "seat": "SEANCE_PARTICIPANT_NOT_FOUND", "invite": "SEANCE_INVITE_NOT_FOUND"}
TABLES = {
    "seance": "id",
    "seance_participant": "seance_id",
    "seance_invite": "seance_id",
    "seance_message": "seance_id",
}


async def state(world: World) -> list[Any]:
    return [
        await rows(world.people, f"select * from {table} where {column} = $1 order by id", world.room.id)  # noqa: S608
        for table, column in TABLES.items()
    ]


async def tried(world: World, verb: str, person: Person) -> str:
    """The code of the refusal, after which nothing has changed."""
    made = await invite(world.dora, world.room.id)
    given = {"room": world.room.id, "seat": world.seats[world.ida.id].id, "invite": made["id"]}
    used = {name: value for name, value in given.items() if f"${name}" in VERBS[verb]}
    heads = ", ".join(f"${name}: ID!" for name in used)
    before = await state(world)
    answer = await person.ask(f"mutation ({heads}) {{ {VERBS[verb]} }}", **used)
    assert await state(world) == before
    return answer.code


@pytest.mark.parametrize("verb", VERBS)
async def test_a_stranger_finds_nothing(world: World, verb: str) -> None:
    missing = next(code for name, code in MISSING.items() if f"${name}" in VERBS[verb])
    await room(world.people, world.sam)  # a host, of another room
    for stranger in (world.sam, await world.people.one(Role.SUPER_ADMIN)):
        assert await tried(world, verb, stranger) == missing


@pytest.mark.parametrize("verb", FOR_HOSTS)
async def test_who_sits_there_and_is_not_the_host_may_not(world: World, verb: str) -> None:
    assert await tried(world, verb, world.gus) == "FORBIDDEN"
    assert (await leave(world.gus, world.room.id)).data
    gone = "SEANCE_PARTICIPANT_NOT_FOUND" if "(id: $seat" in VERBS[verb] else "FORBIDDEN"
    assert await tried(world, verb, world.gus) == gone


async def test_to_others_than_the_host_there_are_no_invitations(world: World) -> None:
    assert await tried(world, "revokeSeanceInvite", world.gus) == "SEANCE_INVITE_NOT_FOUND"


async def test_who_was_the_host_is_so_no_more(world: World) -> None:
    await invite(world.dora, world.room.id)
    assert (await leave(world.dora, world.room.id)).data
    query = "query ($id: ID!) { seance(id: $id) { invites { totalCount } } }"
    assert (await world.dora.ask(query, id=world.room.id)).data["seance"]["invites"]["totalCount"] == 0
    used = {"seat": world.seats[world.ida.id].id}
    answer = await world.dora.ask(f"mutation ($seat: ID!) {{ {VERBS['kickSeanceParticipant']} }}", **used)
    assert answer.code == "SEANCE_PARTICIPANT_NOT_FOUND"


@pytest.mark.parametrize("id", ["", "nonsense", "seance_", "seance_" + "0" * 32, "seat_" + "0" * 32, "\0"])
async def test_what_is_none_is_not_found(world: World, id: str) -> None:
    for name, verb in [("room", "joinSeance"), ("room", "leaveSeance"), ("room", "createSeanceInvite")]:
        answer = await world.dora.ask(f"mutation (${name}: ID!) {{ {VERBS[verb]} }}", **{name: id})
        assert answer.code == MISSING[name]
    for name, verb in [("seat", "kickSeanceParticipant"), ("invite", "revokeSeanceInvite")]:
        answer = await world.dora.ask(f"mutation (${name}: ID!) {{ {VERBS[verb]} }}", **{name: id})
        assert answer.code == MISSING[name]


async def test_nobody_is_told_that_a_token_is_missing(world: World) -> None:
    for verb in ('joinSeance(id: "x") { id }', 'acceptSeanceInvite(code: "x") { id }'):
        assert (await world.people.nobody.ask(f"mutation {{ {verb} }}")).code == "UNAUTHENTICATED"
    query = '{ seanceOfInvite(code: "x") { seanceName } }'
    assert (await world.people.nobody.ask(query)).code == "UNAUTHENTICATED"

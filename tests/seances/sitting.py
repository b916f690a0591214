"""What tests of seats ask again and again."""

from typing import Any

from tests.people import Answer, People, Person

SEAT = """id joinedAt leftAt leftReason bannedAt mutedAt isHost version user { id }
  seance { id participantCount isActive host { id } }"""
JOIN = f"mutation ($id: ID!) {{ joinSeance(id: $id) {{ {SEAT} }} }}"
LEAVE = f"mutation ($id: ID!) {{ leaveSeance(id: $id) {{ {SEAT} }} }}"
KICK = f"mutation ($id: ID!) {{ kickSeanceParticipant(id: $id) {{ {SEAT} }} }}"
BAN = f"mutation ($id: ID!) {{ banSeanceParticipant(id: $id) {{ {SEAT} }} }}"
PARDON = f"mutation ($id: ID!) {{ pardonSeanceParticipant(id: $id) {{ {SEAT} }} }}"
MUTE = f"mutation ($id: ID!, $muted: Boolean!) {{ muteSeanceParticipant(id: $id, muted: $muted) {{ {SEAT} }} }}"
TRANSFER = """mutation ($id: ID!, $to: ID!) { transferSeance(id: $id, to: $to) {
  id version host { id } participants { nodes { isHost user { id } } } } }"""
INVITE = """mutation ($input: CreateSeanceInviteInput!) { createSeanceInvite(input: $input) {
  id code expiresAt mostUses uses revokedAt version createdBy { id } seance { id } } }"""
REVOKE = "mutation ($id: ID!) { revokeSeanceInvite(id: $id) { id revokedAt version } }"
ACCEPT = f"mutation ($code: String!) {{ acceptSeanceInvite(code: $code) {{ {SEAT} }} }}"
PREVIEW = "query ($code: String!) { seanceOfInvite(code: $code) { seanceName hostName freeSeats locked } }"
SEATED = "select user_id from seance_participant where seance_id = $1 and left_at is null order by joined_at, id"
SAID = "select text from seance_message where seance_id = $1 order by created_at, id"


async def rows(people: People, statement: str, *values: Any) -> list[dict[str, Any]]:
    """As the database has them; $1 and so on in the statement."""
    return [dict(row) for row in await people.services.db.fetch(statement, *values)]


async def seated(people: People, room: str) -> list[str]:
    """The users who sit there; whoever has been there longest comes first."""
    return [row["user_id"] for row in await rows(people, SEATED, room)]


async def row(people: People, room: str) -> dict[str, Any]:
    ((found),) = await rows(people, "select * from seance where id = $1", room)
    return found


async def set_room(people: People, room: str, what: str) -> None:
    """A room as it must be; what is an assignment of SQL."""
    async with people.services.db.transaction() as session:
        await session.fetch(f"update seance set {what} where id = '{room}'")  # noqa: S608 (ours)


async def join(person: Person, room: str) -> Answer:
    return await person.ask(JOIN, id=room)


async def leave(person: Person, room: str) -> Answer:
    return await person.ask(LEAVE, id=room)


async def invite(host: Person, room: str, **given: Any) -> Any:
    return (await host.ask(INVITE, input={"seanceId": room, **given})).data["createSeanceInvite"]


async def accept(person: Person, code: str) -> Answer:
    return await person.ask(ACCEPT, code=code)


def reason(answer: Answer) -> str:
    """Of a conflict."""
    assert answer.code == "CONFLICT"
    return str(answer.error["extensions"]["reason"])

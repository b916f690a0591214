"""Asking the spirit: as clients do, and what is known of it afterwards."""

from typing import Any

from sqlalchemy import text

from tests.people import Answer, People, Person
from tests.seances.world import World
from tests.waiting import until

ASK = """mutation ($room: ID!, $text: String!) { askSpirit(input: {seanceId: $room, text: $text}) {
  id state askedBy { id } question { id kind text } startedAt } }"""
CANCEL = "mutation ($turn: ID!) { cancelSpirit(turnId: $turn) { id state failure version } }"


async def ask(person: Person, room: str, text: str = "Is anybody here?") -> Answer:
    return await person.ask(ASK, room=room, text=text)


async def asked(person: Person, room: str, text: str = "Is anybody here?") -> Any:
    """The turn of a question that is taken."""
    return (await ask(person, room, text)).data["askSpirit"]


async def turns(people: People, room: str) -> list[dict[str, Any]]:
    """The oldest first."""
    rows = await people.services.db.fetch(
        "select * from seance_turn where seance_id = $1 order by created_at, id", room
    )
    return [dict(row) for row in rows]


async def states(people: People, room: str) -> list[tuple[str, str | None]]:
    return [(row["state"], row["failure"]) for row in await turns(people, room)]


async def until_over(people: People, room: str) -> list[tuple[str, str | None]]:
    """When no turn is open any more."""

    async def over() -> bool:
        return all(row["finished_at"] is not None for row in await turns(people, room))

    await until(over)
    return await states(people, room)


async def messages(people: People, room: str) -> list[dict[str, Any]]:
    rows = "select * from seance_message where seance_id = $1 order by created_at, id"
    return [dict(row) for row in await people.services.db.fetch(rows, room)]


async def everything(world: World) -> list[Any]:
    """All that a question could change."""
    found = []
    for table in ("seance_turn", "seance_message"):
        rows = f"select * from {table} where seance_id = $1 order by id"  # noqa: S608 (names of ours)
        found.append(await world.people.services.db.fetch(rows, world.room.id))
    return [*found, await world.people.services.db.fetch("select * from seance where id = $1", world.room.id)]


async def execute(people: People, statement: str, **values: Any) -> None:
    async with people.services.db.transaction() as session:
        await session.execute(text(statement), values)

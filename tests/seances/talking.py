"""Speaking in a room, and reading what was said."""

from typing import Any

from sqlalchemy import text

from tests.people import Answer, Person
from tests.seances.world import World

SEND = """mutation ($input: SendSeanceMessageInput!) { sendSeanceMessage(input: $input) {
  id kind isSystem text sender { name } letterTiming startsAt hiddenAt version seance { id } } }"""
HIDE = """mutation ($id: ID!, $hidden: Boolean) { hideSeanceMessage(id: $id, hidden: $hidden) {
  text letterTiming hiddenAt version } }"""
TYPING = "mutation ($id: ID!, $typing: Boolean) { setSeanceTyping(seanceId: $id, typing: $typing) }"
REPORT = """mutation ($input: ReportSeanceMessageInput!) { reportSeanceMessage(input: $input) {
  id text reason sender { name } reporter { name } resolvedAt message { id } seance { id } } }"""
RESOLVE = "mutation ($id: ID!) { resolveSeanceReport(id: $id) { resolvedAt version } }"
PAGE = """query ($room: ID!, $search: String, $first: Int, $after: String, $last: Int, $before: String) {
  seance(id: $room) { messages(search: $search, first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { text } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""


async def send(person: Person, room: str, text: str = "Is anybody there?") -> Answer:
    return await person.ask(SEND, input={"seanceId": room, "text": text})


async def say(person: Person, room: str, text: str = "Is anybody there?") -> str:
    """The message's id."""
    id: str = (await send(person, room, text)).data["sendSeanceMessage"]["id"]
    return id


async def hide(person: Person, id: str, **more: bool) -> Answer:
    return await person.ask(HIDE, id=id, **more)


async def report(person: Person, id: str, reason: str = "It is rude") -> Answer:
    return await person.ask(REPORT, input={"messageId": id, "reason": reason})


async def page(person: Person, room: str, **more: Any) -> Any:
    return (await person.ask(PAGE, room=room, **more)).data["seance"]["messages"]


async def texts(person: Person, room: str, **more: Any) -> list[str | None]:
    return [message["text"] for message in (await page(person, room, **more))["nodes"]]


async def rows(world: World, table: str = "seance_message") -> list[Any]:
    """As they stand in the database."""
    statement = text(f"select * from {table} where seance_id = :id order by created_at, id")  # noqa: S608 (of ours)
    async with world.people.services.db.transaction() as session:
        return [*(await session.execute(statement, {"id": world.room.id}))]


async def set_seat(world: World, person: Person, values: str) -> None:
    """Of their seat, as SQL."""
    statement = text(f"update seance_participant set {values} where id = :id")  # noqa: S608 (of ours)
    async with world.people.services.db.transaction() as session:
        await session.execute(statement, {"id": world.seats[person.id].id})


async def end(world: World) -> None:
    async with world.people.services.db.transaction() as session:
        await session.execute(text("update seance set ended_at = now() where id = :id"), {"id": world.room.id})


LEFT = "left_at = now(), left_reason = 'LEFT'"
BANNED = "left_at = now(), left_reason = 'BANNED', banned_at = now()"
MUTED = "muted_at = now()"


async def hand_over(world: World, person: Person) -> None:
    """They are the host from now on."""
    async with world.people.services.db.transaction() as session:
        await session.execute(
            text("update seance set host_id = :user where id = :id"), {"id": world.room.id, "user": person.id}
        )

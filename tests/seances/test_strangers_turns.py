"""Who may not ask the spirit (askSpirit), nor call off what others ask (cancelSpirit): each is refused, and nothing
has changed.
"""

from db.seances.rooms import SeanceVisibility
from tests.people import People
from tests.seances.asking import ASK, CANCEL, ask, asked, everything, execute
from tests.seances.world import World
from tests.seances.world import world as made

LEFT = "update seance_participant set left_at = now(), left_reason = 'LEFT' where id = :id"
BANNED = "update seance_participant set left_at = now(), left_reason = 'BANNED', banned_at = now() where id = :id"
MUTED = "update seance_participant set muted_at = now() where id = :id"


async def test_a_stranger_finds_no_private_room_to_ask_in(world: World) -> None:
    before = await everything(world)
    assert (await ask(world.sam, world.room.id)).code == "SEANCE_NOT_FOUND"
    assert (await world.people.nobody.ask(ASK, room=world.room.id, text="Hello?")).code == "UNAUTHENTICATED"
    assert await everything(world) == before


async def test_those_alone_ask_who_sit_there(people: People) -> None:
    world = await made(people, visibility=SeanceVisibility.PUBLIC)
    await execute(people, LEFT, id=world.seats[world.ida.id].id)
    before = await everything(world)
    for person in (world.sam, world.ida):
        assert (await ask(person, world.room.id)).code == "FORBIDDEN"
    assert await everything(world) == before


async def test_whoever_was_banned_or_muted_asks_nothing(world: World) -> None:
    await execute(world.people, BANNED, id=world.seats[world.ida.id].id)
    await execute(world.people, MUTED, id=world.seats[world.gus.id].id)
    before = await everything(world)
    assert (await ask(world.ida, world.room.id)).code == "SEANCE_NOT_FOUND"
    assert (await ask(world.gus, world.room.id)).code == "FORBIDDEN"
    assert await everything(world) == before


async def test_a_question_is_of_1_to_1000_characters(world: World) -> None:
    before = await everything(world)
    for text in ("", " \n ", "a" * 1_001, "a\x00b"):
        refused = await ask(world.gus, world.room.id, text)
        assert refused.code == "VALIDATION_ERROR"
        assert [*refused.details] == ["text"]
    assert await everything(world) == before


async def test_nobody_asks_in_a_room_that_has_ended(world: World) -> None:
    await execute(world.people, "update seance set ended_at = now() where id = :id", id=world.room.id)
    before = await everything(world)
    refused = await ask(world.gus, world.room.id)
    assert (refused.code, refused.error["extensions"]["reason"]) == ("CONFLICT", "SEANCE_ENDED")
    assert await everything(world) == before


async def test_only_the_host_and_whoever_asked_call_a_question_off(world: World) -> None:
    turn = await asked(world.gus, world.room.id)
    before = await everything(world)
    assert (await world.ida.ask(CANCEL, turn=turn["id"])).code == "FORBIDDEN"
    assert (await world.sam.ask(CANCEL, turn=turn["id"])).code == "SEANCE_TURN_NOT_FOUND"
    assert (await world.gus.ask(CANCEL, turn=world.room.id)).code == "SEANCE_TURN_NOT_FOUND"
    assert (await world.people.nobody.ask(CANCEL, turn=turn["id"])).code == "UNAUTHENTICATED"
    assert await everything(world) == before


async def test_text_that_looks_like_sql_or_html_is_text(world: World) -> None:
    text = "'; drop table seance; -- <script>alert(1)</script> ${x} \\u0000 %s"
    assert (await asked(world.gus, world.room.id, text))["question"]["text"] == text

"""Making, changing, ending and deleting a room."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from db.seances.invites import SeanceInvite
from db.seances.turns import SeanceTurn, TurnState
from kit.ids import Id
from resolvers.jobs import handlers
from resolvers.seances.ending import CleanUp
from resolvers.seances.rules.rooms import MOST_HOSTED
from resolvers.seances.thinking import called_off
from tests.people import People
from tests.seances.hearing import EVENTS, hearing
from tests.seances.rooms import DELETE, END, ONE, create, opened, row, rows, update
from tests.seances.world import World, keep, said
from tests.waiting import until

SEATS = """subscription ($seats: [String!]) { changes(topics: $seats) { __typename ... on Ready { cursor }
  ... on EntityChanged { entityType kind } ... on EntityDeleted { entityType deletedId } } }"""


async def test_whoever_makes_a_room_is_its_host_and_has_the_first_seat(people: People) -> None:
    dora = await people.one(name="Dora")
    made = await opened(dora, name="  The cellar ")
    assert made == {
        "id": made["id"],
        "name": "The cellar",
        "visibility": "PUBLIC",
        "maxUsers": 6,
        "participantCount": 1,
        "freeSeats": 5,
        "locked": False,
        "isActive": True,
        "endedAt": None,
        "version": 1,
        "createdAt": made["createdAt"],
        "host": {"id": dora.id, "name": "Dora"},
        "participants": {"nodes": [{"isHost": True, "user": {"id": dora.id}}]},
        "messages": {"nodes": [{"kind": "SYSTEM", "text": "Session created", "sender": None}]},
    }
    assert made["id"].startswith("seance_")
    (seat,) = await rows(people, "select * from seance_participant where seance_id = $1", made["id"])
    assert seat["held_until"] > seat["joined_at"], "it is lost by whoever never connects"


async def test_a_room_and_what_it_says_of_itself_are_made_together(people: People) -> None:
    dora = await people.one()
    made = await opened(dora)
    statement = "select distinct xid::text from event where $1 = any(topics)"
    assert len(await rows(people, statement, f"seance:{made['id']}")) == 1
    kinds = "select entity || ' ' || kind as told from event where $1 = any(topics) order by id"
    told = [event["told"] for event in await rows(people, kinds, f"seance:{made['id']}")]
    assert told == ["Seance ADDED", "SeanceMessage ADDED", "SeanceParticipant JOINED", "Seance UPDATED"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "bell\a"}, "name"),
        ({"maxUsers": 1}, "maxUsers"),
        ({"maxUsers": 13}, "maxUsers"),
    ],
)
async def test_what_no_room_can_be_is_refused(people: People, given: Any, field: str) -> None:
    dora = await people.one()
    answer = await create(dora, **given)
    assert (answer.code, [*answer.details]) == ("VALIDATION_ERROR", [field])
    assert await rows(people, "select id from seance where host_id = $1", dora.id) == []
    made = await opened(dora)
    answer = await update(dora, made["id"], **given)
    assert (answer.code, [*answer.details]) == ("VALIDATION_ERROR", [field])
    assert (await row(people, made["id"]))["version"] == 1


async def test_names_that_look_like_sql_or_html_are_names(people: People) -> None:
    dora = await people.one()
    for name in ("'; drop table seance; --", "<b onclick=alert(1)>Attic</b>", "👻" * 100):
        made = await opened(dora, name=name, maxUsers=2, visibility="UNLISTED")
        assert (made["name"], made["maxUsers"], made["visibility"]) == (name, 2, "UNLISTED")


async def test_of_thirty_rooms_made_at_once_as_many_come_to_be_as_one_may_have(people: People) -> None:
    dora = await people.one()
    answers = await asyncio.gather(*(create(dora) for _ in range(30)))
    refused = [answer.error for answer in answers if "errors" in answer.body]
    assert {(error["extensions"]["code"], error["extensions"]["reason"]) for error in refused} == {
        ("CONFLICT", "TOO_MANY_SEANCES")
    }
    going = await rows(people, "select id from seance where host_id = $1", dora.id)
    assert (len(going), len(refused)) == (MOST_HOSTED, 10)
    assert (await dora.ask(END, id=going[0]["id"])).data
    assert (await create(dora)).data, "one that has ended does not count"


async def test_from_one_address_come_ten_a_minute(people: People) -> None:
    dora, gus = await people.one(), await people.one()
    answers = [await create(one, "203.0.113.77") for one in [dora, gus] * 5]
    assert all("errors" not in answer.body for answer in answers)
    assert (await create(dora, "203.0.113.77")).code == "RATE_LIMITED"
    assert (await create(dora, "203.0.113.78")).data


async def test_a_host_changes_a_room(world: World) -> None:
    given: dict[str, Any] = {"name": "The loft", "maxUsers": 4, "visibility": "UNLISTED", "locked": True}
    async with hearing(world.gus, world.room.id) as gus:
        changed = (await update(world.dora, world.room.id, 1, **given)).data["updateSeance"]
        assert {name: changed[name] for name in given} == given
        assert (changed["version"], changed["participantCount"], changed["freeSeats"]) == (2, 3, 1)
        told = await gus.next()
    assert (told["__typename"], told["kind"], told["actor"]) == ("SeanceUpdated", "UPDATED", {"name": "Dora"})
    assert (told["seance"]["name"], told["seance"]["locked"]) == ("The loft", True)
    answer = await update(world.dora, world.room.id, 1, name="The roof")
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")
    assert (await row(world.people, world.room.id))["name"] == "The loft"


async def test_there_are_never_fewer_seats_than_are_taken(world: World) -> None:
    answer = await update(world.dora, world.room.id, maxUsers=2, name="Small")
    assert answer.code == "VALIDATION_ERROR"
    assert answer.details == {"maxUsers": ["must not be less than the 3 seats that are taken"]}
    assert (await row(world.people, world.room.id))["name"] == "The attic"
    assert (await update(world.dora, world.room.id, maxUsers=3)).data["updateSeance"]["freeSeats"] == 0


async def test_a_room_ends_at_once_and_only_once(world: World) -> None:
    async with hearing(world.gus, world.room.id) as gus:
        ended = (await world.dora.ask(END, id=world.room.id)).data["endSeance"]
        assert await gus.types(2) == ["MessageReceived", "SeanceEnded"]
    assert (ended["isActive"], ended["participantCount"], ended["freeSeats"], ended["version"]) == (False, 3, 0, 2)
    assert ended["endedAt"] is not None
    assert ended["messages"]["nodes"] == [{"text": "Session ended"}]
    assert (await world.dora.ask(END, id=world.room.id)).data["endSeance"] == ended
    answer = await update(world.dora, world.room.id, name="Reopened")
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "SEANCE_ENDED")
    assert (await row(world.people, world.room.id))["name"] == "The attic"


async def test_what_was_said_in_a_room_that_has_ended_is_read_by_those_who_were_there(world: World) -> None:
    await keep(world.people, said(world.room, world.dora, "Is somebody there?"))
    await update(world.dora, world.room.id, visibility="PUBLIC")
    assert (await world.dora.ask(END, id=world.room.id)).data
    query = "query ($id: ID!) { seance(id: $id) { messages { nodes { text } } participants { totalCount } } }"
    read = (await world.gus.ask(query, id=world.room.id)).data["seance"]
    texts = [message["text"] for message in read["messages"]["nodes"]]
    assert (texts, read["participants"]) == (["Session ended", "Is somebody there?"], {"totalCount": 3})
    assert (await world.sam.ask(ONE, id=world.room.id)).code == "SEANCE_NOT_FOUND"


async def test_ending_at_the_same_moment_ends_it_once(world: World) -> None:
    answers = await asyncio.gather(*(world.dora.ask(END, id=world.room.id) for _ in range(5)))
    assert len({answer.data["endSeance"]["endedAt"] for answer in answers}) == 1
    said = "select text from seance_message where seance_id = $1"
    assert await rows(world.people, said, world.room.id) == [{"text": "Session ended"}]


async def test_after_the_end_no_invitation_is_left(world: World) -> None:
    """The job finds nothing to do when it is done again, or when the room is gone."""
    now = world.people.services.clock()
    invite = SeanceInvite(
        id=SeanceInvite.fresh_id(), seance_id=world.room.id, created_by_id=Id(world.dora.id), code="c" * 20,
        expires_at=now + timedelta(days=1), most_uses=1,
    )  # fmt: skip
    await keep(world.people, invite)
    assert (await world.dora.ask(END, id=world.room.id)).data
    payload = CleanUp(seance_id=world.room.id).payload()
    waiting = "select count(*) as jobs from job where entrypoint = 'CleanUp' and payload = $1"
    assert await rows(world.people, waiting, payload) == [{"jobs": 1}]
    clean_up = handlers(world.people.services)["CleanUp"].run
    revoked = "select revoked_at is not null as revoked, version from seance_invite where id = $1"
    for number in range(2):
        await clean_up(number, payload)
        assert await rows(world.people, revoked, invite.id) == [{"revoked": True, "version": 2}]
    assert (await world.dora.ask(DELETE, id=world.room.id)).data
    await clean_up(3, payload)


async def test_a_room_is_deleted_with_all_that_was_said(world: World) -> None:
    await keep(world.people, said(world.room, world.gus, "Boo"))
    answer = await world.dora.ask(DELETE, id=world.room.id)
    assert answer.data == {"deleteSeance": {"deletedId": world.room.id}}
    for table in ("seance_message", "seance_participant"):
        left = f"select id from {table} where seance_id = $1"  # noqa: S608 (ours)
        assert await rows(world.people, left, world.room.id) == []
    assert (await world.gus.ask(ONE, id=world.room.id)).code == "SEANCE_NOT_FOUND"
    assert "seance.delete" in await world.people.audit(world.room.id)


async def test_everybody_who_sits_there_hears_that_it_is_gone(world: World) -> None:
    """Where they follow the room, which nothing comes from any more, and on the topic of their seats."""
    mine = [f"seats:{world.ida.id}"]
    async with (
        hearing(world.gus, world.room.id) as gus,
        hearing(world.dora, world.room.id) as dora,
        hearing(world.ida, world.room.id, query=SEATS, seats=mine) as ida,
    ):
        assert (await world.dora.ask(DELETE, id=world.room.id)).data
        for stream in (gus, dora):
            told = await stream.next()
            assert (told["__typename"], told["deletedId"]) == ("SeanceDeleted", world.room.id)
        gone = {"__typename": "EntityDeleted", "entityType": "SEANCE", "deletedId": world.room.id}
        assert await ida.next() == gone
    async with world.gus.socket() as socket:
        await socket.start(EVENTS, room=world.room.id)
        assert (await socket.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_with_a_room_goes_what_the_spirit_thinks_of(world: World) -> None:
    """Whoever works at it is told to stop, and those who listen that there will be no answer."""
    services, question = world.people.services, said(world.room, world.gus, "Is somebody there?")
    now = services.clock()
    turn = SeanceTurn(
        id=SeanceTurn.fresh_id(), seance_id=world.room.id, asked_by_id=Id(world.gus.id), question_id=question.id,
        state=TurnState.THINKING, started_at=now, alive_until=now + timedelta(minutes=1),
    )  # fmt: skip
    await keep(world.people, question)
    await keep(world.people, turn)
    stopped: list[str] = []
    async with hearing(world.gus, world.room.id) as gus:
        with services.signals.follow(called_off(turn.id), lambda signal: stopped.append(signal.topic)):
            assert (await world.dora.ask(DELETE, id=world.room.id)).data
            assert await gus.types(2) == ["ErrorEvent", "SeanceDeleted"]
            await until(lambda: stopped)
    assert stopped == [called_off(turn.id)]

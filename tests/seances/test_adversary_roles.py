"""What is seen of a room by those who are not, or no longer, what they would have to be."""

from datetime import timedelta
from typing import Any

import pytest

from db.seances.rooms import SeanceVisibility
from db.seances.seats import LeftReason
from schema.schema import made
from tests.everything import questions
from tests.people import People, Person
from tests.seances import doing
from tests.seances.evening import ELSEWHERE, Evening, evening
from tests.seances.talking import hide, page, report, send
from tests.seances.world import keep, said
from tests.transcripts import differing, transcript

SCHEMA = made()._schema
SEEN = """query ($id: ID!) { seance(id: $id) { name participantCount host { id } isActive
  participants(left: true) { totalCount nodes { id user { id } } } messages { totalCount nodes { text } }
  turns { totalCount nodes { state } } invites { totalCount } reports { totalCount } } }"""
NODE = "query ($id: ID!) { node(id: $id) { id } }"
EVERY_ONE = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"""


async def seen(person: Person, room: str) -> Any:
    """Null where it is not there for them."""
    return (await person.ask(SEEN, id=room)).body["data"]["seance"]


async def nodes(person: Person, planned: Evening) -> set[str]:
    """The words with which the ids begin that lead them somewhere."""
    ids = [id for ids in planned.ids.values() for id in ids]
    found = (await person.ask(EVERY_ONE, ids=ids)).data["nodes"]
    return {node["id"].partition("_")[0] for node in found if node is not None}


async def later(planned: Evening, by: Person) -> list[str]:
    """What happens when Max has gone: Nina comes and speaks, Ida is muted and goes. The ids of what that is about."""
    nina = await planned.people.one(name="Nina")
    planned.rows.append(await doing.join(nina, planned.room.id))
    message = await doing.say(nina, planned.room.id, "A needle later")
    ida = next(row for row in planned.rows if getattr(row, "user_id", None) == planned.ida.id)
    await doing.mute(by, planned.room.id, planned.ida)
    await doing.go(planned.ida, planned.room.id, planned.ida)
    return [message.id, planned.rows[-1].id, nina.id, ida.id]


async def test_who_has_left_is_answered_as_they_were_then(people: People, once: None) -> None:
    """But of the room itself: its name, its host, how many are there and whether it goes on, as these are now."""
    planned = await evening(people)
    await planned.begins()
    pool = planned.pool(user=[*planned.users, planned.ida.id])
    asked = [*questions(SCHEMA, pool, ELSEWHERE)]
    before, was = await transcript(planned.max, asked), await seen(planned.max, planned.room.id)
    made = await later(planned, planned.dora)
    assert differing(before, await transcript(planned.max, asked)) == {}
    assert await seen(planned.max, planned.room.id) == was | {"participantCount": 3}
    assert [(await planned.max.ask(NODE, id=id)).data["node"] for id in made] == [None] * 4
    assert was["participants"]["nodes"] == [
        {"id": was["participants"]["nodes"][0]["id"], "user": {"id": planned.max.id}}
    ]
    assert was["messages"]["totalCount"] == 3
    assert await page(planned.max, planned.room.id, search="later") == await page(
        planned.max, planned.room.id, search="x"
    )


async def test_a_question_that_was_open_when_they_left_tells_nothing_of_its_answer(people: People) -> None:
    planned = await evening(people)
    open = next(row for row in planned.rows if row.prefix == "turn")
    open.finished_at += timedelta(hours=1)  # type: ignore[attr-defined]
    await planned.begins()
    assert (await planned.gus.ask(NODE, id=open.id)).data["node"] == {"id": open.id}
    assert (await planned.max.ask(NODE, id=open.id)).data["node"] is None


@pytest.mark.parametrize("reason", [LeftReason.KICKED, LeftReason.DROPPED])
async def test_who_was_sent_away_reads_what_was_said_until_then(people: People, reason: LeftReason) -> None:
    planned = await evening(people)
    await planned.begins()
    await doing.go(planned.dora, planned.room.id, planned.gus, reason)
    await doing.say(planned.ida, planned.room.id, "Later")
    found = await seen(planned.gus, planned.room.id)
    assert (found["messages"]["totalCount"], found["turns"]["totalCount"]) == (3, 2)
    assert [node["user"]["id"] for node in found["participants"]["nodes"]] == [planned.gus.id]
    assert (await send(planned.gus, planned.room.id)).code == "FORBIDDEN"


@pytest.mark.parametrize("visibility", SeanceVisibility)
async def test_who_was_banned_sees_what_a_stranger_does(people: People, visibility: SeanceVisibility) -> None:
    planned = await evening(people, visibility=visibility)
    await planned.begins()
    question = next(row for row in planned.rows if row.prefix == "seancemessage")
    reported = await report(planned.gus, question.id)
    assert reported.data
    await doing.go(planned.dora, planned.room.id, planned.gus, LeftReason.BANNED)
    strangers = await seen(planned.sam, planned.room.id)
    found = await seen(planned.gus, planned.room.id)
    assert found == (strangers and strangers | {"participants": found["participants"]})
    of_room = set() if visibility is SeanceVisibility.PRIVATE else {"seance"}
    assert await nodes(planned.gus, planned) == of_room | {"seat", "usage"}  # their own
    assert await nodes(planned.sam, planned) == of_room
    reports = "{ seanceReports { totalCount } }"
    assert (await planned.gus.ask(NODE, id=reported.data["reportSeanceMessage"]["id"])).data["node"] is None
    assert "totalCount" not in str((await planned.gus.ask(reports)).body)
    hosts = {"id": planned.dora.id} if visibility is SeanceVisibility.PUBLIC else None
    assert (await planned.gus.ask(NODE, id=planned.dora.id)).data["node"] == hosts
    assert (await planned.gus.ask(NODE, id=planned.ida.id)).data["node"] is None


async def test_who_sits_there_and_is_not_the_host_sees_no_invitations_and_no_reports(people: People) -> None:
    planned = await evening(people)
    await planned.begins()
    found, hosts = await seen(planned.gus, planned.room.id), await seen(planned.dora, planned.room.id)
    assert (found["invites"]["totalCount"], found["reports"]["totalCount"]) == (0, 0)
    assert (hosts["invites"]["totalCount"], hosts["reports"]["totalCount"]) == (1, 1)
    assert await nodes(planned.gus, planned) == {"seance", "seat", "seancemessage", "turn", "usage"}
    assert await nodes(planned.ida, planned) == {"seance", "seat", "seancemessage", "turn", "report"}  # she reported
    assert await nodes(planned.dora, planned) == {"seance", "seat", "seancemessage", "turn", "report", "seanceinvite"}


async def test_what_is_hidden_is_not_found_by_its_words(people: People) -> None:
    planned = await evening(people)
    await planned.begins()
    hidden = said(planned.room, planned.gus, "Zanzibar")
    await keep(people, hidden)
    assert (await hide(planned.dora, hidden.id)).data
    for person in (planned.ida, planned.max):
        words = [(await page(person, planned.room.id, search=word))["totalCount"] for word in ("zanz", "qwerty")]
        assert words == [0, 0]


async def test_of_a_public_room_a_stranger_sees_the_room_and_its_host(people: People, once: None) -> None:
    planned = await evening(people, visibility=SeanceVisibility.PUBLIC)
    await planned.begins()
    assert await nodes(planned.sam, planned) == {"seance"}
    none, nothing = {"totalCount": 0}, {"totalCount": 0, "nodes": []}
    of_room = {"name": "The attic", "participantCount": 3, "host": {"id": planned.dora.id}, "isActive": True}
    inside = {"participants": nothing, "messages": nothing, "turns": nothing, "invites": none, "reports": none}
    assert await seen(planned.sam, planned.room.id) == of_room | inside
    asked = [*questions(SCHEMA, planned.pool(), ELSEWHERE)]
    before = await transcript(planned.sam, asked)
    await later(planned, planned.dora)
    await doing.say(planned.gus, planned.room.id, "Beware")
    assert differing(before, await transcript(planned.sam, asked)) == {}
    await doing.end(planned.dora, planned.room.id)
    assert await seen(planned.sam, planned.room.id) is None
    assert await nodes(planned.sam, planned) == set()

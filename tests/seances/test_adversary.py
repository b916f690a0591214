"""A stranger asks everything there is to ask, before there is a room and when it is full of people and what they say.

The questions are made of the schema (`tests/everything.py`), so that whatever is added to it is asked as well. The
answers must be the same, byte for byte.
"""

import json
import re
from collections import Counter
from dataclasses import replace

import pytest

from db.accounts.users import Role
from db.base import Entity
from db.models import (
    Seance,
    SeanceInvite,
    SeanceMessage,
    SeanceParticipant,
    SeanceReport,
    SeanceTurn,
    TokenUsage,
)
from schema.schema import made
from tests.everything import Pool, mutations, questions
from tests.people import People
from tests.seances.evening import ELSEWHERE, Evening, evening, invite
from tests.seances.world import keep
from tests.transcripts import answered, as_fakes, blanked, differing, fake, transcript

SCHEMA = made()._schema
OF_ROOMS = [Seance, SeanceInvite, SeanceMessage, SeanceParticipant, SeanceReport, SeanceTurn, TokenUsage]
TYPES = re.compile(r'"__typename":"(\w+)"')
CODES = re.compile(r'"code":"([A-Z_]+)"')


@pytest.mark.parametrize("visibility", ["PRIVATE", "UNLISTED"])
async def test_a_stranger_is_answered_as_if_there_were_no_room(people: People, once: None, visibility: str) -> None:
    """Of an unlisted one they do not know the id, nor what stands there."""
    planned = await evening(people, visibility=visibility)
    pool = planned.pool(**({} if visibility == "PRIVATE" else {"seance": [fake(planned.room.id)]}))
    asked = [*questions(SCHEMA, pool, ELSEWHERE)]
    before = await transcript(planned.sam, asked)
    await planned.begins()
    assert differing(before, await transcript(planned.sam, asked)) == {}
    await planned.goes_on()
    after = await transcript(planned.sam, asked)
    assert differing(before, after) == {}
    codes = Counter(CODES.findall("".join(after.values())))
    assert {code for code in codes if not code.endswith("NOT_FOUND")} <= {"FORBIDDEN"}, codes
    assert sum('"errors"' not in answer for answer in after.values()) > len(asked) / 2


async def test_an_administrator_of_the_server_sees_of_it_reports_and_what_was_used(people: People, once: None) -> None:
    planned = await evening(people)
    ada = await people.one(Role.SUPER_ADMIN)
    users = {"user": [planned.sam.id]}
    asked = [*questions(SCHEMA, planned.pool(**users), (*ELSEWHERE, "users"))]
    before = await transcript(ada, asked)
    await planned.begins()
    after = await transcript(ada, asked)
    told = {
        type for _, answer in differing(before, after).values() for type in re.findall('"__typename":"(\\w+)"', answer)
    }
    assert told & {model.__name__ for model in OF_ROOMS} == {"SeanceReport", "TokenUsage"}
    query = "query ($id: ID!) { node(id: $id) { ... on SeanceReport { text seance { id } message { id } } } }"
    seen = (await ada.ask(query, id=planned.ids["report"][0])).data["node"]
    assert seen == {"text": "A needle", "seance": None, "message": None}


async def test_what_a_stranger_calls_there_is_refused_as_what_never_was(people: People, once: None) -> None:
    planned = await evening(people)
    await planned.begins()
    few = {word: ids[:1] for word, ids in planned.ids.items()} | {"user": [planned.gus.id]}
    calls = [verb for verb in mutations(SCHEMA, Pool(few, ["A whisper"], [])) if _of_rooms(verb.name)]
    assert len({verb.name for verb in calls}) > 10
    stood = await _state(planned)
    for verb in calls:
        there = {word: [id for id in ids if id in str(verb.variables)] for word, ids in planned.ids.items()}
        if not any(there.values()):
            continue
        sam = await people.one()  # another each time: there are limits
        found = await answered(sam, verb)
        never = replace(verb, variables=json.loads(as_fakes(json.dumps(verb.variables), there)))
        assert as_fakes(found, there) == await answered(sam, never), verb
        assert '"errors"' in found, verb
        assert "RATE_LIMITED" not in found, verb
    assert await _state(planned) == stood


@pytest.mark.parametrize("which", ["a stranger", "who was banned"])
async def test_a_code_that_is_of_no_use_is_as_one_that_never_was(people: People, once: None, which: str) -> None:
    planned = await evening(people)
    await planned.begins()
    if which == "who was banned":
        await planned.goes_on()
    past = people.services.clock().replace(year=2020)
    ended = await evening(people)
    ended.room.ended_at = past
    await keep(people, ended.room)
    room = planned.room if which == "a stranger" else ended.room
    useless = [
        invite(room, planned.dora, revoked_at=past),
        invite(room, planned.dora, expires_at=past),
        invite(room, planned.dora, uses=3),
        invite(ended.room, planned.dora),
    ]
    if which == "who was banned":
        useless.append(invite(planned.room, planned.dora))
    await keep(people, *useless)
    person = planned.sam if which == "a stranger" else planned.max
    asked = [question for kind in (questions, mutations) for question in kind(SCHEMA, planned.pool(), ELSEWHERE)]
    named = {question.name: question for question in asked if question.variables.keys() == {"code"}}
    assert {"acceptSeanceInvite", "seanceOfInvite"} <= named.keys()
    for question in named.values():
        answers = set()
        for code in ["needle-unknown", *(one.code for one in useless)]:
            body = {"query": question.query, "variables": {"code": code}}
            response = await people.http.post("/graphql", json=body, headers=person.headers)
            assert "INVITE_NOT_FOUND" in response.text
            answers.add(blanked(response.text).replace(code, ""))
        assert len(answers) == 1, answers


@pytest.mark.parametrize("model", OF_ROOMS, ids=lambda model: model.__name__)
async def test_every_type_of_a_room_is_among_what_is_asked(people: People, model: type[Entity]) -> None:
    planned = await evening(people)
    asked = [question for question in questions(SCHEMA, planned.pool()) if question.name == "node"]
    assert any(f"... on {model.__name__} " in question.query for question in asked)
    assert {id for ids in planned.ids.values() for id in ids} <= {question.variables["id"] for question in asked}


def _of_rooms(name: str) -> bool:
    return any(word in name for word in ("Seance", "Spirit"))


async def _state(planned: Evening) -> list[object]:
    """All rows of the room."""
    found: list[object] = []
    for model in OF_ROOMS:
        ids = planned.ids[model.prefix]
        table = f"select * from {model.__tablename__} where id = any($1) order by id"  # noqa: S608 (names of ours)
        found += [dict(row) for row in await planned.people.services.db.fetch(table, ids)]
    return found

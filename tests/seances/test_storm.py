"""Everybody does everything at once, in two servers; what must always hold of rooms holds all the while."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from db.seances.rooms import SeanceVisibility
from kit.settings import Settings
from tests.conftest import served, settings_for
from tests.databases import database
from tests.people import Answer, People, Person
from tests.seances.asking import ASK, CANCEL, execute
from tests.seances.rooms import DELETE, DELETE_USER, END, UPDATE, create
from tests.seances.sitting import ACCEPT, BAN, INVITE, JOIN, KICK, LEAVE, MUTE, PARDON, TRANSFER, rows
from tests.seances.talking import SEND, TYPING
from tests.seances.world import room
from tests.spirit_server import Wire, answers, refuses, spirit_server, stalls, with_spirit
from tests.waiting import until

SEED = 7
PEOPLE, ROOMS, STEPS = 12, 4, 12
# What may be answered to somebody who is a moment late; anything else is a fault.
REFUSED = {"CONFLICT", "FORBIDDEN", "RATE_LIMITED", "UNAUTHENTICATED", "VALIDATION_ERROR"}
REFUSED |= {f"{name}_NOT_FOUND" for name in ("SEANCE", "SEANCE_PARTICIPANT", "SEANCE_INVITE", "SEANCE_TURN", "USER")}

# A room that goes on, with somebody else's seat and a question there.
SOME = """select room.id as room, host_id,
  (select id from seance_participant where seance_id = room.id and user_id <> host_id
    order by left_at is not null, random() limit 1) as seat,
  (select id from seance_turn where seance_id = room.id order by state, random() limit 1) as turn
  from (values (1)) one
  left join (select * from seance where ended_at is null order by random() limit 1) room on true"""
DROPPED = """update seance_participant set held_until = now() where id in (
  select id from seance_participant where left_at is null order by random() limit 1 for update skip locked)"""
# What is never so, at any moment.
NEVER = {
    "miscounted": """select id from seance where ended_at is null and participant_count <> (
        select count(*) from seance_participant where seance_id = seance.id and left_at is null)""",
    "without a host": """select id from seance where ended_at is null and not exists (
        select from seance_participant where seance_id = seance.id and left_at is null and user_id = host_id)""",
    "waiting for nothing": """select id from seance where ended_at is null
        and exists (select from seance_turn where seance_id = seance.id and state = 'QUEUED')
        and not exists (select from seance_turn where seance_id = seance.id and state = 'THINKING')""",
    "thinking of two": "select seance_id from seance_turn where state = 'THINKING' group by 1 having count(*) > 1",
    "in two seats": "select seance_id from seance_participant group by seance_id, user_id having count(*) > 1",
    "waiting for who has gone": """select turn.id from seance_turn turn join seance on seance.id = seance_id
        where ended_at is null and state = 'QUEUED' and not exists (select from seance_participant seat
          where seat.seance_id = seance.id and user_id = asked_by_id and left_at is null)""",
    "used too often": "select id from seance_invite where uses > most_uses",
}
# What is not so either when all is done.
AT_LAST = {
    "open after the end": """select turn.id from seance_turn turn join seance on seance.id = seance_id
        where ended_at is not null and state < 'ANSWERED'""",
    "inviting after the end": """select invite.id from seance_invite invite join seance on seance.id = seance_id
        where ended_at is not null and revoked_at is null""",
    "told otherwise": """select seat.id from seance_participant seat, lateral (
        select kind from event where entity_id = seat.id and kind in ('JOINED', 'LEFT')
        order by xid desc, id desc limit 1) told where (told.kind = 'JOINED') is distinct from (left_at is null)""",
    "ended otherwise": """select turn.id from seance_turn turn, lateral (
        select kind from event where entity_id in (turn.id, answer_id)
        order by xid desc, id desc limit 1) told where told.kind::text <> state::text""",
    "not counted": """select turn.id from seance_turn turn left join token_usage on subject_id = turn.id
        where state = 'ANSWERED' and asked_by_id is not null and subject_id is null""",
}


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Settings]:
    async with database(database_url, migrated=True) as url:
        yield settings_for(url, job_concurrency=6, seance_hold_seconds=1.0)


@dataclass
class Storm:
    people: People
    persons: list[Person]
    rooms: list[str]
    codes: list[str]
    dice: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311
    told: Counter[str] = field(default_factory=Counter)
    gone: set[str] = field(default_factory=set)

    @property
    def by_id(self) -> dict[str, Person]:
        return {person.id: person for person in self.persons}

    async def step(self, person: Person) -> tuple[Person, str, dict[str, Any]]:
        """Who does what next: somebody by chance, or the host of some room."""
        (found,) = await rows(self.people, SOME)
        room, code, host = found["room"] or "", self.dice.choice(self.codes), self.by_id.get(found["host_id"], person)
        seat, turn = found["seat"] or "", found["turn"] or ""
        does: list[tuple[float, Person, str, dict[str, Any]]] = [
            (30, person, JOIN, {"id": room}),
            (12, person, ACCEPT, {"code": code}),
            (5, person, LEAVE, {"id": room}),
            (2, host, LEAVE, {"id": room}),
            (6, host, KICK, {"id": seat}),
            (1, host, BAN, {"id": seat}),
            (2, host, PARDON, {"id": seat}),
            (2, host, MUTE, {"id": seat, "muted": self.dice.random() < 0.5}),
            (8, host, TRANSFER, {"id": room, "to": seat}),
            (6, host, ASK, {"room": room, "text": "Who are you?"}),
            (20, person, ASK, {"room": room, "text": "Who is there?"}),
            (6, host, CANCEL, {"turn": turn}),
            (8, person, SEND, {"input": {"seanceId": room, "text": "<b>Hello"}}),
            (4, person, TYPING, {"id": room}),
            (3, host, UPDATE, {"id": room, "input": {"maxUsers": self.dice.randint(3, 5), "locked": False}}),
            (6, host, INVITE, {"input": {"seanceId": room, "mostUses": 3}}),
            (0.8, host, END, {"id": room}),
            (0.3, host, DELETE, {"id": room}),
        ]
        ((_, who, query, given),) = self.dice.choices(does, [weight for weight, *_ in does])
        return who, query, given

    async def walk(self, person: Person) -> None:
        for number in range(STEPS):
            if person.id in self.gone:
                return
            await self.open_another(person)
            who, query, given = await self.step(person)
            once = {"idempotency-key": f"{person.id} {number}"} if self.dice.random() < 0.3 else {}
            asked = {"query": query, "variables": given}
            response = await who.people.http.post("/graphql", json=asked, headers=who.headers | once)
            self.note(Answer(response.status_code, response.json()))

    async def open_another(self, person: Person) -> None:
        """There are always some rooms."""
        (found,) = await rows(self.people, "select count(*) from seance where ended_at is null")
        if found["count"] < ROOMS:
            shown = self.dice.choice(["PUBLIC", "PUBLIC", "PRIVATE"])
            self.note(await create(person, visibility=shown, maxUsers=self.dice.randint(3, 6)))

    def note(self, answer: Answer) -> None:
        if "errors" in answer.body:
            extensions = answer.error["extensions"]
            assert answer.code in REFUSED, answer.body
            self.told[extensions.get("reason") or answer.code] += 1
            return
        ((name, found),) = answer.data.items()
        self.told[name] += 1
        if name == "createSeanceInvite":
            self.codes.append(found["code"])

    async def drop(self) -> None:
        """Again and again somebody's connection is lost for good."""
        while True:
            await execute(self.people, DROPPED)
            await asyncio.sleep(0.4)

    async def depart(self) -> None:
        """Some are deleted, hosts among them."""
        for person in self.persons[:3]:
            await asyncio.sleep(0.3)
            self.gone.add(person.id)
            answer = await person.ask(DELETE_USER, id=person.id)
            while "errors" in answer.body and answer.error["extensions"].get("reason") == "TRY_AGAIN":
                self.told["TRY_AGAIN"] += 1
                answer = await person.ask(DELETE_USER, id=person.id)
            assert answer.data

    async def watch(self) -> None:
        while True:
            assert await self.found(NEVER) == {}
            await asyncio.sleep(0.05)

    async def found(self, faults: dict[str, str]) -> dict[str, list[Any]]:
        told = {name: await rows(self.people, statement) for name, statement in faults.items()}
        return {name: amiss for name, amiss in told.items() if amiss}

    async def is_over(self) -> bool:
        jobs = await rows(self.people, "select id from job where status in ('queued', 'picked')")
        turns = await rows(self.people, "select id from seance_turn where state < 'ANSWERED'")
        return not jobs and not turns


async def _storm(people: People, others: People) -> Storm:
    persons = [await people.one() for _ in range(PEOPLE)]
    made = Storm(people, persons, [], [])
    for number in range(ROOMS):
        host = persons[number]
        shown = SeanceVisibility.PRIVATE if number == ROOMS - 1 else SeanceVisibility.PUBLIC
        found, _ = await room(people, host, visibility=shown, max_users=3 + number % 3)
        made.rooms.append(found.id)
        given = {"seanceId": found.id, "mostUses": 50}
        made.note(await host.ask(INVITE, input=given))
    made.persons = [person.at(others) if number % 2 else person for number, person in enumerate(persons)]
    return made


async def test_whatever_happens_at_once_seats_hosts_and_turns_add_up(own: Settings) -> None:
    dice = random.Random(SEED)  # noqa: S311

    async def reply(wire: Wire) -> None:
        await dice.choice([answers("YES"), answers("NO"), stalls("PER"), refuses(503)])(wire)

    async with spirit_server() as spirits:
        spirits.replies = [reply]
        settings = with_spirit(own, spirits, llm_stall_seconds=0.3)
        async with served(settings) as one, served(settings) as other:
            storm = await _storm(one.people, other.people)
            background = [asyncio.create_task(task) for task in (storm.drop(), storm.watch())]
            try:
                async with asyncio.timeout(60):
                    await asyncio.gather(*map(storm.walk, storm.persons), storm.depart())
            finally:
                for task in background:
                    task.cancel()
                ended = await asyncio.gather(*background, return_exceptions=True)
            assert all(isinstance(error, asyncio.CancelledError) for error in ended), ended
            await until(storm.is_over)
            assert await storm.found(NEVER | AT_LAST) == {}
            assert {"joinSeance", "createSeanceInvite", "askSpirit"} <= storm.told.keys()

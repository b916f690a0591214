"""An evening in a room, planned before it is: all ids are known before there is a row of them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from db.accounts.usage import TokenUsage
from db.base import Entity
from db.seances.invites import SeanceInvite
from db.seances.messages import MessageKind, SeanceMessage
from db.seances.reports import SeanceReport
from db.seances.rooms import Seance
from db.seances.seats import LeftReason, SeanceParticipant
from db.seances.turns import SeanceTurn, TurnFailure, TurnState
from kit.ids import Id
from resolvers.topics import GATES
from tests.everything import Pool
from tests.people import People, Person
from tests.seances import doing

WORDS = ["attic", "whisper", "Beware", "needle"]
ELSEWHERE = (  # of the server, and of tasks and families: no room is in them
    *("health", "websocketHealth", "websocketConnections", "systemHealth", "websocketHealthEvents"),
    *("task", "tasks", "taskCounts", "label", "labels", "find", "families", "family", "familyOfInvite", "person"),
    *("persons", "occasion", "occasions", "occasionSummary", "list", "lists", "gift", "gifts", "searchGifts"),
    *("similarGifts", "listItem", "listItems", "personHistory", "myGivings", "comment", "comments", "activity"),
    *("dashboard", "taskEvents", "labelEvents", "liveTasks", "liveTaskCounts", "familyEvents", "occasionEvents"),
    *("giftListEvents", "giftEvents", "listEvents", "listItemEvents", "commentEvents", "personEvents"),
)
OTHERS = (  # of which one id each is enough to ask with: nothing of a room is in them
    *("activity", "claim", "comment", "contribution", "family", "gift", "giving", "guest", "invite", "item", "label"),
    *("list", "member", "occasion", "person", "price", "session", "task"),
)


@dataclass(frozen=True)
class Evening:
    """Dora is the host, Gus and Ida sit with her, Max was there and left. Sam is a stranger."""

    people: People
    dora: Person
    gus: Person
    ida: Person
    max: Person
    sam: Person
    room: Seance
    rows: list[Entity]

    @property
    def ids(self) -> dict[str, list[str]]:
        """By the word that they begin with."""
        found: dict[str, list[str]] = {}
        for row in [self.room, *self.rows]:
            found.setdefault(row.prefix, []).append(row.id)
        return found

    @property
    def users(self) -> list[str]:
        return [person.id for person in (self.dora, self.gus, self.max)]

    @property
    def topics(self) -> list[str]:
        """Of every name, and others besides that only the server has."""
        names = (*GATES, "seance-typing", "presence:seance", "presence")
        rooms = [f"{name}:{id}" for name in names for id in (self.room.id, self.dora.id)]
        return [*rooms, f"presence:seance:{self.room.id}", "lobby:seances", "lobby:", "grants", f"seats:{self.sam.id}"]

    def pool(self, **ids: list[str]) -> Pool:
        others = {word: [f"{word}_{0:032}"] for word in OTHERS}
        return Pool(others | {"user": self.users} | self.ids | ids, WORDS, self.topics)

    async def begins(self) -> None:
        """Everything is written, and told of, as the verbs do it."""
        async with doing.context(self.dora).work() as work:
            for row in [self.room, *self.rows]:
                await work.add(row)
        await doing.go(self.max, self.room.id, self.max)

    async def goes_on(self) -> None:
        """Whatever else may happen."""
        room = self.room.id
        await doing.say(self.gus, room, "A whisper")
        await doing.change(self.dora, room, name="The attic at night", locked=True)
        await doing.change(self.dora, room, locked=False)
        await doing.join(self.max, room)
        await doing.go(self.dora, room, self.max, LeftReason.BANNED)
        await doing.pass_on(self.dora, room, self.gus)
        await doing.go(self.gus, room, self.gus)
        await doing.go(self.ida, room, self.ida)
        await doing.go(self.dora, room, self.dora)


async def evening(people: People, **given: Any) -> Evening:
    """Nothing is written but its people. The room is private unless said otherwise."""
    dora, gus, ida, max, sam = [await people.one(name=name) for name in ("Dora", "Gus", "Ida", "Max", "Sam")]
    now = people.services.clock()
    values: dict[str, Any] = {"name": "The attic", "visibility": "PRIVATE", "max_users": 6, "locked": False} | given
    room = Seance(id=Seance.fresh_id(), host_id=Id(dora.id), participant_count=4, **values)
    of_room = {"seance_id": room.id}
    seats = [
        SeanceParticipant(id=SeanceParticipant.fresh_id(), user_id=Id(person.id), joined_at=now, **of_room)
        for person in (dora, gus, ida, max)
    ]
    question, answer, hidden = (SeanceMessage(id=SeanceMessage.fresh_id(), **of_room) for _ in range(3))
    for message, text in ((question, "Is a needle there?"), (answer, "Beware"), (hidden, "A whisper")):
        message.text, message.kind, message.sender_id = text, MessageKind.USER, Id(gus.id)
    hidden.hidden_at = now
    answer.kind, answer.sender_id, answer.letter_timing, answer.starts_at = MessageKind.SPIRIT, None, [200] * 6, now
    asked: dict[str, Any] = {"asked_by_id": Id(gus.id), "question_id": question.id, "finished_at": now, **of_room}
    turns = [
        SeanceTurn(
            id=SeanceTurn.fresh_id(), state=TurnState.ANSWERED, answer_id=answer.id, provider="embedded", **asked
        ),
        SeanceTurn(id=SeanceTurn.fresh_id(), state=TurnState.FAILED, failure=TurnFailure.TIMED_OUT, **asked),
    ]
    usage = TokenUsage(id=TokenUsage.fresh_id(), user_id=Id(gus.id), subject_id=turns[0].id, provider="embedded")
    usage.model, usage.input_tokens, usage.output_tokens, usage.cost_micro_usd = "needle", 1, 2, 3
    report = SeanceReport(id=SeanceReport.fresh_id(), message_id=question.id, reporter_id=Id(ida.id), **of_room)
    report.text, report.reason, report.sender_id, report.host_id = "A needle", "A whisper", Id(gus.id), Id(dora.id)
    rows: list[Entity] = [*seats, question, answer, hidden, *turns, usage, report, invite(room, dora)]
    return Evening(people, dora, gus, ida, max, sam, room, rows)


def invite(room: Seance, host: Person, **given: Any) -> SeanceInvite:
    """One that may be used, unless said otherwise."""
    id, until = SeanceInvite.fresh_id(), host.people.services.clock() + timedelta(days=1)
    values: dict[str, Any] = {"expires_at": until, "most_uses": 3, "uses": 0, "code": f"needle-{id[-20:]}"} | given
    return SeanceInvite(id=id, seance_id=room.id, created_by_id=Id(host.id), **values)

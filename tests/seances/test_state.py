"""Initial query + events applied = a fresh query, for whoever sits in a room, whatever is done there in between."""

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.conftest import Served
from tests.people import Person
from tests.seances.hearing import Heard
from tests.seances.sitting import BAN, JOIN, KICK, LEAVE, MUTE, PARDON, TRANSFER
from tests.seances.talking import HIDE, SEND
from tests.seances.world import World, world
from tests.sockets import Socket

T = TypeVar("T")
EXAMPLES = 5
STEPS = 25
PATIENCE = 20  # seconds for one step
REFUSALS = {"CONFLICT", "FORBIDDEN", "VALIDATION_ERROR", "SEANCE_NOT_FOUND", "SEANCE_PARTICIPANT_NOT_FOUND"}

ROOM = "id name locked maxUsers participantCount isActive version host { id }"
SEAT = "id leftAt mutedAt joinedAt version user { id }"
MESSAGE = "id kind text hiddenAt version sender { id }"
FRESH = f"""query ($id: ID!) {{ seance(id: $id) {{ {ROOM} participants(first: 100) {{ nodes {{ {SEAT} }} }}
  messages(first: 100) {{ nodes {{ {MESSAGE} }} }} }} }}"""
EVENTS = f"""subscription ($room: ID!, $after: Cursor) {{ seanceEvents(seanceId: $room, after: $after) {{ __typename
  ... on Ready {{ cursor }} ... on Change {{ cursor }} ... on RoomChange {{ seance {{ {ROOM} }} }}
  ... on SeatChange {{ participant {{ {SEAT} }} }} ... on MessageChange {{ message {{ {MESSAGE} }} }} }} }}"""
RENAME = "mutation ($id: ID!, $input: UpdateSeanceInput!) { updateSeance(id: $id, input: $input) { id } }"

WHO = st.sampled_from(["gus", "sam", "max"])
NUMBER = st.integers(0, 99)


class Screen:
    """What one of them has before them: the room, who sits there, and what was said."""

    def __init__(self, person: Person, room: str) -> None:
        self.person = person
        self.room = room
        self.kept: dict[str, Any] = {}
        self.cursor: str | None = None

    async def come(self) -> None:
        """Begins to follow, or goes on where it was."""
        self.socket: Socket = await self.person.socket().__aenter__()
        await self.socket.start(EVENTS, "1", room=self.room, after=self.cursor)
        self.heard = Heard(self.socket)
        assert (await self.heard.next())["__typename"] == "Ready"
        self.cursor = self.heard.cursor

    async def go(self) -> None:
        await self.socket.__aexit__()

    async def fresh(self) -> dict[str, Any]:
        """By id: the room, those who sit there, and the messages."""
        found = (await self.person.ask(FRESH, id=self.room)).data["seance"]
        rows = [*found.pop("participants")["nodes"], *found.pop("messages")["nodes"], found]
        return {row["id"]: row for row in rows}

    async def look(self) -> None:
        self.kept = await self.fresh()

    async def hear(self, last: str) -> None:
        """Applies what is told, up to the message of this text."""
        told: dict[str, Any] = {}
        while told.get("text") != last:
            event = await self.heard.next()
            self.cursor = self.heard.cursor
            told = event.get("seance") or event.get("participant") or event.get("message")
            self.kept[told["id"]] = told
            if told.get("leftAt"):
                del self.kept[told["id"]]


class Life(RuleBasedStateMachine):
    """Ida sits there all the time; the others come, go, are sent away, and speak. Dora is the host at first."""

    house: ClassVar[Served]
    loop: ClassVar[asyncio.AbstractEventLoop]

    @initialize()
    def begin(self) -> None:
        self.markers = 0
        self.world: World = self.wait(world(self.house.people, visibility="UNLISTED"))
        self.people = {name: getattr(self.world, name) for name in ("dora", "gus", "ida", "sam")}
        self.people["max"] = self.wait(self.house.people.one(name="Max"))
        self.screen = Screen(self.world.ida, self.world.room.id)
        self.wait(self.screen.come())
        self.wait(self.screen.look())

    @rule(who=WHO, verb=st.sampled_from([JOIN, JOIN, LEAVE]))
    def come_or_go(self, who: str, verb: str) -> None:
        self.ask(who, verb, id=self.world.room.id)

    @rule(who=st.sampled_from(["gus", "sam", "max", "dora", "ida"]), text=st.sampled_from(["Yes", "No", "Beware"]))
    def say(self, who: str, text: str) -> None:
        self.ask(who, SEND, input={"seanceId": self.world.room.id, "text": text})

    @rule(which=NUMBER, verb=st.sampled_from([KICK, BAN, PARDON]))
    def send_away(self, which: int, verb: str) -> None:
        for seat in self.seats(which):
            self.ask("dora", verb, id=seat)

    @rule(which=NUMBER, muted=st.booleans())
    def mute(self, which: int, *, muted: bool) -> None:
        for seat in self.seats(which):
            self.ask("dora", MUTE, id=seat, muted=muted)

    @rule(which=NUMBER, hidden=st.booleans())
    def hide(self, which: int, *, hidden: bool) -> None:
        said = [id for id in self.wait(self.screen.fresh()) if id.startswith("seancemessage_")]
        for id in said[which % len(said) :][:1] if said else ():
            self.ask("dora", HIDE, id=id, hidden=hidden)

    @rule(name=st.sampled_from(["The attic", "The cellar"]), locked=st.booleans(), most=st.integers(2, 6))
    def change(self, name: str, most: int, *, locked: bool) -> None:
        self.ask("dora", RENAME, id=self.world.room.id, input={"name": name, "locked": locked, "maxUsers": most})

    @rule(which=NUMBER)
    def pass_on(self, which: int) -> None:
        for seat in self.seats(which, of_ida=True):
            for host in ("dora", "ida"):
                self.ask(host, TRANSFER, id=self.world.room.id, to=seat)

    @rule()
    def look_again(self) -> None:
        self.wait(self.screen.look())

    @rule()
    def go_and_come_back(self) -> None:
        self.wait(self.screen.go())
        self.wait(self.screen.come())

    @rule()
    def compare(self) -> None:
        self.markers += 1
        self.ask("ida", SEND, input={"seanceId": self.world.room.id, "text": f"marker {self.markers}"})
        self.wait(self.screen.hear(f"marker {self.markers}"))
        assert self.screen.kept == self.wait(self.screen.fresh())

    def teardown(self) -> None:
        if hasattr(self, "screen"):
            try:
                self.compare()
            finally:
                self.wait(self.screen.go())

    def seats(self, which: int, *, of_ida: bool = False) -> list[str]:
        """One of them; Ida's shall stay as it is."""
        rows = "select id, user_id from seance_participant where seance_id = $1 order by id"
        found = self.wait(self.house.services.db.fetch(rows, self.world.room.id))
        ids = [row["id"] for row in found if of_ida or row["user_id"] != self.world.ida.id]
        return [ids[which % len(ids)]]

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The machine runs beside the event loop of the server and of the clients."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def ask(self, who: str, query: str, **variables: Any) -> None:
        """It may be refused."""
        answer = self.wait(self.people[who].ask(query, **variables))
        if "errors" in answer.body:
            assert answer.code in REFUSALS, answer.body


async def test_what_is_queried_and_the_events_since_are_together_what_a_fresh_query_answers(house: Served) -> None:
    class Here(Life):
        loop = asyncio.get_running_loop()

    Here.house = house
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, Here, settings=chosen)

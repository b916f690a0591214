"""Initial query + events applied = a fresh query, whatever was done in between, for every entity that has a stream."""

import asyncio
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.conftest import Served
from tests.live.screen import Client, Entity, linked
from tests.people import People

T = TypeVar("T")
EXAMPLES = 8
STEPS = 30
PATIENCE = 20  # seconds for one step
REFUSALS = {"CONFLICT", "VALIDATION_ERROR", "TASK_NOT_FOUND", "LABEL_NOT_FOUND"}

TASK = """id title description completed completedAt priority dueAt timeZone reminders recurrence repeatsFrom nextDueAt
  occurrences(first: 2) position trashedAt version createdAt updatedAt owner { id } labels { id }
  parent { id } next { id } previous { id }"""
LABEL = "id name color version createdAt updatedAt owner { id }"
IDS = """{ live: tasks(first: 100) { nodes { id } } trash: tasks(first: 100, filter: {trashed: true}) { nodes { id } }
  labels(first: 100) { nodes { id } } }"""


def one(verb: str, answer: str = "id") -> str:
    return f"mutation ($id: ID!) {{ {verb}(id: $id) {{ {answer} }} }}"


def with_input(verb: str, kind: str) -> str:
    return f"mutation ($id: ID!, $input: {kind}!) {{ {verb}(id: $id, input: $input) {{ id }} }}"


CREATE = "mutation ($input: CreateTaskInput!) { createTask(input: $input) { id } }"
UPDATE = with_input("updateTask", "UpdateTaskInput")
MOVE = with_input("moveTask", "MoveTaskInput")
COMPLETE_ALL = "mutation ($ids: [ID!]!) { completeTasks(ids: $ids) { id } }"
DELETE_ALL = "mutation ($ids: [ID!]!) { deleteTasks(ids: $ids) { deletedId } }"
CREATE_LABEL = "mutation ($input: CreateLabelInput!) { createLabel(input: $input) { id } }"
UPDATE_LABEL = with_input("updateLabel", "UpdateLabelInput")

NUMBER = st.integers(0, 99)
TITLE = st.sampled_from(["Garden", "Bed", "Hedge"])
RULE = st.sampled_from([None, "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO", "FREQ=DAILY;COUNT=2"])
DUE = "2026-03-10T09:00:00Z"


class Life(RuleBasedStateMachine):
    """Somebody does this and that, and clients of theirs follow: one for each entity."""

    house: ClassVar[Served]
    loop: ClassVar[asyncio.AbstractEventLoop]

    @initialize()
    def begin(self) -> None:
        self.markers = 0
        self.person = self.wait(self.house.people.one())
        self.clients = [Client(self.person, Entity("task", TASK)), Client(self.person, Entity("label", LABEL))]
        for client in self.clients:
            self.wait(client.come())
            self.wait(client.look())

    @rule(title=TITLE, recurrence=RULE, below=NUMBER, labels=st.lists(NUMBER, max_size=2), top=st.booleans())
    def create(self, title: str, recurrence: str | None, below: int, labels: list[int], *, top: bool) -> None:
        given: dict[str, Any] = {"title": title, "labelIds": self.ids("labels", *labels)}
        given |= {"dueAt": DUE, "recurrence": recurrence} if recurrence else {}
        for parent in [] if top else self.ids("live", below):
            given["parentId"] = parent
        self.ask(CREATE, input=given)

    @rule(which=NUMBER, title=TITLE, recurrence=RULE, completed=st.booleans())
    def update(self, which: int, title: str, recurrence: str | None, *, completed: bool) -> None:
        given = {"title": title, "dueAt": DUE, "recurrence": recurrence, "completed": completed}
        self.of_one("live", which, UPDATE, input=given)

    @rule(which=NUMBER, labels=st.lists(NUMBER, max_size=2))
    def relabel(self, which: int, labels: list[int]) -> None:
        self.of_one("live", which, UPDATE, input={"labelIds": self.ids("labels", *labels)})

    @rule(which=NUMBER)
    def complete(self, which: int) -> None:
        self.of_one("live", which, one("completeTask"))

    @rule(which=NUMBER)
    def reopen(self, which: int) -> None:
        self.of_one("live", which, one("reopenTask"))

    @rule(which=st.lists(NUMBER, min_size=1, max_size=3))
    def complete_several(self, which: list[int]) -> None:
        self.of_several(COMPLETE_ALL, which)

    @rule(which=NUMBER, parent=NUMBER, before=NUMBER, how=st.sampled_from(["below", "top", "before"]))
    def move(self, which: int, parent: int, before: int, how: str) -> None:
        places = {"below": {"parentId": parent}, "top": {}, "before": {"beforeId": before}}[how]
        given = {name: id for name, number in places.items() for id in self.ids("live", number)}
        self.of_one("live", which, MOVE, input=given | ({"parentId": None} if how == "top" else {}))

    @rule(which=NUMBER)
    def delete(self, which: int) -> None:
        self.of_one("live", which, one("deleteTask", "deletedId"))

    @rule(which=st.lists(NUMBER, min_size=1, max_size=3))
    def delete_several(self, which: list[int]) -> None:
        self.of_several(DELETE_ALL, which)

    @rule(which=NUMBER)
    def restore(self, which: int) -> None:
        self.of_one("trash", which, one("restoreTask"))

    @rule(which=NUMBER)
    def purge(self, which: int) -> None:
        self.of_one("trash", which, one("purgeTask", "deletedId"))

    @rule()
    def empty_trash(self) -> None:
        self.ask("mutation { emptyTrash }")

    @rule(name=st.sampled_from(["home", "work", "a shed"]))
    def create_label(self, name: str) -> None:
        self.ask(CREATE_LABEL, input={"name": name})

    @rule(which=NUMBER, name=st.sampled_from(["home", "zoo"]))
    def rename_label(self, which: int, name: str) -> None:
        self.of_one("labels", which, UPDATE_LABEL, input={"name": name})

    @rule(which=NUMBER)
    def delete_label(self, which: int) -> None:
        self.of_one("labels", which, one("deleteLabel", "deletedId"))

    @rule()
    def look_again(self) -> None:
        for client in self.clients:
            self.wait(client.look())

    @rule()
    def go_and_come_back(self) -> None:
        for client in self.clients:
            self.wait(client.go())
            self.wait(client.come())

    @rule()
    def compare(self) -> None:
        self.markers += 1
        marker = f"marker {self.markers}"
        self.ask(CREATE, input={"title": marker})
        self.ask(CREATE_LABEL, input={"name": marker})
        for client in self.clients:
            self.wait(client.hear(marker))
            assert linked(client.kept) == linked(self.wait(client.fresh()))

    def teardown(self) -> None:
        if hasattr(self, "clients"):
            try:
                self.compare()
            finally:
                for client in self.clients:
                    self.wait(client.go())

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The machine runs beside the event loop of the server and of the clients."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def ask(self, query: str, **variables: Any) -> Any:
        """The data; None where it was refused, as it may be."""
        answer = self.wait(self.person.ask(query, **variables))
        if "errors" in answer.body:
            assert answer.code in REFUSALS, answer.body
            return None
        return answer.data

    def ids(self, which: str, *numbers: int) -> list[str]:
        """Some of those that are live, in the trash, or labels; none where there are none."""
        there = [node["id"] for node in self.ask(IDS)[which]["nodes"]]
        return [there[number % len(there)] for number in numbers if there]

    def of_one(self, which: str, number: int, query: str, **variables: Any) -> None:
        for id in self.ids(which, number):
            self.ask(query, id=id, **variables)

    def of_several(self, query: str, numbers: list[int]) -> None:
        if ids := self.ids("live", *numbers):
            self.ask(query, ids=ids)


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
        phases=[Phase.generate],  # with Phase.shrink it finds a smaller example, in minutes
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, Here, settings=chosen)


@pytest.mark.parametrize("which", ["task", "next"])
@pytest.mark.parametrize("verbs", [["deleteTask"], ["deleteTask", "restoreTask"]], ids=["goes", "comes back"])
async def test_a_link_is_told_anew_when_its_other_end_goes_or_comes_back(
    people: People, which: str, verbs: list[str]
) -> None:
    dora = await people.one()
    task = await dora.task(dueAt=DUE, recurrence="FREQ=DAILY")
    done = (await dora.ask(one("completeTask", "id next { id }"), id=task["id"])).data["completeTask"]
    other = {"task": done, "next": done["next"]}[which]
    for verb in verbs[:-1]:
        await dora.ask(one(verb, "deletedId"), id=other["id"])
    client = Client(dora, Entity("task", TASK))
    await client.come()
    await dora.task("begun")
    await client.hear("begun")
    await client.look()
    await dora.ask(one(verbs[-1], "deletedId" if verbs[-1] == "deleteTask" else "id"), id=other["id"])
    await dora.task("marker")
    await client.hear("marker")
    await client.go()
    assert client.kept == await client.fresh()

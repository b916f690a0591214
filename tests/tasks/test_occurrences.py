"""`Task.occurrences`: dates that only Python can reckon, wherever a task stands in an answer."""

import json
from typing import Any

import pytest

from kit.errors import Conflict
from schema.tasks.tasks import Task
from tests.people import People, Person

DAILY: dict[str, Any] = {"dueAt": "2026-03-10T09:00:00Z", "recurrence": "FREQ=DAILY"}
TASK = "query ($id: ID!, $first: Int! = 5) { task(id: $id) { occurrences(first: $first) } }"


def days(*numbers: int) -> list[str]:
    return [f"2026-03-{number:02}T09:00:00+00:00" for number in numbers]


async def occurrences(person: Person, task: Any, **variables: Any) -> Any:
    return (await person.ask(TASK, id=task["id"], **variables)).data["task"]["occurrences"]


async def test_the_next_dates_follow_the_due_date(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY)
    assert await occurrences(dora, task) == days(11, 12, 13, 14, 15)
    assert await occurrences(dora, task, first=1) == [task["nextDueAt"]] == days(11)
    assert len(await occurrences(dora, task, first=10)) == 10


async def test_there_are_as_many_as_the_rule_has_left(people: People) -> None:
    dora = await people.one()
    assert await occurrences(dora, await dora.task(**DAILY | {"recurrence": "FREQ=DAILY;COUNT=3"})) == days(11, 12)
    assert await occurrences(dora, await dora.task(**DAILY | {"recurrence": "FREQ=DAILY;COUNT=1"})) == []
    until = DAILY | {"recurrence": "FREQ=DAILY;UNTIL=20260313"}
    assert await occurrences(dora, await dora.task(**until)) == days(11, 12, 13)


async def test_what_does_not_recur_has_none(people: People) -> None:
    dora = await people.one()
    assert await occurrences(dora, await dora.task()) == []
    assert await occurrences(dora, await dora.task(dueAt="2026-03-10T09:00:00Z")) == []


async def test_the_time_of_day_is_kept_in_the_tasks_own_zone(people: People) -> None:
    dora = await people.one()
    task = await dora.task(dueAt="2026-03-28T08:00:00Z", recurrence="FREQ=DAILY", timeZone="Europe/Berlin")
    assert await occurrences(dora, task, first=2) == ["2026-03-29T07:00:00+00:00", "2026-03-30T07:00:00+00:00"]


async def test_from_completion_they_are_reckoned_as_if_each_were_done_when_due(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY, repeatsFrom="COMPLETION")
    assert await occurrences(dora, task, first=3) == days(11, 12, 13)


@pytest.mark.parametrize(
    ("first", "said"),
    [(0, "Input should be greater than or equal to 1"), (11, "Input should be less than or equal to 10")],
)
async def test_one_to_ten_may_be_asked_for(people: People, first: int, said: str) -> None:
    dora = await people.one()
    refused = await dora.ask(TASK, id=(await dora.task(**DAILY))["id"], first=first)
    assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"first": [said]})


async def test_keys_keep_their_order_and_nothing_else_comes_with_them(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY)
    query = """query ($id: ID!, $no: Boolean = false) { task(id: $id) {
      b: title occurrences(first: 1) a: id two: occurrences(first: 2) none: occurrences @include(if: $no) timeZone
    } }"""
    answer = (await dora.ask(query, id=task["id"])).data["task"]
    assert json.dumps(answer) == json.dumps(
        {"b": "A task", "occurrences": days(11), "a": task["id"], "two": days(11, 12), "timeZone": "UTC"}
    )


async def test_the_same_document_serves_other_arguments(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY)
    for first in (3, 1, 2):
        assert await occurrences(dora, task, first=first) == days(11, 12, 13)[:first]


async def test_dates_stand_wherever_a_task_does(people: People) -> None:
    dora = await people.one()
    label = await dora.label("water")
    top = await dora.task("top", labelIds=[label["id"]], **DAILY)
    part = await dora.task("water", parentId=top["id"])
    query = """query ($top: ID!, $part: ID!, $label: ID!, $gone: ID!) {
      task(id: $top) { subtasks { totalCount nodes { title parent { ...Dates } } edges { node { ...Dates } } } }
      tasks(orderBy: {field: TITLE}) { nodes { ...Dates } edges { cursor node { ...Dates } } pageInfo { hasNextPage } }
      label(id: $label) { tasks { nodes { ...Dates } } }
      node(id: $top) { ...Dates }
      nodes(ids: [$label, $top, $gone, $part]) {
        __typename ...Dates ... on Label { name tasks { nodes { ...Dates } } } }
      find(text: "water") { nodes { ...Dates } edges { node { __typename ...Dates ... on Label { name } } } }
    } fragment Dates on Task { occurrences(first: 1) }"""
    answer = await dora.ask(query, top=top["id"], part=part["id"], label=label["id"], gone="task_" + "0" * 32)
    some: dict[str, Any] = {"occurrences": days(11)}
    none: dict[str, Any] = {"occurrences": []}
    data = answer.data
    for edge in data["tasks"]["edges"]:
        assert edge.pop("cursor")
    assert data == {
        "task": {
            "subtasks": {"totalCount": 1, "nodes": [{"title": "water", "parent": some}], "edges": [{"node": none}]}
        },
        "tasks": {
            "nodes": [some, none],
            "edges": [{"node": some}, {"node": none}],
            "pageInfo": {"hasNextPage": False},
        },
        "label": {"tasks": {"nodes": [some]}},
        "node": some,
        "nodes": [
            {"__typename": "Label", "name": "water", "tasks": {"nodes": [some]}},
            {"__typename": "Task"} | some,
            None,
            {"__typename": "Task"} | none,
        ],
        "find": {
            "nodes": [none, {}],
            "edges": [{"node": {"__typename": "Task"} | none}, {"node": {"__typename": "Label", "name": "water"}}],
        },
    }


async def test_verbs_and_events_have_them_too(people: People) -> None:
    dora = await people.one()
    task = await dora.task()
    events = "subscription { taskEvents { ... on TaskChanged { kind task { title occurrences(first: 1) } } } }"
    update = """mutation ($id: ID!, $input: UpdateTaskInput!) { updateTask(id: $id, input: $input) {
      occurrences(first: 2) parent { occurrences } } }"""
    complete = (
        "mutation ($id: ID!) { completeTasks(ids: [$id]) { occurrences(first: 1) next { occurrences(first: 1) } } }"
    )
    async with dora.socket() as socket, socket.events(query=events) as stream:
        answer = await dora.ask(update, id=task["id"], input=DAILY)
        assert answer.data == {"updateTask": {"occurrences": days(11, 12), "parent": None}}
        assert await stream.next() == {"kind": "UPDATED", "task": {"title": "A task", "occurrences": days(11)}}
    later = (await dora.ask(complete, id=task["id"])).data["completeTasks"][0]
    assert later["occurrences"] == days(11)
    assert len(later["next"]["occurrences"]) == 1


async def test_a_date_that_cannot_be_reckoned_fails_its_root_field_and_says_where(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    dora = await people.one()
    await dora.task("top", **DAILY)
    definition = Task.__strawberry_definition__  # type: ignore[attr-defined]
    field = next(field for field in definition.fields if field.python_name == "occurrences")
    for fault, code in ((Conflict("No dates today", reason="HOLIDAY"), "CONFLICT"), (KeyError("x"), "INTERNAL_ERROR")):

        def broken(fault: Exception = fault, **_: Any) -> None:
            raise fault

        monkeypatch.setattr(field, "call", broken)
        answer = await dora.ask(f"{{ tasks {{ edges {{ it: node {{ a{code}: occurrences }} }} }} me {{ id }} }}")
        assert (answer.code, answer.error["path"]) == (code, ["tasks", "edges", 0, "it", f"a{code}"])
        assert answer.body["data"] is None


async def test_dates_count_towards_what_a_query_may_cost(people: People) -> None:
    dora = await people.one()
    await dora.task(**DAILY)
    query = "query ($n: Int! = 5) { tasks(first: 100) { nodes { occurrences(first: $n) } } }"
    assert (await dora.ask(query)).data["tasks"]["nodes"] == [{"occurrences": days(11, 12, 13, 14, 15)}]
    refused = await dora.ask(query, n=10)
    assert (refused.code, refused.error["extensions"]["cost"]) == ("QUERY_TOO_COMPLEX", 50_101)


async def test_a_strangers_dates_are_told_to_nobody(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    task = await dora.task(**DAILY)
    assert (await sam.ask(TASK, id=task["id"])).code == "TASK_NOT_FOUND"

"""Whatever a mutation asks, it is answered without the executor as the executor answers it."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import pytest
import strawberry
from structlog.typing import EventDict

from db.accounts.users import Role
from kit.settings import Settings
from resolvers.context import Context
from resolvers.tasks import completion
from schema.fields import verb
from schema.roots import Query, Subscription
from schema.schema import made
from schema.tasks.tasks import Task
from schema.writing import is_writable
from tests import everything
from tests.everything import Pool, Question, mutations
from tests.gifts.whole import whole as family
from tests.people import Person
from tests.seances.whole import whole as room
from tests.twice import Asked, Script, Ways, both_ways

Told = Callable[[Script], Awaitable[list[str]]]
SCHEMA = made()._schema
WAYS = 3  # in which each verb is called: with other values of its arguments
TOKENS = {"login", "refreshToken", "renewConnection"}
LAST = ("delete", "purge", "empty", "revoke", "end", "leave", "remove", "kick", "ban", "transfer")
SIGNING_OUT = ("logout", "logoutEverywhere", "changePassword")
CREATE = "mutation ($input: CreateTaskInput!) { createTask(input: $input) { id title } }"
TITLED = "mutation ($title: String!) { createTask(input: {title: $title}) { id title } }"
COMPLETE = "mutation ($id: ID!) { completeTask(id: $id) { id completed } }"
DELETE = "mutation ($ids: [ID!]!) { deleteTasks(ids: $ids) { deletedId } }"
NAMELESS = "mutation ($id: ID!) { updateUser(id: $id, input: {username: null}) { username } }"
TITLES = "{ tasks { nodes { title completed } } }"


@pytest.fixture(scope="module")
async def ways(settings: Settings) -> AsyncIterator[Ways]:
    async with both_ways(settings) as found:
        yield found


@pytest.fixture
def told(ways: Ways, monkeypatch: pytest.MonkeyPatch) -> Told:
    return lambda script: ways.told(script, monkeypatch)


async def _everything(dora: Person) -> dict[str, list[str]]:
    """The ids of one of everything that is hers, by their words."""
    task, label = await dora.task("needle"), await dora.label("needle")
    found = {**await family(dora), **await room(dora), "task": task["id"], "label": label["id"], "me": dora.id}
    return {id.partition("_")[0]: [id] for id in found.values()}


def _called(ids: dict[str, list[str]]) -> Iterator[Question]:
    """Every verb in some ways, first those that leave the most standing."""
    found, seen = [*mutations(SCHEMA, Pool(ids, ["needle"], []), SIGNING_OUT)], Counter[str]()
    for call in sorted(found, key=lambda call: call.name.startswith(LAST)):
        seen[call.name] += 1
        if seen[call.name] <= WAYS:
            yield call


async def test_every_verb_is_answered_alike(told: Told, ways: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little is selected of what they answer: that is read back by the same code, and long to plan."""
    monkeypatch.setattr(everything, "_deepest", lambda _, kind: everything._brief(kind))

    async def script(asked: Asked) -> None:
        dora = await asked.people.one()
        for call in _called(await _everything(dora)):
            await asked.ask(dora, call.query, **call.variables)
        await asked.ask(dora, NAMELESS, id=dora.id)
        await asked.left(dora)

    answers = await told(script)
    done = {found[1] for answer in answers if (found := re.match(r'200 None {"data":{"(\w+)":', answer))}
    assert len(done) > 40, done
    assert all(any(f"{name}(" in query for name in TOKENS) for query in ways.executed)


def test_only_what_answers_tokens_needs_the_executor() -> None:
    assert SCHEMA.mutation_type is not None
    fields = SCHEMA.mutation_type.fields.items()
    assert {name for name, field in fields if not is_writable(field.type)} == TOKENS


WRONG: list[tuple[str, Any]] = [
    (CREATE, {}),
    (CREATE, {"input": None}),
    (CREATE, {"input": {}}),
    (CREATE, {"input": {"title": None}}),
    (CREATE, {"input": {"title": ""}}),
    (CREATE, {"input": {"title": "x" * 600, "timeZone": "Moon", "reminders": [-1, "x"]}}),
    (CREATE, {"input": {"title": "x" * 600, "timeZone": "Moon", "reminders": [-1]}}),
    (CREATE, {"input": {"title": "One", "dueAt": "2026"}}),
    (CREATE, {"input": {"title": "One", "dueAt": 5, "priority": "NO"}}),
    (CREATE, {"input": {"title": "One", "labelIds": ["x"]}}),
    (CREATE, {"input": {"title": "One", "unknown": 1}}),
    (CREATE, {"input": {"title": "One", "parentId": "task_1"}}),
    (CREATE, {"input": [{"title": "One"}]}),
    (TITLED, {"title": 5}),
    (TITLED, {"title": None}),
    (COMPLETE, {"id": "task_1"}),
    (COMPLETE, {"id": 5}),
    (COMPLETE, {"id": f"task_{0:032}"}),
    (DELETE, {"ids": []}),
    (DELETE, {"ids": "task_1"}),
    (DELETE, {"ids": ["task_1", None]}),
    ('mutation ($id: ID = "x") { completeTask(id: $id) { id } }', {"id": None}),
    ('mutation ($id: ID = "x") { completeTask(id: $id) { id } }', {}),
    ('mutation ($on: Boolean = true) { completeTask(id: "x") @skip(if: $on) { id } }', {"on": None}),
    ('mutation ($on: Boolean = true) { createTask(input: {title: "T"}) { id @skip(if: $on) title } }', {"on": None}),
    ("mutation ($on: Boolean = true) { emptyTrash deleteTasks(ids: []) { deletedId @skip(if: $on) } }", {"on": None}),
    ('mutation { createTask(input: {title: "One", dueAt: "2026"}) { id } }', {}),
    ("mutation { createTask(input: {title: 5}) { id } }", {}),
    ('mutation { createTask(input: {title: "T"}) { labels(first: 1000) { nodes { id } } } }', {}),
    ('mutation { createTask(input: {title: "T"}) { subtasks(after: "x") { nodes { id } } } }', {}),
    ('mutation { createTask(input: {title: "T"}) { occurrences(first: 0) } }', {}),
    ("mutation { createTask { id } }", {}),
    ("mutation { createTsk { id } }", {}),
    ("mutation { __schema { types { name } } }", {}),
    ("mutation A { emptyTrash } mutation B { emptyTrash }", {}),
    ("mutation ($input: CreateTaskInput!) { createTask(input: $input) ", {}),
]


async def all_asked(questions: list[tuple[str, Any]], asked: Asked) -> None:
    """One after the other, and then what there is."""
    dora = await asked.people.one()
    for query, variables in questions:
        await asked.ask(dora, query, **variables)
    await asked.ask(dora, TITLES)
    await asked.left(dora)


async def test_what_is_wrong_is_told_alike_and_changes_nothing(told: Told) -> None:
    answers = await told(partial(all_asked, WRONG))
    assert [text for text in answers[: len(WRONG)] if '"errors":[' not in text] == []
    assert answers[-2:] == ['200 None {"data":{"tasks":{"nodes":[]}}}', "[] []"]


RIGHT: list[tuple[str, Any]] = [
    (CREATE, {"input": {"title": "One", "dueAt": "2026-05-01T09:00:00+02:00", "priority": "HIGH"}}),
    (CREATE, {"input": {"title": "Two", "description": None, "reminders": 5}, "more": 1}),
    ('mutation ($input: CreateTaskInput = {title: "Three"}) { createTask(input: $input) { title } }', {}),
    ('mutation ($title: String = "Four") { createTask(input: {title: $title}) { title } }', {}),
    ('mutation ($due: DateTime) { createTask(input: {title: "Five", dueAt: $due}) { title dueAt } }', {}),
    (
        "mutation { __typename emptyTrash ... on Mutation { a: emptyTrash } ...F }"
        " fragment F on Mutation { z: emptyTrash }",
        {},
    ),
    ("mutation ($on: Boolean!) { a: emptyTrash @skip(if: $on) b: emptyTrash @include(if: $on) }", {"on": True}),
    ("mutation ($on: Boolean!) { a: emptyTrash @skip(if: $on) b: emptyTrash @include(if: $on) }", {"on": False}),
    ("mutation { emptyTrash @skip(if: true) }", {}),
    (
        'mutation { createTask(input: {title: "Six"}) { id } ...F }'
        ' fragment F on Mutation { createTask(input: {title: "Six"}) { title t: title __typename } }',
        {},
    ),
    ('mutation ($on: Boolean!) { createTask(input: {title: "S"}) { title @skip(if: $on) v: version } }', {"on": True}),
]


async def test_what_is_right_is_answered_alike(told: Told, ways: Ways) -> None:
    answers = await told(partial(all_asked, RIGHT))
    assert [text for text in answers if '"errors"' in text] == []
    assert ways.executed == []


async def test_what_is_removed_is_answered_alike(told: Told, ways: Ways) -> None:
    async def script(asked: Asked) -> None:
        dora = await asked.people.one()
        ids = [(await dora.task(title))["id"] for title in ("One", "Two", "Three")]
        await asked.ask(dora, DELETE, ids=ids[:2])
        one = "mutation ($id: ID!, $on: Boolean!) { x: deleteTask(id: $id) { d: deletedId @skip(if: $on) ...F } }"
        for on in (True, False):
            await asked.ask(dora, one + " fragment F on DeletePayload { __typename deletedId }", id=ids[2], on=on)
        switched = "mutation ($id: ID!, $on: Boolean = true) { deleteTask(id: $id) { deletedId @skip(if: $on) } }"
        await asked.ask(dora, switched, id=(await dora.task("Four"))["id"], on=None)
        await asked.ask(dora, "mutation { emptyTrash }")

    assert (await told(script))[-1] == '200 None {"data":{"emptyTrash":4}}'
    assert ways.executed == []


async def test_after_an_error_nothing_more_is_done(told: Told, ways: Ways) -> None:
    query = """mutation ($id: ID!) { one: createTask(input: {title: "One"}) { title } two: completeTask(id: $id) { id }
      three: createTask(input: {title: "Three"}) { title } }"""

    async def script(asked: Asked) -> None:
        dora = await asked.people.one()
        await asked.ask(dora, query, id=f"task_{0:032}")
        await asked.ask(dora, TITLES)

    refused, titles = await told(script)
    assert '"data":null' in refused
    assert '"path":["two"]' in refused
    assert titles == '200 None {"data":{"tasks":{"nodes":[{"title":"One","completed":false}]}}}'
    assert ways.executed == []


async def test_who_may_not_is_refused_alike(told: Told, ways: Ways) -> None:
    role = "mutation ($id: ID!, $role: Role!) { setUserRole(id: $id, role: $role) { role } }"

    async def script(asked: Asked) -> None:
        dora, sam = await asked.people.one(), await asked.people.one()
        task = await dora.task()
        await asked.ask(sam, COMPLETE, id=task["id"])
        await asked.ask(asked.people.nobody, COMPLETE, id=task["id"])
        await asked.ask(asked.people.nobody, CREATE, input={"title": ""})
        await asked.ask(sam, role, id=dora.id, role="ADMIN")
        await asked.ask(await asked.people.one(Role.ADMIN), role, id=dora.id, role="AGENT")
        await asked.left(sam)

    answers = await told(script)
    assert [text.partition('"code":"')[2].partition('"')[0] for text in answers[:5]] == [
        *("TASK_NOT_FOUND", "UNAUTHENTICATED", "VALIDATION_ERROR", "FORBIDDEN", "FORBIDDEN")
    ]
    assert "setUserRole" in answers[-1]
    assert ways.executed == []


async def test_a_key_means_the_same_on_either_way(told: Told) -> None:
    async def script(asked: Asked) -> None:
        dora = await asked.people.one()
        there = dora.at(asked.other)
        for who in (dora, there, dora):
            await asked.ask(who, TITLED, "k", title="Once")
            await asked.ask(who, 'mutation { a: emptyTrash b: createTask(input: {title: "B"}) { id } }', "l")
        await asked.ask(dora, TITLED, "k", title="Twice")
        await asked.ask(dora, COMPLETE, "m", id="task_1")
        await asked.ask(dora, COMPLETE, "", id="task_1")
        await asked.ask(dora, TITLES)

    answers = await told(script)
    assert answers[0] == answers[2] == answers[4]
    assert answers[1] == answers[3] == answers[5]
    assert answers[-1].count("title") == 2


async def test_a_socket_answers_alike(told: Told) -> None:
    async def script(asked: Asked) -> None:
        dora = await asked.people.one()
        async with dora.socket() as socket:
            asked.told.append(str(await socket.ask(TITLED, title="One")))
            asked.told.append(str(await socket.ask(TITLED, title="")).replace("'", '"').replace(": ", ":"))
            asked.told.append(str(await socket.ask("mutation { emptyTrash }")))

    assert (await told(script))[2] == "{'data': {'emptyTrash': 0}}"


async def test_the_log_tells_the_same(told: Told, logged: list[EventDict]) -> None:
    async def script(asked: Asked) -> None:
        dora = await asked.people.one()
        logged.clear()
        for title in ("One", ""):
            await asked.ask(dora, TITLED, title=title)
        await asked.ask(dora, COMPLETE, id="task_1")
        lines = [{key: line.get(key) for key in ("event", "log_level", "user", "ids", "code")} for line in logged]
        asked.told.append(str(lines))

    assert "task.create.success" in (await told(script))[-1]


async def _nothing(ctx: Context) -> int: ...  # type: ignore[empty-body]


@strawberry.type(description="What can be done.")
class Mutation:
    complete: Task | None = verb(completion.complete, "Done, or null.")
    must: Task = verb(completion.complete, "Done.")
    nothing: int = verb(_nothing, "Answers null, which it must not.")
    maybe: int | None = verb(_nothing, "Answers null.")


async def test_where_null_may_be_the_rest_is_done(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    query = """mutation ($a: ID!, $b: ID!) { a: complete(id: $a) { title } maybe b: complete(id: $b) { title }
      c: %s(id: $a) { title } nothing }"""

    async def script(asked: Asked) -> None:
        dora = await asked.people.one()
        for name in ("complete", "must"):
            await asked.ask(dora, query % name, a="task_1", b="task_2")

    async with both_ways(settings, (Query, Mutation, Subscription)) as ways:
        may, must = await ways.told(script, monkeypatch)
        assert ways.executed == []
    assert may.count('"message"') == 4
    assert must.count('"message"') == 3

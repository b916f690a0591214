"""@defer over HTTP, byte by byte: what comes first, what comes later, and what is not deferred at all."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.typing import EventDict

from kit.settings import Settings
from tests.conftest import served, settings_for
from tests.people import People, Person
from tests.streams import DEFERRED, INCREMENTAL, PART, Response, asked
from tests.waiting import PATIENCE

TASK = """query ($id: ID!, $later: Boolean = true) {
  task(id: $id) { id title ...More @defer(label: "more", if: $later) }
}
fragment More on Task { __typename id priority labels { name } }"""


async def parts(person: Person, query: str, accept: str = DEFERRED, **variables: Any) -> list[Any]:
    """All of them, up to the one that is the last."""
    found: list[Any] = []
    async with asked(person, query, accept=accept, variables=variables) as response:
        assert response.status == 200
        while not found or found[-1]["hasNext"]:
            found.append(await response.part())
        await ended(response)
    return found


async def ended(response: Response) -> None:
    assert await response.chunk() == b"--\r\n"
    assert await response.chunk() == b""


async def test_the_older_protocol_says_with_each_part_where_it_belongs(people: People) -> None:
    dora = await people.one()
    label = await dora.label("garden")
    task = await dora.task("Water the plants", labelIds=[label["id"]])
    async with asked(dora, TASK, accept=DEFERRED, variables={"id": task["id"]}) as response:
        assert response.headers["content-type"] == 'multipart/mixed;boundary="graphql";deferspec=20220824'
        assert response.headers["vary"] == "accept"
        first = b'{"data":{"task":{"id":"%b","title":"Water the plants"}},"hasNext":true}' % task["id"].encode()
        assert await response.chunk() == b"\r\n--graphql" + PART % first
        later = b'{"__typename":"Task","priority":"NONE","labels":[{"name":"garden"}]}'
        patch = b'{"incremental":[{"data":%b,"path":["task"],"label":"more"}],"hasNext":false}' % later
        assert await response.chunk() == PART % patch
        await ended(response)


async def test_the_newer_protocol_announces_what_is_pending(people: People) -> None:
    dora = await people.one()
    task = await dora.task("Water the plants")
    async with asked(dora, TASK, accept=INCREMENTAL, variables={"id": task["id"]}) as response:
        assert response.headers["content-type"] == 'multipart/mixed;boundary="graphql";incrementalspec=v0.2'
        assert [await response.part(), await response.part()] == [
            {
                "data": {"task": {"id": task["id"], "title": "Water the plants"}},
                "pending": [{"id": "0", "path": ["task"], "label": "more"}],
                "hasNext": True,
            },
            {
                "incremental": [{"id": "0", "data": {"__typename": "Task", "priority": "NONE", "labels": []}}],
                "completed": [{"id": "0"}],
                "hasNext": False,
            },
        ]
        await ended(response)


@pytest.mark.parametrize(
    ("accept", "later"),
    [
        ("application/json", True),
        ("application/graphql-response+json", True),
        (f"application/json, {DEFERRED}", True),
        ("multipart/mixed, application/json;q=0.9", True),
        ("multipart/mixed;deferSpec=20990101, application/json;q=0.9", True),
        (DEFERRED, False),
        (INCREMENTAL, None),
    ],
)
async def test_it_comes_in_one_piece_where_parts_are_not_wanted(people: People, accept: str, later: Any) -> None:
    dora = await people.one()
    task = await dora.task("Water the plants")
    async with asked(dora, TASK, accept=accept, variables={"id": task["id"], "later": later}) as response:
        assert "json" in response.headers["content-type"]
        whole = {"id": task["id"], "title": "Water the plants", "__typename": "Task", "priority": "NONE", "labels": []}
        assert json.loads(await response.rest()) == {"data": {"task": whole}}


async def test_it_comes_in_one_piece_over_a_socket(people: People) -> None:
    dora = await people.one()
    task = await dora.task("Water the plants")
    async with dora.socket() as socket:
        query = "query ($task: ID!) { task(id: $task) { title ... @defer { priority } } }"
        told = await socket.ask(query, task=task["id"])
        assert told == {"data": {"task": {"title": "Water the plants", "priority": "NONE"}}}


async def test_root_fields_and_a_count_come_later_each_as_it_is_ready(people: People) -> None:
    dora = await people.one()
    await dora.task("One")
    query = """{ me { id } ... @defer(label: "list") { tasks { nodes { title } } }
      found: tasks { nodes { title } ... @defer(label: "count") { totalCount } } }"""
    first, *later = await parts(dora, query)
    assert first == {"data": {"me": {"id": dora.id}, "found": {"nodes": [{"title": "One"}]}}, "hasNext": True}
    told = {patch["label"]: (patch["path"], patch["data"]) for part in later for patch in part["incremental"]}
    assert told == {"list": ([], {"tasks": {"nodes": [{"title": "One"}]}}), "count": (["found"], {"totalCount": 1})}
    assert [part["hasNext"] for part in later] == [True, False]


@pytest.mark.parametrize(
    "fields",
    [
        "nodes { id ... @defer { title } }",  # of one of several, which may be others by then
        "nodes { id } ... @defer { pageInfo { endCursor } }",  # where the page ends may move
        "nodes { id } ... @defer { nodes { title } }",  # the same list, asked twice
        "nodes { id } ...F @defer ...F",
    ],
)
async def test_what_two_states_would_mix_up_comes_with_the_rest(people: People, fields: str) -> None:
    dora = await people.one()
    await dora.task("One")
    query = f"{{ tasks {{ {fields} }} }}"
    if "...F" in fields:
        query += " fragment F on TaskConnection { totalCount }"
    async with asked(dora, query, accept=DEFERRED) as response:
        assert response.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
        plain = query.replace("@defer", "")
        assert json.loads(await response.rest()) == (await dora.ask(plain)).body


async def test_a_fragment_for_another_type_has_nothing_to_tell(people: People) -> None:
    dora = await people.one()
    task = await dora.task("One")
    query = "query ($id: ID!) { node(id: $id) { id ... on Label @defer { name } ... on Task @defer { title } } }"
    first, *later = await parts(dora, query, id=task["id"])
    assert first == {"data": {"node": {"id": task["id"]}}, "hasNext": True}
    told = [patch for part in later for patch in part.get("incremental", [])]
    assert told == [{"data": {"title": "One"}, "path": ["node"]}]
    first, *later = await parts(dora, query, INCREMENTAL, id=task["id"])
    assert {done["id"] for part in later for done in part["completed"]} == {"0", "1"}


@pytest.mark.parametrize("accept", [DEFERRED, INCREMENTAL])
async def test_nothing_is_deferred_of_what_is_not_there(people: People, accept: str) -> None:
    dora, eve = await people.one(), await people.one()
    hers = await dora.task("One")
    (only,) = await parts(eve, TASK, accept, id=hers["id"])
    assert (only["data"], only["hasNext"]) == ({"task": None}, False)
    assert [error["extensions"]["code"] for error in only["errors"]] == ["TASK_NOT_FOUND"]


async def test_a_part_that_fails_says_so_in_its_place(people: People) -> None:
    dora = await people.one()
    query = '{ me { id } ... @defer(label: "x") { task(id: "task_0") { title } } }'
    first, failed = await parts(dora, query)
    assert first == {"data": {"me": {"id": dora.id}}, "hasNext": True}
    (patch,) = failed["incremental"]
    assert (patch["data"], patch["path"], patch["label"]) == ({"task": None}, [], "x")
    assert [(e["path"], e["extensions"]["code"]) for e in patch["errors"]] == [(["task"], "TASK_NOT_FOUND")]


@pytest.mark.parametrize("accept", [DEFERRED, INCREMENTAL])
async def test_a_part_without_data_is_complete_with_its_errors(people: People, accept: str) -> None:
    dora = await people.one()
    query = "{ me { id } ... @defer { users { nodes { id } } } }"
    _, failed = await parts(dora, query, accept)
    (told,) = failed["incremental"] if accept is DEFERRED else failed["completed"]
    assert told.get("data") is None
    assert [(e["path"], e["extensions"]["code"]) for e in told["errors"]] == [(["users"], "FORBIDDEN")]
    assert "incremental" not in failed or accept is DEFERRED


@asynccontextmanager
async def nobody_reads_labels(people: People) -> AsyncIterator[AsyncConnection]:
    """A transaction for which all wait who read them."""
    async with people.services.db.engine.begin() as connection:
        await connection.execute(text("lock table label in access exclusive mode"))
        yield connection


LABELS = "query ($id: ID!) { node(id: $id) { id ... on Task @defer { labels { name } } } }"


@pytest.mark.parametrize("accept", [DEFERRED, INCREMENTAL])
async def test_a_part_that_is_gone_by_then_says_so(people: People, accept: str) -> None:
    dora = await people.one()
    task = await dora.task("One")
    async with AsyncExitStack() as locked:
        transaction = await locked.enter_async_context(nobody_reads_labels(people))
        async with asked(dora, LABELS, accept=accept, variables={"id": task["id"]}) as response:
            assert (await response.part())["data"] == {"node": {"id": task["id"]}}
            await transaction.execute(text("delete from task where id = :id"), {"id": task["id"]})
            await locked.aclose()
            failed = await response.part()
            await ended(response)
        (told,) = failed["incremental"] if accept is DEFERRED else failed["completed"]
        (error,) = told["errors"]
        assert (error["path"], error["extensions"]["reason"]) == (["node"], "GONE")


async def test_nothing_more_is_read_for_a_client_that_leaves(people: People) -> None:
    dora = await people.one()
    task = await dora.task("One")
    waiting = text("select count(*) from pg_locks where not granted and relation = 'label'::regclass")
    async with (
        nobody_reads_labels(people) as transaction,
        asked(dora, LABELS, accept=DEFERRED, variables={"id": task["id"]}) as response,
        asyncio.timeout(PATIENCE),
    ):
        await response.part()
        while not await transaction.scalar(waiting):
            pass
        response.cut()
        while await transaction.scalar(waiting):
            pass


async def test_a_client_that_takes_nothing_is_let_go(
    settings: Settings, database_url: str, logged: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    async with served(settings_for(database_url, send_timeout_seconds=1)) as house:
        dora = await house.people.one()
        for _ in range(10):
            await dora.task(description="ä" * 10_000)
        many = " ".join(f"a{number}: tasks {{ nodes {{ description }} }}" for number in range(30))
        query = f"{{ {many} ... @defer {{ me {{ id }} }} }}"
        async with asked(dora, query, accept=DEFERRED, room=65_536) as response, asyncio.timeout(20):
            while not any(record["event"] == "operation" and record["ms"] > 1_000 for record in logged):
                await dora.ask("{ me { id } }")
            with suppress(asyncio.IncompleteReadError, ConnectionResetError):
                assert b"hasNext" not in await response.rest()
    assert caplog.records == []


@pytest.mark.parametrize(
    "query",
    [
        '{ me { ... @defer(label: "a") { name } ... @defer(label: "a") { email } } }',
        'mutation { ... @defer { deleteTask(id: "x") { deletedId } } }',
        "{ me { name @defer } }",
        "{ ... @defer { nothing } }",
    ],
)
async def test_what_the_specification_forbids_is_refused(people: People, query: str) -> None:
    dora = await people.one()
    async with asked(dora, query, accept=DEFERRED) as response:
        assert response.status == 400
        (error,) = json.loads(await response.rest())["errors"]
        assert error["extensions"]["code"] == "VALIDATION_ERROR"


async def test_what_is_deferred_costs_what_it_would_cost_otherwise(people: People) -> None:
    dora = await people.one()
    subtasks = "subtasks(first: 100) { nodes"
    query = f"{{ ... @defer {{ tasks(first: 100) {{ nodes {{ {subtasks} {{ {subtasks} {{ id }} }} }} }} }} }} }} }}"
    async with asked(dora, query, accept=DEFERRED) as response:
        assert response.status == 400
        (error,) = json.loads(await response.rest())["errors"]
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"


async def test_a_mutations_answer_comes_in_one_piece(people: People) -> None:
    dora = await people.one()
    query = 'mutation { createTask(input: {title: "One"}) { ... @defer { title } } }'
    async with asked(dora, query, accept=DEFERRED) as response:
        assert json.loads(await response.rest()) == {"data": {"createTask": {"title": "One"}}}

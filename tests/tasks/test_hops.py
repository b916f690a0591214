"""Policies at every hop: rows are entangled with a stranger's, and whatever is asked, nothing of the stranger shows.

No verb of ours makes such rows. A restored backup, a script or a fault of tomorrow might.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from db.accounts.users import Role
from tests.people import People, Person

DAILY: dict[str, Any] = {"dueAt": "2026-03-10T09:00:00Z", "recurrence": "FREQ=DAILY"}
HOPS = """id parent { id title occurrences } next { id } previous { id } labels { id tasks { totalCount } }
  subtasks(first: 1) { totalCount nodes { id } edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"""
ORDERED = """query ($way: OrderDirection!, $first: Int, $after: String) { tasks(
  orderBy: {field: PARENT_TITLE, direction: $way}, first: $first, after: $after) {
    totalCount nodes { id } edges { cursor } pageInfo { hasNextPage } } }"""


@dataclass(frozen=True)
class Entangled:
    """Sam's `task`, all of whose relations lead to Dora's rows, and `part`, which is part of it and wears `label`.

    `label` is also on a task of Dora's; `theirs` are Dora's rows by what they are to Sam's.
    """

    sam: Person
    dora: Person
    task: str
    part: str
    label: str
    theirs: dict[str, str]

    async def ask(self, query: str, **variables: Any) -> Any:
        return (await self.sam.ask(query, **variables)).data

    async def ids(self, filter: Any = None) -> list[str]:
        query = """query ($filter: TaskFilter) { tasks(filter: $filter, orderBy: {field: CREATED_AT}) {
          totalCount nodes { id } edges { node { id } } } }"""
        tasks = (await self.ask(query, filter=filter))["tasks"]
        found = [task["id"] for task in tasks["nodes"]]
        assert [edge["node"]["id"] for edge in tasks["edges"]] == found
        assert tasks["totalCount"] == len(found)
        return found

    @property
    def alone(self) -> dict[str, Any]:
        """HOPS of the task, as if Dora's rows were not there."""
        return {
            "id": self.task,
            "parent": None,
            "next": None,
            "previous": None,
            "labels": [],
            "subtasks": {
                "totalCount": 1,
                "nodes": [{"id": self.part}],
                "edges": [{"node": {"id": self.part}}],
                "pageInfo": {"hasNextPage": False, "hasPreviousPage": False},
            },
        }


def without_cursors(hops: Any) -> Any:
    """The same hops; their cursors name rows that are shown anyway."""
    page = hops["subtasks"]
    cursors = {edge.pop("cursor") for edge in page["edges"]}
    assert {page["pageInfo"].pop("startCursor"), page["pageInfo"].pop("endCursor")} == cursors
    return hops


@pytest.fixture(params=[Role.USER, Role.SUPER_ADMIN])
async def world(people: People, request: pytest.FixtureRequest) -> Entangled:
    sam, dora = await people.one(request.param), await people.one()
    label, secret = await sam.label("mine"), await dora.label("secret needle")
    task = await sam.task("needle", **DAILY)
    part = await sam.task("M", parentId=task["id"], labelIds=[label["id"]])
    theirs = {"label": secret["id"]}
    for name, title in {"parent": "A needle", "previous": "B", "next": "C", "part": "D needle", "wearer": "E"}.items():
        theirs[name] = (await dora.task(title, **DAILY))["id"]
    async with people.services.db.transaction() as transaction:
        for child, column, target in (
            (task["id"], "parent_id", theirs["parent"]),
            (task["id"], "previous_id", theirs["previous"]),
            (theirs["next"], "previous_id", task["id"]),
            (theirs["part"], "parent_id", task["id"]),
        ):
            statement = text(f"update task set {column} = :target where id = :child")  # noqa: S608 (a name of ours)
            await transaction.execute(statement, {"child": child, "target": target})
        for wearer, worn in ((task["id"], secret["id"]), (theirs["wearer"], label["id"])):
            statement = text("insert into task_label values (:wearer, :worn)")
            await transaction.execute(statement, {"wearer": wearer, "worn": worn})
    return Entangled(sam, dora, task["id"], part["id"], label["id"], theirs)


async def test_rows(world: Entangled) -> None:
    assert await world.ids() == [world.task, world.part]
    labels = (await world.ask("{ labels { totalCount nodes { id } } }"))["labels"]
    assert labels == {"totalCount": 1, "nodes": [{"id": world.label}]}


async def test_to_one_to_many_and_connections_of_one_row(world: Entangled) -> None:
    hops = (await world.ask(f"query ($id: ID!) {{ task(id: $id) {{ {HOPS} }} }}", id=world.task))["task"]
    assert without_cursors(hops) == world.alone


async def test_the_same_in_nodes_and_edges(world: Entangled) -> None:
    query = f"""{{ tasks(orderBy: {{field: CREATED_AT}}, first: 1) {{
      nodes {{ {HOPS} }} edges {{ node {{ {HOPS} }} }} }} }}"""
    tasks = (await world.ask(query))["tasks"]
    assert [without_cursors(hops) for hops in tasks["nodes"]] == [world.alone]
    assert [without_cursors(edge["node"]) for edge in tasks["edges"]] == [world.alone]


async def test_two_hops_away(world: Entangled) -> None:
    query = f"""query ($id: ID!) {{ task(id: $id) {{
      parent {{ {HOPS} }} labels {{ tasks {{ nodes {{ {HOPS} }} }} }} }} }}"""
    part = (await world.ask(query, id=world.part))["task"]
    assert without_cursors(part["parent"]) == world.alone
    assert [hops["id"] for label in part["labels"] for hops in label["tasks"]["nodes"]] == [world.part]


async def test_the_connection_over_a_table_between(world: Entangled) -> None:
    query = """query ($id: ID!) { label(id: $id) { tasks(first: 1) {
      totalCount nodes { id } edges { node { id } } pageInfo { hasNextPage } } } }"""
    assert (await world.ask(query, id=world.label))["label"]["tasks"] == {
        "totalCount": 1,
        "nodes": [{"id": world.part}],
        "edges": [{"node": {"id": world.part}}],
        "pageInfo": {"hasNextPage": False},
    }


async def test_filters(world: Entangled) -> None:
    theirs = world.theirs
    assert await world.ids({"labelIds": [theirs["label"]]}) == []
    assert await world.ids({"labelIds": [theirs["label"], world.label]}) == [world.part]
    assert await world.ids({"labelNames": ["secret needle"]}) == []
    assert await world.ids({"labelNames": ["Secret Needle", "Mine"]}) == [world.part]
    assert await world.ids({"parentId": theirs["parent"]}) == []
    assert await world.ids({"parentId": world.task}) == [world.part]
    assert await world.ids({"parentId": None}) == [world.task]


async def test_filters_of_a_nested_connection(world: Entangled) -> None:
    query = """query ($id: ID!, $filter: TaskFilter) { task(id: $id) { subtasks(filter: $filter) {
      totalCount nodes { id } } } }"""
    found = await world.ask(query, id=world.task, filter={"labelIds": [world.theirs["label"], world.label]})
    assert found["task"]["subtasks"] == {"totalCount": 1, "nodes": [{"id": world.part}]}
    none = await world.ask(query, id=world.task, filter={"search": "needle"})
    assert none["task"]["subtasks"] == {"totalCount": 0, "nodes": []}


@pytest.mark.parametrize("way", ["ASC", "DESC"])
async def test_an_order_by_another_row_and_its_cursors(world: Entangled, way: str) -> None:
    """The hidden title would come before the shown one; as none it comes last, both ways."""
    first = (await world.ask(ORDERED, way=way, first=1))["tasks"]
    assert [task["id"] for task in first["nodes"]] == [world.part]
    rest = (await world.ask(ORDERED, way=way, after=first["edges"][0]["cursor"]))["tasks"]
    assert [task["id"] for task in rest["nodes"]] == [world.task]
    assert (rest["totalCount"], rest["pageInfo"]["hasNextPage"]) == (2, False)
    keys = [json.loads(base64.b64decode(page["edges"][0]["cursor"]))[1:] for page in (first, rest)]
    assert keys == [["needle", world.part], [None, world.task]]


@pytest.mark.parametrize("hidden", ["A", "A needle", "z"])
async def test_a_made_up_cursor_does_not_tell_where_a_hidden_title_lies(world: Entangled, hidden: str) -> None:
    made_up = base64.b64encode(json.dumps(["parent.title+", hidden, "task_"]).encode()).decode()
    page = (await world.ask(ORDERED, way="ASC", after=made_up))["tasks"]
    shown = [world.part, world.task] if hidden.startswith("A") else [world.task]
    assert [task["id"] for task in page["nodes"]] == shown


async def test_search(world: Entangled) -> None:
    assert await world.ids({"search": "needle"}) == [world.task]
    query = f"""{{ find(text: "needle", first: 5) {{ totalCount pageInfo {{ hasNextPage }}
      nodes {{ ... on Node {{ id }} ... on Task {{ {HOPS} }} }} edges {{ node {{ ... on Node {{ id }} }} }} }} }}"""
    found = (await world.ask(query))["find"]
    assert (found["totalCount"], found["pageInfo"]) == (1, {"hasNextPage": False})
    assert [without_cursors(hops) for hops in found["nodes"]] == [world.alone]
    assert found["edges"] == [{"node": {"id": world.task}}]


async def test_node_and_nodes(world: Entangled) -> None:
    hidden = [*world.theirs.values()]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert [(await world.ask(node, id=id))["node"] for id in hidden] == [None] * len(hidden)
    query = f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ... on Task {{ {HOPS} }} ... on Label {{ name }} }} }}"
    nodes = (await world.ask(query, ids=[*hidden, world.task, world.label]))["nodes"]
    assert nodes[: len(hidden)] == [None] * len(hidden)
    assert without_cursors(nodes[-2]) == world.alone
    assert nodes[-1] == {"id": world.label, "name": "mine"}


async def test_computed_fields(world: Entangled) -> None:
    query = """query ($id: ID!) { task(id: $id) { occurrences(first: 1) parent { occurrences } next { occurrences }
      subtasks { nodes { occurrences } } labels { tasks { nodes { occurrences } } } } }"""
    assert (await world.ask(query, id=world.task))["task"] == {
        "occurrences": ["2026-03-11T09:00:00+00:00"],
        "parent": None,
        "next": None,
        "subtasks": {"nodes": [{"occurrences": []}]},
        "labels": [],
    }


async def test_counts(world: Entangled) -> None:
    query = """query ($theirs: ID!, $parent: ID!) { all: taskCounts { total open }
      worn: taskCounts(filter: {labelIds: [$theirs]}) { total }
      named: taskCounts(filter: {labelNames: ["secret needle"]}) { total }
      within: taskCounts(filter: {parentId: $parent}) { total }
      found: taskCounts(filter: {search: "needle"}) { total }
      top: taskCounts(filter: {parentId: null}) { total } }"""
    theirs = world.theirs
    assert await world.ask(query, theirs=theirs["label"], parent=theirs["parent"]) == {
        "all": {"total": 2, "open": 2},
        "worn": {"total": 0},
        "named": {"total": 0},
        "within": {"total": 0},
        "found": {"total": 1},
        "top": {"total": 1},
    }


async def test_what_a_verb_answers(world: Entangled) -> None:
    verb = f'mutation ($id: ID!) {{ updateTask(id: $id, input: {{title: "New"}}) {{ {HOPS} }} }}'
    assert without_cursors((await world.ask(verb, id=world.task))["updateTask"]) == world.alone
    verb = 'mutation ($id: ID!) { updateLabel(id: $id, input: {name: "new"}) { tasks { totalCount nodes { id } } } }'
    answer = (await world.ask(verb, id=world.label))["updateLabel"]
    assert answer == {"tasks": {"totalCount": 1, "nodes": [{"id": world.part}]}}


async def test_events_and_what_they_speak_of(world: Entangled) -> None:
    """Of Dora's changes nothing is heard, and the task of an event of one's own is seen as everywhere."""
    events = f"subscription {{ taskEvents {{ ... on TaskChanged {{ kind task {{ {HOPS} }} }} }} }}"
    update = 'mutation ($id: ID!) { updateTask(id: $id, input: {description: "x"}) { id } }'
    async with world.sam.socket() as socket, socket.events(query=events) as stream:
        for id in (world.theirs["parent"], world.theirs["part"], world.theirs["next"]):
            assert (await world.dora.ask(update, id=id)).data
        assert await world.ask(update, id=world.task)
        event = await stream.next()
    assert event["kind"] == "UPDATED"
    assert without_cursors(event["task"]) == world.alone

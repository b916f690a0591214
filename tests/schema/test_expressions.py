"""Fields that PostgreSQL makes of the row and of rows it leads to: the same wherever the row is reached."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from db.models import Task
from kit.ids import Id
from kit.settings import Settings
from tests import expressed
from tests.conftest import Served, served
from tests.people import People, Person
from tests.streams import DEFERRED, asked

ALL = "title parentTitle parentPriority parts letters firstPart shares lowParts words parentDay"
PAGED = f"""query ($by: By, $falling: Boolean! = false, $first: Int, $after: String, $last: Int, $before: String,
  $offset: Int) {{ tasks(by: $by, falling: $falling, first: $first, after: $after, last: $last, before: $before,
    offset: $offset) {{ totalCount nodes {{ {ALL} }} edges {{ cursor node {{ {ALL} }} }}
    pageInfo {{ startCursor endCursor }} }} }}"""


@pytest.fixture(scope="module")
async def house(settings: Settings) -> AsyncIterator[Served]:
    async with served(settings, both_ways=True, schema=expressed.schema(settings)) as running:
        yield running


@pytest.fixture(scope="module")
async def maker(settings: Settings) -> AsyncIterator[People]:
    """By a server of the real schema, which has all the verbs."""
    async with served(settings) as running:
        yield running.people


class Tree:
    """Dora's tasks: "top" has the parts "big one" and "b", the first of which has the part "small".

    "big one" and "lone" wear the label "home". Sam's task is a part of "top" and wears the label too, as no verb of
    ours would let him.
    """

    def __init__(self, dora: Person, made: Person, sam: Person) -> None:
        self.dora, self._made, self._sam = dora, made, sam
        self.ids: dict[str, str] = {}

    async def grow(self) -> "Tree":
        self.ids["home"] = (await self._made.label("home"))["id"]
        await self._task("top", priority="HIGH", dueAt="2026-03-10T09:00:00Z")
        await self._task("big one", parentId=self.ids["top"], labelIds=[self.ids["home"]], dueAt="2026-03-11T09:00:00Z")
        await self._task("b", parentId=self.ids["top"])
        await self._task("small", parentId=self.ids["big one"])
        await self._task("lone", labelIds=[self.ids["home"]])
        self.ids["sam"] = (await self._sam.task("zzz"))["id"]
        async with self._sam.people.services.db.transaction() as session:
            theirs = await session.get_one(Task, self.ids["sam"])
            theirs.parent_id = Id(self.ids["top"])
            await session.execute(
                Task.labels.property.secondary.insert().values(task_id=theirs.id, label_id=self.ids["home"])
            )
        return self

    async def _task(self, title: str, **more: Any) -> None:
        self.ids[title] = (await self._made.task(title, **more))["id"]


@pytest.fixture
async def tree(house: Served, maker: People) -> Tree:
    dora = await maker.one()
    return await Tree(dora.at(house.people), dora, await maker.one()).grow()


TOP: dict[str, Any] = {
    "title": "TOP",
    "parentTitle": None,
    "parentPriority": "LOW",
    "parts": 2,
    "letters": 13,
    "firstPart": "big one",
    "shares": False,
    "lowParts": 0,
    "words": ["top"],
    "parentDay": None,
}
BIG = TOP | {
    "title": "BIG ONE",
    "parentTitle": "top",
    "parentPriority": "HIGH",
    "parts": 1,
    "letters": 5,
    "firstPart": "small",
    "shares": True,
    "words": ["big", "one"],
    "parentDay": "2026-03-10",
}
B = BIG | {"title": "B", "parts": 0, "letters": 0, "firstPart": None, "shares": False, "words": ["b"]}
SMALL = B | {
    "title": "SMALL",
    "parentTitle": "big one",
    "parentPriority": "NONE",
    "parentDay": "2026-03-11",
    "words": ["small"],
}
LONE = TOP | {"title": "LONE", "parts": 0, "letters": 0, "firstPart": None, "shares": True, "words": ["lone"]}
NESTED = f"""{{ {ALL} parent {{ {ALL} parent {{ {ALL} }} }} labels {{ open name }} subtasks(by: PARTS, falling: true) {{
  totalCount nodes {{ {ALL} }} edges {{ node {{ {ALL} parent {{ parts }} }} }} }} }}"""


def nested(task: Any) -> dict[str, Any]:
    return {name: task[name] for name in ALL.split()}


async def test_values_are_of_what_the_viewer_sees(tree: Tree) -> None:
    answer = await tree.dora.ask(f"{{ tasks {{ nodes {{ {ALL} }} }} labels {{ nodes {{ open }} }} }}")
    assert answer.data["tasks"]["nodes"] == [B, BIG, LONE, SMALL, TOP]
    assert answer.data["labels"]["nodes"] == [{"open": 2}]


async def test_edges_have_them_too_and_one_may_stand_alone(tree: Tree) -> None:
    answer = await tree.dora.ask(
        "{ tasks { nodes { parts } edges { node { parentTitle } } } labels { edges { node { open } } } }"
    )
    tasks = answer.data["tasks"]
    assert [task["parts"] for task in tasks["nodes"]] == [0, 1, 0, 0, 2]
    assert [edge["node"]["parentTitle"] for edge in tasks["edges"]] == ["top", "top", None, "big one", None]
    assert answer.data["labels"]["edges"] == [{"node": {"open": 2}}]


async def test_one_object_has_them_at_every_depth(tree: Tree) -> None:
    query = f"query ($id: ID!) {{ task(id: $id) {NESTED} node(id: $id) {{ ... on Task {NESTED} }} }}"
    answer = (await tree.dora.ask(query, id=tree.ids["big one"])).data
    task = answer["task"]
    assert answer["node"] == task
    assert nested(task) == BIG
    assert task["labels"] == [{"open": 2, "name": "home"}]
    assert task["parent"] == TOP | {"parent": None}
    edge = SMALL | {"parent": {"parts": 1}}
    assert task["subtasks"] == {"totalCount": 1, "nodes": [SMALL], "edges": [{"node": edge}]}


async def test_nodes_of_several_types_have_them(tree: Tree) -> None:
    query = (
        "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Task { parts parent { letters } } ... on Label { open } } }"
    )
    answer = await tree.dora.ask(query, ids=[tree.ids["home"], tree.ids["b"], tree.ids["sam"]])
    assert answer.data["nodes"] == [{"open": 2}, {"parts": 0, "parent": {"letters": 13}}, None]


async def test_a_feed_has_them(tree: Tree) -> None:
    query = '{ find(text: "o") { nodes { ... on Task { words } ... on Label { open } } } }'
    assert (await tree.dora.ask(query)).data["find"]["nodes"] == [{"words": ["big", "one"]}]
    query = query.replace('"o"', '"home"')
    assert (await tree.dora.ask(query)).data["find"]["nodes"] == [{"open": 2}]


FACET = "{ body { __typename parts parent { title body { parts } } whole { letters id body { parts } } } }"
FACETS = f"""query ($id: ID!) {{ task(id: $id) {FACET}
  node(id: $id) {{ ... on Task {{ subtasks {{ nodes {FACET} edges {{ node {FACET} }} }} }} }} }}"""


async def test_a_facet_has_more_of_the_row_wherever_that_is_reached(tree: Tree) -> None:
    answer = (await tree.dora.ask(FACETS, id=tree.ids["big one"])).data
    big, small = ({"id": tree.ids[title], "body": {"parts": n}} for title, n in (("big one", 1), ("small", 0)))
    top = {"title": "TOP", "body": {"parts": 2}}
    assert answer["task"]["body"] == {"__typename": "Body", "parts": 1, "parent": top, "whole": big | {"letters": 5}}
    parent = {"title": "BIG ONE", "body": {"parts": 1}}
    body = {"__typename": "Body", "parts": 0, "parent": parent, "whole": small | {"letters": 0}}
    assert answer["node"]["subtasks"] == {"nodes": [{"body": body}], "edges": [{"node": {"body": body}}]}


async def test_what_a_verb_answers_has_them(tree: Tree) -> None:
    query = f"mutation ($id: ID!) {{ completeTask(id: $id) {{ {ALL} labels {{ open }} }} }}"
    answer = (await tree.dora.ask(query, id=tree.ids["lone"])).data["completeTask"]
    assert answer == LONE | {"labels": [{"open": 1}]}


async def test_what_an_event_tells_of_has_them(tree: Tree) -> None:
    query = """subscription ($after: Cursor) { taskEvents(after: $after) { __typename
      ... on TaskChanged { task { title parts labels { open } parent { parts } } } } }"""
    async with tree.dora.socket() as socket, socket.events(query=query) as events:
        assert (await tree.dora.ask(f'mutation {{ completeTask(id: "{tree.ids["big one"]}") {{ id }} }}')).data
        while (told := await events.next())["task"]["title"] != "BIG ONE" or told["task"]["labels"][0]["open"] == 2:
            pass
    assert told["task"] == {"title": "BIG ONE", "parts": 1, "labels": [{"open": 1}], "parent": {"parts": 2}}


async def test_a_deferred_part_has_them(tree: Tree) -> None:
    query = "query ($id: ID!) { task(id: $id) { id ... @defer { parts parentTitle } } }"
    async with asked(tree.dora, query, accept=DEFERRED, variables={"id": tree.ids["b"]}) as response:
        assert (await response.part())["data"] == {"task": {"id": tree.ids["b"]}}
        later = (await response.part())["incremental"]
    assert [part["data"] for part in later] == [{"parts": 0, "parentTitle": "top"}]


async def test_an_alias_of_one_may_be_long(tree: Tree) -> None:
    long = "a" * 80
    answer = await tree.dora.ask(f"{{ tasks(first: 1) {{ nodes {{ {long}x: parts {long}y: parentTitle }} }} }}")
    assert answer.data["tasks"]["nodes"] == [{f"{long}x": 0, f"{long}y": "top"}]


@pytest.mark.parametrize(
    ("by", "key", "rising", "falling"),
    [
        ("PARTS", "parts", "B LONE SMALL BIG TOP", "TOP BIG B LONE SMALL"),
        ("PARENT_TITLE", "parentTitle", "SMALL B BIG LONE TOP", "B BIG SMALL LONE TOP"),
        ("PARENT_PRIORITY", "parentPriority", "SMALL LONE TOP B BIG", "B BIG LONE TOP SMALL"),
        ("PARENT_MADE", "parentTitle", "B BIG SMALL LONE TOP", "SMALL B BIG LONE TOP"),
        ("PARENT_DAY", "parentDay", "B BIG SMALL LONE TOP", "SMALL B BIG LONE TOP"),
        ("SHARES", "shares", "B SMALL TOP BIG LONE", "BIG LONE B SMALL TOP"),
    ],
)
async def test_a_list_is_sorted_by_them_and_its_pages_join(
    tree: Tree, by: str, key: str, rising: str, falling: str
) -> None:
    for way, expected in ((False, rising), (True, falling)):
        whole = (await tree.dora.ask(PAGED, by=by, falling=way)).data["tasks"]["nodes"]
        assert [task[key] for task in whole] == [task[key] for task in _named(expected)]  # equals go by their ids
        for size in (1, 2):
            assert await _both_ways(tree.dora, by=by, falling=way, size=size) == (whole, whole)
        offset = (await tree.dora.ask(PAGED, by=by, falling=way, offset=2, first=2)).data["tasks"]
        assert offset["nodes"] == [edge["node"] for edge in offset["edges"]] == whole[2:4]


def _named(titles: str) -> list[dict[str, Any]]:
    rows = {row["title"].partition(" ")[0]: row for row in (TOP, BIG, B, SMALL, LONE)}
    return [rows[title] for title in titles.split()]


async def _both_ways(dora: Person, *, by: str, falling: bool, size: int) -> tuple[list[Any], list[Any]]:
    forth, back, after, before = list[Any](), list[Any](), None, None
    for _ in range(5):
        page = (await dora.ask(PAGED, by=by, falling=falling, first=size, after=after)).data["tasks"]
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        forth += page["nodes"]
        after = page["pageInfo"]["endCursor"] or after
        page = (await dora.ask(PAGED, by=by, falling=falling, last=size, before=before)).data["tasks"]
        back = page["nodes"] + back
        before = page["pageInfo"]["startCursor"] or before
    return forth, back


async def test_pages_inside_an_object_are_sorted_by_them_and_join(tree: Tree) -> None:
    query = f"""query ($id: ID!, $after: String) {{ task(id: $id) {{
      subtasks(by: PARTS, falling: true, first: 1, after: $after) {{
        totalCount nodes {{ {ALL} }} pageInfo {{ endCursor hasNextPage }} }} }} }}"""
    page = (await tree.dora.ask(query, id=tree.ids["top"])).data["task"]["subtasks"]
    assert (page["totalCount"], page["nodes"], page["pageInfo"]["hasNextPage"]) == (2, [BIG], True)
    page = (await tree.dora.ask(query, id=tree.ids["top"], after=page["pageInfo"]["endCursor"])).data["task"][
        "subtasks"
    ]
    assert (page["totalCount"], page["nodes"], page["pageInfo"]["hasNextPage"]) == (2, [B], False)


FORGED = ["x", "\0", "2026-13-01", 2**63, -(2**63) - 1, 1.5, None, [1]]


@pytest.mark.parametrize("by", expressed.ORDERS, ids=str)
@pytest.mark.parametrize("key", FORGED, ids=repr)
async def test_a_forged_cursor_is_refused_or_a_place_in_the_list(tree: Tree, by: expressed.By, key: Any) -> None:
    order = expressed.ORDERS[by]
    forged = base64.b64encode(json.dumps([f"{order.name}+", key, "task_x"]).encode()).decode()
    answer = await tree.dora.ask(PAGED, by=by, after=forged)
    may_be = order.nullable if key is None else by is expressed.By.PARENT_TITLE and key in ("x", "2026-13-01")
    assert answer.data if may_be else answer.code == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("parts: 2", [TOP]),
        ("parts: 3", []),
        ("parentPriority: HIGH", [B, BIG]),
        ("parentPriority: LOW", [LONE, TOP]),
        ("lettersFrom: 13", [TOP]),
        ("lettersFrom: 14", []),
    ],
)
async def test_a_list_is_filtered_by_them(tree: Tree, given: str, expected: list[Any]) -> None:
    answer = (await tree.dora.ask(f"{{ tasks({given}) {{ totalCount nodes {{ {ALL} }} }} }}")).data["tasks"]
    assert answer == {"totalCount": len(expected), "nodes": expected}


async def test_they_are_part_of_the_one_statement(
    tree: Tree, house: Served, once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tree.dora.ask("{ __typename }")
    db, sent = house.services.db, list[str]()
    fetchval = db.fetchval

    async def noted(sql: str, arguments: Any) -> Any:
        sent.append(sql)
        return await fetchval(sql, arguments)

    monkeypatch.setattr(db, "fetchval", noted)
    assert (await tree.dora.ask(f"{{ tasks(by: PARTS) {{ totalCount nodes {NESTED} }} }}")).data
    assert len(sent) == 1

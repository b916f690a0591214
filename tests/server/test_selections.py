"""What a client selects is what it gets: @skip and @include, aliases, fragments, variables, on every kind of field."""

import asyncio
from typing import Any

import pytest

from tests.people import People, Person

ALL = "{ tasks(orderBy: {field: TITLE}) { nodes { title } } }"


async def family(person: Person) -> dict[str, Any]:
    """A task with a label and two subtasks, "B" and "C"."""
    label = await person.label("home")
    top = await person.task("A", labelIds=[label["id"]])
    for title in ("B", "C"):
        await person.task(title, parentId=top["id"])
    return {"id": top["id"], "label": label["id"]}


SWITCHED = [
    pytest.param("title", "A", id="a column"),
    pytest.param("parent { id }", None, id="a relation to one"),
    pytest.param("labels { name }", [{"name": "home"}], id="a relation to many"),
    pytest.param("subtasks { totalCount }", {"totalCount": 2}, id="a connection"),
    pytest.param(
        "subtasks(first: 1) { nodes { title } }", {"nodes": [{"title": "C"}]}, id="a connection with arguments"
    ),
    pytest.param("__typename", "Task", id="the type's name"),
]


@pytest.mark.parametrize(("directive", "on", "off"), [("include", True, False), ("skip", False, True)])
@pytest.mark.parametrize(("field", "value"), SWITCHED)
async def test_a_field_comes_and_goes_with_its_variable(
    people: People, field: str, value: Any, directive: str, on: bool, off: bool
) -> None:
    dora = await people.one()
    top = (await family(dora))["id"]
    name, brace, rest = field.partition(" {")
    query = f"query ($id: ID!, $it: Boolean!) {{ task(id: $id) {{ id {name} @{directive}(if: $it){brace}{rest} }} }}"
    shown = {"id": top, name.partition("(")[0]: value}
    assert (await dora.ask(query, id=top, it=on)).data == {"task": shown}
    assert (await dora.ask(query, id=top, it=off)).data == {"task": {"id": top}}
    assert (await dora.ask(query, id=top, it=on)).data == {"task": shown}


async def test_fields_that_are_all_skipped_leave_an_empty_object(people: People) -> None:
    dora = await people.one()
    top = (await family(dora))["id"]
    query = """query ($id: ID!, $no: Boolean!) {
      task(id: $id) { id @include(if: $no) }
      deep: task(id: $id) { subtasks { nodes { id @skip(if: true) } } labels { id @include(if: $no) } }
      me { ... @include(if: $no) { id } ...Mine @include(if: $no) }
      taskCounts { open @include(if: $no) }
    } fragment Mine on User { email }"""
    assert (await dora.ask(query, id=top, no=False)).data == {
        "task": {},
        "deep": {"subtasks": {"nodes": [{}, {}]}, "labels": [{}]},
        "me": {},
        "taskCounts": {},
    }


@pytest.mark.parametrize("part", ["nodes", "edges", "pageInfo", "totalCount"])
async def test_a_page_whose_parts_are_all_skipped_is_an_empty_object(people: People, part: str) -> None:
    dora = await people.one()
    top = (await family(dora))["id"]
    inner = {"nodes": "{ id }", "edges": "{ cursor }", "pageInfo": "{ hasNextPage }", "totalCount": ""}[part]
    page = f"{{ {part} @include(if: $no) {inner} }}"
    query = f"query ($id: ID!, $no: Boolean = false) {{ tasks {page} task(id: $id) {{ id subtasks {page} }} }}"
    assert (await dora.ask(query, id=top)).data == {"tasks": {}, "task": {"id": top, "subtasks": {}}}


async def test_a_skipped_object_that_is_not_there_is_still_not_found(people: People) -> None:
    dora = await people.one()
    answer = await dora.ask('{ task(id: "nope") { id @skip(if: true) } }')
    assert answer.code == "TASK_NOT_FOUND"
    assert answer.body["data"] == {"task": None}


async def test_skip_wins_over_include(people: People) -> None:
    dora = await people.one()
    query = "query ($a: Boolean!, $b: Boolean!) { me { id name @skip(if: $a) @include(if: $b) } }"
    shown = {
        (a, b): "name" in (await dora.ask(query, a=a, b=b)).data["me"] for a in (True, False) for b in (True, False)
    }
    assert shown == {(True, True): False, (True, False): False, (False, True): True, (False, False): False}


async def test_a_whole_root_field_comes_and_goes(people: People) -> None:
    dora = await people.one()
    query = "query ($on: Boolean = false) { me @include(if: $on) { id } __typename }"
    assert (await dora.ask(query)).data == {"__typename": "Query"}
    assert (await dora.ask(query, on=True)).data == {"me": {"id": dora.id}, "__typename": "Query"}


async def test_parts_of_a_page_come_and_go(people: People) -> None:
    dora = await people.one()
    await family(dora)
    query = """query ($on: Boolean!) { tasks(first: 1, filter: {parentId: null}) {
      totalCount @include(if: $on)
      pageInfo @include(if: $on) { hasNextPage endCursor @skip(if: true) }
      edges @include(if: $on) { cursor @skip(if: $on) node { title } }
      nodes @skip(if: $on) { title }
    } }"""
    assert (await dora.ask(query, on=True)).data["tasks"] == {
        "totalCount": 1,
        "pageInfo": {"hasNextPage": False},
        "edges": [{"node": {"title": "A"}}],
    }
    assert (await dora.ask(query, on=False)).data["tasks"] == {"nodes": [{"title": "A"}]}


async def test_the_same_connection_may_be_asked_twice_with_other_arguments(people: People) -> None:
    dora = await people.one()
    top = (await family(dora))["id"]
    query = """query ($id: ID!, $n: Int) { task(id: $id) {
      first: subtasks(first: $n, orderBy: {field: TITLE}) { nodes { title } }
      last: subtasks(last: 1, orderBy: {field: TITLE}) { nodes { title } pageInfo { hasPreviousPage } }
      named: subtasks(filter: {search: "c"}) { totalCount nodes { name: title } }
      none: subtasks(filter: {completed: true}) { totalCount }
    } }"""
    assert (await dora.ask(query, id=top, n=1)).data["task"] == {
        "first": {"nodes": [{"title": "B"}]},
        "last": {"nodes": [{"title": "C"}], "pageInfo": {"hasPreviousPage": True}},
        "named": {"totalCount": 1, "nodes": [{"name": "C"}]},
        "none": {"totalCount": 0},
    }
    assert [*(await dora.ask(query, id=top, n=2)).data["task"]["first"]["nodes"]] == [{"title": "B"}, {"title": "C"}]


async def test_the_same_root_field_may_be_asked_twice(people: People) -> None:
    dora = await people.one()
    top = (await family(dora))["id"]
    query = """query ($id: ID!) { a: task(id: $id) { title } b: task(id: $id) { labels { name } }
      all: tasks { totalCount } some: tasks(filter: {search: "b"}) { totalCount } }"""
    assert (await dora.ask(query, id=top)).data == {
        "a": {"title": "A"},
        "b": {"labels": [{"name": "home"}]},
        "all": {"totalCount": 3},
        "some": {"totalCount": 1},
    }


async def test_selections_of_the_same_field_are_merged(people: People) -> None:
    dora = await people.one()
    top = (await family(dora))["id"]
    query = """query ($id: ID!) {
      task(id: $id) { subtasks(first: 1) { nodes { title } } ...More }
      task(id: $id) { labels { name } labels { id } }
    } fragment More on Task { title subtasks(first: 1) { totalCount nodes { completed title } } }"""
    answer = (await dora.ask(query, id=top)).data["task"]
    assert answer["title"] == "A"
    assert answer["subtasks"] == {"totalCount": 2, "nodes": [{"title": "C", "completed": False}]}
    assert {*answer["labels"][0]} == {"name", "id"}


async def test_fragments_on_node_show_each_type_its_own(people: People) -> None:
    dora = await people.one()
    made = await family(dora)
    query = """query ($id: ID!) { node(id: $id) { __typename id ...Any
      ... on Task { title labels { ...Name } } ...Name ... on User { email } } }
      fragment Any on Node { again: id ... on Label { color } }
      fragment Name on Label { name ... on Node { id } }"""
    assert (await dora.ask(query, id=made["id"])).data["node"] == {
        "__typename": "Task",
        "id": made["id"],
        "again": made["id"],
        "title": "A",
        "labels": [{"name": "home", "id": made["label"]}],
    }
    assert (await dora.ask(query, id=made["label"])).data["node"] == {
        "__typename": "Label",
        "id": made["label"],
        "again": made["label"],
        "color": "#6b7280",
        "name": "home",
    }
    assert dora.user is not None
    assert (await dora.ask(query, id=dora.id)).data["node"]["email"] == dora.user.email
    assert (await dora.ask(query, id="nope")).data["node"] is None


async def test_the_name_of_the_type_is_told_everywhere(people: People) -> None:
    dora = await people.one()
    top = (await family(dora))["id"]
    query = """query ($id: ID!) { __typename t: __typename
      me { __typename } node(id: $id) { __typename } taskCounts { __typename }
      tasks(first: 1, filter: {parentId: null}) { __typename pageInfo { __typename } nodes { t: __typename }
        edges { __typename node { __typename labels { __typename } subtasks { __typename } owner { __typename } } } }
    }"""
    assert (await dora.ask(query, id=top)).data == {
        "__typename": "Query",
        "t": "Query",
        "me": {"__typename": "User"},
        "node": {"__typename": "Task"},
        "taskCounts": {"__typename": "TaskCounts"},
        "tasks": {
            "__typename": "TaskConnection",
            "pageInfo": {"__typename": "PageInfo"},
            "nodes": [{"t": "Task"}],
            "edges": [
                {
                    "__typename": "TaskEdge",
                    "node": {
                        "__typename": "Task",
                        "labels": [{"__typename": "Label"}],
                        "subtasks": {"__typename": "TaskConnection"},
                        "owner": {"__typename": "User"},
                    },
                }
            ],
        },
    }


async def test_variables_stand_inside_nested_arguments(people: People) -> None:
    dora = await people.one()
    top = await family(dora)
    query = """query ($id: ID!, $label: ID!, $done: Boolean, $size: Int = 1, $direction: OrderDirection = DESC) {
      tasks(filter: {labelIds: [$label], completed: $done}) { totalCount }
      task(id: $id) { subtasks(first: $size, orderBy: {field: TITLE, direction: $direction}) { nodes { title } } }
    }"""
    answer = await dora.ask(query, id=top["id"], label=top["label"])
    assert answer.data == {"tasks": {"totalCount": 1}, "task": {"subtasks": {"nodes": [{"title": "C"}]}}}
    answer = await dora.ask(query, id=top["id"], label=top["label"], done=True, size=2, direction="ASC")
    assert answer.data == {
        "tasks": {"totalCount": 0},
        "task": {"subtasks": {"nodes": [{"title": "B"}, {"title": "C"}]}},
    }


async def test_an_argument_left_out_is_not_the_same_as_null(people: People) -> None:
    dora = await people.one()
    top = await family(dora)
    query = "query ($parent: ID) { tasks(filter: {parentId: $parent}) { totalCount } }"
    assert (await dora.ask(query)).data == {"tasks": {"totalCount": 3}}
    assert (await dora.ask(query, parent=None)).data == {"tasks": {"totalCount": 1}}
    assert (await dora.ask(query, parent=top["id"])).data == {"tasks": {"totalCount": 2}}
    assert (await dora.ask(query)).data == {"tasks": {"totalCount": 3}}


async def test_the_same_document_gives_each_viewer_their_own(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    for person, titles in ((dora, "ab"), (sam, "cde")):
        for title in titles:
            await person.task(title)
    answers = await asyncio.gather(*(person.ask(ALL) for person in [dora, sam, dora, sam]))
    found = ["".join(node["title"] for node in answer.data["tasks"]["nodes"]) for answer in answers]
    assert found == ["ab", "cde", "ab", "cde"]
    assert (await people.nobody.ask(ALL)).code == "UNAUTHENTICATED"


async def test_the_same_document_with_other_variables_gives_other_rows(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    tasks = [await dora.task(title) for title in ("one", "two")]
    query = "query ($id: ID!) { task(id: $id) { title } }"
    found = await asyncio.gather(*(dora.ask(query, id=task["id"]) for task in tasks * 3))
    assert [answer.data["task"]["title"] for answer in found] == ["one", "two"] * 3
    assert (await sam.ask(query, id=tasks[0]["id"])).code == "TASK_NOT_FOUND"

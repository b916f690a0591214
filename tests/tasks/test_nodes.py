"""`nodes`: many things by their ids in one statement, each as `node` would have it."""

from typing import Any

from tests.people import People, Person

NODES = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id
  ... on Task { title labels { name } } ... on Label { color name } ... on User { email } } }"""
TITLES = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Task { title } } }"
MALFORMED = ["", "x", "task", "task_", "task_1", "TASK_" + "0" * 32, "task_" + "g" * 32, "planet_" + "0" * 32, "\x00"]


async def nodes(person: Person, *ids: str, query: str = TITLES) -> Any:
    return (await person.ask(query, ids=[*ids])).data["nodes"]


async def test_things_of_all_types_come_in_the_order_asked(people: People) -> None:
    dora = await people.one()
    label = await dora.label("home")
    task = await dora.task("Water", labelIds=[label["id"]])
    assert dora.user is not None
    as_task = {"__typename": "Task", "id": task["id"], "title": "Water", "labels": [{"name": "home"}]}
    as_label = {"__typename": "Label", "id": label["id"], "color": "#6b7280", "name": "home"}
    as_user = {"__typename": "User", "id": dora.id, "email": dora.user.email}
    assert await nodes(dora, label["id"], dora.id, task["id"], query=NODES) == [as_label, as_user, as_task]
    assert await nodes(dora, task["id"], label["id"], query=NODES) == [as_task, as_label]
    assert await nodes(dora, dora.id, query=NODES) == [as_user]


async def test_an_id_asked_for_twice_is_answered_twice(people: People) -> None:
    dora = await people.one()
    a, b = [(await dora.task(title))["id"] for title in "ab"]
    assert await nodes(dora, b, a, b, b) == [{"title": "b"}, {"title": "a"}, {"title": "b"}, {"title": "b"}]


async def test_what_is_not_there_is_null_at_its_place(people: People) -> None:
    dora = await people.one()
    task, gone = (await dora.task("here"))["id"], (await dora.task("gone"))["id"]
    assert (await dora.ask("mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }", id=gone)).data
    none = ["task_" + "0" * 32, "label_" + "0" * 32, gone]
    assert await nodes(dora, none[0], task, *none[1:], task) == [None, {"title": "here"}, None, None, {"title": "here"}]


async def test_malformed_ids_are_null(people: People) -> None:
    dora = await people.one()
    task = (await dora.task("here"))["id"]
    assert await nodes(dora, *MALFORMED) == [None] * len(MALFORMED)
    assert await nodes(dora, task, *MALFORMED) == [{"title": "here"}, *[None] * len(MALFORMED)]


async def test_no_ids_are_no_nodes(people: People) -> None:
    assert await nodes(await people.one()) == []


async def test_a_hundred_ids_may_be_asked_for_and_no_more(people: People) -> None:
    dora = await people.one()
    task = (await dora.task("here"))["id"]
    assert await nodes(dora, *[task] * 100) == [{"title": "here"}] * 100
    refused = await dora.ask(TITLES, ids=[task] * 101)
    assert refused.code == "VALIDATION_ERROR"
    assert refused.details == {"ids": ["List should have at most 100 items after validation, not 101"]}


async def test_a_strangers_things_are_null_and_nobody_is_told_anything(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    label = await dora.label()
    task = await dora.task(labelIds=[label["id"]])
    assert await nodes(sam, task["id"], label["id"], dora.id, query=NODES) == [None, None, None]
    assert (await people.nobody.ask(TITLES, ids=[task["id"]])).code == "UNAUTHENTICATED"


async def test_pages_inside_nodes_are_paged_for_each(people: People) -> None:
    dora = await people.one()
    tops = [await dora.task(title) for title in "ab"]
    for top in tops:
        for n in range(3):
            await dora.task(f"{top['title']}{n}", parentId=top["id"])
    query = """query ($ids: [ID!]!, $n: Int) { nodes(ids: $ids) { ...Parts } }
      fragment Parts on Task { subtasks(first: $n, orderBy: {field: TITLE}) { totalCount nodes { title } } }"""
    answer = (await dora.ask(query, ids=[top["id"] for top in tops], n=2)).data["nodes"]
    assert answer == [
        {"subtasks": {"totalCount": 3, "nodes": [{"title": f"{title}0"}, {"title": f"{title}1"}]}} for title in "ab"
    ]


async def test_ids_count_towards_what_a_query_may_cost(people: People) -> None:
    dora = await people.one()
    id = (await dora.task())["id"]
    query = """query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Task {
      subtasks(first: 100) { nodes { subtasks(first: 5) { nodes { id } } } } } } }"""
    assert len((await dora.ask(query, ids=[id] * 50)).data["nodes"]) == 50
    refused = await dora.ask(query, ids=[id] * 100)
    assert (refused.code, refused.error["extensions"]["cost"]) == ("QUERY_TOO_COMPLEX", 70_200)

"""Tasks within tasks, and their order among siblings."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from tests.people import Answer, People, Person

MOVE = """mutation ($id: ID!, $input: MoveTaskInput!) {
  moveTask(id: $id, input: $input) { id position version parent { title } } }"""
CREATE = "mutation ($input: CreateTaskInput!) { createTask(input: $input) { id } }"
DELETE = "mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }"
LIST = """query ($filter: TaskFilter) { tasks(filter: $filter, first: 100, orderBy: {field: POSITION}) {
  nodes { id title position parent { title } } } }"""
SUBTASKS = """query ($id: ID!, $first: Int, $after: String) { task(id: $id) {
  subtasks(orderBy: {field: POSITION}, first: $first, after: $after) {
    nodes { title } totalCount pageInfo { hasNextPage endCursor } } } }"""
TREE = """query ($id: ID!) { task(id: $id) { title subtasks(orderBy: {field: POSITION}) { nodes {
  title parent { title } subtasks { nodes { title } totalCount } } } } }"""


async def move(person: Person, task: Any, **where: Any) -> Answer:
    return await person.ask(MOVE, id=task["id"], input=where)


async def moved(person: Person, task: Any, **where: Any) -> Any:
    return (await move(person, task, **where)).data["moveTask"]


async def titles(person: Person, **filter: Any) -> str:
    return "".join(task["title"] for task in (await person.ask(LIST, filter=filter)).data["tasks"]["nodes"])


async def line(person: Person, titles: str, **more: Any) -> dict[str, Any]:
    """Tasks side by side, one for each letter."""
    return {title: await person.task(title, **more) for title in titles}


async def chain(person: Person, titles: str) -> dict[str, Any]:
    """Tasks each of which is part of the one before."""
    made: dict[str, Any] = {}
    parent = None
    for title in titles:
        made[title] = parent = await person.task(title, **({"parentId": parent["id"]} if parent else {}))
    return made


def total(positions: list[float]) -> bool:
    return all(before < after for before, after in pairwise(positions))


@pytest.mark.parametrize(
    ("task", "where", "order"),
    [
        ("d", {"beforeId": "a"}, "dabc"),
        ("d", {"beforeId": "c"}, "abdc"),
        ("a", {"beforeId": "d"}, "bcad"),
        ("a", {"afterId": "d"}, "bcda"),
        ("a", {"afterId": "b"}, "bacd"),
        ("d", {"afterId": "a"}, "adbc"),
        ("d", {"afterId": "a", "beforeId": "b"}, "adbc"),
        ("b", {"afterId": "a", "beforeId": "c"}, "abcd"),
        ("b", {"afterId": "a"}, "abcd"),
        ("a", {}, "bcda"),
        ("d", {}, "abcd"),
        ("b", {"beforeId": None, "afterId": None}, "acdb"),
    ],
)
async def test_a_task_goes_where_its_neighbours_say(
    people: People, task: str, where: dict[str, str | None], order: str
) -> None:
    dora = await people.one()
    tasks = await line(dora, "abcd")
    await moved(dora, tasks[task], **{field: title and tasks[title]["id"] for field, title in where.items()})
    assert await titles(dora) == order


async def test_a_move_changes_the_moved_task_alone(people: People) -> None:
    dora = await people.one()
    tasks = await line(dora, "abc")
    before = [await people.row(tasks[title]["id"]) for title in "ab"]
    task = await moved(dora, tasks["c"], beforeId=tasks["b"]["id"])
    assert (task["position"], task["version"]) == (1.5, 2)
    assert [await people.row(tasks[title]["id"]) for title in "ab"] == before


async def test_a_move_to_where_it_is_changes_nothing(people: People) -> None:
    dora = await people.one()
    tasks = await line(dora, "abc")
    before = await people.row(tasks["b"]["id"])
    await moved(dora, tasks["b"], afterId=tasks["a"]["id"], beforeId=tasks["c"]["id"])
    assert await people.row(tasks["b"]["id"]) == before


async def test_a_gap_that_is_used_up_is_made_anew(people: People) -> None:
    dora = await people.one()
    tasks = await line(dora, "abcd")
    for n in range(30):
        await moved(dora, tasks["cd"[n % 2]], afterId=tasks["a"]["id"])
    assert await titles(dora) == "adcb"
    nodes = (await dora.ask(LIST)).data["tasks"]["nodes"]
    assert total([task["position"] for task in nodes])


@pytest.mark.parametrize("field", ["beforeId", "afterId"])
@pytest.mark.parametrize("which", ["itself", "unknown", "another parent's", "trashed", "a stranger's"])
async def test_a_neighbour_must_be_another_task_with_the_same_parent(people: People, field: str, which: str) -> None:
    dora, sam = await people.one(), await people.one()
    tasks = await line(dora, "abc")
    part, theirs = await dora.task("Part", parentId=tasks["c"]["id"]), await sam.task()
    await dora.ask(DELETE, id=tasks["b"]["id"])
    ids = {"itself": tasks["a"]["id"], "unknown": "task_" + "0" * 32, "another parent's": part["id"]}
    ids |= {"trashed": tasks["b"]["id"], "a stranger's": theirs["id"]}
    before = await people.row(tasks["a"]["id"])
    answer = await move(dora, tasks["a"], **{field: ids[which]})
    assert (answer.code, list(answer.details)) == ("VALIDATION_ERROR", [field])
    assert await people.row(tasks["a"]["id"]) == before


async def test_neighbours_that_are_not_side_by_side_are_refused(people: People) -> None:
    dora = await people.one()
    tasks = await line(dora, "abcd")
    for before, after in ("ca", "ab"):
        answer = await move(dora, tasks["d"], beforeId=tasks[before]["id"], afterId=tasks[after]["id"])
        assert answer.details == {"afterId": ["must stand directly before beforeId"]}
    assert await titles(dora) == "abcd"


async def test_a_task_becomes_part_of_another_at_its_end(people: People) -> None:
    dora = await people.one()
    tasks = await line(dora, "abc")
    await line(dora, "xy", parentId=tasks["a"]["id"])
    assert (await moved(dora, tasks["c"], parentId=tasks["a"]["id"]))["parent"] == {"title": "a"}
    assert (await titles(dora, parentId=tasks["a"]["id"]), await titles(dora, parentId=None)) == ("xyc", "ab")


async def test_a_task_becomes_part_of_another_at_a_place(people: People) -> None:
    dora = await people.one()
    tasks = await line(dora, "abc")
    parts = await line(dora, "xy", parentId=tasks["a"]["id"])
    await moved(dora, tasks["c"], parentId=tasks["a"]["id"], afterId=parts["x"]["id"])
    assert await titles(dora, parentId=tasks["a"]["id"]) == "xcy"


async def test_null_makes_a_part_a_task_of_its_own(people: People) -> None:
    dora = await people.one()
    tasks = await chain(dora, "ab")
    assert (await moved(dora, tasks["b"], parentId=None))["parent"] is None
    assert await titles(dora, parentId=None) == "ab"


async def test_a_parent_that_is_absent_stays(people: People) -> None:
    dora = await people.one()
    tasks = await chain(dora, "ab")
    parts = await line(dora, "x", parentId=tasks["a"]["id"])
    task = await moved(dora, tasks["b"], afterId=parts["x"]["id"])
    assert task["parent"] == {"title": "a"}
    assert await titles(dora, parentId=tasks["a"]["id"]) == "xb"


async def test_a_tree_is_read_in_one_question(people: People) -> None:
    dora = await people.one()
    tasks = await chain(dora, "abc")
    await line(dora, "xy", parentId=tasks["a"]["id"])
    none: dict[str, Any] = {"nodes": [], "totalCount": 0}
    parts = [
        {"title": "b", "parent": {"title": "a"}, "subtasks": {"nodes": [{"title": "c"}], "totalCount": 1}},
        {"title": "x", "parent": {"title": "a"}, "subtasks": none},
        {"title": "y", "parent": {"title": "a"}, "subtasks": none},
    ]
    answer = await dora.ask(TREE, id=tasks["a"]["id"])
    assert answer.data == {"task": {"title": "a", "subtasks": {"nodes": parts}}}


async def test_subtasks_are_paged(people: People) -> None:
    dora = await people.one()
    parent = await dora.task("a")
    await line(dora, "uvwxyz", parentId=parent["id"])
    found, after, more = "", None, True
    while more:
        page = (await dora.ask(SUBTASKS, id=parent["id"], first=4, after=after)).data["task"]["subtasks"]
        found += "".join(task["title"] for task in page["nodes"])
        assert page["totalCount"] == 6
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == "uvwxyz"


async def test_five_levels_are_the_deepest(people: People) -> None:
    dora = await people.one()
    tasks = await chain(dora, "abcde")
    answer = await dora.ask(CREATE, input={"title": "f", "parentId": tasks["e"]["id"]})
    assert answer.details == {"parentId": ["subtasks may be 5 levels deep"]}
    assert await titles(dora) == "abcde"


async def test_a_tree_is_not_moved_to_where_it_would_be_too_deep(people: People) -> None:
    dora = await people.one()
    tall, low = await chain(dora, "abc"), await chain(dora, "xyz")
    answer = await move(dora, low["x"], parentId=tall["c"]["id"])
    assert answer.details == {"parentId": ["subtasks may be 5 levels deep"]}
    assert (await people.row(low["x"]["id"]))["parent_id"] is None
    assert (await moved(dora, low["x"], parentId=tall["b"]["id"]))["parent"] == {"title": "b"}


@pytest.mark.parametrize("under", ["a", "b", "c"])
async def test_a_task_is_not_moved_into_itself(people: People, under: str) -> None:
    dora = await people.one()
    tasks = await chain(dora, "abc")
    answer = await move(dora, tasks["a"], parentId=tasks[under]["id"])
    assert answer.details == {"parentId": ["must not be the task itself or a part of it"]}
    assert (await people.row(tasks["a"]["id"]))["parent_id"] is None


@pytest.mark.parametrize("which", ["unknown", "trashed", "a stranger's"])
async def test_a_parent_must_be_there(people: People, which: str) -> None:
    dora, sam = await people.one(), await people.one()
    tasks, theirs = await line(dora, "ab"), await sam.task()
    await dora.ask(DELETE, id=tasks["b"]["id"])
    id = {"unknown": "task_" + "0" * 32, "trashed": tasks["b"]["id"], "a stranger's": theirs["id"]}[which]
    before = await people.row(tasks["a"]["id"])
    answer = await move(dora, tasks["a"], parentId=id)
    assert (answer.code, answer.error["message"]) == ("TASK_NOT_FOUND", f"Task with id '{id}' not found")
    assert await people.row(tasks["a"]["id"]) == before


@pytest.mark.parametrize("used_up", [0, 17])
async def test_twenty_moves_at_once_leave_a_total_order(people: People, used_up: int) -> None:
    """All into one gap: with room for them, and when half of them find it used up."""
    dora = await people.one()
    first, last = (await line(dora, "az")).values()
    middle = [await dora.task(f"{n}") for n in range(20)]
    for n in range(used_up):
        await moved(dora, middle[n % 20], afterId=first["id"])
    answers = await asyncio.gather(*(move(dora, task, afterId=first["id"]) for task in middle))
    assert [answer.body["errors"] for answer in answers if "errors" in answer.body] == []
    nodes = (await dora.ask(LIST)).data["tasks"]["nodes"]
    assert total([task["position"] for task in nodes])
    assert [nodes[0]["id"], nodes[-1]["id"]] == [first["id"], last["id"]]


async def test_two_moves_at_once_make_no_ring(people: People) -> None:
    dora = await people.one()
    for _ in range(5):
        one, two = (await line(dora, "ab")).values()
        answers = await asyncio.gather(
            move(dora, one, parentId=two["id"]),
            move(dora, two, parentId=one["id"]),
        )
        assert [answer.code for answer in answers if "errors" in answer.body] == ["VALIDATION_ERROR"]
        parents = [(await people.row(task["id"]))["parent_id"] for task in (one, two)]
        assert parents.count(None) == 1


async def test_two_moves_at_once_make_nothing_too_deep(people: People) -> None:
    dora = await people.one()
    for _ in range(5):
        top, middle, low = [await chain(dora, titles) for titles in ("abc", "m", "xyz")]
        answers = await asyncio.gather(
            move(dora, middle["m"], parentId=top["c"]["id"]),
            move(dora, low["x"], parentId=middle["m"]["id"]),
        )
        assert [answer.code for answer in answers if "errors" in answer.body] == ["VALIDATION_ERROR"]

"""What is told of each verb: which kinds, in which order, one event per row that changed, and none where none did."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.people import People, Person
from tests.sockets import Events

DAILY: dict[str, Any] = {"dueAt": "2026-03-10T09:00:00Z", "recurrence": "FREQ=DAILY"}
ONE = {
    "complete": "mutation ($id: ID!) { completeTask(id: $id) { id next { id } } }",
    "reopen": "mutation ($id: ID!) { reopenTask(id: $id) { id } }",
    "move": "mutation ($id: ID!) { moveTask(id: $id, input: {}) { id } }",
    "delete": "mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }",
    "restore": "mutation ($id: ID!) { restoreTask(id: $id) { id } }",
    "purge": "mutation ($id: ID!) { purgeTask(id: $id) { deletedId } }",
    "deleteLabel": "mutation ($id: ID!) { deleteLabel(id: $id) { deletedId } }",
}
UPDATE = "mutation ($id: ID!, $input: UpdateTaskInput!) { updateTask(id: $id, input: $input) { id } }"
COMPLETE_ALL = "mutation ($ids: [ID!]!) { completeTasks(ids: $ids) { id } }"
DELETE_ALL = "mutation ($ids: [ID!]!) { deleteTasks(ids: $ids) { deletedId } }"
LABELS = """subscription ($after: Cursor) { labelEvents(after: $after) { __typename ... on Ready { cursor }
  ... on LabelChanged { kind topic label { id name } } ... on LabelDeleted { topic deletedId } } }"""


async def do(person: Person, verb: str, task: Any) -> Any:
    return next(iter((await person.ask(ONE[verb], id=task["id"])).data.values()))


async def heard(person: Person, events: Events) -> list[tuple[str, str]]:
    """Kind and id of all that has been told since, up to a marker that this makes."""
    marker = await person.task("Marker")
    found: list[tuple[str, str]] = []
    while True:
        event = await events.next()
        kind, id = event.get("kind", "DELETED"), event.get("deletedId") or _id(event)
        if id == marker["id"]:
            return found
        found.append((kind, id))


@asynccontextmanager
async def listening(person: Person) -> AsyncIterator[Events]:
    """A subscription that has told already what happened before it."""
    async with person.socket() as socket, socket.events() as events:
        await heard(person, events)
        yield events


def _id(event: Any) -> str:
    """Of a task in the trash by now, an event tells no more than that there was a change."""
    id: str = event["task"]["id"] if event["task"] else "gone"
    return id


async def test_every_verb_tells_of_its_task_once(people: People) -> None:
    dora = await people.one()
    async with listening(dora) as events:
        task = await dora.task("One")
        assert await heard(dora, events) == [("ADDED", task["id"])]
        await dora.ask(UPDATE, id=task["id"], input={"title": "Two"})
        assert await heard(dora, events) == [("UPDATED", task["id"])]
        await do(dora, "complete", task)
        assert await heard(dora, events) == [("STATUS_CHANGED", task["id"])]
        await do(dora, "reopen", task)
        assert await heard(dora, events) == [("STATUS_CHANGED", task["id"])]
        await do(dora, "move", task)
        assert await heard(dora, events) == [("UPDATED", task["id"])]
        await do(dora, "delete", task)
        assert await heard(dora, events) == [("DELETED", task["id"])]
        await do(dora, "restore", task)
        assert await heard(dora, events) == [("ADDED", task["id"])]
        await do(dora, "delete", task)
        await do(dora, "purge", task)
        assert await heard(dora, events) == [("DELETED", task["id"])] * 2


async def test_an_update_that_also_completes_tells_of_both(people: People) -> None:
    dora = await people.one()
    task = await dora.task()
    async with listening(dora) as events:
        await dora.ask(UPDATE, id=task["id"], input={"title": "New", "completed": True})
        assert await heard(dora, events) == [("UPDATED", task["id"]), ("STATUS_CHANGED", task["id"])]


async def test_completing_what_recurs_tells_of_it_and_then_of_the_next_and_its_parts(people: People) -> None:
    dora = await people.one()
    task = await dora.task("Garden", **DAILY)
    await dora.task("Bed", parentId=task["id"])
    async with listening(dora) as events:
        following = (await do(dora, "complete", task))["next"]
        told = await heard(dora, events)
    assert [kind for kind, _ in told] == ["STATUS_CHANGED", "ADDED", "ADDED"]
    assert [id for _, id in told[:2]] == [task["id"], following["id"]]
    assert (await people.row(told[2][1]))["parent_id"] == following["id"]


async def test_reopening_tells_that_the_next_and_its_parts_are_gone(people: People) -> None:
    dora = await people.one()
    task = await dora.task("Garden", **DAILY)
    await dora.task("Bed", parentId=task["id"])
    following = (await do(dora, "complete", task))["next"]
    async with listening(dora) as events:
        await do(dora, "reopen", task)
        told = await heard(dora, events)
    assert [kind for kind, _ in told] == ["DELETED", "DELETED", "STATUS_CHANGED"]
    assert (told[0][1], told[2][1]) == (following["id"], task["id"])


async def test_a_tree_goes_and_comes_with_one_event_for_each_of_its_tasks(people: People) -> None:
    dora = await people.one()
    house = await dora.task("House")
    door = await dora.task("Door", parentId=house["id"])
    handle = await dora.task("Handle", parentId=door["id"])
    tree = [house["id"], door["id"], handle["id"]]
    async with listening(dora) as events:
        await do(dora, "delete", house)
        assert await heard(dora, events) == [("DELETED", id) for id in tree]
        await do(dora, "restore", house)
        assert await heard(dora, events) == [("ADDED", id) for id in tree]


async def test_many_at_once_give_one_event_each_in_the_order_asked_for(people: People) -> None:
    dora = await people.one()
    one, two, three = [(await dora.task())["id"] for _ in range(3)]
    async with listening(dora) as events:
        await dora.ask(COMPLETE_ALL, ids=[three, one, two, three])
        assert await heard(dora, events) == [("STATUS_CHANGED", id) for id in (three, one, two)]
        await dora.ask(DELETE_ALL, ids=[two, three, one, two])
        assert await heard(dora, events) == [("DELETED", id) for id in (two, three, one)]


@pytest.mark.parametrize("document", [COMPLETE_ALL, DELETE_ALL])
async def test_many_of_which_one_is_amiss_give_no_event(people: People, document: str) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY)
    async with listening(dora) as events:
        answer = await dora.ask(document, ids=[task["id"], "task_" + "0" * 32])
        assert answer.code == "TASK_NOT_FOUND"
        assert await heard(dora, events) == []


async def test_what_is_refused_half_way_gives_no_event(people: People) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY)
    await do(dora, "complete", (await do(dora, "complete", task))["next"])
    async with listening(dora) as events:
        answer = await dora.ask(UPDATE, id=task["id"], input={"title": "New", "completed": False})
        assert answer.code == "CONFLICT"
        assert await heard(dora, events) == []


@pytest.mark.parametrize("verb", ["complete", "reopen", "restore"])
async def test_doing_again_what_is_done_gives_no_event(people: People, verb: str) -> None:
    dora = await people.one()
    task = await dora.task(**DAILY)
    if verb == "complete":
        await do(dora, "complete", task)
    async with listening(dora) as events:
        await do(dora, verb, task)
        assert await heard(dora, events) == []


async def test_deleting_a_label_tells_of_the_tasks_that_wore_it(people: People) -> None:
    dora = await people.one()
    label = await dora.label()
    worn = [await dora.task(labelIds=[label["id"]]) for _ in range(2)]
    await dora.task("Plain")
    async with listening(dora) as events:
        await do(dora, "deleteLabel", label)
        assert sorted(await heard(dora, events)) == sorted(("UPDATED", task["id"]) for task in worn)


async def test_new_labels_of_a_task_are_one_event(people: People) -> None:
    dora = await people.one()
    task, label = await dora.task(), await dora.label()
    async with listening(dora) as events:
        await dora.ask(UPDATE, id=task["id"], input={"title": "New", "labelIds": [label["id"]]})
        assert await heard(dora, events) == [("UPDATED", task["id"])]


async def test_labels_have_a_stream_of_their_own(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    topic = f"labels:{dora.id}"
    async with dora.socket() as socket, socket.events(query=LABELS) as events:
        await sam.label("Sam's")
        await dora.task()
        label = await dora.label()
        await dora.ask('mutation ($id: ID!) { updateLabel(id: $id, input: {name: "work"}) { id } }', id=label["id"])
        renamed = [await events.next(), await events.next()]
        await do(dora, "deleteLabel", label)
        gone = await events.next()
    assert [event["kind"] for event in renamed] == ["ADDED", "UPDATED"]
    assert renamed[1]["label"] == {"id": label["id"], "name": "work"}
    assert gone == {"__typename": "LabelDeleted", "topic": topic, "deletedId": label["id"]}


async def test_every_device_hears_what_any_other_does(people: People) -> None:
    dora = await people.one()
    async with (
        dora.socket() as phone,
        dora.socket() as laptop,
        phone.events() as on_phone,
        laptop.events() as on_laptop,
    ):
        task = await dora.task()
        assert (await on_phone.next())["task"]["id"] == task["id"]
        assert (await on_laptop.next())["task"]["id"] == task["id"]


async def test_what_leaves_the_trash_for_good_is_told_to_whoever_looks_there(people: People) -> None:
    dora = await people.one()
    top = await dora.task("Top")
    part, other = await dora.task("Part", parentId=top["id"]), await dora.task("Other")
    for task in (top, other):
        await dora.ask("mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }", id=task["id"])
    trash = "subscription { liveTasks(filter: {trashed: true}) { totalCount } }"
    async with dora.socket() as socket, socket.events() as events:
        await socket.start(trash, "trash")
        assert (await socket.frame())["payload"]["data"] == {"liveTasks": {"totalCount": 3}}
        await socket.send({"type": "complete", "id": "trash"})
        await dora.ask("mutation ($id: ID!) { purgeTask(id: $id) { deletedId } }", id=top["id"])
        assert {event["deletedId"] for event in await events.take(2)} == {top["id"], part["id"]}
        await dora.ask("mutation { emptyTrash }")
        assert (await events.next())["deletedId"] == other["id"]

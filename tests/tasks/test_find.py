"""`find`: one search over tasks and labels, newest change first, in pages that run across both."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from db.models import Label, Task
from db.selection import Feed, Listing, Order
from tests.people import People, Person

FIND = """query ($text: String!, $first: Int, $after: String, $last: Int, $before: String) {
  find(text: $text, first: $first, after: $after, last: $last, before: $before) { totalCount
    nodes { __typename ... on Task { title } ... on Label { name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
BEGAN = datetime(2026, 3, 10, tzinfo=UTC)


async def find(person: Person, words: str, **paging: Any) -> Any:
    return (await person.ask(FIND, text=words, **paging)).data["find"]


def names(page: Any) -> list[str]:
    return [node.get("title") or node["name"] for node in page["nodes"]]


async def changed(people: People, id: str, minutes: int) -> None:
    """Makes a row's last change be so many minutes after the beginning."""
    statement = text(f"update {id.partition('_')[0]} set updated_at = :at where id = :id")  # noqa: S608 (a name of ours)
    async with people.services.db.transaction() as transaction:
        await transaction.execute(statement, {"id": id, "at": BEGAN + timedelta(minutes=minutes)})


async def garden(people: People) -> Person:
    """Somebody with tasks 0, 2, 3, 5 and labels 1, 4 of the garden, by their last change; and other things."""
    dora = await people.one()
    for minute in range(6):
        made = await (dora.label if minute in (1, 4) else dora.task)(f"garden {minute}")
        await changed(people, made["id"], minute)
    await dora.task("kitchen")
    await dora.label("bath")
    return dora


async def test_tasks_and_labels_come_together_by_their_last_change(people: People) -> None:
    dora = await garden(people)
    assert await find(dora, "gar") == {
        "totalCount": 6,
        "nodes": [
            {"__typename": "Task", "title": "garden 5"},
            {"__typename": "Label", "name": "garden 4"},
            {"__typename": "Task", "title": "garden 3"},
            {"__typename": "Task", "title": "garden 2"},
            {"__typename": "Label", "name": "garden 1"},
            {"__typename": "Task", "title": "garden 0"},
        ],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": (await find(dora, "gar", first=1))["pageInfo"]["endCursor"],
            "endCursor": (await find(dora, "gar", last=1))["pageInfo"]["startCursor"],
        },
    }


@pytest.mark.parametrize("size", [1, 2, 4, 5, 6, 7])
async def test_pages_run_across_types_in_both_directions(people: People, size: int) -> None:
    dora = await garden(people)
    whole = [f"garden {n}" for n in (5, 4, 3, 2, 1, 0)]
    forth, back, after, before = list[str](), list[str](), None, None
    for left in range(6 - size, -size, -size):
        page = await find(dora, "garden", first=size, after=after)
        assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (6, left > 0)
        forth, after = forth + names(page), page["pageInfo"]["endCursor"]
        page = await find(dora, "garden", last=size, before=before)
        assert (page["totalCount"], page["pageInfo"]["hasPreviousPage"]) == (6, left > 0)
        back, before = names(page) + back, page["pageInfo"]["startCursor"]
    assert (forth, back) == (whole, whole)


async def test_of_rows_changed_at_once_none_is_lost_between_pages(people: People) -> None:
    dora = await people.one()
    for n in range(4):
        made = await (dora.label if n % 2 else dora.task)(f"same {n}")
        await changed(people, made["id"], 0)
    found, after = list[str](), None
    for _ in range(4):
        page = await find(dora, "same", first=1, after=after)
        found, after = found + names(page), page["pageInfo"]["endCursor"]
    assert found == ["same 2", "same 0", "same 3", "same 1"]


async def test_edges_and_nodes_have_the_bodies_of_their_types(people: People) -> None:
    dora = await people.one()
    label = await dora.label("green")
    task = await dora.task("green", labelIds=[label["id"]])
    await changed(people, label["id"], 0)
    query = """{ find(text: "green") { __typename nodes { ...Any } edges { cursor node { ...Any ... on Label {
      tasks(first: 1) { totalCount nodes { title } } } } } } }
      fragment Any on Node { id __typename ... on Task { owner { id } labels { name } } ... on Label { color } }"""
    found = (await dora.ask(query)).data["find"]
    as_task = {"id": task["id"], "__typename": "Task", "owner": {"id": dora.id}, "labels": [{"name": "green"}]}
    as_label = {"id": label["id"], "__typename": "Label", "color": "#6b7280"}
    page = {"tasks": {"totalCount": 1, "nodes": [{"title": "green"}]}}
    assert (found["__typename"], found["nodes"]) == ("FoundConnection", [as_task, as_label])
    assert [edge["node"] for edge in found["edges"]] == [as_task, as_label | page]
    assert (await find(dora, "green", after=found["edges"][0]["cursor"]))["nodes"] == [
        {"__typename": "Label", "name": "green"}
    ]


async def test_what_is_in_the_trash_is_not_found(people: People) -> None:
    dora = await people.one()
    task = await dora.task("gone")
    assert (await dora.ask("mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }", id=task["id"])).data
    assert (await find(dora, "gone"))["totalCount"] == 0


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("wat gar", ["Water/garden", "garden-water"]),
        ("GARDEN", ["Water/garden", "garden-water"]),
        ("arden", []),
        ("water | x", []),
        ("!", []),
        ("'", []),
    ],
)
async def test_labels_are_found_by_their_words_as_tasks_are(people: People, words: str, found: list[str]) -> None:
    dora = await people.one()
    await dora.label("garden-water")
    await dora.task("Water/garden")
    assert names(await find(dora, words)) == found


@pytest.mark.parametrize(
    ("words", "said"), [(" ", "must not be blank"), ("x" * 201, "String should have at most 200 characters")]
)
async def test_what_cannot_be_searched_for_is_refused(people: People, words: str, said: str) -> None:
    refused = await (await people.one()).ask(FIND, text=words)
    assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"text": [said]})


async def test_a_cursor_of_another_list_is_refused(people: People) -> None:
    dora = await garden(people)
    cursor = (await dora.ask("{ tasks(first: 1) { edges { cursor } } }")).data["tasks"]["edges"][0]["cursor"]
    assert (await dora.ask(FIND, text="garden", after=cursor)).details == {
        "after": ["is a cursor of another list or order"]
    }


async def test_each_part_stops_at_its_own_index(people: People) -> None:
    """With many rows, neither part reads more of its table than the page needs."""
    dora = await people.one()
    fill = """insert into {table} (id, owner_id, {name}, updated_at {more})
      select '{table}_' || md5('{owner}' || n), :owner, 'many ' || n, now() - n * interval '1 minute' {values}
      from generate_series(1, 3000) n"""
    async with people.services.db.transaction() as transaction:
        for table, name, more, values in (("task", "title", ", position", ", n"), ("label", "name", "", "")):
            filled = fill.format(table=table, name=name, more=more, values=values, owner=dora.id)
            await transaction.execute(text(filled), {"owner": dora.id})
    async with people.services.db.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await autocommit.execute(text("vacuum analyze task, label"))
    sent: list[Any] = []
    db = people.services.db
    fetchval = db.fetchval

    async def noted(sql: str, arguments: Any) -> Any:
        sent[:] = [sql, arguments]
        return await fetchval(sql, arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "fetchval", noted)
        query = '{ find(text: "many", first: 5) { nodes { __typename } } }'
        assert len((await dora.ask(query)).data["find"]["nodes"]) == 5
    plan = "\n".join(row[0] for row in await db.fetch("explain " + sent[0], *sent[1]))
    assert "ix_task_owner_id_updated_at_id" in plan
    assert "ix_label_owner_id_updated_at_id" in plan
    assert "Seq Scan" not in plan


def test_the_orders_of_a_feeds_parts_must_correspond() -> None:
    tasks, labels = select(Task), select(Label)
    for one, other in (
        (Listing(tasks, (Order(Task.updated_at),)), Listing(labels, (Order(Label.updated_at, descending=True),))),
        (Listing(tasks, (Order(Task.updated_at),)), Listing(labels, (Order(Label.name),))),
        (Listing(tasks, (Order(Task.due_at),)), Listing(labels, (Order(Label.updated_at),))),
        (Listing(tasks, (Order(Task.updated_at),)), Listing(labels, ())),
        (Listing(tasks, (Order(Task.updated_at),)), Listing(tasks, (Order(Task.updated_at),))),
    ):
        with pytest.raises(TypeError, match="the parts of a feed"):
            Feed((one, other))

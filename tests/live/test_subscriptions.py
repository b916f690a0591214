"""What a subscriber hears, over the real transport."""

from typing import Any

import pytest

from kit.errors import Unavailable
from tests.people import People
from tests.sockets import EVENTS

RENAME = "mutation ($id: ID!, $title: String!) { updateTask(id: $id, input: {title: $title}) { id } }"
COMPLETE = "mutation ($id: ID!) { completeTask(id: $id) { id } }"
DELETE = "mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }"


async def test_a_change_is_heard_with_the_entity_as_it_is(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket, socket.events() as events:
        assert events.first["__typename"] == "Ready"
        task = await dora.task("Water the plants")
        heard = await events.next()
    assert heard["__typename"] == "TaskChanged"
    assert heard["kind"] == "ADDED"
    assert heard["topic"] == f"tasks:{dora.id}"
    assert heard["actor"] == {"id": dora.id}
    assert heard["task"] == {"id": task["id"], "title": "Water the plants", "completed": False}


async def test_what_was_missed_is_told_after_a_cursor_in_order_and_once(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket, socket.events() as events:
        task = await dora.task("One")
        last = await events.next()
    await dora.ask(RENAME, id=task["id"], title="Two")
    await dora.ask(COMPLETE, id=task["id"])
    await dora.ask(DELETE, id=task["id"])
    async with dora.socket() as socket, socket.events(last["cursor"]) as events:
        assert events.first == {"__typename": "Ready", "cursor": last["cursor"]}
        missed = await events.take(3)
        fourth = await dora.task("Four")
        assert (await events.next())["task"]["id"] == fourth["id"]
    assert [(event["__typename"], event.get("kind")) for event in missed] == [
        ("TaskChanged", "UPDATED"),
        ("TaskChanged", "STATUS_CHANGED"),
        ("TaskDeleted", None),
    ]
    assert missed[0]["task"] is None, "it is in the trash by now"
    assert missed[2]["deletedId"] == task["id"]


async def test_a_stranger_hears_nothing(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    async with sam.socket() as socket, socket.events() as events:
        await dora.task("Dora's")
        own = await sam.task("Sam's")
        assert (await events.next())["task"]["id"] == own["id"]


async def test_nobody_may_follow(people: People) -> None:
    async with people.nobody.socket() as socket:
        payload = await socket.ask(EVENTS)
        assert payload[0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await socket.ask("{ __typename }") == {"data": {"__typename": "Query"}}


async def test_an_event_that_cannot_be_read_just_now_is_told_once_it_can(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    dora = await people.one()
    db = people.services.db
    fetchval = db.fetchval

    async def failing(sql: str, arguments: Any) -> Any:
        if "task" in sql:
            raise Unavailable
        return await fetchval(sql, arguments)

    async with dora.socket() as socket, socket.events() as events:
        monkeypatch.setattr(db, "fetchval", failing)
        made = await dora.ask('mutation { createTask(input: {title: "Told later"}) { id } }')
        assert (made.code, made.error["extensions"]["reason"], made.error["message"]) == (
            "UNAVAILABLE",
            "DONE",
            "It was done, but what came of it cannot be read just now",
        )
        await socket.ask("{ __typename }", id="2")
        monkeypatch.undo()
        assert (await events.next())["task"]["title"] == "Told later"

"""Queries that are answered anew when what they show has changed."""

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from db.accounts.users import Role
from live.queries import GAP_SECONDS
from tests.conftest import Served
from tests.people import People
from tests.sockets import Socket

COUNTS = "subscription { liveTaskCounts { total open completed } }"
TASKS = """subscription ($first: Int) { liveTasks(first: $first, orderBy: {field: TITLE, direction: ASC}) {
  totalCount nodes { title labels { name } owner { name } } } }"""


async def told(socket: Socket) -> Any:
    frame = await socket.frame()
    assert frame["type"] == "next", frame
    return next(iter(frame["payload"]["data"].values()))


async def test_the_first_answer_comes_at_once_and_another_when_it_has_changed(people: People) -> None:
    dora = await people.one()
    await dora.task("One")
    async with dora.socket() as socket:
        await socket.start(COUNTS, "1")
        assert await told(socket) == {"total": 1, "open": 1, "completed": 0}
        await dora.task("Two")
        assert await told(socket) == {"total": 2, "open": 2, "completed": 0}


async def test_what_lies_below_is_followed_too(people: People) -> None:
    dora = await people.one()
    label = (await dora.ask('mutation { createLabel(input: {name: "home"}) { id } }')).data["createLabel"]["id"]
    await dora.ask('mutation ($id: ID!) { createTask(input: {title: "One", labelIds: [$id]}) { id } }', id=label)
    async with dora.socket() as socket:
        await socket.start(TASKS, "1", first=1)
        first = await told(socket)
        await dora.ask('mutation ($id: ID!) { updateLabel(id: $id, input: {name: "house"}) { id } }', id=label)
        renamed = await told(socket)
        await dora.ask('mutation ($id: ID!) { updateUser(id: $id, input: {name: "Theodora"}) { id } }', id=dora.id)
        signed = await told(socket)
    assert [node["labels"] for node in (*first["nodes"], *renamed["nodes"])] == [
        [{"name": "home"}],
        [{"name": "house"}],
    ]
    assert signed["nodes"][0]["owner"] == {"name": "Theodora"}


async def test_an_answer_that_is_the_same_is_not_told_again(people: People) -> None:
    dora = await people.one()
    task = await dora.task("One")
    async with dora.socket() as socket:
        await socket.start(COUNTS, "1")
        await told(socket)
        await dora.ask('mutation ($id: ID!) { updateTask(id: $id, input: {title: "Uno"}) { id } }', id=task["id"])
        await dora.ask("mutation ($id: ID!) { completeTask(id: $id) { id } }", id=task["id"])
        assert await told(socket) == {"total": 1, "open": 0, "completed": 1}


async def test_many_changes_make_at_most_five_answers_a_second(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    dora, loop = await house.people.one(), asyncio.get_running_loop()
    async with dora.socket() as socket:
        await socket.start(COUNTS, "1")
        await told(socket)
        began, answers = loop.time(), 0
        await asyncio.gather(*(dora.task(f"{number}") for number in range(60)))
        while (await told(socket))["total"] < 60:
            answers += 1
        assert answers <= (loop.time() - began) / GAP_SECONDS + 1


async def test_those_who_ask_the_same_share_one_group(house: Served) -> None:
    dora, sam = await house.people.one(), await house.people.one()
    async with dora.socket() as one, dora.socket() as two, sam.socket() as other:
        for socket in (one, two, other):
            await socket.start(COUNTS, "1")
            assert (await told(socket))["total"] == 0
        groups = [group for group in house.services.hub.groups.values() if f"tasks:{dora.id}" in group.topics]
        assert [group.readers for group in groups] == [2]
        await dora.task()
        assert [(await told(socket))["total"] for socket in (one, two)] == [1, 1]


async def test_with_another_role_the_answer_is_told_anew(people: People) -> None:
    """However many answers there were before: somebody who comes to another group has heard none of its own."""
    boss, admin = await people.one(Role.SUPER_ADMIN), await people.one(Role.ADMIN)
    async with admin.socket() as socket:
        await socket.start(TASKS, "1")
        for number in range(3):
            assert (await told(socket))["totalCount"] == number
            await admin.task()
        assert (await told(socket))["totalCount"] == 3
        await boss.ask("mutation ($id: ID!) { setUserRole(id: $id, role: USER) { role } }", id=admin.id)
        assert (await told(socket))["totalCount"] == 3
        await admin.task()
        assert (await told(socket))["totalCount"] == 4


async def test_a_day_begins_where_the_viewer_has_moved_to(people: People) -> None:
    """From 14 hours ahead to 12 behind: what is due in the first and the last minute there is never due in one day."""
    dora = await people.one(time_zone="Etc/GMT-14")
    here = people.services.clock().astimezone(ZoneInfo("Etc/GMT-14"))
    for hour, minute in ((0, 0), (23, 59)):
        await dora.task(dueAt=here.replace(hour=hour, minute=minute).isoformat())
    async with dora.socket() as socket:
        await socket.start("subscription { liveTaskCounts { today } }", "1")
        assert await told(socket) == {"today": 2}
        move = 'mutation ($id: ID!) { updateUser(id: $id, input: {timeZone: "Etc/GMT+12"}) { id } }'
        await dora.ask(move, id=dora.id)
        assert await told(socket) == {"today": 1}


async def test_a_list_that_cannot_be_is_refused_at_once(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        (error,) = await socket.ask(TASKS, first=1_000)
        assert (error["extensions"]["code"], error["path"]) == ("VALIDATION_ERROR", ["liveTasks"])
        await socket.start('subscription { liveTasks(userId: "user_0") { totalCount } }', "2")
        assert (await socket.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"
    async with people.nobody.socket() as socket:
        (error,) = await socket.ask(COUNTS)
        assert error["extensions"]["code"] == "UNAUTHENTICATED"

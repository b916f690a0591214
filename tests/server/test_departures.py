"""Clients that go without a word, or stay and read no more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from structlog.typing import EventDict
from websockets.exceptions import ConnectionClosed

from kit.settings import Settings
from tests.conftest import Served, served, settings_for, url_of
from tests.lines import dialled, line
from tests.people import People, Person
from tests.sockets import Socket
from tests.waiting import until_logged

HEAVY = """subscription { taskEvents { __typename ... on TaskChanged {
  task { description a: description b: description c: description d: description } } } }"""


async def test_a_client_that_goes_without_a_word_leaves_no_operation_behind(
    people: People, logged: list[EventDict]
) -> None:
    dora = await people.one()
    async with dora.socket() as socket, socket.events(), socket.events(id="2"):
        socket.connection.transport.abort()
        await until_logged(logged, "operation", times=2)


async def test_a_client_that_goes_in_the_middle_of_its_request_is_no_error_of_ours(
    house: Served, logged: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    async with line(house.url) as one:
        await one.send(head + b'{"query":')
    await until_logged(logged, "request")
    assert [record["event"] for record in logged] == ["request"]
    assert caplog.records == []


async def until_the_end(socket: Socket) -> AsyncIterator[Any]:
    async with asyncio.timeout(10):
        with suppress(ConnectionClosed):
            while True:
                yield await socket.connection.recv()


async def _slow(person: Person) -> Socket:
    """A socket with little room."""
    connection = await dialled(person.people.url, room=65_536)
    return await person.socket().open(sock=connection, max_queue=1, compression=None, max_size=None)


async def test_a_client_that_reads_no_more_is_let_go_and_keeps_nobody_waiting(
    settings: Settings, logged: list[EventDict]
) -> None:
    url = url_of(settings)
    async with served(settings_for(url, send_timeout_seconds=1)) as house:
        dora = await house.people.one()
        slow = await _slow(dora)
        await slow.send({"type": "connection_init", "payload": {"authorization": f"Bearer {dora.token}"}})
        await slow.frame()
        await slow.start(HEAVY)
        assert (await slow.frame())["payload"]["data"]["taskEvents"]["__typename"] == "Ready"

        async with dora.socket() as quick, quick.events() as events, asyncio.timeout(20):
            while not any(record["event"] == "operation" and record["ms"] > 1_000 for record in logged):
                task = await dora.task(description="ä" * 10_000)
                assert (await events.next())["task"]["id"] == task["id"]
        assert len([frame async for frame in until_the_end(slow)]) > 1, "it finds what was under way, and then the end"


async def test_who_reads_nothing_cannot_have_errors_piled_up(database_url: str, settings: Settings) -> None:
    """Each operation ends by itself, so that there are never many at once."""
    async with served(settings_for(database_url, send_timeout_seconds=1)) as house:
        slow = await _slow(house.people.nobody)
        await slow.send({"type": "connection_init"})
        await slow.frame()
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(_refused(slow), 20)


async def _refused(socket: Socket) -> None:
    """Again and again, for as long as it is open."""
    for number in count():
        await socket.start(f"subscription {{ {'a' * 5_000}: taskEvents {{ __typename }} }}", str(number))
        await asyncio.sleep(0)  # the server has its turn

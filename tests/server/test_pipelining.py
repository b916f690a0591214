"""Requests that come on one connection before the one before them is answered."""

import asyncio
import json

import pytest
from structlog.typing import EventDict

from kit.settings import Settings
from tests.conftest import Served, served, url_of
from tests.lines import WHOLE, line
from tests.people import Person
from tests.raw import knock
from tests.server.holding import TABLE, holding_up, nothing_is_left_in, waiting
from tests.server.once import TITLES
from tests.sockets import EVENTS
from tests.streams import DEFERRED, SSE, following
from tests.waiting import PATIENCE, until, until_logged


def post(person: Person, query: str, accept: str = "application/json") -> bytes:
    body = json.dumps({"query": query}).encode()
    head = {"host": "x", "content-type": "application/json", "accept": accept, "content-length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in (person.headers | head).items())
    return f"POST /graphql HTTP/1.1\r\n{lines}\r\n".encode() + body


@pytest.mark.parametrize("more", [b"", WHOLE], ids=["one request", "two"])
async def test_who_does_not_wait_for_an_answer_is_no_error_of_ours(
    own: Settings, caplog: pytest.LogCaptureFixture, logged: list[EventDict], more: bytes
) -> None:
    async with served(own) as house:
        dora = await house.people.one()
        async with holding_up(url_of(own), TABLE) as hand:
            async with line(house.url) as one:
                await one.send(post(dora, TITLES) + more)
                await waiting(hand, 1)
            await nothing_is_left_in(hand)
            await until_logged(logged, "request")
        assert house.services.meter.snapshot().requests == {"4xx": 1}
    assert [record["status"] for record in logged if record["event"] == "request"] == [499]
    assert caplog.records == []


async def test_a_stream_after_a_deferred_answer_ends_with_its_client(house: Served) -> None:
    hub, dora = house.services.hub, await house.people.one()
    before = {*hub.subscriptions}
    async with line(house.url) as one:
        await one.send(post(dora, "{ me { id ... @defer { name } } }", DEFERRED) + post(dora, EVENTS, SSE))
        async with asyncio.timeout(PATIENCE):
            await one.reader.readuntil(b'"Ready"')
        assert {*hub.subscriptions} - before
    await until(lambda: not {*hub.subscriptions} - before)


async def test_what_is_still_answered_does_not_become_a_socket(house: Served) -> None:
    hub, dora = house.services.hub, await house.people.one()
    before = {*hub.subscriptions}
    async with following(dora) as (response, _):
        response.writer.write(knock())
        async with asyncio.timeout(PATIENCE):
            assert await response.reader.read() == b""
        await until(lambda: not {*hub.subscriptions} - before)

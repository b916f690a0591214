"""Clients that take their time, or many connections: none keeps the server, nor any other client, waiting."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from kit.settings import Settings
from tests.conftest import Served, begun, served, settings_for
from tests.lines import WHOLE, Line, line
from tests.people import Person
from tests.streams import SSE, asked
from tests.waiting import PATIENCE, until

LORISES = 500
HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
COUNTED = {"forwarded_allow_ips": "192.0.2.1"}  # so that the loopback is no proxy's


@pytest.fixture
async def brisk(settings: Settings, database_url: str) -> AsyncIterator[Served]:
    """A server that waits one second for anything."""
    limits = {"request_seconds": 1, "keep_alive_seconds": 1, "send_timeout_seconds": 1}
    async with served(settings_for(database_url, **limits)) as house:
        yield house


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"POST /gra",
        HEAD,
        HEAD + b"content-length: 9\r\n\r\n",
        HEAD + b"content-length: 9\r\n\r\n{",
        HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n",
    ],
    ids=["nothing", "a line", "a head", "no body", "half a body", "a chunk"],
)
async def test_a_request_that_does_not_come_whole_ends_its_connection(
    brisk: Served, caplog: pytest.LogCaptureFixture, said: bytes
) -> None:
    async with line(brisk.url) as slow:
        await slow.send(said)
        assert await slow.ended() == b""
    async with line(brisk.url) as slow:  # nor is it the first that counts alone
        await slow.send(WHOLE)
        assert await slow.status() == 200
        await slow.send(said)
        assert await slow.ended() == b""
    assert caplog.records == []


async def test_a_body_that_comes_although_it_was_refused_is_no_excuse_to_stay(brisk: Served) -> None:
    async with line(brisk.url) as idle:
        await idle.send(HEAD + b"content-length: 300000\r\n\r\n")
        assert await idle.status() == 413
        await idle.send(b" " * 300_000)
        assert await idle.ended() == b""


async def test_empty_lines_between_requests_are_none(brisk: Served) -> None:
    async with line(brisk.url) as slow:
        await slow.send(WHOLE)
        assert await slow.status() == 200
        await slow.send(b"\r\n")
        assert await slow.ended() == b""


async def test_bytes_that_come_one_by_one_are_no_excuse(brisk: Served) -> None:
    async with line(brisk.url) as slow:
        ended = asyncio.create_task(slow.ended())
        for byte in HEAD * 1_000:
            slow.writer.write(bytes((byte,)))
            await asyncio.wait([ended], timeout=0.02)
            if ended.done():
                break
        assert await ended == b""


async def test_a_connection_that_is_not_used_again_is_closed(brisk: Served) -> None:
    async with line(brisk.url) as idle:
        await idle.send(WHOLE)
        assert await idle.status() == 200
        await idle.send(WHOLE)
        assert await idle.status() == 200
        assert await idle.ended() == b""


async def test_a_head_without_an_end_is_refused(brisk: Served) -> None:
    async with line(brisk.url) as endless:
        await endless.send(HEAD + b"x: " + b"y" * 100_000)
        assert (await endless.ended()).startswith(b"HTTP/1.1 431 ")


async def test_a_head_with_long_cookies_is_not(house: Served) -> None:
    async with line(house.url) as long:
        await long.send(b"GET /health HTTP/1.1\r\nhost: x\r\ncookie: " + b"y" * 16_000 + b"\r\n\r\n")
        assert await long.status() == 200


async def test_a_large_body_comes_as_it_was_sent(house: Served) -> None:
    dora = await house.people.one()
    task = await dora.task("A title")
    query = "query ($id: ID!) { task(id: $id) { title } }"
    assert (await dora.ask(query, more="y" * 200_000, id=task["id"])).data == {"task": {"title": "A title"}}


async def test_requests_that_come_before_the_answer_wait_their_turn_up_to_a_number(house: Served) -> None:
    async with line(house.url) as eager, line(house.url) as greedy:
        await eager.send(WHOLE * 10)
        assert [await eager.status() for _ in range(10)] == [200] * 10
        await greedy.send(WHOLE * 5_000)
        assert await greedy.ended() == b""


async def heavy(house: Served) -> tuple[Person, bytes]:
    """A request whose answer is larger than what the kernel takes."""
    dora = await house.people.one()
    await dora.task("Long", description="ä" * 10_000)
    names = " ".join(f"d{number}: description" for number in range(50))
    body = json.dumps({"query": f"{{ {' '.join(f't{n}: tasks {{ nodes {{ {names} }} }}' for n in range(8))} }}"})
    head = HEAD + f"authorization: Bearer {dora.token}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    return dora, head + body.encode()


async def test_a_client_that_does_not_take_its_answer_is_let_go(brisk: Served) -> None:
    dora, request = await heavy(brisk)
    await begun(brisk)
    tasks = len(asyncio.all_tasks())
    async with line(brisk.url, room=4_096) as stuck:
        stuck.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await stuck.send(request * 3)
        await until_gone(stuck)
        assert (await dora.ask("{ __typename }")).data == {"__typename": "Query"}
    await until_tasks(tasks)


async def until_gone(stuck: Line) -> None:
    """The server has cut it: there is no other way to hear of that without reading."""
    async with asyncio.timeout(PATIENCE):
        while not stuck.writer.transport.is_closing():
            stuck.writer.write(b"\r\n")
            await asyncio.sleep(0.05)


async def until_tasks(number: int) -> None:
    """What others began has ended."""
    await until(lambda: len(asyncio.all_tasks()) <= number)


async def test_a_client_that_takes_its_answer_slowly_gets_all_of_it(brisk: Served) -> None:
    _, request = await heavy(brisk)
    async with line(brisk.url, room=65_536) as slow:
        await slow.send(request)
        assert await slow.status() == 200


async def test_five_hundred_slow_clients_keep_nobody_waiting_and_are_gone_after_their_time(
    settings: Settings, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(settings_for(database_url, request_seconds=5)) as house, AsyncExitStack() as lines:
        dora = await house.people.one()
        await begun(house)
        tasks = len(asyncio.all_tasks())
        lorises = [await lines.enter_async_context(line(house.url)) for _ in range(LORISES)]
        for number, loris in enumerate(lorises):
            await loris.send(HEAD if number % 2 else HEAD + b"content-length: 100\r\n\r\n{")
        ends = [asyncio.create_task(loris.ended()) for loris in lorises]
        for _ in range(20):
            assert (await dora.ask("{ me { id } }")).data == {"me": {"id": dora.id}}
        assert not any(end.done() for end in ends)
        assert set(await asyncio.gather(*ends)) == {b""}
        await until_tasks(tasks)
    assert caplog.records == []


# How many


async def test_an_address_has_so_many_connections_and_no_more(settings: Settings, database_url: str) -> None:
    limits = COUNTED | {"max_connections_per_address": 3}
    async with served(settings_for(database_url, **limits)) as house, AsyncExitStack() as lines:
        held = [await lines.enter_async_context(line(house.url)) for _ in range(3)]
        for one in held:
            await one.send(WHOLE)
            assert await one.status() == 200
        async with line(house.url) as fourth:
            assert (await fourth.ended()).startswith(b"HTTP/1.1 429 Too Many Requests\r\n")
        held[0].writer.close()
        await until(lambda: is_let_in(house))


async def is_let_in(house: Served) -> bool:
    async with line(house.url) as another:
        await another.send(WHOLE)
        return await another.status() == 200


async def test_those_of_a_proxy_are_not_counted(settings: Settings, database_url: str) -> None:
    async with served(settings_for(database_url, max_connections_per_address=1)) as house, AsyncExitStack() as lines:
        for _ in range(5):
            one = await lines.enter_async_context(line(house.url))
            await one.send(WHOLE)
            assert await one.status() == 200


async def test_a_socket_is_none_of_them(settings: Settings, database_url: str) -> None:
    limits = COUNTED | {"max_connections_per_address": 2}
    async with served(settings_for(database_url, **limits)) as house, AsyncExitStack() as sockets:
        dora = await house.people.one()
        for _ in range(5):
            await sockets.enter_async_context(dora.socket())


async def test_a_stream_is_not_ended_for_its_silence(brisk: Served) -> None:
    dora = await brisk.people.one()
    async with asked(dora, accept=SSE) as stream:
        await stream.next()
        async with line(brisk.url) as other:  # whose time is over first
            assert await other.ended() == b""
        async with line(brisk.url) as another:
            assert await another.ended() == b""
        task = await dora.task("Still there")
        assert (await stream.next())["task"]["id"] == task["id"]

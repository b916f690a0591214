"""Ten thousand hostile requests of every kind leave memory, connections and tasks where they were."""

import asyncio
import gc
import json
import resource
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from kit.settings import Settings
from tests.conftest import Served, begun, served
from tests.lines import reached
from tests.waiting import PATIENCE, until

EACH, AT_ONCE = 770, 40  # of thirteen kinds, and how many come together
GROWN = 24 * 1024 * 1024  # bytes that the process may have grown by between the second half and the first
OURS = ("live.", "schema.", "server.", "resolvers.", "uvicorn.")
KEPT = {"schema.documents.Checked", "schema.documents.Document"}
OF_SOCKETS = [Subprotocol("graphql-transport-ws")]

Hostile = Callable[[str, int], Awaitable[None]]


async def sent(url: str, head: str, body: bytes = b"", *, read: bool = True) -> bytes:
    """Bytes over a connection of its own; the first line of what comes back."""
    with suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE), reached(url) as (reader, writer):
            writer.write(head.encode() + body)
            await writer.drain()
            return await reader.readline() if read else b""
    return b""


def post(body: bytes, *more: str, length: int | None = None) -> str:
    lines = ["POST /graphql HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*lines, *(more or ["Content-Type: application/json"]), "", ""])


def asking(query: str, **more: object) -> bytes:
    return json.dumps({"query": query, **more}).encode()


async def no_json(url: str, number: int) -> None:
    body = b'{"query": "\xff%d' % number
    assert b" 400 " in await sent(url, post(body), body)


async def a_nesting(url: str, number: int) -> None:
    body = b"[" * (1_000 + number)
    assert b" 400 " in await sent(url, post(body), body)


async def another_kind(url: str, number: int) -> None:
    body = b"query={__typename}"
    assert b" 4" in await sent(url, post(body, f"Content-Type: text/{number}"), body)


async def too_much(url: str, number: int) -> None:
    assert (await sent(url, post(b"", length=10**9 + number), b"x" * 1_000, read=False)) == b""


async def not_valid(url: str, number: int) -> None:
    body = asking(f"{{ me {{ nothing{number} }} }}")
    assert b" 200 " in await sent(url, post(body), body)


async def too_complex(url: str, number: int) -> None:
    nodes = f"subtasks(first: 100) {{ nodes {{ subtasks(first: {50 + number % 50}) {{ nodes {{ id }} }} }} }}"
    body = asking(f"{{ tasks(first: 100) {{ nodes {{ {nodes} }} }} }}")
    assert b" 200 " in await sent(url, post(body), body)


async def a_bad_token(url: str, number: int) -> None:
    body = asking("{ me { id } }")
    head = post(body, "Content-Type: application/json", f"Authorization: Bearer {number}.{number}.{number}")
    assert b" 200 " in await sent(url, head, body)


async def nobody_writes(url: str, number: int) -> None:
    body = asking("mutation ($t: String!) { createTask(input: {title: $t}) { id } }", variables={"t": f"x{number}"})
    assert b" 200 " in await sent(url, post(body), body)


async def gone_in_the_middle(url: str, number: int) -> None:
    await sent(url, post(b"", length=1_000), b"{" * (number % 900), read=False)


async def half_a_head(url: str, number: int) -> None:
    await sent(url, "POST /graphql HTTP/1.1\r\nX-Number: " + "x" * (number % 2_000), read=False)


async def a_stream_left(url: str, number: int) -> None:
    body = asking("subscription { taskEvents { __typename } }")
    head = post(body, "Content-Type: application/json", "Accept: text/event-stream")
    assert b" 200 " in await sent(url, head, body)


async def bad_frames(url: str, number: int) -> None:
    frames: list[str | bytes] = [
        "[1]",
        "{",
        b"\0",
        '{"type":"subscribe"}',
        '{"type":"connection_init","payload":5}',
        "[" * 50_000,
    ]
    with suppress(WebSocketException, ConnectionError):
        async with (
            asyncio.timeout(PATIENCE),
            connect(url.replace("http", "ws") + "/graphql", subprotocols=OF_SOCKETS, proxy=None) as socket,
        ):
            await socket.send(frames[number % len(frames)])
            await socket.wait_closed()
            assert socket.close_code == 4400


async def a_socket_cut(url: str, number: int) -> None:
    with suppress(WebSocketException, ConnectionError):
        async with (
            asyncio.timeout(PATIENCE),
            connect(url.replace("http", "ws") + "/graphql", subprotocols=OF_SOCKETS, proxy=None) as socket,
        ):
            await socket.send('{"type":"connection_init"}')
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": "{ me { id } }"}}))
            socket.transport.abort()


KINDS: list[Hostile] = [
    no_json,
    a_nesting,
    another_kind,
    too_much,
    not_valid,
    too_complex,
    a_bad_token,
    nobody_writes,
    gone_in_the_middle,
    half_a_head,
    a_stream_left,
    bad_frames,
    a_socket_cut,
]


async def come(url: str, numbers: range) -> None:
    waiting = iter([(kind, number) for number in numbers for kind in KINDS])

    async def one_after_another() -> None:
        for kind, number in waiting:
            await kind(url, number)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_another())


async def at_rest(house: Served, tasks: int) -> None:
    """Once nothing is under way any more."""
    await until(lambda: not house.services.hub.subscriptions and len(asyncio.all_tasks()) <= tasks)


def ours() -> Counter[str]:
    gc.collect()
    kinds = (type(thing) for thing in gc.get_objects())
    return Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds if f"{kind.__module__}".startswith(OURS))


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.skipif(sys.platform != "linux", reason="memory is looked up in /proc")
async def test_ten_thousand_hostile_requests_leave_nothing(settings: Settings) -> None:
    async with served(settings) as house:
        dora = await house.people.one()
        await dora.task()
        await begun(house)
        tasks = len(asyncio.all_tasks())
        await come(house.url, range(EACH // 2))
        await at_rest(house, tasks)
        before, memory = ours(), resident()
        await come(house.url, range(EACH // 2, EACH))
        await at_rest(house, tasks)
        after = ours()
        grown = {name for name, count in after.items() if count > before[name] + AT_ONCE}
        assert grown <= KEPT, "the latest, up to a number"
        assert resident() < memory + GROWN
        assert house.services.meter.snapshot().active == 0
        assert (await dora.ask("{ tasks { totalCount } }")).data == {"tasks": {"totalCount": 1}}, "nothing was written"

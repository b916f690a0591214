"""Many sockets that mean ill, of all kinds, leave nothing behind."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from structlog.typing import EventDict

from server.frames import Protocol
from server.operations import Asking, Following
from server.socket import Socket
from server.sockets import Sockets
from tests.conftest import Served
from tests.logged import quiet
from tests.raw import (
    BINARY,
    CLOSE,
    CONTINUATION,
    INIT,
    PING,
    TEXT,
    Raw,
    complete,
    connected,
    frame,
    knock,
    message,
    opened,
    subscribe,
)
from tests.sockets import EVENTS

ROUNDS = 6  # twice, of 44 kinds
TYPES = (Protocol, Socket, Asking, Following)

HANDSHAKES = [
    knock()[:60],
    knock() + INIT[:3],
    knock(protocol="another"),
    knock(origin="https://evil.example"),
    knock(cookie="x" * 9_000),
    knock(sec_websocket_key=""),
    knock("/graphql?token=x"),
]
BEFORE = [
    b"",
    subscribe(),
    INIT[:5],
    frame(TEXT, b'{"type":', last=False),
    frame(PING, b"x" * 125) * 2_000,
    message(type="connection_init", payload={"authorization": "x"}),
]
AFTER = [
    INIT,
    message(type="next"),
    frame(TEXT, b"\xff"),
    frame(BINARY, b"x"),
    frame(TEXT, b"[" * 50_000),
    frame(TEXT, b" " * 300_000),
    frame(CONTINUATION, b"x"),
    frame(TEXT, last=False) + frame(CONTINUATION, last=False) * 2_000,
    subscribe(EVENTS) + subscribe(EVENTS),
    b"".join(subscribe(id=str(n)) for n in range(200)),
    b"".join(subscribe(EVENTS, str(n)) + complete(str(n)) for n in range(50)),
    b"".join(subscribe(EVENTS, str(n)) for n in range(20)) + frame(CLOSE, b"\x03\xe8"),
    b"".join(message(type="ping", payload={"x": "x" * 1_000}) for _ in range(500)),
]


def attacks(house: Served, token: str | None) -> list[Callable[[], Awaitable[None]]]:
    """Each connects, says something, and goes: at once, or when it has been told something."""

    async def knocking(said: bytes, *, waits: bool) -> None:
        async with connected(house.url) as raw:
            await _say(raw, said, waits=waits)

    async def talking(said: bytes, *, init: bool, waits: bool) -> None:
        async with opened(house.url, token if init else None, init=init) as raw:
            await _say(raw, said, waits=waits)

    return [
        *(lambda s=said: knocking(s, waits=False) for said in HANDSHAKES),
        *(lambda s=said: knocking(s, waits=True) for said in HANDSHAKES[2:]),
        *(lambda s=said: talking(s, init=False, waits=False) for said in BEFORE),
        *(lambda s=said, w=waits: talking(s, init=True, waits=w) for said in AFTER for waits in (True, False)),
    ]


async def _say(raw: Raw, said: bytes, *, waits: bool) -> None:
    with suppress(ConnectionError, TimeoutError):
        await raw.send(said)
        if waits:
            async with asyncio.timeout(0.2):
                await raw.reader.read(1)


def _left(house: Served) -> dict[str, Any]:
    """What there is of sockets in the whole process."""
    gc.collect()
    objects = gc.get_objects()
    (sockets,) = (each for each in objects if type(each) is Sockets and each.services is house.services)
    return {
        "books": len(sockets._open),
        "users": len(sockets._seats),
        "addresses": len(sockets._places),
        "streams": len(house.services.hub.subscriptions),
        "tasks": len(asyncio.all_tasks()),
        "guards": len(house.services.tail.guards._by_topic),
    } | {kind.__name__: sum(type(each) is kind for each in objects) for kind in TYPES}


async def _settled(house: Served, before: dict[str, Any]) -> dict[str, Any]:
    """What is left; after some time, if something goes more slowly. To look for it takes the server's own time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(60):
            while len(asyncio.all_tasks()) > before["tasks"]:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.05)
            while _left(house) != before:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.2)
    return _left(house)


async def test_five_hundred_sockets_that_mean_ill_leave_nothing_behind(
    house: Served, logged: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    dora = await house.people.one()
    before, sizes = _left(house), list[int]()
    for _ in range(2):
        for number in range(ROUNDS):
            kinds = attacks(house, dora.token if number % 2 else None)
            await asyncio.gather(*(kind() for kind in kinds))
        assert await _settled(house, before) == before
        assert quiet([line for line in logged if line.get("codes") != ["RATE_LIMITED"]], caplog)
        logged.clear()
        sizes.append(len(gc.get_objects()))
    assert sizes[1] - sizes[0] < 1_000, "of objects that hold others; one for each socket would be as many"
    assert (await dora.ask("{ tasks { totalCount } }")).data == {"tasks": {"totalCount": 0}}

"""Who may open a socket, and how many: refused by HTTP, before there is one."""

import asyncio
import json
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import httpx2
import pytest
from structlog.typing import EventDict

from tests.conftest import Served, served, settings_for
from tests.logged import quiet
from tests.people import Person
from tests.raw import ACK, INIT, PONG, Raw, connected, frame, knock, lives, message, opened
from tests.sockets import EVENTS
from tests.waiting import until

SSE = {"accept": "text/event-stream"}


async def let_in(house: Served, request: bytes) -> bool:
    async with connected(house.url) as raw:
        await raw.send(request)
        if await raw.answer() != 101:
            return False
        await raw.send(INIT)
        return bool(await raw.said() == ACK)


async def refused(house: Served, request: bytes) -> tuple[int, str]:
    """The status, and what is said of it."""
    async with connected(house.url) as raw:
        await raw.send(request)
        return await raw.answer(), (await raw.ended()).decode()


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://parlor", "http://parlor:80"])
async def test_listed_pages_and_pages_of_our_own_get_in(house: Served, origin: str) -> None:
    assert await let_in(house, knock(origin=origin.removesuffix(":80")))


async def test_who_is_no_page_gets_in(house: Served) -> None:
    assert await let_in(house, knock())


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost:3000.evil.example",
        "http://localhost:3001",
        "https://localhost:3000",
        "https://parlor.evil.example",
        "https://parlor:8443",
        "parlor",
        "",
        "http://localhost:3000, https://evil.example",
        "é",
    ],
)
async def test_pages_of_others_are_refused_before_there_is_a_socket(
    house: Served, origin: str, logged: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    status, said = await refused(house, knock(origin=origin))
    assert status == 403
    assert said.endswith("may not call: ALLOWED_ORIGINS has those that may")
    assert quiet(logged, caplog)


@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "api_key"])
async def test_no_token_may_stand_in_the_url(house: Served, name: str) -> None:
    status, said = await refused(house, knock(f"/graphql?x=1&{name}=secret-1234"))
    assert status == 400
    assert name in said
    assert "secret-1234" not in said


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (knock(cookie="x" * 9_000), 431),
        (knock(**{f"x_{number}": "y" for number in range(140)}), 431),
        (knock("/graphql?" + "x" * 9_000), 414),
        (knock(sec_websocket_version="12"), 400),
        (knock(sec_websocket_key="x"), 400),
        (knock().replace(b"GET", b"POST"), 405),
        (knock(protocol=",,@"), 400),
        (knock("/"), 403),
        (knock("/nonsense"), 403),
    ],
    ids=["a long header", "many headers", "a long path", "version", "key", "method", "protocols", "/", "/nonsense"],
)
async def test_a_handshake_that_is_none_is_answered_and_ended(
    house: Served, request_: bytes, status: int, logged: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    assert (await refused(house, request_))[0] == status
    assert quiet(logged, caplog)


async def test_what_comes_right_behind_a_long_handshake_is_no_part_of_its_head(house: Served) -> None:
    long = knock(**{f"x_{number}": "y" * 7_000 for number in range(4)})
    async with connected(house.url) as raw:
        await raw.send(long[:20_000])
        async with opened(house.url):  # meanwhile the server has read that
            pass
        await raw.send(long[20_000:] + 2_000 * frame(PONG))
        assert await raw.answer() == 101
        await raw.send(INIT)
        assert await raw.said() == ACK


async def test_one_address_has_no_more_sockets_and_streams_than_allowed(database_url: str) -> None:
    async with served(settings_for(database_url, max_sockets_per_address=2)) as house:
        dora, sam = await house.people.one(), await house.people.one()
        async with opened(house.url, dora.token) as known, opened(house.url, init=False) as silent:
            async with connected(house.url) as raw:
                await raw.send(knock())
                assert await raw.answer() == 429
                assert "\r\nretry-after: 1\r\n" in raw.head.lower()
                assert await raw.ended() == b"More than 2 connections of one address; try again in 1 s"
            async with _stream(sam) as stream:
                assert stream.status_code == 429
                (error,) = json.loads(await stream.aread())["errors"]
                assert error["extensions"]["code"] == "RATE_LIMITED"
            assert (await sam.ask("{ __typename }")).status == 200, "a query is no connection that lasts"
            assert await lives(known)
            silent.writer.transport.abort()
            async with asyncio.timeout(10), AsyncExitStack() as stack:
                while (await stack.enter_async_context(_stream(sam))).status_code == 429:
                    """The seat of the silent one is not free yet."""
                assert await _status(house) == 429
            await _free(house)


@pytest.mark.parametrize("end", ["abort", "goodbye", "malformed", "init", "token", "protocol", "page"])
async def test_a_seat_is_free_again_however_the_socket_ends(database_url: str, end: str) -> None:
    settings = settings_for(database_url, max_sockets_per_address=1, socket_init_seconds=1)
    async with served(settings) as house:
        for _ in range(3):
            await _free(house)
            async with connected(house.url) as raw:
                await _ending(raw, end)
        await _free(house)


async def _ending(raw: Raw, end: str) -> None:
    if end == "page":
        await raw.send(knock(origin="https://evil.example"))
        assert await raw.answer() == 403
        return
    await raw.send(knock(protocol="another") if end == "protocol" else knock())
    assert await raw.answer() == 101
    match end:
        case "abort":
            await raw.send(INIT)
            await raw.said()
        case "goodbye":
            await raw.send(b"\x88\x80\0\0\0\0")
            assert await raw.frame() == (8, b"")
        case "malformed":
            await raw.send(message(type=5))
            assert (await raw.closed())[0] == 4400
        case "token":
            await raw.send(message(type="connection_init", payload={"authorization": "x"}))
            assert (await raw.closed())[0] == 4401
        case "init":
            assert (await raw.closed())[0] == 4408
        case "protocol":
            assert (await raw.closed())[0] == 4406


def _stream(person: Person) -> AbstractAsyncContextManager[httpx2.Response]:
    return person.people.http.stream("POST", "/graphql", json={"query": EVENTS}, headers=SSE | person.headers)


async def _status(house: Served) -> int:
    async with connected(house.url) as raw:
        await raw.send(knock())
        return await raw.answer()


async def _free(house: Served) -> None:
    """Waits until there is a seat."""

    async def free() -> bool:
        return await _status(house) != 429

    await until(free)

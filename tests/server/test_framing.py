"""Requests as bytes: what no well-behaved client sends."""

import asyncio
import json
from typing import Any

import pytest

from server.wire import MOST_PIPELINED, Protocol
from tests.lines import line
from tests.people import People

BODY = b'{"query":"{ __typename }"}'
LENGTH = b"content-length: %d\r\n" % len(BODY)
POST = b"POST /graphql HTTP/1.1\r\ncontent-type: application/json\r\nconnection: close\r\n"
HOST = b"host: localhost\r\n"


async def sent(people: People, request: bytes) -> tuple[int, Any]:
    """Status and body of the answer."""
    async with line(people.url) as one:
        await one.send(request)
        head, _, body = (await one.ended()).partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body) if body.startswith(b"{") else body.decode()


def message(answer: Any) -> str:
    found: str = answer["errors"][0]["message"]
    return found


@pytest.mark.parametrize(
    ("head", "status", "said"),
    [
        (LENGTH, 400, "The request has no Host header"),
        (b"host:\r\n" + LENGTH, 400, "The Host header names no host"),
        (HOST + b"host: elsewhere\r\n" + LENGTH, 400, "The Host header names no host"),
        (HOST + b"content-type: text/plain\r\n" + LENGTH, 415, "Only application/json in UTF-8 is understood"),
        (
            HOST + b"content-encoding: identity\r\ncontent-encoding: gzip\r\n" + LENGTH,
            415,
            "A body must come without content coding",
        ),
        (HOST + b"transfer-encoding: gzip, chunked\r\n", 400, "Of the transfer codings only chunked is understood"),
        (HOST + b"content-length: 262145\r\nexpect: 100-continue\r\n", 413, "The body is larger than 262144 bytes"),
        (HOST + b"content-length: 9223372036854775807\r\n", 413, "The body is larger than 262144 bytes"),
    ],
)
async def test_a_head_that_cannot_be_is_refused_before_a_byte_of_the_body_is_taken(
    people: People, head: bytes, status: int, said: str
) -> None:
    answer = await sent(people, POST + head + b"\r\n")
    assert (answer[0], message(answer[1])) == (status, said)


@pytest.mark.parametrize(
    "head",
    [
        HOST + b"content-length: 3\r\n" + LENGTH,
        HOST + b"transfer-encoding: chunked\r\n" + LENGTH,
        HOST + b"content-length: -1\r\n",
        HOST + b"content-length: 99999999999999999999\r\n",
        HOST + b"x: a\0b\r\n" + LENGTH,
        HOST + b"x : a\r\n" + LENGTH,
    ],
)
async def test_what_is_no_http_is_400(people: People, head: bytes) -> None:
    assert await sent(people, POST + head + b"\r\n" + BODY) == (400, "Invalid HTTP request received.")


WISH = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
ASKED = b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n" + WISH
CHUNKED = b"transfer-encoding: chunked\r\n\r\n10\r\n" + BODY[:16] + b"\r\na\r\n" + BODY[16:] + b"\r\n0\r\n\r\n"
PROBED = b"GET /health HTTP/1.1\r\nhost: localhost\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        [ASKED + LENGTH + b"\r\n" + BODY],
        [ASKED + LENGTH + b"\r\n", BODY],
        [ASKED + LENGTH + b"\r\n" + BODY[:7], BODY[7:]],
        [ASKED[:60], ASKED[60:], LENGTH + b"\r\n", BODY],
        [ASKED + CHUNKED],
        [ASKED + CHUNKED[:40], CHUNKED[40:]],
        [PROBED + WISH + b"\r\n"],
        [PROBED + WISH.replace(b"h2c", b"websocket, h2c") + b"\r\n"],
    ],
)
async def test_an_upgrade_to_what_is_not_spoken_is_ignored_and_so_may_the_next_request_have_one(
    people: People, parts: list[bytes]
) -> None:
    async with line(people.url) as one:
        for _ in range(2):
            for part in parts:
                await one.send(part)
                await asyncio.sleep(0)
            assert await one.status() == 200
        await one.send(*parts, *parts, PROBED, b"\r\n")  # pipelined
        assert [await one.status() for _ in range(3)] == [200, 200, 200]


async def test_the_body_of_such_a_request_is_no_request(people: People) -> None:
    smuggled = PROBED + b"\r\n"
    length = b"content-length: %d\r\n\r\n" % len(smuggled)
    async with line(people.url) as one:
        await one.send(ASKED, length, smuggled, PROBED + b"connection: close\r\n\r\n")
        answers = (await one.ended()).split(b"HTTP/1.1 ")[1:]
    assert [answer.split()[0] for answer in answers] == [b"400", b"200"]


async def test_of_many_such_requests_at_once_no_more_are_parsed_than_may_wait(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, begin = list[Protocol](), Protocol.on_message_begin

    def counted(self: Protocol) -> None:
        begun.append(self)
        begin(self)

    monkeypatch.setattr(Protocol, "on_message_begin", counted)
    async with line(people.url) as one:
        await one.send(400 * (PROBED + b"connection: upgrade\r\nupgrade: h2c\r\n\r\n"))
        await one.ended()
    assert len(begun) == 2 * (1 + MOST_PIPELINED + 1) + 1  # each twice, and one that comes with the last


async def test_a_tunnel_is_not_dug(people: People) -> None:
    answer = await sent(people, b"CONNECT localhost:80 HTTP/1.1\r\n" + HOST + b"connection: close\r\n\r\n")
    assert answer[0] == 400


async def test_without_a_host_http_1_0_is_served(people: People) -> None:
    """As probes speak it."""
    assert await sent(people, b"GET /health HTTP/1.0\r\n\r\n") == (200, {"status": "healthy", "db": "connected"})


async def test_accept_in_several_lines_is_one_list(people: People) -> None:
    accept = b"accept: text/html\r\naccept: application/json\r\n"
    assert await sent(people, POST + HOST + accept + LENGTH + b"\r\n" + BODY) == (
        200,
        {"data": {"__typename": "Query"}},
    )


async def test_two_tokens_are_none(people: People) -> None:
    dora, body = await people.one(), b'{"query":"{ me { id } }"}'
    tokens = f"authorization: Bearer {dora.token}\r\n".encode() * 2
    _, answer = await sent(people, POST + HOST + tokens + b"content-length: %d\r\n\r\n" % len(body) + body)
    assert message(answer) == "Invalid or expired token"

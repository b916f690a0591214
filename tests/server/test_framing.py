"""Requests as bytes: what no well-behaved client sends."""

import json
from typing import Any

import pytest

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

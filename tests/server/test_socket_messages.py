"""Bad messages and bad frames, and what each gets: a code, a reason, and not a line in the log."""

import json
from typing import Any

import pytest
from structlog.typing import EventDict

from server import frames
from tests.conftest import Served, served, settings_for
from tests.logged import quiet
from tests.people import People
from tests.raw import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    Raw,
    completed,
    frame,
    lives,
    message,
    next_of,
    opened,
    subscribe,
)
from tests.sockets import EVENTS

ME = "{ me { id } }"
SUBSCRIBE = {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}
OBJECT, NO_TYPE = "A message must be a JSON object", "A message must have a type"
NO_ID, NO_QUERY = "The id must be a string that is not empty", "The payload must have a query"
NO_JSON, NO_TEXT = "WebSocket message must be valid JSON", "WebSocket message type must be text"
NO_UTF8 = (1007, "A text must be UTF-8")
GOODBYE = frame(CLOSE, (1000).to_bytes(2))
TOO_DEEP, NO_PAYLOAD = "WebSocket message is nested too deeply", "The payload must be an object"


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def of(**payload: Any) -> dict[str, Any]:
    return SUBSCRIBE | {"payload": payload}


MESSAGES: list[tuple[Any, str]] = [
    ("[1]", OBJECT),
    ("5", OBJECT),
    ("null", OBJECT),
    ("true", OBJECT),
    ('"x"', OBJECT),
    ('[{"type":"ping"}]', OBJECT),
    ({}, NO_TYPE),
    ({"type": 5}, NO_TYPE),
    ({"type": None}, NO_TYPE),
    ({"type": ["ping"]}, NO_TYPE),
    ({"type": ""}, "Unknown message type: "),
    ({"type": "PING"}, "Unknown message type: PING"),
    ({"type": "start", "id": "1"}, "Unknown message type: start"),
    ({"type": "connection_terminate"}, "Unknown message type: connection_terminate"),
    ({"type": "connection_ack"}, "Unknown message type: connection_ack"),
    ({"type": "next", "id": "1", "payload": {}}, "Unknown message type: next"),
    ({"type": "next", "payload": 5}, "Unknown message type: next"),
    ({"type": "error", "id": "1", "payload": []}, "Unknown message type: error"),
    ({"type": "x" * 500}, "Unknown message type: " + "x" * 101),
    ({"type": "é" * 500}, "Unknown message type: " + "é" * 50),
    ({"type": "🎉" * 500}, "Unknown message type: " + "🎉" * 25),
    ({"type": "\0"}, "Unknown message type: \0"),
    (SUBSCRIBE | {"id": 1}, NO_ID),
    (SUBSCRIBE | {"id": ""}, NO_ID),
    (SUBSCRIBE | {"id": None}, NO_ID),
    (SUBSCRIBE | {"id": ["1"]}, NO_ID),
    (SUBSCRIBE | {"id": {}}, NO_ID),
    (SUBSCRIBE | {"id": False}, NO_ID),
    ({"type": "subscribe", "payload": {"query": ME}}, NO_ID),
    ({"type": "complete"}, NO_ID),
    ({"type": "complete", "id": 5}, NO_ID),
    (SUBSCRIBE | {"id": "1" * 129}, "The id must have at most 128 characters"),
    ({"type": "complete", "id": "1" * 10_000}, "The id must have at most 128 characters"),
    ({"type": "subscribe", "id": "1"}, NO_QUERY),
    (SUBSCRIBE | {"payload": None}, NO_QUERY),
    (SUBSCRIBE | {"payload": [ME]}, NO_QUERY),
    (SUBSCRIBE | {"payload": ME}, NO_QUERY),
    (of(), NO_QUERY),
    (of(query=5), NO_QUERY),
    (of(query=None), NO_QUERY),
    (of(query={"kind": "Document"}), NO_QUERY),
    (of(query=ME, variables=[]), "variables has the wrong type"),
    (of(query=ME, variables="{}"), "variables has the wrong type"),
    (of(query=ME, operationName=5), "operationName has the wrong type"),
    (of(query=ME, extensions="x"), "extensions has the wrong type"),
    (of(query=5, documentId="x"), "query has the wrong type"),
    (of(documentId=5), "documentId has the wrong type"),
    ({"type": "ping", "payload": 5}, NO_PAYLOAD),
    ({"type": "ping", "payload": []}, NO_PAYLOAD),
    ({"type": "pong", "payload": "x"}, NO_PAYLOAD),
    ({"type": "connection_init", "payload": "x"}, NO_PAYLOAD),
    ({"type": "connection_init", "payload": []}, NO_PAYLOAD),
    ({"type": "connection_init", "payload": 0}, NO_PAYLOAD),
    ("nonsense", NO_JSON),
    ("", NO_JSON),
    (" ", NO_JSON),
    ('{"type":"ping"', NO_JSON),
    ('{"type":"ping"}{"type":"ping"}', NO_JSON),
    ("{'type':'ping'}", NO_JSON),
    ('{"type":"ping","payload":{"x":NaN}}', NO_JSON),
    ('{"type":"ping","payload":{"x":1e999}}', NO_JSON),
    ('{"type":"ping","payload":{"x":' + "9" * 5_000 + "}}", NO_JSON),
    ('\ufeff{"type":"ping"}', NO_JSON),
    ('{"type":"\\ud800"}', NO_JSON),
    ('{"type":"complete","id":"\\ud800"}', NO_JSON),
    ('{"type":"subscribe","id":"1","payload":{"query":"\\udfff"}}', NO_JSON),
    ("[" * 100_000, NO_JSON),
    (nested(100_000), NO_JSON),
    ('{"type":"ping","payload":' + nested(2_000) + "}", NO_JSON),
    ('{"type":"ping","payload":{"x":' + nested(300) + "}}", TOO_DEEP),
    ('{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":{"x":' + nested(900) + "}}}", TOO_DEEP),
    ('{"type":"connection_init","payload":{"authorization":' + nested(900) + "}}", TOO_DEEP),
]


@pytest.mark.parametrize(("said", "reason"), MESSAGES, ids=lambda value: str(value)[:60])
async def test_a_message_that_the_protocol_does_not_know_closes_the_socket_with_a_reason(
    people: People, said: Any, reason: str, logged: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(people.url) as raw:
        await raw.send(frame(TEXT, said if isinstance(said, str) else json.dumps(said)))
        assert await raw.closed() == (4400, reason)
    assert quiet(logged, caplog)


@pytest.mark.parametrize("kind", [{"type": "subscribe", "id": "1"}, {"type": "start"}, {"type": 5}])
async def test_what_is_malformed_is_malformed_also_before_the_acknowledgement(house: Served, kind: Any) -> None:
    async with opened(house.url, init=False) as raw:
        await raw.send(message(**kind))
        assert (await raw.closed())[0] == 4400


FRAMES: list[tuple[str, bytes, tuple[int, str]]] = [
    ("binary", frame(BINARY, b'{"type":"ping"}'), (4400, NO_TEXT)),
    ("empty binary", frame(BINARY), (4400, NO_TEXT)),
    ("binary in parts", frame(BINARY, b"\xff", last=False) + frame(CONTINUATION, b"\xff"), (4400, NO_TEXT)),
    ("no UTF-8", frame(TEXT, b"\xff\xfe"), NO_UTF8),
    ("surrogates", frame(TEXT, b'{"type":"\xed\xa0\x80"}'), NO_UTF8),
    ("overlong", frame(TEXT, b"\xc0\x80"), NO_UTF8),
    ("half a letter", frame(TEXT, b'{"type":"\xc3'), NO_UTF8),
    (
        "no UTF-8 in parts",
        frame(TEXT, b"\xc3", last=False) + frame(CONTINUATION, b"\x28"),
        NO_UTF8,
    ),
    (
        "no UTF-8 and more",
        frame(TEXT, b"\xff") + message(type="ping") + frame(TEXT, b"\xff"),
        NO_UTF8,
    ),
    ("no UTF-8 and goodbye", frame(TEXT, b"\xff") + GOODBYE, (1000, "")),
    ("goodbye and no UTF-8", frame(CLOSE, b"\x03\xe8") + frame(TEXT, b"\xff"), (1000, "")),
    ("a part of nothing", frame(CONTINUATION, b"x"), (1002, "unexpected continuation frame")),
    (
        "another message within",
        frame(TEXT, b"{", last=False) + frame(TEXT, b"}"),
        (1002, "expected a continuation frame"),
    ),
    (
        "goodbye within",
        frame(TEXT, b"{", last=False) + GOODBYE,
        (1002, "incomplete fragmented message"),
    ),
    ("no mask", b"\x81\x01x", (1002, "incorrect masking")),
    ("reserved bits", b"\xf1\x81\0\0\0\0x", (1002, "reserved bits must be 0")),
    ("an unknown kind", frame(3, b"x"), (1002, "invalid opcode")),
    ("a long ping", b"\x89\xfe\0\x7e" + bytes(130), (1002, "control frame too long")),
    ("half a ping", frame(PING, last=False), (1002, "fragmented control frame")),
    ("a goodbye of one byte", frame(CLOSE, b"x"), (1002, "close frame too short")),
    ("a goodbye nobody may send", frame(CLOSE, (1005).to_bytes(2)), (1002, "invalid status code")),
    ("a goodbye in no UTF-8", frame(CLOSE, b"\x03\xe8\xff"), (1007, "invalid start byte at position 0")),
    ("a goodbye in unicode", frame(CLOSE, b"\x03\xe8" + "é🎉".encode()), (1000, "é🎉")),
    ("too large", frame(TEXT, b" " * 262_145), (1009, "frame with 262145 bytes exceeds limit of 262144 bytes")),
    ("far too large", frame(TEXT, b" " * 5_000_000), (1009, "frame with 5000000 bytes exceeds limit of 262144 bytes")),
    (
        "said to be",
        b"\x81\xff\x7f" + b"\xff" * 7 + bytes(4),
        (1009, f"frame with {2**63 - 1} bytes exceeds limit of 262144 bytes"),
    ),
    (
        "too large in parts",
        frame(TEXT, b" " * 262_140, last=False) + frame(CONTINUATION, b" " * 5),
        (1009, "frame with 5 bytes after reading 262140 bytes exceeds limit of 262144 bytes"),
    ),
    (
        "in too many parts",
        frame(TEXT, last=False) + frame(CONTINUATION, last=False) * frames.MOST_PARTS,
        (1009, "A message must come in at most 1024 parts"),
    ),
]


@pytest.mark.parametrize(("sent", "told"), [case[1:] for case in FRAMES], ids=[case[0] for case in FRAMES])
async def test_a_frame_that_is_none_closes_the_socket_with_a_reason(
    house: Served, sent: bytes, told: tuple[int, str], logged: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(house.url) as raw:
        await raw.send(sent)
        assert await raw.closed() == told
    assert quiet(logged, caplog)


ODD = [
    frame(TEXT, b'{"type":"subscribe",', last=False) + frame(PONG) + frame(CONTINUATION, json.dumps(SUBSCRIBE)[1:]),
    b"".join(frame(CONTINUATION if n else TEXT, c.encode(), last=False) for n, c in enumerate(json.dumps(SUBSCRIBE)))
    + frame(CONTINUATION),
    frame(TEXT, json.dumps(SUBSCRIBE).ljust(262_144)),
    frame(TEXT, '{"type":"ping","type":"subscribe"' + json.dumps(SUBSCRIBE)[20:]),
    message(**SUBSCRIBE, more=5),
    subscribe(variables={"x": "\0"}),
    subscribe("query { __typename #\0 \n}".replace("\0", "é🎉")),
]


@pytest.mark.parametrize(
    "sent", ODD, ids=["in parts", "letter by letter", "as large as may be", "twice", "more", "NUL", "🎉"]
)
async def test_what_is_odd_and_allowed_is_answered(house: Served, sent: bytes) -> None:
    async with opened(house.url) as raw:
        await raw.send(sent)
        assert [await raw.said(), await raw.said()] == [next_of(), completed()]
        assert await lives(raw)


OPERATIONS: list[dict[str, Any]] = [
    {"query": ""},
    {"query": "\0"},
    {"query": "{" * 50_000},
    {"query": "{a" * 2_000},
    {"query": '{ task(id: "\\ud800") { id } }'},
    {"query": "query ($x: ID!) { task(id: $x) { id } }", "variables": {"x": {"a": 1}}},
    {"query": ME, "operationName": "\0"},
    {"extensions": {"persistedQuery": 5}},
    {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": ["x"]}}},
    {"documentId": "\0" * 1_000},
    {"query": "subscription { taskEvents(after: 5) { __typename } }"},
    {"query": EVENTS, "variables": {"after": "\0"}},
]


@pytest.mark.parametrize("payload", OPERATIONS, ids=lambda value: str(value)[:60])
async def test_an_operation_that_is_none_ends_by_itself(
    people: People, payload: Any, logged: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    dora = await people.one()
    async with opened(people.url, dora.token) as raw:
        await raw.send(message(type="subscribe", id="1", payload=payload))
        told = await raw.said()
        assert (told["id"], told["type"]) == ("1", "error")
        assert {error["extensions"]["code"] for error in told["payload"]} <= {
            "VALIDATION_ERROR",
            "PERSISTED_QUERY_NOT_FOUND",
        }
        assert await lives(raw)
    assert quiet(logged, caplog)


async def test_a_message_that_is_never_complete_is_waited_for_only_so_long(database_url: str) -> None:
    """In parts, between which its sender answers pings; within a part it could not, and would be gone for that."""
    async with served(settings_for(database_url, socket_ping_seconds=1)) as house, opened(house.url) as raw:
        await raw.send(frame(TEXT, b'{"type":', last=False))
        assert await _answering(raw) == (1008, "A message must be complete within 2 s")


async def test_part_of_a_message_that_never_ends_is_waited_for_only_so_long(database_url: str) -> None:
    async with served(settings_for(database_url, socket_ping_seconds=1)) as house, opened(house.url) as raw:
        await raw.send(frame(TEXT, b"x" * 100)[:50])
        assert (await raw.frame())[0] == PING
        await raw.send(b"x")
        assert await raw.closed() == (1011, "keepalive ping timeout")


async def _answering(raw: Raw) -> tuple[int, str]:
    """How the socket is closed, whose client answers pings and says nothing else of use."""
    while True:
        kind, body = await raw.frame()
        if kind == CLOSE:
            return int.from_bytes(body[:2]), body[2:].decode()
        assert kind == PING
        await raw.send(frame(PONG, body), frame(CONTINUATION, b" ", last=False))

"""graphql-transport-ws, message by message: the protocol of enisdenjo/graphql-ws to the letter."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from kit.errors import Unavailable
from tests.conftest import Served, served, settings_for
from tests.people import People, Person
from tests.sockets import EVENTS, Closed, Socket

INIT = {"type": "connection_init"}
ME = "{ me { id } }"
SUBSCRIBE = {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}


async def opened(person: Person) -> Socket:
    """A socket that has said nothing yet."""
    return await person.socket().open()


async def closed(socket: Socket) -> tuple[int, str]:
    """With which code and reason the server closes; nothing else may come before."""
    with pytest.raises(Closed) as caught:
        pytest.fail(f"a frame came instead: {await socket.frame()}")
    return caught.value.code, caught.value.reason


@pytest.mark.parametrize("offered", [None, ["graphql-ws"], ["something-else"]])
async def test_a_socket_of_another_protocol_is_closed(house: Served, offered: list[str] | None) -> None:
    subprotocols = [Subprotocol(name) for name in offered] if offered else None
    async with connect(house.socket_url, subprotocols=subprotocols, proxy=None) as connection:
        with pytest.raises(ConnectionClosed):
            await connection.recv()
    assert connection.subprotocol is None
    assert (connection.close_code, connection.close_reason) == (4406, "Subprotocol not acceptable")


async def test_of_several_protocols_ours_is_chosen(house: Served) -> None:
    offered = [Subprotocol("graphql-ws"), Subprotocol("graphql-transport-ws")]
    async with connect(house.socket_url, subprotocols=offered, proxy=None) as connection:
        assert connection.subprotocol == "graphql-transport-ws"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3000.evil.example"])
async def test_a_page_of_a_foreign_origin_does_not_get_in(house: Served, origin: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect(
            house.socket_url, subprotocols=[Subprotocol("graphql-transport-ws")], origin=Origin(origin), proxy=None
        )
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["http://localhost:3000", None])
async def test_an_allowed_page_and_a_client_that_is_no_page_get_in(people: People, origin: str | None) -> None:
    socket = await people.nobody.socket().open(origin=origin)
    await socket.send(INIT)
    assert await socket.frame() == {"type": "connection_ack"}
    await socket.connection.close()


async def test_who_says_nothing_is_closed_after_the_time_allowed(database_url: str, settings: Any) -> None:
    async with served(settings_for(database_url, socket_init_seconds=1)) as house:
        began = datetime.now(UTC)
        assert await closed(await opened(house.people.nobody)) == (4408, "Connection initialisation timeout")
        assert 0.9 < (datetime.now(UTC) - began).total_seconds() < 5


@pytest.mark.parametrize("payload", [{}, {"payload": None}, {"payload": {}}, {"payload": {"authorization": None}}])
async def test_nobody_may_connect_too(people: People, payload: Any) -> None:
    socket = await opened(people.nobody)
    await socket.send(INIT | payload)
    assert await socket.frame() == {"type": "connection_ack"}
    (error,) = (await socket.ask(ME))["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["message"] == "Missing access token"
    await socket.connection.close()


@pytest.mark.parametrize("key", ["authorization", "Authorization"])
async def test_who_shows_a_good_token_is_known_from_then_on(people: People, key: str) -> None:
    dora = await people.one()
    socket = await opened(dora)
    await socket.send(INIT | {"payload": {key: f"Bearer {dora.token}"}})
    assert await socket.frame() == {"type": "connection_ack"}
    assert await socket.ask(ME) == {"data": {"me": {"id": dora.id}}}
    await socket.connection.close()


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ("Bearer nonsense", "Invalid or expired token"),
        ("nonsense", "Invalid or expired token"),
        ("Basic ZG9yYTpkb3Jh", "Invalid or expired token"),
        ("", "Missing access token"),
        (5, "Missing access token"),
        (["Bearer"], "Missing access token"),
    ],
)
async def test_who_shows_a_bad_token_is_closed(people: People, shown: Any, reason: str) -> None:
    socket = await opened(people.nobody)
    await socket.send(INIT | {"payload": {"authorization": shown}})
    assert await closed(socket) == (4401, reason)


async def test_a_token_of_an_ended_session_is_a_bad_one(people: People) -> None:
    dora = await people.one()
    await dora.ask("mutation { logout { deletedId } }")
    socket = await opened(dora)
    await socket.send(INIT | {"payload": {"authorization": f"Bearer {dora.token}"}})
    assert await closed(socket) == (4401, "Invalid or expired token")


async def test_where_nobody_can_say_who_comes_they_are_to_try_again(
    house: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    dora = await house.people.one()

    async def down(*_: object) -> None:
        raise Unavailable

    monkeypatch.setattr(house.services.db, "fetch", down)
    socket = await dora.socket().open(additional_headers=dora.headers)
    assert (await closed(socket))[0] == 1013
    assert caplog.records == []


async def test_each_socket_counts_whatever_request_id_it_came_with(house: Served) -> None:
    dora, before = await house.people.one(), house.services.meter.snapshot().active
    for number in (1, 2):
        socket = await dora.socket().open(additional_headers={"x-request-id": "the-same-for-all"})
        await socket.send(INIT)
        assert (await socket.frame())["type"] == "connection_ack"
        assert house.services.meter.snapshot().active == before + number


async def test_a_second_init_is_one_too_many(people: People) -> None:
    async with people.nobody.socket() as socket:
        await socket.send(INIT)
        assert await closed(socket) == (4429, "Too many initialisation requests")


async def test_who_subscribes_before_the_acknowledgement_is_closed(people: People) -> None:
    socket = await opened(await people.one())
    await socket.send(SUBSCRIBE)
    assert await closed(socket) == (4401, "Unauthorized")


NO_ID = "The id must be a string that is not empty"
NO_QUERY = "The payload must have a query"
MALFORMED: list[tuple[Any, str]] = [
    ("[1]", "A message must be a JSON object"),
    ("5", "A message must be a JSON object"),
    ("null", "A message must be a JSON object"),
    ('"x"', "A message must be a JSON object"),
    ({}, "A message must have a type"),
    ({"type": 5}, "A message must have a type"),
    ({"type": None}, "A message must have a type"),
    ({"type": "start", "id": "1"}, "Unknown message type: start"),
    ({"type": "connection_ack"}, "Unknown message type: connection_ack"),
    ({"type": "next", "id": "1", "payload": {}}, "Unknown message type: next"),
    ({"type": "x" * 500}, "Unknown message type: " + "x" * 101),
    ({"type": "é" * 500}, "Unknown message type: " + "é" * 50),
    (SUBSCRIBE | {"id": 1}, NO_ID),
    (SUBSCRIBE | {"id": ""}, NO_ID),
    (SUBSCRIBE | {"id": None}, NO_ID),
    (SUBSCRIBE | {"id": ["1"]}, NO_ID),
    ({"type": "subscribe", "payload": {"query": ME}}, NO_ID),
    ({"type": "complete"}, NO_ID),
    ({"type": "complete", "id": 5}, NO_ID),
    ({"type": "subscribe", "id": "1"}, NO_QUERY),
    (SUBSCRIBE | {"payload": None}, NO_QUERY),
    (SUBSCRIBE | {"payload": [ME]}, NO_QUERY),
    (SUBSCRIBE | {"payload": {}}, NO_QUERY),
    (SUBSCRIBE | {"payload": {"query": 5}}, NO_QUERY),
    (SUBSCRIBE | {"payload": {"query": ME, "variables": []}}, "variables has the wrong type"),
    (SUBSCRIBE | {"payload": {"query": ME, "operationName": 5}}, "operationName has the wrong type"),
    (SUBSCRIBE | {"payload": {"query": ME, "extensions": "x"}}, "extensions has the wrong type"),
    ({"type": "ping", "payload": 5}, "The payload must be an object"),
    ({"type": "pong", "payload": "x"}, "The payload must be an object"),
    (b'{"type":"ping"}', "WebSocket message type must be text"),
    ({**SUBSCRIBE, "id": "1" * 129}, "The id must have at most 128 characters"),
    ("nonsense", "WebSocket message must be valid JSON"),
    ("", "WebSocket message must be valid JSON"),
    ('{"type":"ping"', "WebSocket message must be valid JSON"),
    ('{"type":"\\ud800"}', "WebSocket message must be valid JSON"),
    ("[" * 100_000, "WebSocket message must be valid JSON"),
]


@pytest.mark.parametrize(("message", "reason"), MALFORMED, ids=lambda value: str(value)[:50])
async def test_a_message_that_the_protocol_does_not_know_closes_the_socket_with_a_reason(
    people: People, message: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        async with people.nobody.socket() as socket:
            await socket.send(message)
            assert await closed(socket) == (4400, reason)
    assert caplog.records == []


@pytest.mark.parametrize("payload", ["x", [], 5])
async def test_an_init_whose_payload_is_no_object_is_malformed(people: People, payload: Any) -> None:
    socket = await opened(people.nobody)
    await socket.send(INIT | {"payload": payload})
    assert await closed(socket) == (4400, "The payload must be an object")


async def test_a_message_larger_than_the_limit_closes_the_socket(people: People) -> None:
    async with people.nobody.socket() as socket:
        await socket.send(json.dumps(SUBSCRIBE).ljust(262_144))
        assert (await socket.frame())["type"] == "next"
        assert (await socket.frame())["type"] == "complete"
        await socket.send(json.dumps(SUBSCRIBE).ljust(262_145))
        assert (await closed(socket))[0] == 1009


@pytest.mark.parametrize("payload", [{}, {"payload": {}}, {"payload": {"sent": 5, "deep": [None]}}])
async def test_a_ping_is_answered_with_its_payload(people: People, payload: Any) -> None:
    socket = await opened(people.nobody)
    await socket.send({"type": "ping"} | payload)
    assert await socket.frame() == {"type": "pong"} | payload, "before init"
    await socket.send(INIT)
    await socket.frame()
    await socket.send({"type": "ping"} | payload)
    assert await socket.frame() == {"type": "pong"} | payload, "and after"
    await socket.connection.close()


async def test_a_pong_that_nobody_asked_for_and_a_complete_of_nothing_are_ignored(people: People) -> None:
    async with people.nobody.socket() as socket:
        await socket.send({"type": "pong"})
        await socket.send({"type": "pong", "payload": {"x": 1}})
        await socket.send({"type": "complete", "id": "never"})
        assert await socket.ask("{ __typename }") == {"data": {"__typename": "Query"}}


async def test_an_id_in_use_closes_the_socket(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket, socket.events(id="twice"):
        await socket.start(EVENTS, "twice")
        assert await closed(socket) == (4409, "Subscriber for twice already exists")


async def test_the_reason_is_cut_to_what_a_frame_can_hold(people: People) -> None:
    dora = await people.one()
    id = "i" * 128
    async with dora.socket() as socket, socket.events(id=id):
        await socket.start(EVENTS, id)
        assert await closed(socket) == (4409, "Subscriber for " + "i" * 108)

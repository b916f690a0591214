"""graphql-transport-ws by raw frames: PROTOCOL.md of enisdenjo/graphql-ws, each sentence of it that binds a server.

The names are its sentences. How operations end stands in test_protocol_operations.py, what is no message at all in
test_socket_messages.py, who may open a socket in test_socket_door.py.
"""

import asyncio
from typing import Any

import pytest

from tests.conftest import Served, served, settings_for
from tests.raw import (
    ACK,
    BINARY,
    CLOSE,
    INIT,
    TEXT,
    TYPENAME,
    complete,
    completed,
    connected,
    frame,
    knock,
    lives,
    message,
    next_of,
    opened,
    subscribe,
)
from tests.sockets import EVENTS
from tests.waiting import until

CREATE = 'mutation { createTask(input: {title: "Made over a socket"}) { title } }'


# Communication


async def test_the_websocket_sub_protocol_is_graphql_transport_ws(house: Served) -> None:
    for offered in ("graphql-transport-ws", "graphql-ws, graphql-transport-ws", "graphql-transport-ws,x"):
        async with connected(house.url) as raw:
            await raw.send(knock(protocol=offered))
            assert await raw.answer() == 101
            assert "\r\nsec-websocket-protocol: graphql-transport-ws\r\n" in raw.head.lower()
            await raw.send(INIT)
            assert await raw.said() == ACK


@pytest.mark.parametrize("offered", [None, "graphql-ws", "GRAPHQL-TRANSPORT-WS", "x, y"])
async def test_a_socket_of_another_sub_protocol_is_not_acceptable(house: Served, offered: str | None) -> None:
    """The reference server accepts it too, without a sub-protocol, so that the client can be told why."""
    async with connected(house.url) as raw:
        await raw.send(knock(protocol=offered))
        assert await raw.answer() == 101
        assert "sec-websocket-protocol" not in raw.head.lower()
        assert await raw.closed() == (4406, "Subprotocol not acceptable")


async def test_messages_are_stringified_json(house: Served) -> None:
    async with opened(house.url, init=False) as raw:
        await raw.send(INIT)
        assert (await raw.frame()) == (TEXT, b'{"type":"connection_ack"}')
        await raw.send(frame(BINARY, b'{"type":"ping"}'))
        assert await raw.closed() == (4400, "WebSocket message type must be text")


async def test_all_messages_contain_the_type_field(house: Served) -> None:
    async with opened(house.url) as raw:
        await raw.send(frame(TEXT, '{"id":"1","payload":{"query":"{ __typename }"}}'))
        assert await raw.closed() == (4400, "A message must have a type")


async def test_multiple_operations_with_separate_ids_can_be_active_and_interleaved(house: Served) -> None:
    dora = await house.people.one()
    async with opened(house.url, dora.token) as raw:
        for id in ("one", "two"):
            await raw.send(subscribe(EVENTS, id))
            assert (await raw.said())["payload"]["data"]["taskEvents"]["__typename"] == "Ready"
        await raw.send(subscribe(TYPENAME, "three"))
        assert [await raw.said(), await raw.said()] == [next_of("three"), completed("three")]
        await dora.task()
        assert {(await raw.said())["id"] for _ in range(2)} == {"one", "two"}


async def test_the_client_closes_the_socket_and_the_connection_by_1000(house: Served) -> None:
    dora = await house.people.one()
    async with opened(house.url, dora.token) as raw:
        await raw.send(subscribe(EVENTS))
        await raw.said()
        await raw.send(frame(CLOSE, (1000).to_bytes(2) + "Auf Wiedersehen, é🎉".encode()))
        kind, body = await raw.frame()
        assert (kind, int.from_bytes(body[:2])) == (CLOSE, 1000)
        assert await raw.ended() == b""
    await until(lambda: not house.services.hub.subscriptions)


# ConnectionInit


async def test_the_server_must_receive_the_initialisation_within_the_allowed_time(database_url: str) -> None:
    async with served(settings_for(database_url, socket_init_seconds=1)) as house:
        began = asyncio.get_running_loop().time()
        async with opened(house.url, init=False) as raw:
            await raw.send(message(type="ping"))
            assert await raw.said() == {"type": "pong"}, "which is no initialisation"
            assert await raw.closed() == (4408, "Connection initialisation timeout")
            assert asyncio.get_running_loop().time() - began > 0.9


@pytest.mark.parametrize("heard", [True, False], ids=["acknowledged", "at once"])
async def test_more_than_one_initialisation_is_too_many(house: Served, heard: bool) -> None:
    async with opened(house.url, init=False) as raw:
        await raw.send(INIT if heard else INIT + INIT)
        assert await raw.said() == ACK
        await raw.send(INIT if heard else b"")
        assert await raw.closed() == (4429, "Too many initialisation requests")


async def test_a_connection_that_is_rejected_is_forbidden(database_url: str) -> None:
    async with served(settings_for(database_url, max_sockets_per_user=1)) as house:
        dora = await house.people.one()
        async with opened(house.url, dora.token), opened(house.url, init=False) as raw:
            await raw.send(message(type="connection_init", payload={"authorization": f"Bearer {dora.token}"}))
            assert await raw.closed() == (4403, "Too many sockets of one user")


async def test_who_shows_a_token_that_is_none_is_unauthorized(house: Served) -> None:
    """Not 4403, as is recommended: after 4401 clients know that they need another token."""
    async with opened(house.url, init=False) as raw:
        await raw.send(message(type="connection_init", payload={"authorization": "Bearer nonsense"}))
        assert await raw.closed() == (4401, "Invalid or expired token")


@pytest.mark.parametrize("payload", [{}, {"payload": None}, {"payload": {}}, {"payload": {"theme": ["dark", 5]}}])
async def test_the_payload_of_an_initialisation_is_optional(house: Served, payload: Any) -> None:
    async with opened(house.url, init=False) as raw:
        await raw.send(message(type="connection_init", **payload))
        assert await raw.said() == ACK


# Ping and Pong


@pytest.mark.parametrize(
    ("payload", "told"),
    [({}, {}), ({"payload": None}, {}), ({"payload": {}}, {"payload": {}}), ({"payload": {"a": [None, "é"]}},) * 2],
)
async def test_a_pong_with_its_payload_must_be_sent_in_response_to_a_ping_at_any_time(
    house: Served, payload: Any, told: Any
) -> None:
    async with opened(house.url, init=False) as raw:
        await raw.send(message(type="ping", **payload))
        assert await raw.said() == {"type": "pong"} | told, "before the connection"
        await raw.send(INIT + message(type="ping", **payload))
        assert [await raw.said(), await raw.said()] == [ACK, {"type": "pong"} | told], "and within"


async def test_a_pong_may_be_sent_unsolicited_at_any_time(house: Served) -> None:
    async with opened(house.url, init=False) as raw:
        await raw.send(message(type="pong"), INIT, message(type="pong", payload=None), message(type="pong", payload={}))
        assert await raw.said() == ACK
        assert await lives(raw)


# Subscribe


@pytest.mark.parametrize("second", [TYPENAME, EVENTS, CREATE], ids=["query", "subscription", "mutation"])
@pytest.mark.parametrize("first", [TYPENAME, EVENTS, CREATE], ids=["query", "subscription", "mutation"])
async def test_an_id_in_use_closes_the_socket_regardless_of_the_operation_type(
    house: Served, first: str, second: str
) -> None:
    """Also while the first is still starting, of which nothing is heard any more."""
    dora = await house.people.one()
    async with opened(house.url, dora.token) as raw:
        await raw.send(subscribe(first, "twice") + subscribe(second, "twice"))
        assert await raw.closed() == (4409, "Subscriber for twice already exists")
    assert (await dora.ask("{ tasks { totalCount } }")).data == {"tasks": {"totalCount": 0}}


async def test_once_an_operation_is_complete_its_id_is_free_again(house: Served) -> None:
    dora = await house.people.one()
    async with opened(house.url, dora.token) as raw:
        for _ in range(2):
            await raw.send(subscribe(TYPENAME))
            assert [await raw.said(), await raw.said()] == [next_of(), completed()], "by the server"
            await raw.send(subscribe("{ nope }"))
            assert (await raw.said())["type"] == "error", "by an error"
            await raw.send(subscribe(EVENTS))
            assert (await raw.said())["type"] == "next"
            await raw.send(complete())  # by the client
        await raw.send(subscribe(EVENTS) + complete() + subscribe(TYPENAME))
        assert [await raw.said(), await raw.said()] == [next_of(), completed()], "before it began"


async def test_name_variables_and_extensions_may_be_null(house: Served) -> None:
    async with opened(house.url) as raw:
        await raw.send(subscribe(operationName=None, variables=None, extensions=None))
        assert [await raw.said(), await raw.said()] == [next_of(), completed()]


@pytest.mark.parametrize("id", ["0", " ", "\0", "é🎉", '"}\n', "x" * 128])
async def test_ids_are_any_strings(house: Served, id: str) -> None:
    async with opened(house.url) as raw:
        await raw.send(subscribe(id=id))
        assert [await raw.said(), await raw.said()] == [next_of(id), completed(id)]


async def test_executing_is_allowed_only_after_the_acknowledgement(house: Served) -> None:
    dora = await house.people.one()
    init = message(type="connection_init", payload={"authorization": f"Bearer {dora.token}"})
    async with opened(house.url, init=False) as raw:
        await raw.send(subscribe(CREATE) + init)
        assert await raw.closed() == (4401, "Unauthorized")
    assert (await dora.ask("{ tasks { totalCount } }")).data == {"tasks": {"totalCount": 0}}

"""graphql-transport-ws by raw frames, as test_protocol.py: the sentences on what operations tell, and how they end."""

import asyncio
from typing import Any

import pytest

from server.socket import Socket
from tests.conftest import Served
from tests.raw import TYPENAME, complete, completed, lives, message, next_of, opened, subscribe
from tests.sockets import EVENTS

CREATE = 'mutation { createTask(input: {title: "Made over a socket"}) { title } }'


@pytest.mark.parametrize(
    ("query", "data"),
    [(TYPENAME, {"__typename": "Query"}), (CREATE, {"createTask": {"title": "Made over a socket"}})],
    ids=["query", "mutation"],
)
async def test_of_a_single_result_at_most_one_next_is_sent_and_then_complete(
    house: Served, query: str, data: Any
) -> None:
    async with opened(house.url, (await house.people.one()).token) as raw:
        await raw.send(subscribe(query))
        assert [await raw.said(), await raw.said()] == [next_of(**data), completed()]
        assert await lives(raw)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ({"query": "{"}, "Syntax Error: Expected Name, found <EOF>."),
        (
            {"query": "{ __typename nope }"},
            "Cannot query field 'nope' on type 'Query'. Did you mean 'node' or 'nodes'?",
        ),
        ({"query": "subscription { nope }"}, "Cannot query field 'nope' on type 'Subscription'."),
        (
            {"query": "query A { __typename } query B { __typename }"},
            "Must provide operation name if query contains multiple operations.",
        ),
        ({"query": "query A { __typename }", "operationName": "B"}, 'Unknown operation named "B".'),
    ],
    ids=["syntax", "validation", "of a subscription", "which operation", "an unknown one"],
)
async def test_an_error_before_execution_terminates_the_operation_and_nothing_more(
    house: Served, payload: Any, said: str
) -> None:
    async with opened(house.url) as raw:
        await raw.send(message(type="subscribe", id="1", payload=payload))
        told = await raw.said()
        assert (told["id"], told["type"], [error["message"] for error in told["payload"]]) == ("1", "error", [said])
        assert await lives(raw), "no complete comes after it, and the socket is as good as before"


async def test_an_error_when_a_stream_is_about_to_begin_terminates_the_operation(house: Served) -> None:
    async with opened(house.url) as raw:
        await raw.send(subscribe(EVENTS))
        told = await raw.said()
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")
        assert await lives(raw)


async def test_when_the_client_completes_no_further_events_are_sent(house: Served) -> None:
    dora = await house.people.one()
    async with opened(house.url, dora.token) as raw:
        for id in ("ended", "going on"):
            await raw.send(subscribe(EVENTS, id))
            await raw.said()
        await raw.send(complete("ended"))
        assert await lives(raw)
        await dora.task()
        assert (await raw.said())["id"] == "going on"
        assert await lives(raw)


async def test_when_the_client_completes_a_single_result_it_is_not_sent_through(
    house: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking, began, may = Socket.asking, asyncio.Event(), asyncio.Event()

    async def slow(self: Socket) -> Any:
        began.set()
        await may.wait()
        return await asking(self)

    dora = await house.people.one()
    async with opened(house.url, dora.token) as raw:
        with monkeypatch.context() as patched:
            patched.setattr(Socket, "asking", slow)
            await raw.send(subscribe(CREATE))
            await began.wait()
            await raw.send(complete())
            assert await lives(raw)
            may.set()
        await raw.send(subscribe(TYPENAME))
        assert [await raw.said(), await raw.said()] == [next_of(), completed()], "of the next of that id alone"
    assert (await dora.ask("{ tasks { totalCount } }")).data == {"tasks": {"totalCount": 0}}


async def test_messages_for_operations_that_are_completed_or_unknown_are_ignored(house: Served) -> None:
    async with opened(house.url) as raw:
        await raw.send(complete("never") + subscribe(TYPENAME))
        assert [await raw.said(), await raw.said()] == [next_of(), completed()]
        await raw.send(complete() + complete())
        assert await lives(raw)


async def test_the_server_can_close_the_socket_at_any_time_and_describes_the_fatal_error(house: Served) -> None:
    dora = await house.people.one()
    async with opened(house.url, dora.token) as raw:
        await dora.ask("mutation { logout { deletedId } }")
        assert await raw.closed() == (4401, "Invalid or expired token")

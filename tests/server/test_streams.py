"""Subscriptions over HTTP last as long as they may: who goes, who reads no more, who may see no more, how many."""

import asyncio
import json
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from structlog.typing import EventDict

from db.accounts.users import Role
from kit.clock import now
from kit.settings import Settings
from resolvers.accounts.tokens import access_token
from tests.conftest import Served, served, settings_for
from tests.people import People
from tests.server.test_departures import HEAVY
from tests.sockets import EVENTS, Closed
from tests.streams import MULTIPART, SSE, Response, asked, following
from tests.waiting import until, until_logged

LOGOUT = "mutation { logout { deletedId } }"
COMPLETE = b"event: complete\ndata:\n\n"


async def ended(response: Response) -> Any:
    """The error that ends a stream after Ready."""
    fields = await response.event()
    assert await response.rest() == COMPLETE
    (error,) = json.loads(fields["data"])["errors"]
    return error


async def test_of_a_client_that_goes_nothing_is_left(house: Served) -> None:
    hub, dora = house.services.hub, await house.people.one()
    subscriptions, groups = {*hub.subscriptions}, {*hub.groups}
    async with following(dora) as (response, _), asked(dora, accept=MULTIPART) as other:
        await other.part()
        new, its = {*hub.subscriptions} - subscriptions, {*hub.groups} - groups
        assert (len(new), len(its)) == (2, 1)
        response.cut()
        other.writer.close()
        await until(lambda: not new & hub.subscriptions and not its & {*hub.groups})


async def test_of_a_client_that_has_asked_for_more_before_it_goes_nothing_is_left(
    database_url: str, settings: Settings
) -> None:
    """A second request waits for the end of the first, and nothing more is read: a heartbeat finds nobody there.

    uvicorn then tells only the second request, which has not begun.
    """
    async with (
        served(settings_for(database_url, socket_ping_seconds=1)) as house,
        following(await house.people.one()) as (response, _),
    ):
        response.writer.write(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")
        await response.writer.drain()
        assert await response.chunk() == b":\n\n"
        response.cut()
        await until(lambda: not house.services.hub.subscriptions)


async def test_a_client_that_reads_no_more_is_let_go_and_keeps_nobody_waiting(
    settings: Settings, database_url: str, logged: list[EventDict], caplog: pytest.LogCaptureFixture
) -> None:
    async with served(settings_for(database_url, send_timeout_seconds=1)) as house:
        dora = await house.people.one()
        async with asked(dora, HEAVY, room=65_536) as slow, following(dora) as (quick, _):
            assert json.loads((await slow.event())["data"])["data"]["taskEvents"]["__typename"] == "Ready"
            async with asyncio.timeout(20):
                while not any(record["event"] == "operation" and record["ms"] > 1_000 for record in logged):
                    task = await dora.task(description="ä" * 10_000)
                    assert (await quick.next())["task"]["id"] == task["id"]
            assert len(house.services.hub.subscriptions) == 1
            with suppress(asyncio.IncompleteReadError, ConnectionResetError):
                assert COMPLETE not in await slow.rest()
    assert caplog.records == []


async def test_a_stream_that_falls_behind_and_reads_again_has_missed_nothing(
    settings: Settings, database_url: str
) -> None:
    """More is written than the connection and the group hold: the rest comes from the log."""
    async with served(settings_for(database_url, group_window=2)) as house:
        dora = await house.people.one()
        query = HEAVY.replace("task {", "task { title")
        async with asked(dora, query, room=65_536) as slow:
            await slow.event()
            titles = [f"Task {number}" for number in range(40)]
            for title in titles:
                await dora.task(title, description="ä" * 10_000)
            told = [json.loads((await slow.event())["data"])["data"]["taskEvents"]["task"] for _ in titles]
        assert [task["title"] for task in told] == titles


async def test_a_revoked_session_ends_its_streams_in_every_process(house: Served, settings: Settings) -> None:
    dora = await house.people.one()
    async with served(settings) as other:
        elsewhere = replace(dora, people=other.people)
        async with following(dora) as (here, _), following(elsewhere) as (there, _):
            await dora.ask(LOGOUT)
            async with asyncio.timeout(1):
                errors = [await ended(response) for response in (here, there)]
    assert [error["extensions"]["code"] for error in errors] == ["UNAUTHENTICATED"] * 2
    assert [error["message"] for error in errors] == ["Invalid or expired token"] * 2


async def test_a_revoked_session_is_an_error_of_the_transport_in_a_multipart_stream(people: People) -> None:
    dora = await people.one()
    async with asked(dora, accept=MULTIPART) as response:
        await response.part()
        await dora.ask(LOGOUT)
        told = await response.part()
        assert await response.rest() == b"--\r\n"
    assert told["payload"] is None
    assert told["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_end_of_a_user_ends_their_streams(people: People) -> None:
    dora, boss = await people.one(), await people.one(Role.SUPER_ADMIN)
    async with following(dora) as (response, _):
        await boss.ask("mutation ($id: ID!) { deleteUser(id: $id) { deletedId } }", id=dora.id)
        assert (await ended(response))["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_last_of_a_token_ends_its_streams(settings: Settings) -> None:
    """On a clock that stands still it is good until its stream has begun, however long that takes."""
    moment = now().replace(microsecond=0)  # as tokens end
    async with served(settings, lambda: moment) as house:
        dora = await house.people.one()
        assert dora.user is not None
        assert dora.session_id is not None
        began = moment + timedelta(seconds=1) - timedelta(minutes=settings.access_token_minutes)
        token = access_token(settings, dora.user, dora.session_id, began)
        async with following(replace(dora, token=token)) as (response, _):
            error = await ended(response)
    assert (error["message"], error["extensions"]["code"]) == ("The access token has expired", "UNAUTHENTICATED")


async def test_sockets_and_streams_of_one_user_are_counted_together(database_url: str, settings: Any) -> None:
    async with served(settings_for(database_url, max_sockets_per_user=2)) as house:
        hub, dora, sam = house.services.hub, await house.people.one(), await house.people.one()
        async with dora.socket(), following(dora) as (stream, _):
            async with asked(dora, accept=f"{SSE}, application/json") as refused:
                assert (refused.status, refused.headers["content-type"]) == (429, "application/json; charset=utf-8")
                (error,) = json.loads(await refused.rest())["errors"]
                assert error["extensions"]["code"] == "RATE_LIMITED"
                assert error["message"] == "More than 2 connections of one user; try again in 1 s"
            with pytest.raises(Closed) as closed:
                await dora.socket().__aenter__()
            assert closed.value.code == 4403
            assert len(hub.subscriptions) == 1
            async with asked(dora, "{ __typename }"):
                """A query is no connection that lasts."""
            async with following(sam):
                """Others have their own."""
            stream.cut()
            await until(lambda: not hub.subscriptions)
            async with following(dora):
                """Who leaves makes room."""


async def test_an_operation_is_logged_once_it_has_ended(people: People, logged: list[EventDict]) -> None:
    dora = await people.one()
    async with following(dora) as (response, _):
        await dora.ask(LOGOUT)
        await ended(response)
        await until_logged(logged, "request", times=2)
    lines = [record for record in logged if record["trace_id"] == response.headers["x-request-id"]]
    assert [(line["event"], line.get("codes"), line.get("status")) for line in lines] == [
        ("operation", ["UNAUTHENTICATED"], None),
        ("request", None, 200),
    ]


async def test_a_server_that_goes_tells_each_stream_where_it_is_and_has_it_come_back(
    house: Served, database_url: str
) -> None:
    """An event stream just ends, so that clients come back by themselves; a multipart one says so."""
    dora, sam = await house.people.one(), await house.people.one()
    async with AsyncExitStack() as stack:
        async with served(settings_for(database_url, leaving_seconds=0)) as other:
            there = replace(dora, people=other.people)
            stream, first = await stack.enter_async_context(following(there))
            parts = await stack.enter_async_context(asked(there, accept=MULTIPART))
            await parts.part()
            async with following(replace(sam, people=other.people)) as (heard, _):
                await sam.task("Something else happens")
                await heard.next()
            rests = asyncio.gather(stream.rest(), parts.rest())
        event, told = await rests
    cursor = event.partition(b"id: ")[2].partition(b"\n")[0].decode()
    ready = b'{"data":{"taskEvents":{"__typename":"Ready","cursor":"%b"}}}' % cursor.encode()
    assert event == b"event: next\nid: %b\ndata: %b\n\n" % (cursor.encode(), ready)
    assert cursor != first["cursor"]
    farewell, last, end = told.split(b"\r\n--graphql")
    assert farewell == b"\r\ncontent-type: application/json\r\n\r\n" + b'{"payload":%b}' % ready
    assert end == b"--\r\n"
    gone = json.loads(last.partition(b"\r\n\r\n")[2])
    assert gone["payload"] is None
    assert gone["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    await dora.task("Meanwhile")
    async with following(dora, last_event_id=cursor) as (response, _):
        assert (await response.next())["task"]["title"] == "Meanwhile"


async def test_a_server_that_goes_begins_no_stream_any_more(database_url: str, settings: Settings) -> None:
    async with AsyncExitStack() as stack, served(settings_for(database_url, leaving_seconds=1)) as house:
        dora = await house.people.one()
        stream, _ = await stack.enter_async_context(following(dora))
        await dora.ask("{ __typename }")  # over a connection that lasts

        async def late() -> httpx2.Response:
            await stream.rest()
            return await house.people.http.post("/graphql", json={"query": EVENTS}, headers={"accept": SSE})

        answer = asyncio.create_task(late())
    response = await answer
    assert response.status_code == 503
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"

"""A server that goes: every socket is told where it is, and can go on elsewhere without a gap."""

from typing import Any

import pytest

from kit.settings import Settings
from tests.conftest import Served, served
from tests.sockets import EVENTS, Closed, Socket


async def last_of(socket: Socket) -> tuple[list[Any], int]:
    """What is told until the server closes, and with which code."""
    heard = []
    try:
        while True:
            heard.append((await socket.frame())["payload"]["data"]["taskEvents"])
    except Closed as closed:
        return heard, closed.code


async def test_each_subscription_is_told_its_last_cursor_before_the_socket_closes_with_1012(
    house: Served, settings: Settings
) -> None:
    """So an idle one need not be told again what it could never see."""
    dora, sam = await house.people.one(), await house.people.one()
    async with served(settings) as leaving:
        idle = Socket(leaving.socket_url, dora.token)
        await idle.__aenter__()
        await idle.start(EVENTS, "1")
        first = (await idle.frame())["payload"]["data"]["taskEvents"]
        busy = Socket(leaving.socket_url, sam.token)
        async with busy, busy.events() as events:
            await sam.task("Somebody else's")
            told = await events.next()
    heard, code = await last_of(idle)
    assert (code, [event["__typename"] for event in heard]) == (1012, ["Ready"])
    state = house.services.tail.state
    assert state.opened(heard[0]["cursor"]) >= state.opened(told["cursor"]) > state.opened(first["cursor"])  # type: ignore[operator]
    task = await dora.task("Meanwhile")
    async with dora.socket() as elsewhere, elsewhere.events(after=heard[0]["cursor"]) as events:
        assert (await events.next())["task"]["id"] == task["id"]


async def test_one_user_has_no_more_sockets_than_allowed(settings: Settings) -> None:
    async with served(settings.model_copy(update={"max_sockets_per_user": 2})) as house:
        dora, sam = await house.people.one(), await house.people.one()
        async with dora.socket(), sam.socket():
            async with dora.socket():
                third = await dora.socket().open()
                payload = {"authorization": f"Bearer {dora.token}"}
                await third.send({"type": "connection_init", "payload": payload})
                with pytest.raises(Closed) as closed:
                    await third.frame()
                assert (closed.value.code, closed.value.reason) == (4403, "Too many sockets of one user")
            async with dora.socket() as again:
                assert await again.ask("{ __typename }") == {"data": {"__typename": "Query"}}

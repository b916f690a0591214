"""Whoever comes and goes leaves nothing behind, however they go."""

import asyncio
import gc
from collections import Counter

from kit.settings import Settings
from tests import streams
from tests.conftest import Served, served
from tests.people import Person
from tests.sockets import EVENTS, Socket
from tests.waiting import until

AT_ONCE, ROUNDS = 16, 4
KEPT = {"live.meter.Connection", "live.log.Event", "live.positions.Position"}
OURS = ("live.", "schema.telling", "server.", "uvicorn.")


async def come_and_go(house: Served, dora: Person, number: int) -> None:
    """Follows two streams, and goes in one of four ways."""
    socket = Socket(house.socket_url, dora.token)
    async with socket, socket.events(), socket.events(query="subscription { liveTaskCounts { total } }", id="2"):
        match number % 4:
            case 0:
                socket.connection.transport.abort()
            case 1:
                await socket.send({"type": "complete", "id": "1"})
            case 2:
                await socket.send("nonsense")
            case 3:
                await socket.start(EVENTS, "3", after="nonsense")
                assert (await socket.frame())["type"] == "error"


async def gone(house: Served) -> None:
    """Until all have."""
    hub, tail = house.services.hub, house.services.tail
    await until(lambda: not (hub.subscriptions or hub.groups or len(tail.guards)))
    assert (len(tail.followers), hub.held) == (0, 0)


def left() -> Counter[str]:
    """The objects that are there, by their classes."""
    kinds = (type(thing) for thing in gc.get_objects())
    return Counter(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds if f"{kind.__module__}".startswith(OURS))


async def test_churn_leaves_no_task_no_group_and_no_object(settings: Settings) -> None:
    async with served(settings) as house:
        dora = await house.people.one()
        tasks: list[int] = []
        kept: list[Counter[str]] = []
        for _ in range(ROUNDS):
            await asyncio.gather(*(come_and_go(house, dora, number) for number in range(AT_ONCE)))
            await dora.task()
            await gone(house)
            gc.collect()
            kept.append(left())
            tasks.append(len(asyncio.all_tasks()))
        grown = {name for name, count in kept[-1].items() if count > kept[1][name] + ROUNDS}
        assert grown <= KEPT, "of which the latest are kept"
        assert tasks[-1] <= tasks[1] + 2, "besides those of a connection that is still closing"


async def knock(house: Served, path: str = "/graphql", version: int = 13) -> None:
    """Asks by hand for a socket that there is not."""
    head = f"GET {path} HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    head += f"sec-websocket-key: {'A' * 22}==\r\nsec-websocket-version: {version}\r\n"
    head += "sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    reader, writer = await asyncio.open_connection(*house.url.removeprefix("http://").split(":"))
    writer.write(head.encode())
    await reader.read()
    writer.close()


async def by_all_ways(house: Served, dora: Person, number: int) -> None:
    await come_and_go(house, dora, number)
    async with streams.asked(dora, "{ __typename }", accept=None) as answer:
        assert await answer.rest() == b'{"data":{"__typename":"Query"}}'
    async with streams.following(dora) as (stream, _):
        stream.cut()
    await knock(house, path="/nowhere")
    await knock(house, version=9)
    await gone(house)


async def test_what_has_gone_waits_for_no_collector(settings: Settings) -> None:
    """It comes seldom: a thousand sockets that came and went for five minutes had doubled a server by then."""
    async with served(settings) as house:
        dora = await house.people.one()
        await by_all_ways(house, dora, 1)
        gc.collect()
        gc.disable()
        try:
            before = left()
            for number in range(AT_ONCE):
                await by_all_ways(house, dora, number)
            await until(lambda: {name for name, more in (left() - before).items() if more > 1} <= KEPT)
        finally:
            gc.enable()

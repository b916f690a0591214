"""Fifty follow, five of them never read: the others notice nothing, and the server holds no more for it."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from kit.settings import Settings
from tests.conftest import Served, served
from tests.lines import dialled
from tests.people import Person
from tests.sockets import Socket

FOLLOWERS, STALLED = 50, 5
LONG = "ä" * 10_000
HEAVY = """subscription { taskEvents { __typename ... on TaskChanged {
  task { title description a: description b: description c: description } } } }"""


async def follower(house: Served, dora: Person, *, stalls: bool) -> Socket:
    """One that has been told Ready; who stalls takes a little more, and then nothing."""
    made, more = dora.socket(), dict[str, Any]()
    if stalls:
        more = {"sock": await dialled(house.url, room=65_536), "max_queue": 1}
    await made.open(**more, compression=None, max_size=None, ping_interval=None)
    await made.send({"type": "connection_init", "payload": {"authorization": f"Bearer {dora.token}"}})
    await made.frame()
    await made.start(HEAVY)
    assert (await made.frame())["payload"]["data"]["taskEvents"]["__typename"] == "Ready"
    return made


async def title(socket: Socket) -> str:
    found: str = (await socket.frame())["payload"]["data"]["taskEvents"]["task"]["title"]
    return found


async def test_of_fifty_five_never_read_and_the_others_notice_nothing(settings: Settings) -> None:
    async with served(settings.model_copy(update={"event_window": 100})) as house, AsyncExitStack() as end:
        dora, hub = await house.people.one(), house.services.hub
        quick = [await follower(house, dora, stalls=False) for _ in range(FOLLOWERS - STALLED)]
        stalled = [await follower(house, dora, stalls=True) for _ in range(STALLED)]
        for socket in (*quick, *stalled):
            end.push_async_callback(socket.connection.close)
        (group,) = (group for group in hub.groups.values() if f"tasks:{dora.id}" in group.topics)

        written: list[str] = []
        async with asyncio.timeout(60):
            while len(group.members) > len(quick) or len(written) < 40:
                written.append(f"{len(written)}")
                await dora.task(written[-1], description=LONG)
                assert await asyncio.gather(*map(title, quick)) == [written[-1]] * len(quick)
        assert hub.held <= house.services.settings.group_window_bytes
        assert (len(group.members), group.readers) == (len(quick), FOLLOWERS)
        assert len(hub.subscriptions) == FOLLOWERS

        for socket in stalled:  # now they read, and have missed nothing
            assert [await title(socket) for _ in written] == written

"""Sockets when the database cannot be asked, and when clients take nothing."""

import asyncio
import gc
import socket as sockets_of
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
from websockets.server import ServerProtocol

from kit.errors import Unavailable
from kit.ids import Id
from kit.settings import Settings
from live.topics import of_viewer
from resolvers.accounts.viewers import Viewers
from resolvers.context import Viewer
from server.frames import AT_ONCE, Protocol
from server.sockets import Sockets
from tests.conftest import Served, served
from tests.lines import dialled
from tests.live.test_over_time import RENEW, _token
from tests.raw import CLOSE, PING, TEXT, frame, knock
from tests.sockets import Closed, Socket
from tests.waiting import until


async def test_a_session_that_ends_while_the_database_is_away_closes_its_sockets_once_it_is_back(
    house: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    dora = await house.people.one()
    again, faults = Viewers.again, [Unavailable()]

    async def failing(self: Viewers, viewer: Any) -> Any:
        if faults:
            raise faults.pop()
        return await again(self, viewer)

    async with dora.socket() as idle:
        monkeypatch.setattr(Viewers, "again", failing)
        await dora.ask("mutation { logout { deletedId } }")
        with pytest.raises(Closed) as closed:
            await idle.frame()
        assert closed.value.code == 4401


def _listeners(house: Served, user: str) -> list[Any]:
    """The sockets that are guarded against what becomes of a user."""
    listeners = house.services.tail.guards._by_topic.get(of_viewer(Id(user))[0], ())
    return [cast("Any", listener).__self__ for listener in listeners]


async def test_a_renewal_outlives_a_look_that_began_before_it(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    dora = await house.people.one()
    short, long = await _token(house, dora, timedelta(minutes=1)), await _token(house, dora, timedelta(minutes=5))
    again, looking, may = Viewers.again, asyncio.Event(), asyncio.Event()

    async def slow(self: Viewers, viewer: Any) -> Any:
        found = await again(self, viewer)
        if not looking.is_set():
            looking.set()
            await may.wait()
        return found

    viewer = Id(str(dora.id))
    async with Socket(house.socket_url, short) as socket:
        monkeypatch.setattr(Viewers, "again", slow)
        house.services.tail.guards.call(of_viewer(viewer))
        await looking.wait()
        renewed = (await socket.ask(RENEW, token=long))["data"]["renewConnection"]["expiresAt"]
        may.set()
        await asyncio.sleep(0)
        kept = _listeners(house, dora.id)
        await socket.ask("{ __typename }")
        assert [each.context.viewer.expires_at.isoformat()[:19] for each in kept] == [renewed[:19]]


async def test_a_renewal_that_is_answered_after_its_socket_has_ended_does_nothing(
    house: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    dora = await house.people.one()
    short, long = await _token(house, dora, timedelta(minutes=1)), await _token(house, dora, timedelta(minutes=5))
    of_header, asking, may, found = Viewers.of_header, asyncio.Event(), asyncio.Event(), list[Any]()

    async def slow(self: Viewers, header: str, context: Any) -> Any:
        asking.set()
        await may.wait()
        found.append(await of_header(self, header, context))
        return found[0]

    async with Socket(house.socket_url, short) as socket:
        (served,) = _listeners(house, dora.id)
        monkeypatch.setattr(Viewers, "of_header", slow)
        await socket.start(RENEW, token=long)
        async with asyncio.timeout(5):
            await asking.wait()
    await until(lambda: not _listeners(house, dora.id))
    timer, expires_at = served._timer, served.context.viewer.expires_at
    may.set()
    await until(lambda: found)
    await asyncio.sleep(0)
    assert isinstance(found[0], Viewer)
    assert (served._timer, timer.cancelled()) == (timer, True)
    assert served.context.viewer.expires_at == expires_at != found[0].expires_at


async def test_who_cannot_be_looked_up_just_now_is_told_to_try_again_and_leaves_nothing_behind(
    house: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[object] = []
    forget = Sockets.forget

    def forgotten(self: Sockets, socket: Any) -> None:
        forget(self, socket)
        ended.append(socket not in self._open)

    async def failing(self: Viewers, *_: object) -> Any:
        raise Unavailable

    monkeypatch.setattr(Sockets, "forget", forgotten)
    monkeypatch.setattr(Viewers, "of_header", failing)
    with pytest.raises(Closed) as closed:
        await (await Socket(house.socket_url, None).open()).frame()
    assert (closed.value.code, ended) == (1013, [True])


async def test_sockets_that_take_nothing_keep_no_other_from_leaving() -> None:
    class Stuck:
        async def leave(self) -> None:
            await asyncio.sleep(1)

    sockets = Sockets.__new__(Sockets)
    sockets._open = dict.fromkeys([Stuck() for _ in range(3_000)])  # type: ignore[misc]
    async with asyncio.timeout(3):
        await sockets.leave(0.5)


async def test_a_closed_socket_whose_client_takes_nothing_does_not_stay(settings: Settings) -> None:
    """Of what waits less than makes it pause, so that nobody waits for room."""
    async with served(_impatient(settings)) as house, asyncio.timeout(20), _taking_nothing(house) as (client, protocol):
        await asyncio.get_running_loop().sock_sendall(client, frame(TEXT, b"nonsense"))
        while not protocol.disconnected:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.05)


async def test_a_client_that_is_just_going_keeps_no_server_from_stopping(settings: Settings) -> None:
    """It has said so, and does not take what is on its way."""
    async with served(settings) as house, _taking_nothing(house) as (client, protocol):
        await asyncio.get_running_loop().sock_sendall(client, frame(CLOSE, b""))
        await until(protocol.transport.is_closing)
        protocol.shutdown()  # raised, which left every other connection as it was


async def test_pongs_that_nobody_takes_do_not_wait_in_memory(house: Served) -> None:
    async with _taking_nothing(house) as (client, protocol):
        for _ in range(40):
            await asyncio.get_running_loop().sock_sendall(client, frame(PING, b"x" * 125) * 1_000)
        assert protocol.transport.get_write_buffer_size() < 100_000, "of 5 MB"


async def test_who_says_much_at_once_is_read_little_by_little(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces, receive_data = list[int](), ServerProtocol.receive_data

    def recorded(self: ServerProtocol, data: bytes) -> None:
        pieces.append(len(data))
        receive_data(self, data)

    async with Socket(house.socket_url, None) as socket:
        monkeypatch.setattr(ServerProtocol, "receive_data", recorded)
        await socket.send('{"type":"ping","payload":{"x":"' + "x" * 200_000 + '"}}')
        assert (await socket.frame())["payload"] == {"x": "x" * 200_000}
    assert sum(pieces) > 200_000
    assert max(pieces) == AT_ONCE


def _impatient(settings: Settings) -> Settings:
    return settings.model_copy(update={"send_timeout_seconds": 1})


@asynccontextmanager
async def _taking_nothing(house: Served) -> AsyncIterator[tuple[sockets_of.socket, Protocol]]:
    """A client for which something waits, and its connection as the server has it."""
    loop = asyncio.get_running_loop()
    with await dialled(house.url, room=4_096) as client:
        await loop.sock_sendall(client, knock())
        assert b"101" in await loop.sock_recv(client, 1_000)
        protocols = [each for each in gc.get_objects() if type(each) is Protocol]
        (protocol,) = (each for each in protocols if each.client == client.getsockname())
        async with asyncio.timeout(10):
            while not protocol.transport.get_write_buffer_size():
                await loop.sock_sendall(client, frame(PING, b"x" * 125) * 100)
        yield client, protocol

"""Sockets when the database cannot be asked, and when clients take nothing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from kit.errors import Unavailable
from live.topics import of_viewer
from resolvers.accounts.viewers import Viewers
from server.sockets import Sockets
from tests.conftest import Served
from tests.live.test_over_time import RENEW, _token
from tests.sockets import Closed, Socket


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

    async with Socket(house.socket_url, short) as socket:
        monkeypatch.setattr(Viewers, "again", slow)
        house.services.tail.guards.call(of_viewer(dora.id))  # type: ignore[arg-type]
        await looking.wait()
        renewed = (await socket.ask(RENEW, token=long))["data"]["renewConnection"]["expiresAt"]
        may.set()
        await asyncio.sleep(0)
        listeners: Any = house.services.tail.guards._by_topic[f"user:{dora.id}"]
        kept = [listener.__self__ for listener in listeners]
        await socket.ask("{ __typename }")
        assert [each.context.viewer.expires_at.isoformat()[:19] for each in kept] == [renewed[:19]]


async def test_who_cannot_be_looked_up_just_now_is_told_to_try_again_and_leaves_nothing_behind(
    house: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[object] = []
    forget = Sockets.forget

    def forgotten(self: Sockets, socket: Any) -> None:
        forget(self, socket)
        ended.append(socket not in self._open)

    async def failing(self: Viewers, header: object) -> Any:
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

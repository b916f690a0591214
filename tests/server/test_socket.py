"""Who a socket belongs to, and what it is counted as. The protocol itself stands in test_protocol.py."""

from typing import Any

import pytest

from kit.errors import Unavailable
from tests.conftest import Served
from tests.people import People, Person
from tests.sockets import EVENTS, Closed, Socket

INIT = {"type": "connection_init"}
ME = "{ me { id } }"


async def opened(person: Person) -> Socket:
    """A socket that has said nothing yet."""
    return await person.socket().open()


async def closed(socket: Socket) -> tuple[int, str]:
    """With which code and reason the server closes; nothing else may come before."""
    with pytest.raises(Closed) as caught:
        pytest.fail(f"a frame came instead: {await socket.frame()}")
    return caught.value.code, caught.value.reason


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


async def test_the_reason_is_cut_to_what_a_frame_can_hold(people: People) -> None:
    dora = await people.one()
    id = "i" * 128
    async with dora.socket() as socket, socket.events(id=id):
        await socket.start(EVENTS, id)
        assert await closed(socket) == (4409, "Subscriber for " + "i" * 108)

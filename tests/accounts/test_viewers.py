"""What the database said of a session is believed for a second: after that what was done elsewhere shows."""

import pytest

from db.accounts.users import Role
from resolvers.accounts import viewers
from tests.accounts.signing import INSUFFICIENT, INVALID, ME, Hand, refusal, rows
from tests.people import People

USERS = "{ users(first: 1) { nodes { id } } }"
PROMOTE = "update user_account set role = 'ADMIN' where id = :id"


async def test_a_role_changed_in_the_database_shows_after_a_second(timed: People, clock: Hand) -> None:
    dora = await timed.one()
    assert refusal(await dora.ask(USERS)) == INSUFFICIENT
    await rows(timed, PROMOTE, id=dora.id)
    clock.forward(milliseconds=999)
    assert refusal(await dora.ask(USERS)) == INSUFFICIENT
    clock.forward(milliseconds=1)
    assert "errors" not in (await dora.ask(USERS)).body


async def test_a_role_changed_in_the_database_shows_on_an_open_socket_too(timed: People, clock: Hand) -> None:
    dora = await timed.one()
    async with dora.socket() as socket:
        await rows(timed, PROMOTE, id=dora.id)
        clock.forward(seconds=1)
        assert "errors" not in await socket.ask(USERS)


async def test_a_role_lost_in_the_database_is_lost_after_a_second(timed: People, clock: Hand) -> None:
    dora = await timed.one(Role.ADMIN)
    assert "errors" not in (await dora.ask(USERS)).body
    await rows(timed, "update user_account set role = 'USER' where id = :id", id=dora.id)
    clock.forward(seconds=1)
    assert refusal(await dora.ask(USERS)) == INSUFFICIENT


async def test_a_session_ended_in_the_database_ends_after_a_second(timed: People, clock: Hand) -> None:
    dora = await timed.one()
    assert (await dora.ask(ME)).data["me"]["id"] == dora.id
    await rows(timed, "update session set revoked_at = now() where id = :id", id=dora.session_id)
    clock.forward(seconds=1)
    assert refusal(await dora.ask(ME)) == INVALID


async def test_what_is_asked_often_is_believed_no_longer(timed: People, clock: Hand) -> None:
    dora = await timed.one()
    assert (await dora.ask(ME)).data["me"]["role"] == "USER"
    await rows(timed, PROMOTE, id=dora.id)
    for _ in range(3):
        clock.forward(milliseconds=300)
        assert refusal(await dora.ask(USERS)) == INSUFFICIENT
    clock.forward(milliseconds=100)
    assert "errors" not in (await dora.ask(USERS)).body


async def test_of_too_many_sessions_the_least_recently_seen_is_asked_for_anew(
    timed: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewers, "REMEMBERED", 2)
    dora, sam, kim = await timed.one(), await timed.one(), await timed.one()
    for person in (dora, sam, dora, kim):
        assert (await person.ask(ME)).data["me"]["id"] == person.id
    for person in (dora, sam):
        await rows(timed, PROMOTE, id=person.id)
    assert refusal(await dora.ask(USERS)) == INSUFFICIENT, "remembered still"
    assert "errors" not in (await sam.ask(USERS)).body

"""A foreign token belongs to a session here, which is listed and ended like any other."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from kit.settings import Settings
from server.housekeeping import tidy
from tests.accounts.issuer import Issuer, bearer, trusting
from tests.accounts.signing import INVALID, ME, Hand, email_of, fresh, member, refresh, refusal, rows, sign_in
from tests.conftest import url_of
from tests.losing import Loss, losing
from tests.people import People, Person
from tests.sockets import Closed

SESSIONS = "{ sessions { totalCount nodes { id current userAgent expiresAt } } }"
LOGOUT = "mutation { logout { deletedId } }"
EVERYWHERE = "mutation { logoutEverywhere }"
REVOKE = "mutation ($id: ID!) { revokeSession(id: $id) { deletedId } }"
RENEW = "mutation ($token: String!) { renewConnection(accessToken: $token) { expiresAt } }"


async def listed(person: Person) -> Any:
    return (await person.ask(SESSIONS)).data["sessions"]["nodes"]


async def ok(person: Person) -> bool:
    answer = await person.ask(ME)
    if "errors" in answer.body:
        assert refusal(answer) == INVALID
    return "errors" not in answer.body


async def test_a_foreign_session_is_listed(trusted: People, issuer: Issuer, clock: Hand) -> None:
    dora = bearer(trusted, issuer.token(fresh("sub"), exp=int(clock.at.timestamp()) + 600))
    [session] = await listed(dora)
    assert session["current"] is True
    assert session["userAgent"].startswith("python-httpx")
    row = await trusted.row(session["id"])
    assert int((row["expires_at"] - clock.at) / timedelta(seconds=1)) in (599, 600)
    assert (row["address"], row["issuer_session"]) == ("127.0.0.1", "")


async def test_newer_tokens_go_on_with_it(trusted: People, issuer: Issuer, clock: Hand) -> None:
    subject = fresh("sub")
    first = await listed(bearer(trusted, issuer.token(subject)))
    clock.forward(minutes=20)
    [session] = await listed(bearer(trusted, issuer.token(subject)))
    assert session["id"] == first[0]["id"]
    assert session["expiresAt"] > first[0]["expiresAt"]
    row = await trusted.row(session["id"])
    assert (row["last_used_at"], row["created_at"]) == (clock.at, clock.at - timedelta(minutes=20))


async def test_a_token_seen_before_writes_nothing(trusted: People, issuer: Issuer, clock: Hand) -> None:
    dora = bearer(trusted, issuer.token(fresh("sub")))
    [session] = await listed(dora)
    where = "select xmin::text from session where id = :id"
    before = await rows(trusted, where, id=session["id"])
    clock.forward(minutes=11)
    assert await ok(dora)
    assert await rows(trusted, where, id=session["id"]) == before


async def test_each_session_that_the_issuer_names_is_one_here(trusted: People, issuer: Issuer) -> None:
    subject = fresh("sub")
    phone, laptop = (bearer(trusted, issuer.token(subject, sid=sid)) for sid in ("phone", "laptop"))
    assert len(await listed(phone)) == 1
    assert [session["current"] for session in await listed(laptop)].count(True) == 1
    assert len(await listed(phone)) == 2


async def test_who_logs_out_is_out_until_a_token_issued_later(trusted: People, issuer: Issuer, clock: Hand) -> None:
    """Where the issuer names no session; the old tokens stay refused beside the new one."""
    subject = fresh("sub")
    dora, unseen = bearer(trusted, issuer.token(subject)), bearer(trusted, issuer.token(subject, jti="2"))
    assert await ok(dora)
    clock.forward(seconds=5)
    assert "errors" not in (await dora.ask(LOGOUT)).body
    assert not await ok(dora)
    assert not await ok(unseen)
    clock.forward(seconds=2)
    new = bearer(trusted, issuer.token(subject))
    assert await ok(new)
    assert [session["current"] for session in await listed(new)] == [True]
    assert not await ok(dora)
    assert not await ok(unseen)
    clock.forward(minutes=11)
    assert not await ok(unseen)


async def test_a_session_that_the_issuer_names_stays_ended(trusted: People, issuer: Issuer, clock: Hand) -> None:
    """A stolen device that renews its tokens over there does not come back; others are untouched."""
    subject = fresh("sub")
    phone, laptop = (bearer(trusted, issuer.token(subject, sid=sid)) for sid in ("phone", "laptop"))
    assert await ok(laptop)
    [stolen] = [session["id"] for session in await listed(phone) if session["current"]]
    assert "errors" not in (await laptop.ask(REVOKE, id=stolen)).body
    for _ in range(3):
        clock.forward(minutes=10)
        assert not await ok(bearer(trusted, issuer.token(subject, sid="phone")))
        assert await ok(bearer(trusted, issuer.token(subject, sid="laptop")))


async def test_an_end_concerns_what_the_issuers_clock_says_is_of_later(
    trusted: People, issuer: Issuer, clock: Hand
) -> None:
    """It may go ahead by some seconds: what was shown before the end is ended, what is issued after it is not."""
    subject, at = fresh("sub"), int(clock.at.timestamp())
    dora = bearer(trusted, issuer.token(subject))
    assert await ok(dora)
    ahead = bearer(trusted, issuer.token(subject, iat=at + 20, exp=at + 100))
    assert await ok(ahead)
    clock.forward(seconds=2)
    assert "errors" not in (await dora.ask(LOGOUT)).body
    later = bearer(trusted, issuer.token(subject, iat=at + 22))
    assert [await ok(one) for one in (dora, ahead, later)] == [False, False, True]
    clock.forward(minutes=11)
    tokens = [issuer.token(subject, iat=at + 20), str(ahead.token)]
    assert [await ok(bearer(trusted, token)) for token in tokens] == [False, False]


async def test_an_issuer_that_signs_as_often_as_it_is_asked_to_begins_no_end_of_sessions(
    trusted: People, issuer: Issuer, clock: Hand
) -> None:
    subject, ends = fresh("sub"), int(clock.at.timestamp()) + 600
    tokens = [issuer.token(subject, "HS256", iat=None, exp=ends + more) for more in range(61)]
    people = [bearer(trusted, token) for token in tokens]
    assert [await ok(person) for person in people[:60]] == [True] * 60
    answer = await people[60].ask(ME)
    assert (answer.code, answer.error["extensions"]["retryAfter"] > 0) == ("RATE_LIMITED", True)
    assert await ok(people[59])
    assert await ok(bearer(trusted, issuer.token(fresh("sub")))), "others begin theirs"
    begun = "select count(*) from session s join identity i on i.id = s.identity_id where i.subject = :sub"
    assert await rows(trusted, begun, sub=subject) == [(60,)]


async def test_without_names_and_times_each_token_is_its_own_session(
    trusted: People, issuer: Issuer, clock: Hand
) -> None:
    subject, at = fresh("sub"), int(clock.at.timestamp())
    first, second = (bearer(trusted, issuer.token(subject, iat=None, exp=at + more)) for more in (600, 601))
    assert await ok(first)
    assert "errors" not in (await first.ask(LOGOUT)).body
    assert (await ok(first), await ok(second)) == (False, True)


async def test_all_are_ended_with_the_others(trusted: People, issuer: Issuer) -> None:
    subject = fresh("sub")
    devices = [bearer(trusted, issuer.token(subject, sid=sid)) for sid in ("a", "b", "c")]
    for device in devices:
        assert await ok(device)
    assert (await devices[0].ask(EVERYWHERE)).data == {"logoutEverywhere": 3}
    assert [await ok(device) for device in devices] == [False] * 3


async def test_an_ended_session_is_kept_as_long_as_its_tokens_could_be_good(
    trusted: People, issuer: Issuer, clock: Hand
) -> None:
    ends = int((clock.at + timedelta(days=20)).timestamp())
    subject = fresh("sub")
    dora = bearer(trusted, issuer.token(subject, sid="phone", exp=ends))
    [session] = await listed(dora)
    await dora.ask(LOGOUT)
    clock.forward(days=19)
    await tidy(trusted.services)
    assert not await ok(bearer(trusted, issuer.token(subject, sid="phone", exp=ends + 1)))
    clock.forward(days=9)
    await tidy(trusted.services)
    assert await trusted.row(session["id"]) == {}


async def test_an_end_in_one_process_shows_in_the_others(trusted: People, issuer: Issuer, settings: Settings) -> None:
    token = issuer.token(fresh("sub"))
    async with trusting(settings, issuer) as elsewhere:
        here, there = bearer(trusted, token), bearer(elsewhere, token)
        assert await ok(here)
        async with there.socket() as socket:
            assert "errors" not in await socket.ask(ME)
            await here.ask(LOGOUT)
            with pytest.raises(Closed) as closed:
                await socket.frame()
        assert (closed.value.code, closed.value.reason) == (4401, "Invalid or expired token")
        assert not await ok(there)


async def test_a_socket_begins_with_a_foreign_token_and_goes_on_with_another(
    trusted: People, issuer: Issuer, clock: Hand
) -> None:
    subject, at = fresh("sub"), int(clock.at.timestamp())
    dora = bearer(trusted, issuer.token(subject, exp=at + 60))
    async with dora.socket() as socket, socket.events() as events:
        sam = issuer.token(fresh("sub"))
        for token, code in ((sam, "FORBIDDEN"), ("x", "UNAUTHENTICATED"), (str(dora.token) + "x", "UNAUTHENTICATED")):
            answer = await socket.ask(RENEW, token=token)
            assert answer["errors"][0]["extensions"]["code"] == code
        assert "errors" not in await socket.ask(RENEW, token=issuer.token(subject, exp=at + 120))
        clock.forward(seconds=61)
        task = await bearer(trusted, issuer.token(subject)).task("Still here")
        assert (await events.next())["task"]["id"] == task["id"]


async def test_who_is_seen_first_when_another_renews_their_connection_has_nothing_of_them(
    trusted: People, issuer: Issuer
) -> None:
    subject = fresh("sub")
    async with bearer(trusted, issuer.token(fresh("sub"))).socket() as socket:
        answer = await socket.ask(RENEW, token=issuer.token(subject))
        assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    seen = "select kind, actor_id from event where entity_id = (select user_id from identity where subject = :sub)"
    assert await rows(trusted, seen, sub=subject) == [("ADDED", None)]


async def test_the_last_of_a_foreign_token_closes_its_socket(trusted: People, issuer: Issuer, clock: Hand) -> None:
    dora = bearer(trusted, issuer.token(fresh("sub"), exp=int(clock.at.timestamp()) + 1))
    async with dora.socket() as socket:
        clock.forward(seconds=1)
        with pytest.raises(Closed) as closed:
            await socket.frame()
    assert (closed.value.code, closed.value.reason) == (4401, "The access token has expired")


async def test_a_socket_with_a_bad_foreign_token_is_closed(trusted: People, issuer: Issuer) -> None:
    bad = bearer(trusted, issuer.token(fresh("sub"), iss="https://evil.example/"))
    socket = await bad.socket().open()
    await socket.send({"type": "connection_init", "payload": {"authorization": f"Bearer {bad.token}"}})
    with pytest.raises(Closed) as closed:
        await socket.frame()
    assert (closed.value.code, closed.value.reason) == (4401, "Invalid or expired token")


async def test_access_and_refresh_tokens_do_not_stand_for_each_other(trusted: People, issuer: Issuer) -> None:
    dora, refresh_token = await sign_in(await member(trusted))
    theirs = issuer.token(fresh("sub"), "HS256")
    assert await ok(bearer(trusted, theirs))
    assert refusal(await bearer(trusted, refresh_token).ask(ME)) == INVALID
    for token in (str(dora.token), theirs):
        assert refusal(await refresh(trusted, token)) == INVALID
    assert await ok(dora)


async def test_who_is_ended_and_seen_at_the_same_moment_ends(trusted: People, issuer: Issuer, clock: Hand) -> None:
    """Newer tokens of a session race with its end."""
    subject, at = fresh("sub"), int(clock.at.timestamp())
    dora = bearer(trusted, issuer.token(subject, sid="phone"))
    assert await ok(dora)
    newer = [bearer(trusted, issuer.token(subject, sid="phone", exp=at + 1_000 + more)) for more in range(20)]
    await asyncio.gather(dora.ask(LOGOUT), *(ok(one) for one in newer))
    assert [await ok(one) for one in newer] == [False] * 20


@pytest.mark.parametrize("taken", [False, True], ids=["", "whose address is another's"])
async def test_one_whose_welcome_may_be_lost_is_asked_to_come_again(
    settings: Settings, issuer: Issuer, taken: bool
) -> None:
    """They are told nothing of an outcome: what they asked for has not begun."""
    async with (
        losing(url_of(settings)) as (way, url),
        trusting(settings, issuer, database_url=SecretStr(url)) as people,
    ):
        subject, email = fresh("sub"), email_of(await people.one()) if taken else f"{fresh('dora')}@example.org"
        token = issuer.token(subject, email=email, email_verified=True)
        way.of, person = subject.encode(), bearer(people, token)
        for loss in Loss.QUESTION, Loss.ANSWER:
            way.loss = loss
            refused = await person.ask(ME)
            assert (refused.status, refused.code) == (503, "UNAVAILABLE")
            assert "reason" not in refused.error["extensions"]
        assert (await person.ask(ME)).data["me"]["role"] == "USER"

"""Refresh tokens: each counts once, and one that comes a second time ends its session."""

import asyncio
from datetime import timedelta

import pytest

from tests.accounts.signing import (
    INVALID,
    ME,
    Hand,
    claims,
    email_of,
    entries,
    login,
    member,
    refresh,
    refusal,
    rows,
    sign_in,
    with_tokens,
)
from tests.people import People

LOGOUT = "mutation { logout { deletedId } }"
DELETE = "mutation ($id: ID!) { deleteUser(id: $id) { deletedId } }"


async def test_a_refresh_token_gives_new_tokens_of_the_same_session(people: People) -> None:
    dora, token = await sign_in(await member(people))
    payload = (await refresh(people, token)).data["refreshToken"]
    assert payload["user"] == {"id": dora.id, "role": "USER"}
    assert payload["expiresIn"] == 1800
    assert payload["refreshToken"] != token
    again, _ = with_tokens(dora, payload)
    assert again.session_id == dora.session_id
    assert (await again.ask(ME)).data["me"]["id"] == dora.id


async def test_it_goes_on_from_token_to_token(people: People) -> None:
    dora, token = await sign_in(await member(people))
    for _ in range(3):
        dora, token = with_tokens(dora, (await refresh(people, token)).data["refreshToken"])
    assert (await dora.ask(ME)).data["me"]["id"] == dora.id


async def test_the_access_token_before_lives_out_its_time(people: People) -> None:
    dora, token = await sign_in(await member(people))
    await refresh(people, token)
    assert (await dora.ask(ME)).data["me"]["id"] == dora.id


async def test_a_refresh_token_counts_once(people: People) -> None:
    _, token = await sign_in(await member(people))
    await refresh(people, token)
    assert refusal(await refresh(people, token)) == INVALID


async def test_reuse_ends_the_session_for_the_newest_refresh_token_too(people: People) -> None:
    _, first = await sign_in(await member(people))
    second = (await refresh(people, first)).data["refreshToken"]["refreshToken"]
    await refresh(people, first)
    assert refusal(await refresh(people, second)) == INVALID


async def test_reuse_ends_the_session_for_every_access_token_at_once(people: People) -> None:
    dora, first = await sign_in(await member(people))
    newer, _ = with_tokens(dora, (await refresh(people, first)).data["refreshToken"])
    assert (await newer.ask(ME)).data["me"]["id"] == dora.id
    await refresh(people, first)
    assert refusal(await newer.ask(ME)) == INVALID
    assert refusal(await dora.ask(ME)) == INVALID


async def test_reuse_of_a_token_from_long_ago_is_noticed(people: People) -> None:
    dora, first = await sign_in(await member(people))
    token = first
    for _ in range(3):
        dora, token = with_tokens(dora, (await refresh(people, token)).data["refreshToken"])
    await refresh(people, first)
    assert refusal(await dora.ask(ME)) == INVALID


async def test_reuse_leaves_one_entry_in_the_audit(people: People) -> None:
    dora, token = await sign_in(await member(people))
    for _ in range(3):
        await refresh(people, token)
    assert await entries(people, dora.id) == [
        ("session.login", dora.id, dora.session_id, "127.0.0.1"),
        ("session.reuse", dora.id, dora.session_id, "127.0.0.1"),
    ]


async def test_reuse_leaves_the_other_sessions_alone(people: People) -> None:
    dora = await member(people)
    (_, stolen), (laptop, other) = await sign_in(dora), await sign_in(dora)
    await refresh(people, stolen)
    await refresh(people, stolen)
    assert (await laptop.ask(ME)).data["me"]["id"] == dora.id
    assert (await refresh(people, other)).data["refreshToken"]["user"]["id"] == dora.id


@pytest.mark.parametrize("at_once", [2, 5])
async def test_of_uses_at_the_same_moment_no_more_than_one_counts(people: People, at_once: int) -> None:
    dora, token = await sign_in(await member(people))
    answers = await asyncio.gather(*(refresh(people, token) for _ in range(at_once)))
    won = [answer for answer in answers if "errors" not in answer.body]
    lost = [answer for answer in answers if "errors" in answer.body]
    assert len(won) <= 1
    assert [refusal(answer) for answer in lost] == [INVALID] * len(lost)
    statement = "select count(*) from refresh_token where session_id = :id and used_at is null"
    assert await rows(people, statement, id=dora.session_id) == [(len(won),)]
    for answer in won:
        newest = answer.data["refreshToken"]["refreshToken"]
        assert refusal(await refresh(people, newest)) == INVALID, "one of the two was a thief: the session ends"


async def test_it_works_with_an_access_token_that_has_expired(timed: People, clock: Hand) -> None:
    dora, token = await sign_in(await member(timed))
    clock.forward(minutes=31)
    assert refusal(await dora.ask(ME)) == INVALID
    payload = (await refresh(timed, token, **dora.headers)).data["refreshToken"]
    again, _ = with_tokens(dora, payload)
    assert (await again.ask(ME)).data["me"]["id"] == dora.id


async def test_it_answers_with_whose_token_it_is_not_with_who_asks(people: People) -> None:
    dora, token = await sign_in(await member(people))
    sam = await people.one()
    assert (await refresh(people, token, **sam.headers)).data["refreshToken"]["user"]["id"] == dora.id


async def test_a_session_ends_thirty_days_after_its_last_use(timed: People, clock: Hand) -> None:
    _, token = await sign_in(await member(timed))
    clock.forward(days=30)
    assert refusal(await refresh(timed, token)) == INVALID


async def test_a_second_before_that_it_can_be_used(timed: People, clock: Hand) -> None:
    dora, token = await sign_in(await member(timed))
    clock.forward(days=30, seconds=-1)
    assert (await refresh(timed, token)).data["refreshToken"]["user"]["id"] == dora.id


async def test_each_use_gives_the_session_another_thirty_days(timed: People, clock: Hand) -> None:
    dora, token = await sign_in(await member(timed))
    used = clock.forward(days=20)
    token = (await refresh(timed, token)).data["refreshToken"]["refreshToken"]
    session = await timed.row(str(dora.session_id))
    assert (session["last_used_at"], session["expires_at"]) == (used, used + timedelta(days=30))
    clock.forward(days=20)
    assert (await refresh(timed, token)).data["refreshToken"]["user"]["id"] == dora.id


async def test_the_new_access_token_says_what_is_so_now(people: People) -> None:
    dora, token = await sign_in(await member(people))
    statement = "update user_account set role = 'AGENT', email = :email where id = :id"
    await rows(people, statement, email=f"new.{email_of(dora)}", id=dora.id)
    payload = (await refresh(people, token)).data["refreshToken"]
    told = claims(payload["accessToken"])
    assert (told["role"], told["email"]) == ("AGENT", f"new.{email_of(dora)}")
    assert payload["user"]["role"] == "AGENT"


@pytest.mark.parametrize("token", ["", " ", "nonsense", "\0", "x" * 100_000])
async def test_what_is_no_refresh_token_is_refused(people: People, token: str) -> None:
    assert refusal(await refresh(people, token)) == INVALID


async def test_an_access_token_is_no_refresh_token(people: People) -> None:
    dora, _ = await sign_in(await member(people))
    assert dora.token is not None
    assert refusal(await refresh(people, dora.token)) == INVALID


async def test_a_refresh_token_is_no_access_token(people: People) -> None:
    _, token = await sign_in(await member(people))
    response = await people.http.post("/graphql", json={"query": ME}, headers={"authorization": f"Bearer {token}"})
    assert response.json()["errors"][0]["message"] == "Invalid or expired token"


async def test_after_logging_out_it_is_refused(people: People) -> None:
    dora, token = await sign_in(await member(people))
    await dora.ask(LOGOUT)
    assert refusal(await refresh(people, token)) == INVALID
    assert ("session.reuse", dora.id, dora.session_id, "127.0.0.1") not in await entries(people, dora.id)


async def test_the_refresh_token_of_somebody_deleted_is_refused(people: People) -> None:
    dora, token = await sign_in(await member(people))
    await dora.ask(DELETE, id=dora.id)
    assert refusal(await refresh(people, token)) == INVALID


async def test_a_session_ended_by_reuse_does_not_hinder_a_new_sign_in(people: People) -> None:
    dora, token = await sign_in(await member(people))
    await refresh(people, token)
    await refresh(people, token)
    assert "errors" not in (await login(people, email_of(dora))).body

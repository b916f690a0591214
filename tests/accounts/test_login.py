"""Signing in: by which names, with what result, and that a refusal says nothing."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pwdlib import PasswordHash

from db.accounts.users import Role
from kit.settings import Settings
from tests.accounts.signing import (
    CHEAP,
    LOGIN,
    ME,
    PASSWORD,
    WRONG,
    Hand,
    claims,
    email_of,
    entries,
    fresh,
    login,
    member,
    refusal,
    rows,
    sign_in,
)
from tests.conftest import Served, served
from tests.people import Answer, People


async def sessions_of(people: People, user_id: str) -> int:
    [(number,)] = await rows(people, "select count(*) from session where user_id = :id", id=user_id)
    assert isinstance(number, int)
    return number


async def test_an_e_mail_address_and_its_password_sign_in(people: People) -> None:
    dora = await member(people, email=f"{fresh('dora')}@example.org")
    payload = (await login(people, email_of(dora))).data["login"]
    assert payload["user"] == {"id": dora.id, "role": "USER"}
    assert payload["expiresIn"] == 1800


async def test_a_user_name_and_its_password_sign_in(people: People) -> None:
    name = fresh("dora.k")
    dora = await member(people, username=name)
    assert (await login(people, name)).data["login"]["user"]["id"] == dora.id


async def test_case_and_blanks_around_an_e_mail_address_do_not_count(people: People) -> None:
    name = fresh("dora")
    dora = await member(people, email=f"{name}@example.org")
    assert (await login(people, f" {name.upper()}@Example.ORG\n")).data["login"]["user"]["id"] == dora.id


async def test_case_and_blanks_around_a_user_name_do_not_count(people: People) -> None:
    name = fresh("dora")
    dora = await member(people, username=name)
    assert (await login(people, f"\t{name.title()} ")).data["login"]["user"]["id"] == dora.id


@pytest.mark.parametrize("domain", ["xn--bcher-kva.example", "bu\u0308cher.example"])
async def test_an_address_signs_in_as_it_was_typed_when_it_was_registered(people: People, domain: str) -> None:
    admin, typed = await people.one(Role.ADMIN), f"{fresh('dora')}@{domain}"
    query = "mutation ($input: RegisterInput!) { register(input: $input) { id email } }"
    answer = await admin.ask(query, input={"email": typed, "name": "Dora", "password": PASSWORD})
    dora = answer.data["register"]
    assert dora["email"].endswith("@bücher.example")
    assert (await login(people, typed)).data["login"]["user"]["id"] == dora["id"]


async def test_the_access_token_signs_its_requests(people: People) -> None:
    dora, _ = await sign_in(await member(people))
    assert (await dora.ask(ME)).data == {"me": {"id": dora.id, "role": "USER"}}


async def test_a_socket_signs_in_too(people: People) -> None:
    dora = await member(people)
    async with people.nobody.socket() as socket:
        payload = await socket.ask(LOGIN, identifier=email_of(dora), password=PASSWORD)
    assert payload["data"]["login"]["user"]["id"] == dora.id


async def test_signing_in_does_not_mind_a_token_that_is_no_longer_good(people: People) -> None:
    dora = await member(people)
    answer = await login(people, email_of(dora), authorization="Bearer nonsense")
    assert answer.data["login"]["user"]["id"] == dora.id


async def test_signing_in_as_another_answers_with_the_other(people: People) -> None:
    dora, sam = await member(people), await people.one()
    answer = await login(people, email_of(dora), **sam.headers)
    assert answer.data["login"]["user"]["id"] == dora.id
    assert (await sam.ask(ME)).data["me"]["id"] == sam.id


async def test_the_access_token_says_who_which_session_and_until_when(timed: People, clock: Hand) -> None:
    dora, _ = await sign_in(await member(timed, email=f"{fresh('dora')}@example.org"))
    assert dora.token is not None
    began = int(clock.at.timestamp())
    assert claims(dora.token) == {
        "sub": dora.id,
        "email": email_of(dora),
        "role": "USER",
        "type": "access",
        "aud": "parlor",
        "iss": "parlor",
        "sid": dora.session_id,
        "iat": began,
        "exp": began + 30 * 60,
    }


async def test_a_sign_in_leaves_a_session_of_thirty_days(timed: People, clock: Hand) -> None:
    dora = await member(timed)
    answer = await login(timed, email_of(dora), **{"user-agent": "Parlor's tests"})
    session = await timed.row(claims(answer.data["login"]["accessToken"])["sid"])
    assert session | {"id": None} == {
        "id": None,
        "user_id": dora.id,
        "user_agent": "Parlor's tests",
        "address": "127.0.0.1",
        "last_used_at": clock.at,
        "expires_at": clock.at + timedelta(days=30),
        "revoked_at": None,
        "identity_id": None,
        "issuer_session": None,
        "created_at": clock.at,
        "updated_at": clock.at,
        "version": 1,
    }


async def test_each_sign_in_is_a_session_of_its_own(people: People) -> None:
    dora = await member(people)
    (phone, _), (laptop, _) = await sign_in(dora), await sign_in(dora)
    assert len({dora.session_id, phone.session_id, laptop.session_id}) == 3
    assert (await phone.ask(ME)).data == (await laptop.ask(ME)).data


async def test_of_a_long_user_agent_300_characters_are_kept(people: People) -> None:
    dora = await member(people)
    answer = await login(people, email_of(dora), **{"user-agent": "x" * 301})
    session = await people.row(claims(answer.data["login"]["accessToken"])["sid"])
    assert session["user_agent"] == "x" * 300


async def test_neither_the_password_nor_the_refresh_token_is_kept(people: People) -> None:
    dora = await people.one(password=PASSWORD)
    _, token = await sign_in(dora)
    assert (await people.row(dora.id))["password_hash"].startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    statement = "select digest = sha256(:token) from refresh_token join session s on s.id = session_id"
    assert await rows(people, f"{statement} where user_id = :id", token=token.encode(), id=dora.id) == [(True,)]


async def test_every_refusal_is_the_same(people: People) -> None:
    dora, guest = await member(people), await people.one()
    tries = [(email_of(dora), "wrong"), ("nobody@example.org", PASSWORD), (email_of(guest), PASSWORD)]

    def told(answer: Answer) -> Any:
        varying = {"traceId": None, "timestamp": None}
        return answer.status, answer.body | {"errors": [answer.error | {"extensions": _told(answer) | varying}]}

    first, *others = [told(await login(people, *tried)) for tried in tries]
    assert first[1]["errors"][0]["message"] == "Wrong name or password"
    assert first[1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert first[1]["data"] is None
    assert others == [first, first]


def _told(answer: Answer) -> dict[str, Any]:
    extensions: dict[str, Any] = answer.error["extensions"]
    return extensions


@pytest.mark.parametrize("password", ["", f" {PASSWORD}", f"{PASSWORD} ", PASSWORD.upper(), f"{PASSWORD}\0"])
async def test_a_password_is_taken_to_the_letter(people: People, password: str) -> None:
    dora = await member(people)
    assert refusal(await login(people, email_of(dora), password)) == WRONG
    assert await sessions_of(people, dora.id) == 1


async def test_what_follows_the_200th_character_of_a_password_counts(people: People) -> None:
    dora = await people.one(password="x" * 200)
    assert refusal(await login(people, email_of(dora), "x" * 201)) == WRONG
    assert "errors" not in (await login(people, email_of(dora), "x" * 200)).body


@pytest.mark.parametrize("identifier", ["", " ", "@", "%", "\0", "' or true --", "x" * 100_000])
async def test_a_name_that_cannot_be_one_is_a_wrong_name(people: People, identifier: str) -> None:
    assert refusal(await login(people, identifier)) == WRONG


@pytest.mark.parametrize(
    "hash",
    [
        *("", "x", PASSWORD, "$2b$12$" + "x" * 53, "$argon2id$"),
        pytest.param(CHEAP[:-1], id="cut by one"),
        pytest.param(CHEAP[:40], id="cut to forty"),
    ],
)
async def test_what_is_no_hash_of_ours_fits_no_password(people: People, hash: str) -> None:
    dora = await people.one()
    await rows(people, "update user_account set password_hash = :hash where id = :id", hash=hash, id=dora.id)
    assert refusal(await login(people, email_of(dora))) == WRONG


async def test_known_or_not_one_hash_is_reckoned(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time tells nobody whether an account exists, not even on a server that has just started."""
    run: list[str] = []

    def count(name: str) -> None:
        real = getattr(PasswordHash, name)

        def counted(*given: Any) -> Any:
            run.append(name)
            return real(*given)

        monkeypatch.setattr(PasswordHash, name, counted)

    async with served(settings) as fresh_house:
        dora, guest = await member(fresh_house.people), await fresh_house.people.one()
        count("hash")
        count("verify")
        numbers = []
        for identifier in ("nobody@example.org", email_of(dora), email_of(guest), "nobody@example.org"):
            run.clear()
            assert refusal(await login(fresh_house.people, identifier, "wrong")) == WRONG
            numbers.append(len(run))
    assert numbers == [1, 1, 1, 1]


async def test_the_audit_knows_who_signed_in_and_from_where(people: People) -> None:
    dora, _ = await sign_in(await member(people))
    assert await entries(people, dora.id) == [("session.login", dora.id, dora.session_id, "127.0.0.1")]


async def test_the_audit_knows_whose_password_was_wrong(people: People) -> None:
    dora = await member(people)
    await login(people, email_of(dora), "wrong")
    assert await entries(people, dora.id) == [("session.login.failed", None, dora.id, "127.0.0.1")]


async def test_the_audit_knows_of_tries_to_sign_in_as_nobody(people: People) -> None:
    trace_id = _told(await login(people, "nobody@example.org"))["traceId"]
    assert await entries(people, trace_id) == [("session.login.failed", None, None, "127.0.0.1")]


async def test_a_password_that_changes_while_it_is_checked_does_not_sign_in(house: Served) -> None:
    people, turns = house.people, house.services.passwords._turns
    dora = await member(people)
    taken = house.services.settings.password_hash_concurrency
    for _ in range(taken):
        await turns.acquire()
    trying = asyncio.create_task(login(people, email_of(dora)))
    while not turns._waiters:
        assert not trying.done(), "it did not wait for its turn"
        await asyncio.sleep(0)
    await rows(people, "update user_account set password_hash = 'another' where id = :id", id=dora.id)
    for _ in range(taken):
        turns.release()
    answer = await trying
    assert await sessions_of(people, dora.id) == 1
    assert refusal(answer) == WRONG

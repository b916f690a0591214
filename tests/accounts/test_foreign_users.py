"""Whoever another issuer speaks of is somebody here, from the first time on."""

import asyncio
from typing import Any

import pytest
from pydantic import SecretStr

from db.accounts.users import Role
from kit.settings import Settings
from tests.accounts.issuer import AUDIENCE, NAME, SHARED, Issuer, bearer, trusting
from tests.accounts.signing import INVALID, ME, Hand, email_of, entries, fresh, refusal, rows
from tests.people import People, Person

WHO = "{ me { id role name email username timeZone } }"
DELETE = "mutation ($id: ID!) { deleteUser(id: $id) { deletedId } }"


async def who(people: People, token: str) -> Any:
    return (await bearer(people, token).ask(WHO)).data["me"]


async def seen(people: People, issuer: Issuer, **claims: Any) -> Any:
    """Somebody new, as they see themselves."""
    return await who(people, issuer.token(fresh("sub"), **claims))


async def test_who_is_seen_first_becomes_a_user(trusted: People, issuer: Issuer, clock: Hand) -> None:
    subject, email = fresh("sub"), f"{fresh('dora')}@example.org"
    found = await who(trusted, issuer.token(subject, email=email.upper(), email_verified=True, name=" Dora "))
    id = found["id"]
    assert found == {"id": id, "role": "USER", "name": "Dora", "email": email, "username": None, "timeZone": "UTC"}
    assert await rows(trusted, "select user_id, open from identity where subject = :sub", sub=subject) == [(id, False)]
    assert (await trusted.row(id))["password_hash"] is None
    assert await entries(trusted, id) == [("user.first_seen", id, id, "127.0.0.1")]


async def test_and_stays_the_same_from_then_on(trusted: People, issuer: Issuer, clock: Hand) -> None:
    """What later tokens say of name and e-mail changes nothing: that is theirs to do here."""
    subject = fresh("sub")
    first = await who(trusted, issuer.token(subject, name="Dora"))
    clock.forward(seconds=5)
    later: dict[str, Any] = {"name": "Another", "email": f"{fresh('dora')}@example.org", "email_verified": True}
    assert await who(trusted, issuer.token(subject, **later)) == first
    assert await who(trusted, issuer.token(subject, "HS256")) == first, "however the issuer signs"


async def test_they_can_do_what_users_do(trusted: People, issuer: Issuer) -> None:
    dora, sam = bearer(trusted, issuer.token(fresh("sub"))), bearer(trusted, issuer.token(fresh("sub")))
    task = await dora.task("Water the plants")
    assert (await dora.ask("{ tasks { nodes { id } } }")).data["tasks"]["nodes"] == [{"id": task["id"]}]
    assert (await sam.ask("{ tasks { nodes { id } } }")).data["tasks"]["nodes"] == []


ROLES: list[dict[str, Any]] = [
    {"role": "SUPER_ADMIN"},
    {"roles": ["ADMIN"]},
    {"scope": "admin", "groups": ["ADMIN"], "realm_access": {"roles": ["admin"]}},
]


@pytest.mark.parametrize("claims", ROLES, ids=str)
async def test_no_token_gives_a_role(trusted: People, issuer: Issuer, claims: Any) -> None:
    assert (await seen(trusted, issuer, **claims))["role"] == "USER"


async def test_the_role_that_they_have_here_counts(trusted: People, issuer: Issuer, clock: Hand) -> None:
    token = issuer.token(fresh("sub"))
    dora = await who(trusted, token)
    await rows(trusted, "update user_account set role = 'AGENT' where id = :id", id=dora["id"])
    clock.forward(seconds=1)
    assert (await who(trusted, token))["role"] == "AGENT"


@pytest.mark.parametrize("claim", ["email_verified", "emailVerified"])
async def test_a_verified_address_is_taken(trusted: People, issuer: Issuer, claim: str) -> None:
    email = f"{fresh('dora')}@example.org"
    assert (await seen(trusted, issuer, email=email, **{claim: True}))["email"] == email


UNVERIFIED = [{}, {"email_verified": False}, {"email_verified": "true"}, {"email_verified": 1}, {"emailVerified": None}]


@pytest.mark.parametrize("claims", UNVERIFIED, ids=str)
async def test_an_address_that_is_not_verified_is_not(trusted: People, issuer: Issuer, claims: Any) -> None:
    dora = await seen(trusted, issuer, email=f"{fresh('dora')}@example.org", **claims)
    assert dora["email"] == f"{dora['id']}@foreign.invalid"


BAD = ["", "dora", "a@b", "\0@example.org", f"{'x' * 300}@example.org", 5, ["dora@example.org"], {"a": 1}]


@pytest.mark.parametrize("email", BAD, ids=lambda value: str(value)[:20])
async def test_what_is_no_address_is_not(trusted: People, issuer: Issuer, email: Any) -> None:
    dora = await seen(trusted, issuer, email=email, email_verified=True)
    assert dora["email"] == f"{dora['id']}@foreign.invalid"


@pytest.mark.parametrize("name", [None, "", "  ", "x" * 101, "a\0b", "\ud800", 5, ["Dora"]], ids=range(8))
async def test_what_is_no_name_is_not_taken(trusted: People, issuer: Issuer, name: Any) -> None:
    assert (await seen(trusted, issuer, name=name))["name"] == "New user"


async def test_nobodys_account_is_taken_over_by_its_address(trusted: People, issuer: Issuer) -> None:
    sam = await trusted.one(Role.ADMIN)
    before = await trusted.row(sam.id)
    dora = await seen(trusted, issuer, email=email_of(sam), email_verified=True)
    assert (dora["email"], dora["role"]) == (f"{dora['id']}@foreign.invalid", "USER")
    assert dora["id"] != sam.id
    assert await trusted.row(sam.id) == before


async def test_of_two_with_one_address_at_once_one_gets_it(trusted: People, issuer: Issuer) -> None:
    email = f"{fresh('dora')}@example.org"
    found = await asyncio.gather(*(seen(trusted, issuer, email=email, email_verified=True) for _ in range(8)))
    assert len({one["id"] for one in found}) == 8
    assert [one["email"] for one in found].count(email) == 1


async def test_fifty_first_requests_at_once_make_one_user_in_one_session(
    trusted: People, issuer: Issuer, settings: Settings
) -> None:
    """In two processes, by tokens that differ."""
    subject = fresh("sub")
    async with trusting(settings, issuer) as elsewhere:
        asking = [
            who(
                (trusted, elsewhere)[number % 2],
                issuer.token(subject, ("RS256", "EdDSA")[number % 3 % 2], jti=str(number)),
            )
            for number in range(50)
        ]
        found = await asyncio.gather(*asking)
    [id] = {one["id"] for one in found}
    assert await rows(trusted, "select count(*) from identity where subject = :sub", sub=subject) == [(1,)]
    assert await rows(trusted, "select count(*) from session where user_id = :id", id=id) == [(1,)]
    assert await entries(trusted, id) == [("user.first_seen", id, id, "127.0.0.1")]


async def test_subjects_of_two_issuers_are_two(settings: Settings, trusted: People, issuer: Issuer) -> None:
    subject, other = fresh("sub"), "https://other.example.org/"
    changes = {"foreign_issuer": other, "foreign_jwt_secret": SecretStr(SHARED)}
    async with trusting(settings, issuer, **changes) as elsewhere:
        theirs = await who(elsewhere, issuer.token(subject, "HS256", iss=other))
        assert refusal(await bearer(elsewhere, issuer.token(subject, "HS256", iss=NAME)).ask(ME)) == INVALID
    assert theirs["id"] != (await who(trusted, issuer.token(subject, "HS256", aud=AUDIENCE)))["id"]


async def deleted(person: Person, id: str) -> None:
    assert (await person.ask(DELETE, id=id)).data == {"deleteUser": {"deletedId": id}}


async def test_who_has_left_is_not_brought_back_by_a_token_of_before(
    trusted: People, issuer: Issuer, clock: Hand
) -> None:
    """By one of later they come as somebody new: they have signed in again."""
    subject = fresh("sub")
    dora, other = bearer(trusted, issuer.token(subject)), issuer.token(subject, jti="2")
    id = (await dora.ask(ME)).data["me"]["id"]
    await deleted(dora, id)
    for token in (dora.token, other):
        assert refusal(await bearer(trusted, str(token)).ask(ME)) == INVALID
    clock.forward(minutes=11)
    assert refusal(await bearer(trusted, other).ask(ME)) == INVALID
    assert await rows(trusted, "select user_id from identity where subject = :sub", sub=subject) == [(None,)]
    again = await who(trusted, issuer.token(subject))
    assert again["id"] != id
    assert refusal(await bearer(trusted, other).ask(ME)) == INVALID


async def test_nor_by_one_that_the_issuers_clock_says_is_of_later(trusted: People, issuer: Issuer, clock: Hand) -> None:
    """It may go ahead by half a minute; so long after leaving nobody comes back."""
    subject, at = fresh("sub"), int(clock.at.timestamp())
    dora = bearer(trusted, issuer.token(subject, iat=at + 20))
    await deleted(dora, (await dora.ask(ME)).data["me"]["id"])
    clock.forward(minutes=1)
    assert refusal(await bearer(trusted, issuer.token(subject, iat=at + 20)).ask(ME)) == INVALID
    assert (await who(trusted, issuer.token(subject)))["role"] == "USER"


async def test_many_sessions_of_somebody_new_begin_at_once(trusted: People, issuer: Issuer) -> None:
    subject = fresh("sub")
    devices = [bearer(trusted, issuer.token(subject, sid=f"device {number}")) for number in range(50)]
    answers = await asyncio.gather(*(device.ask(ME) for device in devices))
    assert len({answer.data["me"]["id"] for answer in answers}) == 1


async def test_who_leaves_while_new_sessions_begin_is_gone(trusted: People, issuer: Issuer, clock: Hand) -> None:
    subject = fresh("sub")
    dora = bearer(trusted, issuer.token(subject))
    id = (await dora.ask(ME)).data["me"]["id"]
    others = [bearer(trusted, issuer.token(subject, sid=f"device {number}")) for number in range(20)]
    clock.forward(seconds=1)
    leaving = asyncio.create_task(deleted(dora, id))
    answers = await asyncio.gather(*(other.ask(ME) for other in others))
    await leaving
    assert [answer.status for answer in answers] == [200] * 20
    assert {refusal(answer) for answer in answers if "errors" in answer.body} <= {INVALID}
    for other in others:
        assert refusal(await other.ask(ME)) == INVALID
    left = "select count(*) from session s join identity i on i.id = s.identity_id where i.subject = :sub"
    assert await rows(trusted, left, sub=subject) == [(0,)]


@pytest.mark.parametrize("by", ["administrator", "hand"])
async def test_who_was_sent_away_does_not_come_back(trusted: People, issuer: Issuer, clock: Hand, by: str) -> None:
    subject = fresh("sub")
    id = (await who(trusted, issuer.token(subject)))["id"]
    if by == "administrator":
        await deleted(await trusted.one(Role.ADMIN), id)
    else:
        await rows(trusted, "delete from user_account where id = :id", id=id)
    clock.forward(days=30)
    for _ in range(2):
        assert refusal(await bearer(trusted, issuer.token(subject)).ask(ME)) == INVALID
    assert await rows(trusted, "select user_id from identity where subject = :sub", sub=subject) == [(None,)]
    await rows(trusted, "update identity set open = true where subject = :sub", sub=subject)
    assert (await who(trusted, issuer.token(subject)))["id"] != id, "but as an operator lets them"


async def test_an_operator_links_a_subject_to_a_user_who_is_there(trusted: People, issuer: Issuer) -> None:
    """As docs/operations.md has it."""
    sam, subject = await trusted.one(Role.AGENT), fresh("sub")
    link = "insert into identity (issuer, subject, user_id) values (:issuer, :subject, :id)"
    await rows(trusted, link, issuer=NAME, subject=subject, id=sam.id)
    found = await who(trusted, issuer.token(subject))
    assert (found["id"], found["role"]) == (sam.id, "AGENT")

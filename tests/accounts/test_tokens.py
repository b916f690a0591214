"""Which access tokens are refused, and that each is told apart from none at all."""

import base64
import json
from typing import Any

import jwt
import pytest

from tests.accounts.signing import INVALID, ME, MISSING, Hand, claims, refusal, rows
from tests.conftest import SECRET
from tests.people import Answer, People, Person
from tests.sockets import Closed, Socket


async def authorized(people: People, value: str | bytes, query: str = ME) -> Answer:
    """A request with this Authorization header."""
    given = value.encode() if isinstance(value, str) else value
    response = await people.http.post("/graphql", json={"query": query}, headers=[(b"authorization", given)])
    return Answer(response.status_code, response.json())


def signed(person: Person, key: str = SECRET, algorithm: str = "HS256", **changes: Any) -> str:
    """The person's token with other claims (None takes one away), another key or another algorithm."""
    assert person.token is not None
    told = {name: value for name, value in (claims(person.token) | changes).items() if value is not None}
    return jwt.encode(told, key, algorithm=algorithm)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


async def test_without_a_token_it_is_missing(people: People) -> None:
    assert refusal(await people.nobody.ask(ME)) == MISSING


async def test_a_token_with_much_around_it_is_none(people: People) -> None:
    """What is shown is remembered as it was shown."""
    dora = await people.one()
    assert refusal(await authorized(people, f"Bearer{' ' * 2_000}{dora.token}")) == INVALID


async def test_an_empty_header_counts_as_none(people: People) -> None:
    assert refusal(await authorized(people, "")) == MISSING


async def test_a_refusal_for_the_token_is_a_graphql_answer(people: People) -> None:
    answer = await people.nobody.ask(ME)
    assert (answer.status, answer.body["data"]) == (200, None)
    assert answer.error["path"] == ["me"]


async def test_the_token_as_it_is_made_here_is_good(people: People) -> None:
    dora = await people.one()
    assert (await authorized(people, f"Bearer {signed(dora)}")).data["me"]["id"] == dora.id


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
async def test_the_scheme_is_read_in_any_case(people: People, scheme: str) -> None:
    dora = await people.one()
    assert (await authorized(people, f"{scheme} {dora.token}")).data["me"]["id"] == dora.id


@pytest.mark.parametrize("scheme", ["Basic", "Token", "Bearer:", "JWT"])
async def test_another_scheme_is_refused(people: People, scheme: str) -> None:
    dora = await people.one()
    assert refusal(await authorized(people, f"{scheme} {dora.token}")) == INVALID


async def test_a_token_without_a_scheme_is_refused(people: People) -> None:
    dora = await people.one()
    assert dora.token is not None
    assert refusal(await authorized(people, dora.token)) == INVALID


NONSENSE = [
    b"Bearer",
    b"Bearer x",
    b"Bearer a.b.c",
    b"Bearer ..",
    b"Bearer \xfc.\xfc.\xfc",
    b"Bearer null",
    b"Bearer " + base64.urlsafe_b64encode(b"[" * 20_000) + b".e30.x",
    b"Bearer " + part({"alg": ["HS256"]}).encode() + b".e30.x",
    b"Bearer " + part({"alg": "HS256", "kid": 7, "crit": ["x"]}).encode() + b".e30.x",
]


@pytest.mark.parametrize("value", NONSENSE, ids=range(len(NONSENSE)))
async def test_nonsense_is_refused(people: People, value: bytes) -> None:
    assert refusal(await authorized(people, value)) == INVALID


async def test_a_token_lives_thirty_minutes(timed: People, clock: Hand) -> None:
    dora = await timed.one()
    clock.forward(minutes=30, seconds=-1)
    assert (await dora.ask(ME)).data["me"]["id"] == dora.id
    clock.forward(seconds=1)
    assert refusal(await dora.ask(ME)) == INVALID


async def test_at_the_very_moment_that_it_names_a_token_has_expired(timed: People, clock: Hand) -> None:
    fraction = clock.at.microsecond
    clock.forward(microseconds=1_000_000 - fraction)
    dora = await timed.one()
    clock.forward(minutes=30)
    assert refusal(await dora.ask(ME)) == INVALID
    clock.forward(microseconds=fraction)


@pytest.mark.parametrize("place", [0, 1, 2])
async def test_a_token_in_which_a_letter_differs_is_refused(people: People, place: int) -> None:
    dora = await people.one()
    assert dora.token is not None
    parts = dora.token.split(".")
    parts[place] = ("f" if parts[place][5] != "f" else "g").join((parts[place][:5], parts[place][6:]))
    assert refusal(await authorized(people, f"Bearer {'.'.join(parts)}")) == INVALID


async def test_a_token_with_another_ones_claims_under_its_signature_is_refused(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    assert dora.token is not None
    assert sam.token is not None
    header, _, signature = dora.token.split(".")
    forged = ".".join((header, sam.token.split(".")[1], signature))
    assert refusal(await authorized(people, f"Bearer {forged}")) == INVALID


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
async def test_a_token_without_a_signature_is_refused(people: People, algorithm: str) -> None:
    dora = await people.one()
    assert dora.token is not None
    unsigned = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{dora.token.split('.')[1]}."
    assert refusal(await authorized(people, f"Bearer {unsigned}")) == INVALID


async def test_a_token_signed_with_another_key_is_refused(people: People) -> None:
    forged = signed(await people.one(), key=SECRET[::-1])
    assert refusal(await authorized(people, f"Bearer {forged}")) == INVALID


async def test_a_token_signed_by_another_algorithm_is_refused(people: People) -> None:
    forged = signed(await people.one(), key=SECRET * 2, algorithm="HS512")
    assert refusal(await authorized(people, f"Bearer {forged}")) == INVALID


CHANGES = [
    {"type": "refresh"},
    {"type": "ACCESS"},
    {"aud": "another"},
    {"iss": "another"},
    {"sub": "user_0"},
    {"sid": "session_0"},
    {"exp": 1},
    *({name: None} for name in ("sub", "sid", "type", "aud", "iss", "exp", "iat")),
]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
async def test_a_token_with_other_claims_is_refused_though_it_is_signed(people: People, changes: Any) -> None:
    forged = signed(await people.one(), **changes)
    assert refusal(await authorized(people, f"Bearer {forged}")) == INVALID


async def test_a_token_whose_session_is_somebody_elses_is_refused(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    assert refusal(await authorized(people, f"Bearer {signed(sam, sub=dora.id)}")) == INVALID
    assert refusal(await authorized(people, f"Bearer {signed(sam, sid=dora.session_id)}")) == INVALID


async def test_the_role_is_the_databases_not_the_tokens(people: People) -> None:
    dora = await people.one()
    answer = await authorized(people, f"Bearer {signed(dora, role='SUPER_ADMIN')}")
    assert answer.data["me"]["role"] == "USER"


async def test_the_token_of_somebody_who_is_gone_is_refused(people: People) -> None:
    dora = await people.one()
    await rows(people, "delete from user_account where id = :id", id=dora.id)
    assert refusal(await dora.ask(ME)) == INVALID


async def test_the_token_of_a_session_that_has_expired_is_refused(people: People) -> None:
    dora = await people.one()
    await rows(people, "update session set expires_at = now() where id = :id", id=dora.session_id)
    assert refusal(await dora.ask(ME)) == INVALID


async def test_a_socket_with_a_bad_token_is_closed_with_4401(people: People) -> None:
    dora = await people.one()
    socket = await Socket(people.url.replace("http", "ws", 1) + "/graphql", None).open()
    await socket.send({"type": "connection_init", "payload": {"authorization": f"Bearer {dora.token}x"}})
    with pytest.raises(Closed) as closed:
        await socket.frame()
    assert (closed.value.code, closed.value.reason) == (4401, "Invalid or expired token")


async def test_an_open_socket_asks_for_nobody_once_its_token_has_expired(timed: People, clock: Hand) -> None:
    dora = await timed.one()
    async with dora.socket() as socket:
        assert (await socket.ask(ME))["data"]["me"]["id"] == dora.id
        clock.forward(minutes=30)
        [error] = (await socket.ask(ME))["errors"]
    assert (error["extensions"]["code"], error["message"]) == INVALID

"""Signing in as clients do, what the refusals say, and a clock that moves only when it is told to."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import jwt
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text

from kit.clock import now
from kit.ids import Id
from tests.conftest import SECRET
from tests.people import Answer, People, Person

PASSWORD = "correct horse battery"
MISSING = ("UNAUTHENTICATED", "Missing access token")
INVALID = ("UNAUTHENTICATED", "Invalid or expired token")
WRONG = ("UNAUTHENTICATED", "Wrong name or password")
DENIED = ("FORBIDDEN", "Access denied")
INSUFFICIENT = ("FORBIDDEN", "Insufficient permissions")

ME = "{ me { id role } }"
LOGIN = """mutation ($identifier: String!, $password: String!) {
  login(identifier: $identifier, password: $password) { accessToken refreshToken expiresIn user { id role } } }"""
REFRESH = """mutation ($token: String!) {
  refreshToken(token: $token) { accessToken refreshToken expiresIn user { id role } } }"""

# A hash says what it cost: at the real one's 80 ms for each try these tests would be slow.
CHEAP = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)

_numbers = count(1)


class Hand:
    """A clock moved by hand, forward only: everybody may share it."""

    def __init__(self) -> None:
        self.at = now().replace(microsecond=123_457)  # not ending in 0: PostgreSQL would leave that out, Python not

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> datetime:
        self.at += timedelta(**by)
        return self.at


def refusal(answer: Answer) -> tuple[str, str]:
    return answer.code, answer.error["message"]


def fresh(word: str) -> str:
    """The word with a number: no other test uses it."""
    return f"{word}{next(_numbers)}"


async def member(people: People, **more: Any) -> Person:
    """Somebody new whose password is PASSWORD."""
    person = await people.one(**more)
    await rows(people, "update user_account set password_hash = :hash where id = :id", hash=CHEAP, id=person.id)
    return person


def email_of(person: Person) -> str:
    assert person.user is not None
    return person.user.email


async def login(people: People, identifier: str, password: str = PASSWORD, **headers: str) -> Answer:
    """A try of nobody's to sign in."""
    asked = {"query": LOGIN, "variables": {"identifier": identifier, "password": password}}
    response = await people.http.post("/graphql", json=asked, headers=headers)
    return Answer(response.status_code, response.json())


async def sign_in(person: Person, password: str = PASSWORD) -> tuple[Person, str]:
    """The same person in a session of their own making, and its refresh token."""
    answer = await login(person.people, email_of(person), password)
    return with_tokens(person, answer.data["login"])


def with_tokens(person: Person, payload: Any) -> tuple[Person, str]:
    """The person as the tokens of an AuthPayload have it, and the refresh token."""
    token = payload["accessToken"]
    return replace(person, token=token, session_id=Id(claims(token)["sid"])), payload["refreshToken"]


async def refresh(people: People, token: str, **headers: str) -> Answer:
    response = await people.http.post(
        "/graphql", json={"query": REFRESH, "variables": {"token": token}}, headers=headers
    )
    return Answer(response.status_code, response.json())


def claims(token: str) -> dict[str, Any]:
    """What a token says, if its signature is the server's; times are not looked at."""
    options: Any = {"verify_exp": False, "verify_iat": False}
    return jwt.decode(token, SECRET, algorithms=["HS256"], audience="parlor", issuer="parlor", options=options)


async def entries(people: People, key: str) -> list[tuple[Any, ...]]:
    """Action, actor, subject and address of the audit's entries of somebody, something or a trace id."""
    return await rows(
        people,
        "select action, actor_id, subject_id, address from audit_entry"
        " where :key in (actor_id, subject_id, trace_id) order by id",
        key=key,
    )


async def rows(people: People, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    async with people.services.db.transaction() as transaction:
        result = await transaction.execute(text(statement), values)
        return [tuple(row) for row in result]

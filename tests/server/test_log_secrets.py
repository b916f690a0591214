"""What a client sends is in no line of the log, and a request that is refused is one line at most."""

import json
import re
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import structlog
from asyncpg import PostgresError
from pydantic import BaseModel, ValidationError
from sqlalchemy import text

from kit.settings import Environment
from server.logs import without_values
from tests.conftest import Served
from tests.people import Person
from tests.sockets import Closed, Socket

M = "m4rk3r"
LOGIN = "mutation ($who: String!, $password: String!) { login(identifier: $who, password: $password) { expiresIn } }"
CREATE = "mutation ($input: CreateTaskInput!) { createTask(input: $input) { id } }"
JSON = "application/json"
HEADERS = {"cookie": f"a={M}", "user-agent": M, "x-anything": M, "referer": f"http://{M}"}


def asks(query: str, **variables: Any) -> dict[str, Any]:
    return {"json": {"query": query, "variables": variables}}


# name: method, what is sent, whether Dora sends it
REQUESTS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "a wrong password": ("POST", asks(LOGIN, who=M, password=M), False),
    "a variable of the wrong type": ("POST", asks(LOGIN, who=M, password={M: M}), False),
    "a variable that is none": ("POST", asks(LOGIN, who=M, password=M, **{M: M}), False),
    "a literal of the wrong type": ("POST", asks(f'{{ tasks(first: "{M}") {{ totalCount }} }}'), True),
    "a literal id": ("POST", asks(f'{{ task(id: "{M}") {{ id }} }}'), True),
    "an input that is refused": ("POST", asks(CREATE, input={"title": M * 100, "dueAt": M}), True),
    "a rule that is broken": ("POST", asks(CREATE, input={"title": M, "recurrence": M, "timeZone": M}), True),
    "an unknown field": ("POST", asks(f"{{ {M} }}"), True),
    "an alias": ("POST", asks(f"{{ {M}: me {{ id }} }}"), False),
    "no syntax": ("POST", asks(f"{{ {M}"), True),
    "an unknown operation": ("POST", {"json": {"query": "query A { me { id } }", "operationName": M}}, True),
    "an unknown document": ("POST", {"json": {"documentId": M, "extensions": {M: M}}}, True),
    "an unknown hash": (
        "POST",
        {"json": {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": M}}}},
        True,
    ),
    "no JSON": ("POST", {"content": f'{{"{M}":', "headers": {"content-type": JSON}}, True),
    "no object": ("POST", {"json": [M]}, True),
    "no query": ("POST", {"json": {"query": {M: M}}}, True),
    "a wrong content type": ("POST", {"content": M, "headers": {"content-type": M}}, True),
    "too much": ("POST", {"content": M * 100_000, "headers": {"content-type": JSON}}, True),
    "a method that is not": ("PUT", {"content": M}, True),
    "a mutation by GET": ("GET", {"params": {"query": "mutation { logout { deletedId } }", M: M}}, False),
    "variables that are none": ("GET", {"params": {"query": "{ me { id } }", "variables": M}}, True),
    "a token in the URL": ("GET", {"params": {"query": "{ me { id } }", "token": M}}, False),
    "a token that is none": ("POST", asks("{ me { id } }") | {"headers": {"authorization": f"Bearer {M}"}}, False),
    "an idempotency key": ("POST", asks(CREATE, input={}) | {"headers": {"idempotency-key": M * 100}}, True),
    "a mutation that is done": ("POST", asks(CREATE, input={"title": M, "description": M}), True),
}


@pytest.mark.parametrize("environment", list(Environment))
async def test_nothing_that_a_client_sends_is_in_the_log_and_a_refusal_is_one_line(
    house: Served,
    once: None,
    configured: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    environment: Environment,
) -> None:
    dora = await house.people.one()
    configured(environment, "DEBUG")
    for name, (method, sent, signed_in) in REQUESTS.items():
        headers = HEADERS | (dora.headers if signed_in else {}) | sent.get("headers", {})
        response = await house.people.http.request(method, "/graphql", **(sent | {"headers": headers}))
        assert response.status_code < 500, name
        written = capsys.readouterr().err
        assert M not in written, name
        assert dora.token is not None
        assert dora.token not in written, name
        lines = [level for level in levels(written, environment) if level != "debug"]
        assert len(lines) == 1, (name, written)
        assert set(lines) <= {"info", "warning"}, name


def levels(written: str, environment: Environment) -> list[str]:
    if environment is Environment.PRODUCTION:
        return [json.loads(line)["level"] for line in written.splitlines()]
    found = [re.match(r"\S+ \[(\w+) *\]", line) for line in written.splitlines()]
    assert None not in found, written
    return [match[1] for match in found if match]


MESSAGES: list[Any] = [
    {"id": "1", "payload": {"query": f"{{ {M} }}"}},
    {"id": "2", "payload": {"query": f"{{ {M}"}},
    {"id": "3", "payload": {"query": LOGIN, "variables": {"who": M, "password": M}}},
    {"id": "4", "payload": {"query": "subscription ($id: ID!) { changes(id: $id) { __typename } }"}},
    {"id": M, "payload": {"query": "{ task(id: 5) { id } }", "operationName": M, "extensions": {M: M}}},
]


async def test_nothing_that_comes_over_a_socket_is_in_the_log(
    house: Served, once: None, configured: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    dora = await house.people.one()
    configured(Environment.PRODUCTION, "DEBUG")
    async with dora.socket() as socket:
        for message in MESSAGES:
            await socket.send({"type": "subscribe", **message})
            while (await socket.frame())["type"] not in ("error", "complete"):
                pass
            written = capsys.readouterr().err
            assert M not in written
            assert len([level for level in levels(written, Environment.PRODUCTION) if level != "debug"]) == 1, message
        with pytest.raises(Closed):
            await _until_closed(socket, {"type": M, "payload": M})
    for payload in ({"authorization": f"Bearer {M}"}, {M: M}):
        await _greeted(dora, payload)
    assert M not in capsys.readouterr().err


async def _until_closed(socket: Socket, message: dict[str, Any]) -> None:
    await socket.send(message)
    while True:
        await socket.frame()


async def _greeted(person: Person, payload: dict[str, str]) -> None:
    socket = await person.socket().open()
    await socket.send({"type": "connection_init", "payload": payload})
    try:
        await socket.frame()
    except Closed:
        return
    await socket.connection.close()


@pytest.mark.parametrize("environment", list(Environment))
@pytest.mark.parametrize(
    "statement",
    [
        "select cast(cast(:value as text) as int)",
        "select cast(:value as int)",
        "insert into strict values (:value)",
        "insert into strict values (:value || chr(10) || :value)",
    ],
)
async def test_the_values_that_postgresql_repeats_are_not_in_the_log(
    house: Served,
    configured: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    statement: str,
    environment: Environment,
) -> None:
    configured(environment)

    async def fails() -> None:
        async with house.services.db.transaction() as session:
            await session.execute(text("create temp table strict (a text check (length(a) < 3)) on commit drop"))
            await session.execute(text(statement), {"value": M})

    with pytest.raises(PostgresError) as caught:
        await fails()
    log = structlog.get_logger()
    log.error("request.failed", exc_info=caught.value)
    log.warning("tail.failed", error=repr(caught.value))
    written = capsys.readouterr().err
    assert M in "".join(traceback.format_exception(caught.value)), "otherwise this proves nothing"
    assert M not in written
    assert type(caught.value).__name__ in written
    assert "await session.execute" in written, "where it happened is told"


class Rules(BaseModel):
    age: int


def of_pydantic() -> str:
    try:
        Rules.model_validate({"age": M})
    except ValidationError as error:
        return str(error)
    raise AssertionError


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"cannot connect to postgresql://parlor:{M}@db.example.org/parlor", "postgresql://…@db.example.org/parlor"),
        (f"redis://:{M}@localhost:6379/0 is gone", "redis://…@localhost:6379/0 is gone"),
        (f"Bearer {M} is no token", "Bearer … is no token"),
        (f"refused eyJhbGciOi.eyJzdWIiOi{M}.{M}", "refused …"),
        (f"invalid literal for int() with base 10: '{M}'", "with base 10:"),
        (str(KeyError(M)), "…"),
        (of_pydantic(), "age"),
        ("Connect call failed ('127.0.0.1', 5432)", "Connect call failed ('127.0.0.1', 5432)"),
    ],
)
def test_a_message_is_told_without_values_and_credentials(said: str, told: str) -> None:
    assert M not in without_values(said)
    assert told in without_values(said)


@pytest.mark.parametrize("environment", list(Environment))
def test_no_text_begins_a_line_of_its_own_or_speaks_to_the_terminal(
    configured: Callable[..., None], capsys: pytest.CaptureFixture[str], environment: Environment
) -> None:
    configured(environment, "DEBUG")
    path = "/x\n2026-01-01 [error] forged\r\x1b[2J\x9b31m\u2028" + "y" * 5_000
    structlog.get_logger().debug("request", path=path)
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]", written)
    assert len(written) < 1_000

"""What is written to the log, and what never is."""

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator

import pytest
import structlog
from sqlalchemy import text
from structlog.typing import EventDict

from db.accounts.users import Role
from kit.ids import new_id
from kit.settings import Environment, Settings
from server import logs
from tests.people import People
from tests.sockets import EVENTS

LOGIN = """mutation SignIn($who: String!, $password: String!) {
  login(identifier: $who, password: $password) { accessToken refreshToken } }"""
REGISTER = """mutation ($email: String!) {
  register(input: {email: $email, name: "Dora", password: "long enough"}) { id } }"""
PASSWORD = "correct horse battery staple"


@pytest.fixture
def configured(settings: Settings, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., None]]:
    """Configures the log as `serve` does, for the length of a test."""
    before, handlers = structlog.get_config(), logging.root.handlers[:]

    def configure(environment: Environment, level: str = "INFO") -> None:
        logs.configure(settings.model_copy(update={"environment": environment, "log_level": level}))

    yield configure
    structlog.configure(**before)
    logging.root.handlers[:] = handlers


async def test_an_operation_is_one_line_with_who_and_how_long(people: People, logged: list[EventDict]) -> None:
    dora = await people.one()
    await people.http.post(
        "/graphql",
        json={"query": "query Mine { me { id } }", "operationName": "Mine"},
        headers={**dora.headers, "x-request-id": "trace-of-this-one"},
    )
    (line,) = [record for record in logged if record["log_level"] == "info"]
    assert 0 < line.pop("ms") < 5_000
    assert line == {
        "event": "operation",
        "log_level": "info",
        "name": "Mine",
        "codes": [],
        "user": dora.id,
        "trace_id": "trace-of-this-one",
    }


async def test_an_operation_over_a_socket_is_one_line_when_it_ends(people: People, logged: list[EventDict]) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        await socket.start(EVENTS, "events")
        await socket.frame()
        await socket.ask("{ me { id } }")
        assert [record["user"] for record in logged if record["event"] == "operation"] == [dora.id]
        await socket.send({"type": "complete", "id": "events"})
        await socket.ask("{ __typename }")
    lines = [record for record in logged if record["event"] == "operation"]
    assert len(lines) == 3
    assert len({line["trace_id"] for line in lines}) == 3


async def test_neither_passwords_nor_tokens_nor_variables_are_logged(people: People, logged: list[EventDict]) -> None:
    dora = await people.one(password=PASSWORD)
    assert dora.user is not None
    right = (await people.nobody.ask(LOGIN, who=dora.user.email, password=PASSWORD)).data["login"]
    await people.nobody.ask(LOGIN, who=dora.user.email, password="wrong " + PASSWORD)
    await people.nobody.ask(LOGIN, who=dora.user.email, password=5)
    await dora.ask("query ($id: ID!) { task(id: $id) { id } }", id="a variable of hers")
    await dora.task("A title of hers", description="A description of hers")
    async with dora.socket() as socket:
        await socket.ask(LOGIN, who=dora.user.email, password="wrong " + PASSWORD)
    written = repr(logged)
    assert written.count("'event': 'operation'") == 6
    for secret in (PASSWORD, dora.user.email, dora.token, *right.values(), "of hers", "Bearer"):
        assert secret not in written


async def test_the_values_of_a_statement_that_failed_are_not_logged(people: People, logged: list[EventDict]) -> None:
    boss, email = await people.one(Role.SUPER_ADMIN), f"{new_id('private')}@example.org"
    failing = f"""create function no_such_user() returns trigger language plpgsql as $$ begin
      if new.email = '{email}' then raise exception 'unforeseen'; end if; return new; end $$"""
    trigger = "create trigger t before insert on user_account for each row execute function no_such_user()"
    async with people.services.db.transaction() as session:
        for statement in (failing, trigger):
            await session.execute(text(statement))
    answer = await boss.ask(REGISTER, email=email)
    async with people.services.db.transaction() as session:
        await session.execute(text("drop function no_such_user cascade"))
    assert answer.code == "INTERNAL_ERROR"
    (failed,) = [record["exc_info"] for record in logged if record["event"] == "request.failed"]
    written = "".join(traceback.format_exception(failed))
    assert "unforeseen" in written
    assert email not in written
    assert "$argon2id" not in written


async def test_a_long_operation_name_is_cut(people: People, logged: list[EventDict]) -> None:
    name = "N" * 5_000
    await people.http.post("/graphql", json={"query": f"query {name} {{ __typename }}", "operationName": name})
    (line,) = [record for record in logged if record["event"] == "operation"]
    assert line["name"] == "N" * 100


def test_in_production_each_line_is_json(configured: Callable[..., None], capsys: pytest.CaptureFixture[str]) -> None:
    configured(Environment.PRODUCTION)
    structlog.get_logger().info("operation", name="Mine", codes=[])
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", told.pop("timestamp"))
    assert told == {"event": "operation", "name": "Mine", "codes": [], "level": "info"}


def test_in_development_a_line_is_for_people(
    configured: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    configured(Environment.DEVELOPMENT)
    structlog.get_logger().info("operation", name="Mine")
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(r"\[info +\] operation +name=Mine$", line)


@pytest.mark.parametrize("environment", list(Environment))
def test_a_traceback_shows_no_local_variables(
    configured: Callable[..., None], capsys: pytest.CaptureFixture[str], environment: Environment
) -> None:
    configured(environment)
    password = "local" + " secret"
    try:
        raise ValueError(len(password))
    except ValueError as error:
        structlog.get_logger().error("request.failed", exc_info=error)
    written = capsys.readouterr().err
    assert "ValueError: 12" in written
    assert "local secret" not in written


def test_what_is_below_the_level_is_not_written(
    configured: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    configured(Environment.PRODUCTION, "WARNING")
    structlog.get_logger().info("operation")
    structlog.get_logger().warning("tail.failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "tail.failed"

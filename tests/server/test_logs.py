"""What is written to the log, and what never is."""

import json
import re
import traceback
from collections.abc import Callable

import pytest
import structlog
from sqlalchemy import text
from structlog.typing import EventDict

from db.accounts.users import Role
from kit.ids import new_id
from kit.settings import Environment
from schema.deeds import deed
from schema.schema import made
from tests.people import People
from tests.sockets import EVENTS

LOGIN = """mutation SignIn($who: String!, $password: String!) {
  login(identifier: $who, password: $password) { accessToken refreshToken } }"""
REGISTER = """mutation ($email: String!) {
  register(input: {email: $email, name: "Dora", password: "long enough"}) { id } }"""
SCHEMA = made()._schema
PASSWORD = "correct horse battery staple"


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
        "kind": "query",
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
    assert [record["event"] for record in logged if record["log_level"] != "debug"] == [
        "session.login.success",
        "session.login.failed",
        "operation",
        "operation",
        "task.create.success",
        "session.login.failed",
    ]
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


async def test_a_mutation_is_told_when_it_is_tried_and_when_it_is_done(people: People, logged: list[EventDict]) -> None:
    dora = await people.one()
    task = await dora.task()
    attempt, done = [record for record in logged if record["event"].startswith("task.create.")]
    trace_id = attempt["trace_id"]
    assert attempt == {"event": "task.create.attempt", "log_level": "debug", "user": dora.id, "trace_id": trace_id}
    assert 0 < done.pop("ms") < 5_000
    assert done == {
        "event": "task.create.success",
        "log_level": "info",
        "ids": [task["id"]],
        "user": dora.id,
        "trace_id": trace_id,
    }


async def test_a_mutation_that_came_to_nothing_is_told_with_its_code(people: People, logged: list[EventDict]) -> None:
    dora = await people.one()
    query = "mutation Drop($id: ID!) { deleteTask(id: $id) { deletedId } }"
    answer = await dora.ask(query, id="task_01a1ff09732a70aaa98d2c9423693ff8")
    _, failed = [record for record in logged if record["event"].startswith("task.delete.")]
    assert 0 < failed.pop("ms") < 5_000
    assert failed == {
        "event": "task.delete.failed",
        "log_level": "info",
        "name": "Drop",
        "codes": ["TASK_NOT_FOUND"],
        "user": dora.id,
        "trace_id": answer.error["extensions"]["traceId"],
    }


async def test_who_signs_in_is_told(people: People, logged: list[EventDict]) -> None:
    dora = await people.one(password=PASSWORD)
    assert dora.user is not None
    await people.nobody.ask(LOGIN, who=dora.user.email, password=PASSWORD)
    (line,) = [record for record in logged if record["event"] == "session.login.success"]
    assert line["user"] == dora.id


async def test_of_several_mutations_each_is_told(people: People, logged: list[EventDict]) -> None:
    dora = await people.one()
    tasks = [(await dora.task())["id"] for _ in range(2)]
    logged.clear()
    query = "mutation ($a: [ID!]!, $b: ID!) { completeTasks(ids: $a) { id } deleteTask(id: $b) { deletedId } }"
    await dora.ask(query, a=tasks, b="task_01a1ff09732a70aaa98d2c9423693ff8")
    told = [(record["event"], record.get("ids")) for record in logged if record["log_level"] != "debug"]
    assert [event for event, _ in told] == ["tasks.complete.success", "task.delete.failed"]
    assert sorted(told[0][1] or ()) == sorted(tasks)


async def test_what_nobody_foresaw_is_an_error_with_one_traceback_however_often_it_was_asked(
    people: People, logged: list[EventDict], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object) -> None:
        raise RuntimeError("unforeseen")

    dora = await people.one()
    monkeypatch.setattr(people.services.db, "fetchval", failing)
    await dora.ask("{ " + " ".join(f"n{number}: me {{ id }}" for number in range(10)) + " }")
    (failed,) = [record for record in logged if record["log_level"] == "error"]
    assert (failed["event"], failed["others"], failed["user"]) == ("request.failed", 9, dora.id)
    assert [record["codes"] for record in logged if record["event"] == "operation"] == [["INTERNAL_ERROR"]]


async def test_a_request_that_became_no_operation_is_one_line(people: People, logged: list[EventDict]) -> None:
    await people.http.post("/graphql", content=b"[", headers={"content-type": "application/json"})
    await people.http.get("/health", headers={"host": "elsewhere.example"})
    lines = [record for record in logged if record["event"] != "request"]
    assert [(line["event"], line["log_level"], line["codes"], line["status"]) for line in lines] == [
        ("request.refused", "info", ["VALIDATION_ERROR"], 400),
        ("request.refused", "info", ["VALIDATION_ERROR"], 421),
    ]


def test_every_mutation_has_a_name_of_its_own_in_the_log() -> None:
    assert SCHEMA.mutation_type is not None
    named = {field: deed(field) for field in SCHEMA.mutation_type.fields}
    assert len({*named.values()}) == len(named)
    assert {field: name for field, name in named.items() if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name)} == {}
    assert named["createTask"] == "task.create"
    assert named["emptyTrash"] == "trash.empty"
    assert named["login"] == "session.login"
    assert named["setUserRole"] == "user.set_role"


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

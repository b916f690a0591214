"""The commands of `parlor` beside serving, and what each says when it cannot."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from db.migrate import newest
from kit.settings import Settings
from tests.conftest import url_of
from tests.people import People
from tests.server.processes import LOGIN, SECRET, parlor

SCHEMA = Path(__file__).parents[2] / "schema" / "schema.graphql"
CREATE = ["user", "create", "--name", "Nina New", "--password", "longenough"]


@pytest.fixture
def database(settings: Settings) -> str:
    """The URL of the test session's database, which is migrated."""
    return url_of(settings)


@pytest.fixture
async def empty(database: str) -> Any:
    """The URL of a database with nothing in it."""
    name = f"empty_{uuid4().hex}"
    connection = await asyncpg.connect(database)
    await connection.execute(f"create database {name}")
    yield database.replace("/parlor?", f"/{name}?")
    await connection.execute(f"drop database {name} with (force)")
    await connection.close()


async def test_a_database_that_is_not_migrated_is_refused(empty: str, tmp_path: Path) -> None:
    for command in (["serve"], [*CREATE, "--email", "nina@parlor.example"]):
        done = parlor(*command, cwd=tmp_path, DATABASE_URL=empty, JWT_SECRET=SECRET)
        assert done.code == 1
        assert done.said == f"✗ The database is at migration none, not {newest()}. Run `parlor migrate` first.\n"


async def test_migrate_brings_it_up_to_date_and_does_nothing_twice(empty: str, tmp_path: Path) -> None:
    for _ in range(2):
        done = parlor("migrate", cwd=tmp_path, DATABASE_URL=empty)
        assert (done.code, done.said) == (0, "The database is up to date.\n")
    connection = await asyncpg.connect(empty)
    assert await connection.fetchval("select version_num from alembic_version") == newest()
    await connection.close()


NOWHERE = {
    "nobody listens": ("postgresql://me:hunter2@127.0.0.1:1/parlor", "The database cannot be reached: "),
    "no such host": ("postgresql://me:hunter2@no-such-host.invalid/parlor", "The database cannot be reached: "),
    "another kind": ("mysql://me:hunter2@127.0.0.1/parlor", "DATABASE_URL must be a PostgreSQL URL"),
    "no URL": ("me:hunter2", "DATABASE_URL must be a PostgreSQL URL"),
}


@pytest.mark.parametrize(("url", "message"), NOWHERE.values(), ids=NOWHERE)
def test_a_database_that_cannot_be_reached_is_said_so(tmp_path: Path, url: str, message: str) -> None:
    done = parlor("serve", cwd=tmp_path, DATABASE_URL=url, JWT_SECRET=SECRET)
    assert done.code == 1
    assert done.said.startswith("✗ ")
    assert message in done.said
    assert "hunter2" not in done.said
    assert not (tmp_path / ".parlor").exists()


def test_a_database_that_is_not_on_the_server_is_said_so(database: str, tmp_path: Path) -> None:
    done = parlor("migrate", cwd=tmp_path, DATABASE_URL=database.replace("/parlor?", "/missing?"))
    assert done.code == 1
    assert done.said == '✗ The database cannot be reached: database "missing" does not exist\n'


UNUSABLE: list[tuple[list[str], dict[str, str], str]] = [
    (["serve"], {"ENVIRONMENT": "production"}, "JWT_SECRET must be set in production (32 characters or more)"),
    (["serve"], {"ENVIRONMENT": "production", "JWT_SECRET": "a" * 32}, "JWT_SECRET has fewer than 8 different"),
    (["migrate"], {"LOGIN_ATTEMPTS": "0"}, "LOGIN_ATTEMPTS: Input should be greater than or equal to 1"),
    (["migrate"], {"ALLOWED_HOSTS": "[a-z]"}, "ALLOWED_HOSTS: [a-z] is not a host name"),
    ([*CREATE, "--email", "a@b.example"], {"JWT_SECRET": "short"}, "JWT_SECRET: must have at least 32 characters"),
]


@pytest.mark.parametrize(("command", "changes", "message"), UNUSABLE, ids=lambda value: str(value)[:30])
def test_settings_that_cannot_be_used_are_refused_by_name(
    tmp_path: Path, command: list[str], changes: dict[str, str], message: str
) -> None:
    done = parlor(*command, cwd=tmp_path, **changes)
    assert done.code == 1
    assert done.said.startswith("✗ The settings cannot be used.\n")
    assert message in done.said
    assert not (tmp_path / ".parlor").exists()


async def test_a_user_made_on_the_command_line_can_sign_in(database: str, people: People, tmp_path: Path) -> None:
    email = f"{uuid4().hex}@parlor.example"
    done = parlor(*CREATE, "--email", email.upper(), cwd=tmp_path, DATABASE_URL=database)
    assert (done.code, done.said) == (0, f"{email.upper()} may sign in.\n")
    token = (await people.nobody.ask(LOGIN, who=email, password="longenough")).data["login"]["accessToken"]
    answer = await people.http.post(
        "/graphql", json={"query": "{ me { email name role } }"}, headers={"authorization": f"Bearer {token}"}
    )
    assert answer.json() == {"data": {"me": {"email": email, "name": "Nina New", "role": "SUPER_ADMIN"}}}


async def test_a_role_may_be_named(database: str, people: People, tmp_path: Path) -> None:
    email = f"{uuid4().hex}@parlor.example"
    assert parlor(*CREATE, "--email", email, "--role", "agent", cwd=tmp_path, DATABASE_URL=database).code == 0
    query = LOGIN.replace("accessToken", "user { role }")
    answer = await people.nobody.ask(query, who=email, password="longenough")
    assert answer.data == {"login": {"user": {"role": "AGENT"}}}


async def test_an_address_that_is_taken_is_refused(database: str, people: People, tmp_path: Path) -> None:
    dora = await people.one()
    assert dora.user is not None
    done = parlor(*CREATE, "--email", dora.user.email, cwd=tmp_path, DATABASE_URL=database)
    assert (done.code, done.said) == (1, "✗ Email already exists\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--password", "short"], "✗ password: String should have at least 8 characters\n"),
        (["--role", "KING"], "✗ role: must be one of USER, AGENT, ADMIN, SUPER_ADMIN\n"),
    ],
)
async def test_a_user_who_cannot_be_is_refused(
    database: str, people: People, tmp_path: Path, arguments: list[str], message: str
) -> None:
    email = f"{uuid4().hex}@parlor.example"
    done = parlor(*CREATE, "--email", email, *arguments, cwd=tmp_path, DATABASE_URL=database)
    assert done.code == 1
    assert done.said.startswith(message)
    assert (await people.nobody.ask(LOGIN, who=email, password="longenough")).code == "UNAUTHENTICATED"


def test_the_schema_is_printed_as_it_is_committed(tmp_path: Path) -> None:
    done = parlor("schema", cwd=tmp_path)
    assert (done.code, done.said) == (0, "")
    assert done.out == SCHEMA.read_text()
    assert parlor("schema", "--check", cwd=tmp_path) == type(done)(0, "", "")


def test_without_a_command_it_tells_which_there_are(tmp_path: Path) -> None:
    done = parlor(cwd=tmp_path)
    assert done.code == 2
    for command in ("serve", "migrate", "schema", "user"):
        assert f"│ {command} " in done.out + done.said

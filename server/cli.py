"""`parlor`: serve, migrate, schema, user create, doctor."""

import asyncio
import signal
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Annotated, Any, NoReturn

import typer
from pydantic import SecretStr, ValidationError
from rich import print_json
from rich.console import Console
from rich.markup import escape

from kit.settings import Settings, mistakes, with_secret

PRINTED = Path(__file__).parent.parent / "schema" / "schema.graphql"

Data = Annotated[Path, typer.Option(help="Directory of the embedded PostgreSQL; not used with DATABASE_URL.")]

cli = typer.Typer(add_completion=False, no_args_is_help=True, help="One GraphQL server with a typed, live API.")
user = typer.Typer(no_args_is_help=True, help="Users, from the command line.")
cli.add_typer(user, name="user")
console = Console(stderr=True, highlight=False)


def main() -> None:
    cli()


def _fail(message: str) -> NoReturn:
    console.print(f"[red]✗[/red] {escape(message)}", soft_wrap=True)
    raise typer.Exit(1)


def _say(message: str) -> None:
    console.print(f"[dim]…[/dim] {escape(message)}", soft_wrap=True)


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        _fail("\n  ".join(["The settings cannot be used.", *mistakes(error)]))


@contextmanager
def _database(settings: Settings, data: Path, leaving: Event | None = None) -> Iterator[Settings]:
    """Settings with the address of a database that runs: the one named, or the embedded one until the block ends.

    Once `leaving` is set the embedded one is not started again."""
    from server.postgres import DataDirectoryInUse, EmbeddedPostgresError, embedded

    if settings.database_url is not None:
        yield settings
        return
    try:
        with embedded(data, say=_say, leaving=leaving) as url:
            yield settings.model_copy(update={"database_url": SecretStr(url)})
    except (DataDirectoryInUse, EmbeddedPostgresError) as error:
        _fail(str(error))


def _run(work: Coroutine[Any, Any, None]) -> None:
    from asyncpg import PostgresError
    from sqlalchemy.exc import DBAPIError

    from server.house import NotReady

    try:
        asyncio.run(work)
    except NotReady as error:
        _fail(str(error))
    except (DBAPIError, OSError, PostgresError, ValueError) as error:
        _fail(f"The database cannot be reached: {getattr(error, 'orig', None) or error}")


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
    data: Data = Path(".parlor"),
    demo: Annotated[bool, typer.Option("--demo", help="Fill in examples, and say who may sign in.")] = False,
) -> None:
    """Serve GraphQL at /graphql, with the embedded PostgreSQL unless DATABASE_URL names another."""
    signal.signal(signal.SIGTERM, _stop)
    settings, made_up = with_secret(_settings())
    if demo and settings.production:
        _fail("--demo is not for production: whoever has read its manual could sign in as an administrator.")
    from server import starting  # seconds: what cannot be used is refused before

    try:
        listener = starting.listening(host, port)
    except starting.Refused as error:
        _fail(str(error))
    if made_up:
        _say("JWT_SECRET is not set: a random one is used, and access tokens end with this process.")
    leaving = Event()
    with _database(settings, data, leaving) as ready:
        embedded = settings.database_url is None
        _run(starting.prepare(ready, migrating=embedded, demo=demo))
        try:
            with suppress(KeyboardInterrupt):  # which is not raised again where whoever started it ignores Ctrl-C
                starting.serve(ready, listener, lambda: starting.announce(console, host, port, demo=demo), leaving)
        except starting.Refused as error:
            _fail(str(error))
        console.print("Parlor has stopped.")


def _stop(signum: int, frame: object) -> None:
    raise SystemExit(0)


@cli.command()
def migrate(data: Data = Path(".parlor")) -> None:
    """Bring the database to the newest revision."""
    given = _settings()
    from server import starting

    with _database(given, data) as settings:
        _run(starting.migrated(settings))
    console.print("The database is up to date.")


@cli.command()
def schema(
    check: Annotated[bool, typer.Option("--check", help="Fail unless it equals schema/schema.graphql.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write schema/schema.graphql.")] = False,
) -> None:
    """Print the schema in SDL."""
    from schema.schema import made

    printed = made().as_str() + "\n"
    if write:
        PRINTED.write_text(printed)
    elif not check:
        sys.stdout.write(printed)
    elif not PRINTED.exists() or PRINTED.read_text() != printed:
        _fail("schema/schema.graphql differs from the schema: run `make schema` and look at the difference.")


@cli.command()
def doctor(
    url: Annotated[str | None, typer.Option(help="A server that runs: its probe and its socket are tried.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail for warnings too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Go through the checklist of a deployment: what is well, what is not, and what to do. Changes nothing."""
    from server import doctor, logs

    try:
        settings = Settings()
        logs.configure(settings.model_copy(update={"log_level": "CRITICAL"}))  # what is amiss stands in the list
        findings = asyncio.run(doctor.examined(settings, url))
    except ValidationError as error:
        findings = [*doctor.unusable(error)]
    if as_json:
        print_json(data=doctor.as_json(findings))
    else:
        doctor.show(Console(highlight=False), findings)
    raise typer.Exit(doctor.code(findings, strict=strict))


@user.command("create")
def create_user(
    email: Annotated[str, typer.Option(prompt=True, help="To sign in with.")],
    name: Annotated[str, typer.Option(prompt=True, help="What others see.")],
    password: Annotated[str, typer.Option(prompt=True, hide_input=True, help="8 to 200 characters.")],
    role: Annotated[str, typer.Option(help="USER, AGENT, ADMIN or SUPER_ADMIN.")] = "SUPER_ADMIN",
    data: Data = Path(".parlor"),
) -> None:
    """Make a user: the first one, who can then register others."""
    settings, _ = with_secret(_settings())
    from server import starting

    with _database(settings, data) as ready:
        try:
            migrating = settings.database_url is None
            _run(starting.create_user(ready, email=email, name=name, password=password, role=role, migrating=migrating))
        except starting.Refused as error:
            _fail(str(error))
    console.print(f"{escape(email)} may sign in.")


if __name__ == "__main__":
    main()

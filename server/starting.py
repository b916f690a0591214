"""What happens before the first request: migrations, example data, the announcement."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from socket import AF_INET, AF_INET6, create_server, socket
from threading import Event
from typing import Any, cast

import uvicorn
from pydantic import ValidationError
from rich.console import Console

from db import migrate
from db.accounts.users import Role
from kit.errors import ParlorError
from kit.settings import Settings
from resolvers.accounts import users
from resolvers.accounts.rules import Register
from resolvers.context import Context, for_nobody
from schema.trusted import BadManifest
from server import app, logs, wire
from server.connections import Connections
from server.demo import PASSWORD, PEOPLE, fill
from server.frames import Protocol
from server.house import check, database, services

MIGRATION_SECONDS = 86_400  # for one statement: an index of a large table takes its time


GC_THRESHOLD = (20_000, 20, 20)  # objects, and rounds; a request makes about a hundred


class Refused(Exception):
    """What was asked for on the command line cannot be; the message says why."""


async def migrated(settings: Settings) -> None:
    db = database(settings.model_copy(update={"statement_timeout_seconds": MIGRATION_SECONDS}))
    try:
        await migrate.upgrade(db.engine)
    finally:
        await db.close()


async def prepare(settings: Settings, *, migrating: bool, demo: bool) -> None:
    """Raises NotReady where the database is not ours to migrate and not up to date."""
    if migrating:
        await migrated(settings)
    async with _without_viewer(settings) as ctx:
        if demo:
            await fill(ctx)


@asynccontextmanager
async def _without_viewer(settings: Settings) -> AsyncIterator[Context]:
    """A context for whoever holds the database: nobody has signed in."""
    db = database(settings)
    try:
        await check(db)
        await db.open()
        yield for_nobody(services(settings, db), "command-line")
    finally:
        await db.close()


async def create_user(settings: Settings, *, email: str, name: str, password: str, role: str, migrating: bool) -> None:
    """Raises Refused."""
    try:
        given = Register(email=email, name=name, password=password)
        chosen = Role(role.upper())
    except ValidationError as error:
        raise Refused("; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())) from error
    except ValueError:
        raise Refused(f"role: must be one of {', '.join(Role)}") from None
    if migrating:
        await migrated(settings)
    async with _without_viewer(settings) as ctx:
        try:
            await users.create_first(ctx, given, chosen)
        except ParlorError as error:
            raise Refused(error.message) from error


class Server(uvicorn.Server):
    """Says where it listens once it does; lets its sockets go one after the other before it stops."""

    def __init__(self, config: uvicorn.Config, served: app.App, announce: Callable[[], None], leaving: Event) -> None:
        super().__init__(config)
        self._served = served
        self._announce = announce
        self._leaving = leaving

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._leaving.set()
        for server in self.servers:
            server.close()  # nobody new comes in
        await self._served.leave()
        await super().shutdown(sockets)


def configured(served: app.App, settings: Settings, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app.made(served, settings),
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.forwarded_allow_ips,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        http=cast("Any", partial(wire.Protocol, Connections(settings, served.count))),
        ws=Protocol,
        ws_max_size=settings.max_body_bytes,
        ws_ping_interval=settings.socket_ping_seconds,
        ws_ping_timeout=settings.socket_ping_seconds,
        ws_per_message_deflate=False,
        **more,
    )


def announce(console: Console, host: str, port: int, *, demo: bool) -> None:
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    console.print(f"[green]✓[/green] Parlor listens on [bold]{url}/graphql[/bold]", soft_wrap=True)
    if demo:
        for email, (name, _) in PEOPLE.items():
            who = f"[bold]{email}[/bold] ({name})"
            console.print(f"  sign in as {who} with the password [bold]{PASSWORD}[/bold]", soft_wrap=True)


def listening(host: str, port: int) -> socket:
    """The port, taken before anything else is begun. Raises Refused when somebody else has it."""
    try:
        return create_server((host, port), family=AF_INET6 if ":" in host else AF_INET, backlog=2048)
    except OSError as error:
        raise Refused(f"Cannot listen on {host}:{port}: {error.strerror or error}") from error


def serve(settings: Settings, listener: socket, announce: Callable[[], None], leaving: Event) -> None:
    """Until it is stopped; `leaving` is set when that begins. Raises Refused for trusted documents that cannot be."""
    logs.configure(settings, lasting=True)
    try:
        served = app.App(settings)
    except BadManifest as error:
        raise Refused(str(error)) from error
    server = Server(configured(served, settings), served, announce, leaving)
    gc.freeze()  # what is here now stays: the collector need not look through it again and again
    gc.set_threshold(*GC_THRESHOLD)
    server.run(sockets=[listener])

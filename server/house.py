"""Where the parts are put together: opened when the server starts, closed when it stops."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from db.engine import OLDEST_VERSION, Database, dsn
from db.migrate import current, newest
from kit.clock import Clock, now
from kit.deadlines import Deadlines
from kit.llm.chosen import language_model
from kit.llm.embedded import Embedded
from kit.llm.language import LanguageModel
from kit.outside import Outside
from kit.settings import Pooler, Settings
from live import brokers
from live.broker import Broker
from live.doorbell import Doorbell
from live.grants import Grants
from live.hub import Hub
from live.jobs import Handler, Jobs
from live.meter import Meter
from live.presence import Presence
from live.signals import Signals
from live.tail import Tail
from live.vitals import Vitals
from resolvers.accounts.passwords import Passwords
from resolvers.accounts.throttle import Throttle
from resolvers.accounts.viewers import Viewers
from resolvers.budgets import Budgets
from resolvers.context import Services
from resolvers.jobs import lanes
from resolvers.limits import Limits
from resolvers.seances.stream import TYPES
from server.housekeeping import keep_house
from server.metrics import keep_readings
from server.sweeping import keep_rooms


@dataclass(frozen=True, slots=True)
class NotReady(Exception):
    """The database cannot serve this version; the message says what to do."""

    message: str

    def __str__(self) -> str:
        return self.message


def database(settings: Settings) -> Database:
    assert settings.database_url is not None, "the address of a database comes first"
    return Database(
        settings.database_url.get_secret_value(),
        write_pool=settings.write_pool_size,
        read_pool=settings.read_pool_size,
        statement_timeout=settings.statement_timeout_seconds,
        connect_timeout=settings.connect_timeout_seconds,
        statements=settings.prepared_statements,
        pooler=settings.database_pooler,
    )


def services(
    settings: Settings,
    db: Database,
    clock: Clock = now,
    outside: Outside | None = None,
    model: LanguageModel | None = None,
) -> Services:
    doorbell, signals, meter = Doorbell(), Signals(recalled=(TYPES,)), Meter(clock)
    limits = Limits(settings.counting_redis)
    tail = Tail(db, doorbell, window=settings.event_window)
    viewers = Viewers(settings, db, clock)
    tail.granted = viewers.doubt
    process = f"{socket.gethostname()[:40]}.{os.getpid()}.{secrets.token_hex(4)}"
    presence = _presence(settings, db, signals, clock, process)
    return Services(
        process=process,
        settings=settings,
        db=db,
        doorbell=doorbell,
        tail=tail,
        hub=_hub(settings, tail, signals, meter, presence),
        signals=signals,
        grants=Grants(tail, signals),
        meter=meter,
        vitals=Vitals(db, tail, signals),
        passwords=Passwords(concurrency=settings.password_hash_concurrency),
        viewers=viewers,
        limits=limits,
        throttle=Throttle(settings, limits),
        budgets=Budgets(settings),
        clock=clock,
        deadlines=Deadlines(settings.operation_seconds),
        outside=outside or Outside(),
        language_model=model or Embedded(),
    )


def _presence(settings: Settings, db: Database, signals: Signals, clock: Clock, process: str) -> Presence:
    return Presence(
        db,
        signals,
        process=process,
        clock=clock,
        lease=settings.presence_lease_seconds,
        grace=settings.presence_grace_seconds,
    )


def _hub(settings: Settings, tail: Tail, signals: Signals, meter: Meter, presence: Presence) -> Hub:
    return Hub(
        tail,
        signals,
        meter,
        presence,
        window=settings.group_window,
        window_bytes=settings.group_window_bytes,
        total_bytes=settings.hub_bytes,
        executions=max(settings.read_pool_size // 2, 1),
    )


def jobs(made: Services, handlers: Mapping[str, Handler]) -> Jobs:
    return Jobs(
        dsn(made.db.url),
        handlers,
        concurrency=max(made.settings.job_concurrency, 2),
        lease=made.settings.job_lease_seconds,
        listens=made.settings.database_pooler is Pooler.NONE,
    )


def broker(made: Services) -> Broker:
    """Not yet connected. The doorbell comes first: where messages wait, rings go before signals."""
    url, database = made.settings.broadcast_url.get_secret_value(), dsn(made.db.url)
    return Broker(partial(brokers.backend, url, database=database), made.doorbell, made.signals)


@asynccontextmanager
async def opened(settings: Settings, clock: Clock = now, outside: Outside | None = None) -> AsyncIterator[Services]:
    """All parts, running. Raises NotReady for a database that is too old or not migrated."""
    db = database(settings)
    try:
        await check(db)
        await db.open()
        async with language_model(settings) as model:
            made = services(settings, db, clock, outside, model)
            await made.tail.open()
            tasks = [asyncio.create_task(running, name=name) for name, running in _running(made)]
            try:
                yield made
            finally:
                await made.hub.close()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await made.hub.presence.close()
                await made.viewers.close()
                await made.limits.close()
                await made.vitals.close()
                made.outside.close()
    finally:
        await db.close()


def _running(made: Services) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
    """What runs for the life of the process."""
    yield "broker", broker(made).run()
    yield "tail", made.tail.run()
    yield "presence", made.hub.presence.run()
    yield "housekeeping", keep_house(made)
    yield "readings", keep_readings(made)
    if made.settings.job_concurrency:
        for lane in lanes(made):
            yield "jobs", jobs(made, lane).run()
        yield "rooms", keep_rooms(made)


async def check(db: Database) -> None:
    version = await db.server_version()
    if version < OLDEST_VERSION:
        raise NotReady(f"PostgreSQL {version} is too old: Parlor needs {OLDEST_VERSION} or newer.")
    if (found := await current(db.engine)) != newest():
        raise NotReady(f"The database is at migration {found or 'none'}, not {newest()}. Run `parlor migrate` first.")

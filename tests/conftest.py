"""One PostgreSQL and one server for the whole run; each test makes people of its own, who see nothing of others'."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import httpx2
import pytest
import structlog
from pydantic import SecretStr
from structlog.typing import EventDict

from db import migrate
from kit.clock import Clock, now
from kit.outside import Outside
from kit.settings import Settings
from resolvers.context import Services
from schema.schema import Schema
from server import app, housekeeping, logs
from server.house import database
from server.postgres import embedded
from server.starting import GC_THRESHOLD, Server, configured
from tests.both_ways import BothWays
from tests.people import People
from tests.statements import Statements

housekeeping.EVERY_SECONDS = 86_400  # tests tidy up themselves: whatever is counted or kept would go in their midst
gc.set_threshold(*GC_THRESHOLD)  # as the server has it: a tenth of the tests' time went into looking for garbage

SECRET = "a secret of the tests, long enough for HS256"


def pytest_collection_finish() -> None:
    gc.freeze()  # also as the server does


@dataclass(frozen=True)
class Served:
    """A running server, reached over the loopback."""

    url: str
    services: Services
    people: People

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/graphql"


def settings_for(url: str, **changes: object) -> Settings:
    given = {
        "database_url": SecretStr(url),
        "jwt_secret": SecretStr(SECRET),
        "log_level": "CRITICAL",
        "query_budget_per_user": 0,  # all tests come from one address
        "query_budget_per_address": 0,
        "metrics_flush_seconds": 3_600,  # tests count statements, and none of them shall be this one
        "job_concurrency": 0,  # nor these
    }
    return Settings(_env_file=None, **(given | changes))  # type: ignore[arg-type]


def url_of(settings: Settings) -> str:
    """The database's."""
    assert settings.database_url is not None
    return settings.database_url.get_secret_value()


@asynccontextmanager
async def served(
    settings: Settings,
    clock: Clock = now,
    *,
    both_ways: bool = False,
    schema: Schema | None = None,
    outside: Outside | None = None,
) -> AsyncIterator[Served]:
    """With `both_ways` every query that needs no executor is answered by it too, and the answers must be equal."""
    made = app.App(settings, clock, outside)
    made.schema = schema or made.schema
    quick = settings.model_copy(update={"shutdown_seconds": 2, "leaving_seconds": 0})
    server = Server(configured(made, quick, port=0), made, announce=lambda: None, leaving=Event())
    task = asyncio.create_task(server._serve())
    while not server.started:
        assert not task.done(), "the server did not start"
        await asyncio.sleep(0)
    if both_ways:
        made.schema.prepared = BothWays(made.schema).prepared  # type: ignore[method-assign]
    port = server.servers[0].sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    async with httpx2.AsyncClient(base_url=url, timeout=20) as http:
        try:
            yield Served(url, made.services, People(http, made.services, url))
        finally:
            server.should_exit = True
            await task


async def still(settings: Settings) -> AsyncIterator[Served]:
    """For fixtures: its clock stands still, so that a session that was looked up stays known."""
    async with served(settings, lambda: datetime(2026, 3, 10, 12, tzinfo=UTC)) as running:
        yield running


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with embedded(tmp_path_factory.mktemp("postgres"), durable=False) as url:
        yield url


@pytest.fixture(scope="session")
async def settings(database_url: str) -> Settings:
    made = settings_for(database_url)
    logs.configure(made)
    db = database(made)
    await migrate.upgrade(db.engine)
    await db.close()
    return made


async def begun(house: Served) -> None:
    """All of its tasks have begun: some tests count them."""
    async with asyncio.timeout(20):
        while not house.services.signals.connected:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)


@pytest.fixture(scope="session")
async def house(settings: Settings) -> AsyncIterator[Served]:
    async with served(settings, both_ways=True) as running:
        await begun(running)
        yield running


@pytest.fixture(scope="session")
def people(house: Served) -> People:
    return house.people


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked both ways: for tests that count what is logged or audited."""
    monkeypatch.setattr(BothWays, "comparing", False)


@pytest.fixture
def logged(once: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EventDict]]:
    """All that is logged meanwhile, DEBUG too."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("debug"))
    monkeypatch.setattr(logs, "least", logging.DEBUG)
    with structlog.testing.capture_logs() as found:
        yield found
    structlog.configure(**before)


@pytest.fixture
def statements(house: Served, monkeypatch: pytest.MonkeyPatch) -> Statements:
    return Statements(house, monkeypatch)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"

import logging
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import structlog

from kit.settings import Environment, Settings
from server import logs
from tests.conftest import settings_for
from tests.databases import database


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Settings]:
    """Settings for a database of the test's own, in which nothing is counted but what the test does."""
    async with database(database_url, migrated=True) as url:
        yield settings_for(url)


@pytest.fixture
def configured(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """Configures the log as `serve` does, for the length of a test."""
    before, handlers, level = structlog.get_config(), logging.root.handlers[:], logging.root.level
    monkeypatch.setattr(logs, "least", logs.least)

    def configure(environment: Environment, level: str = "INFO") -> None:
        logs.configure(settings.model_copy(update={"environment": environment, "log_level": level}))

    yield configure
    structlog.configure(**before)
    logging.root.handlers[:], logging.root.level = handlers, level

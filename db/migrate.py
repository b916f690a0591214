"""Migrations: bring a database to the newest revision, or tell whether it is there."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

# Two servers that start at once migrate one after the other.
_LOCK = text("select pg_advisory_xact_lock(7012026)")


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


async def _run(engine: AsyncEngine, work: Callable[[Connection], None]) -> None:
    """All in one transaction: it works behind any pooler, and a migration that fails leaves the database as it was."""
    async with engine.begin() as connection:
        await connection.execute(text("set local statement_timeout = 0"))
        await connection.execute(_LOCK)
        await connection.run_sync(work)


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    await _run(engine, lambda connection: command.upgrade(_config(connection), revision))


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    await _run(engine, lambda connection: command.downgrade(_config(connection), revision))


def newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def revisions() -> frozenset[str]:
    """All that are known here."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


async def current(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        return await connection.run_sync(lambda c: MigrationContext.configure(c).get_current_revision())

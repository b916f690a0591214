"""Models and migrations say the same, and each migration goes down and up."""

from collections.abc import AsyncIterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db import migrate
from db.engine import normalised
from db.jobs import TABLES
from db.models import Base
from tests.databases import database


@pytest.fixture
async def empty(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with database(database_url, migrated=False) as url:
        engine = create_async_engine(normalised(url))
        yield engine
        await engine.dispose()


def _differences(connection: Connection) -> list[object]:
    ours = {"compare_type": True, "include_name": lambda name, kind, _: kind != "table" or name not in TABLES}
    context = MigrationContext.configure(connection, opts=ours)
    return list(compare_metadata(context, Base.metadata))


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_the_migrated_database_is_what_the_models_say(empty: AsyncEngine) -> None:
    await migrate.upgrade(empty)
    async with empty.connect() as connection:
        assert await connection.run_sync(_differences) == []
    assert await migrate.current(empty) == migrate.newest()


async def test_words_are_searched_as_the_models_say(empty: AsyncEngine) -> None:
    """Alembic does not compare what columns are generated from."""
    reckoned = text(
        "select table_name, generation_expression from information_schema.columns where is_generated <> 'NEVER'"
    )
    await migrate.upgrade(empty)
    async with empty.connect() as connection:
        migrated = (await connection.execute(reckoned)).all()
    await migrate.downgrade(empty, "base")
    async with empty.begin() as connection:
        await connection.execute(text("create extension pg_trgm"))
        await connection.run_sync(Base.metadata.create_all)
        modelled = (await connection.execute(reckoned)).all()
    assert sorted(map(tuple, migrated)) == sorted(map(tuple, modelled))
    assert {row[0] for row in migrated} == {"gift", "gift_list", "label", "person", "seance", "seance_message", "task"}


async def test_each_migration_goes_down_and_up_again(empty: AsyncEngine) -> None:
    script = ScriptDirectory.from_config(migrate._config())
    revisions = [revision.revision for revision in script.walk_revisions()][::-1]
    for revision in revisions:
        await migrate.upgrade(empty, revision)
        await migrate.downgrade(empty, "-1")
        await migrate.upgrade(empty, revision)
    await migrate.downgrade(empty, "base")
    async with empty.connect() as connection:
        assert await connection.run_sync(_tables) == {"alembic_version"}
        left = await connection.scalars(text("select typname from pg_type where typtype = 'e'"))
        assert left.all() == []


async def test_two_that_migrate_at_once_do_it_one_after_the_other(empty: AsyncEngine) -> None:
    import asyncio

    await asyncio.gather(migrate.upgrade(empty), migrate.upgrade(empty))
    assert await migrate.current(empty) == migrate.newest()


def test_urls_are_understood_in_every_common_spelling() -> None:
    for scheme in ("postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg"):
        assert normalised(f"{scheme}://u:p@h/d") == make_url("postgresql+asyncpg://u:p@h/d")
    with pytest.raises(ValueError, match="must be a PostgreSQL URL"):
        normalised("mysql://u:p@h/d")

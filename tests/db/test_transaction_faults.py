"""What a transaction must not do: lose what was written, keep what is stale, or hold on to what is over."""

import asyncio
import gc
from collections import OrderedDict
from typing import Any
from weakref import ref

import asyncpg
import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import InvalidRequestError

from db import prepared
from db.accounts.users import User
from db.tasks.labels import Label
from db.tasks.tasks import Task
from kit.errors import Unavailable
from tests.conftest import Served
from tests.db.opening import opened
from tests.db.test_transaction import begun, made
from tests.people import Person


@pytest.fixture
async def dora(house: Served) -> Person:
    return await house.people.one()


async def test_what_is_changed_may_refer_to_what_is_new(dora: Person) -> None:
    label = Label(id=Label.fresh_id(), owner_id=dora.id, name="passed on")
    user = User(id=User.fresh_id(), email=f"{User.fresh_id()}@example.org", name="New", password_hash="x")
    async with begun(dora) as transaction:
        transaction.add(label)
    async with begun(dora) as transaction:
        kept = await transaction.get_one(Label, label.id)
        transaction.add(user)
        kept.owner_id = user.id
    async with begun(dora) as transaction:
        assert (await transaction.get_one(Label, label.id)).owner_id == user.id


async def test_a_row_that_is_locked_is_as_it_is_then(dora: Person) -> None:
    async with begun(dora) as transaction:
        transaction.add(task := made(dora, "One"))
    mine = select(Task).where(Task.id == task.id)
    async with begun(dora) as transaction:
        seen = (await transaction.scalars(mine)).one()
        async with begun(dora) as another:
            await another.execute(update(Task).where(Task.id == task.id).values(title="Theirs"))
        assert (await transaction.scalars(mine.with_for_update())).one() is seen
        assert seen.title == "Theirs"


async def test_a_relationship_of_a_row_is_not_there_and_says_so(dora: Person) -> None:
    async with begun(dora) as transaction:
        transaction.add(task := made(dora, "One"))
    async with begun(dora) as transaction:
        found = await transaction.get_one(Task, task.id)
        with pytest.raises(InvalidRequestError):
            _ = found.subtasks


async def test_statements_that_are_over_are_forgotten(dora: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "_BY_KEY", OrderedDict())
    monkeypatch.setattr(prepared, "MOST_KEPT", 0)
    statements = []
    async with begun(dora) as transaction:
        for number in range(3):
            row = {"id": Label.fresh_id(), "owner_id": dora.id, "name": str(number)}
            for statement in (insert(Label).values([row]), select(Label.name.label(f"name_{number}"))):
                await transaction.execute(statement)
                statements.append(ref(statement))
    del statement
    gc.collect()
    assert [one() for one in statements] == [None] * 6


async def test_what_is_passed_over_in_a_statement_that_failed_is_not_told_as_done(dora: Person) -> None:
    async def passes_over() -> None:
        async with begun(dora) as transaction:
            transaction.add(made(dora, "Lost"))
            try:
                await transaction.execute(text("select 1 / 0"))
            except asyncpg.DivisionByZeroError:
                return

    with pytest.raises(asyncpg.InFailedSQLTransactionError):
        await passes_over()


async def test_who_is_cancelled_anywhere_leaves_no_transaction_open(database_url: str) -> None:
    said: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: said.append(context))
    async with opened(database_url, write_pool=1) as db:

        async def empty() -> None:
            async with db.transaction() as transaction:
                await transaction.execute(text("select 1"))

        await empty()
        for steps in range(30):
            task = asyncio.create_task(empty())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            async with asyncio.timeout(5), db.transaction() as transaction:
                assert await transaction.scalar(text("select 1")) == 1
    assert said == []


async def test_a_write_that_meets_a_migration_is_told_to_try_again_and_can(database_url: str) -> None:
    async with opened(database_url, write_pool=1) as db:

        async def taken(sql: str) -> object:
            async with db.transaction() as transaction:
                return await transaction.scalar(text(sql))

        await taken("create table altered as select 1 as number")
        for _ in range(2):
            assert await taken("select number from altered") == 1
        await taken("alter table altered alter number type text")
        with pytest.raises(Unavailable):
            await taken("select number from altered")
        assert await taken("select number from altered") == "1"
        await taken("drop table altered")


async def test_what_fails_after_the_commit_does_not_undo_it(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise TimeoutError

    async with opened(database_url, write_pool=1) as db:
        monkeypatch.setattr(asyncpg.Connection, "_reset", fails)
        for _ in range(2):
            async with db.transaction() as transaction:
                assert await transaction.scalar(text("select 1")) == 1

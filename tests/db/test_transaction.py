"""One transaction: rows are one object each, what was set in them is written in time, and nothing outlives its end."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import NoResultFound

from db import prepared
from db.accounts.audit import AuditEntry
from db.accounts.users import Role, User
from db.engine import Database
from db.tasks.labels import Label
from db.tasks.tasks import Priority, RepeatsFrom, Task
from db.transaction import Transaction
from kit.errors import NotFound, Unavailable
from kit.ids import Id
from live import log
from live.log import Draft, Kind
from tests.conftest import Served
from tests.db.opening import opened
from tests.people import Person
from tests.statements import Statements
from tests.waiting import until


@pytest.fixture
async def dora(house: Served) -> Person:
    return await house.people.one()


@asynccontextmanager
async def begun(dora: Person) -> AsyncIterator[Transaction]:
    async with dora.people.services.db.transaction() as transaction:
        yield transaction


def made(dora: Person, title: str, **more: Any) -> Task:
    now = dora.people.services.clock()
    times = {"created_at": now, "updated_at": now, "version": 1}
    return Task(id=Task.fresh_id(), owner_id=dora.id, title=title, position=1.0, **times, **more)


async def titles(dora: Person) -> list[str]:
    async with begun(dora) as transaction:
        return [*(await transaction.scalars(select(Task.title).where(Task.owner_id == dora.id).order_by(Task.title)))]


async def test_a_row_is_one_object_however_it_is_found(dora: Person) -> None:
    task = made(dora, "One")
    async with begun(dora) as transaction:
        transaction.add(task)
        mine = select(Task).where(Task.owner_id == dora.id)
        assert (await transaction.scalars(mine)).one() is task
        assert await transaction.get(Task, task.id) is task
        assert (await transaction.execute(mine.add_columns(Task.title))).one() == (task, "One")
    async with begun(dora) as another:
        assert await another.get_one(Task, task.id) is not task


async def test_what_the_database_fills_in_is_there_after_the_insert(dora: Person) -> None:
    task = made(dora, "One")
    async with begun(dora) as transaction:
        transaction.add(task)
        await transaction.flush()
        assert (task.priority, task.repeats_from, task.time_zone) == (Priority.NONE, RepeatsFrom.DUE_DATE, "UTC")
        assert (task.reminders, task.due_at, task.completed) == ([], None, False)
        anew = select(Task).where(Task.id == task.id).execution_options(populate_existing=True)
        found = await transaction.scalar(anew)
        assert (found, task.priority) == (task, Priority.NONE)


async def test_what_was_set_is_written_before_the_next_statement(dora: Person, house: Served) -> None:
    task = made(dora, "One")
    async with begun(dora) as transaction:
        transaction.add(task)
        await transaction.flush()
        task.title, task.priority = "Two", Priority.URGENT
        found = await transaction.execute(text("select title, priority from task where id = :id"), {"id": task.id})
        assert found.one() == ("Two", "URGENT")


async def test_only_what_differs_is_written(dora: Person, house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async with begun(dora) as transaction:
        transaction.add(task := made(dora, "One"))
    statements = Statements(house, monkeypatch)
    async with begun(dora) as transaction:
        row = await transaction.get_one(Task, task.id)
        row.title = "One"
    assert [sql.split()[0] for sql in statements] == ["SELECT"]
    async with begun(dora) as transaction:
        row = await transaction.get_one(Task, task.id)
        row.title, row.position = "One", 2.0
    assert statements[-1].startswith("UPDATE task SET position=")
    assert "title" not in statements[-1].split("WHERE")[0]


async def test_what_is_new_is_written_after_what_it_refers_to(dora: Person) -> None:
    user = User(id=User.fresh_id(), email=f"{User.fresh_id()}@example.org", name="New", password_hash="x")
    label = Label(id=Label.fresh_id(), owner_id=user.id, name="first in line, second in order")
    async with begun(dora) as transaction:
        transaction.add_all([label, user])
    async with begun(dora) as transaction:
        assert (await transaction.get_one(Label, label.id)).owner_id == user.id
        assert (await transaction.get_one(User, user.id)).role is Role.USER


async def test_a_row_stays_as_it_was_found_until_it_is_asked_for_anew(dora: Person) -> None:
    task = made(dora, "One")
    mine = select(Task).where(Task.id == task.id)
    async with begun(dora) as transaction:
        transaction.add(task)
        await transaction.execute(update(Task).where(Task.id == task.id).values(title="By SQL"))
        assert (await transaction.scalars(mine)).one().title == "One"
        assert (await transaction.scalars(mine.execution_options(populate_existing=True))).one().title == "By SQL"
        await transaction.execute(update(Task).where(Task.id == task.id).values(title="Again"))
        assert (await transaction.get_one(Task, task.id)).title == "By SQL"
        await transaction.execute(mine.execution_options(populate_existing=True))
        assert task.title == "Again"
        await transaction.execute(update(Task).where(Task.id == task.id).values(title="Locked"))
        assert await transaction.get(Task, task.id, lock={"key_share": True}) is task
        assert task.title == "Locked"


async def test_the_same_statement_with_other_values_is_compiled_once(dora: Person) -> None:
    async with begun(dora) as transaction:
        transaction.add_all([made(dora, "One"), made(dora, "Two")])
        await transaction.flush()
        before = len(prepared._BY_KEY)
        for title in ("One", "Two", "None of them"):
            mine = select(Task.title).where(Task.owner_id == dora.id, Task.title == title)
            assert await transaction.scalar(mine) == (None if title == "None of them" else title)
        assert len(prepared._BY_KEY) - before <= 1


async def test_lists_of_any_length_may_be_asked_for(dora: Person) -> None:
    tasks = [made(dora, name) for name in "abc"]
    async with begun(dora) as transaction:
        transaction.add_all(tasks)
        for number in (3, 0, 1, 2):
            named = select(Task.title).where(Task.id.in_([task.id for task in tasks[:number]])).order_by(Task.title)
            assert [*(await transaction.scalars(named))] == [*"abc"[:number]]
        urgent = select(func.count()).where(Task.owner_id == dora.id, Task.priority.in_([Priority.NONE, Priority.LOW]))
        assert await transaction.scalar(urgent) == 3


async def test_several_values_run_a_statement_once_for_each(dora: Person) -> None:
    rows = [{"id": Label.fresh_id(), "owner_id": dora.id, "name": name} for name in "abc"]
    async with begun(dora) as transaction:
        await transaction.execute(insert(Label), rows)
        await transaction.execute(insert(Label), [])
        names = select(Label.name).where(Label.owner_id == dora.id).order_by(Label.name)
        assert [*(await transaction.scalars(names))] == [*"abc"]


async def test_json_comes_back_as_it_went(dora: Person) -> None:
    details = {"ü": [1, None, {"x": "☃"}], "empty": {}}
    entry = AuditEntry(action="test.json", subject_id=dora.id, at=dora.people.services.clock(), details=details)
    async with begun(dora) as transaction:
        transaction.add(entry)
    async with begun(dora) as transaction:
        kept = select(AuditEntry).where(AuditEntry.subject_id == dora.id, AuditEntry.action == "test.json")
        assert (await transaction.scalars(kept)).one().details == details


async def test_nothing_stands_of_what_was_not_ended_well(dora: Person) -> None:
    async def fails(error: BaseException) -> None:
        async with begun(dora) as transaction:
            transaction.add(made(dora, "Never"))
            await transaction.flush()
            raise error

    for error in (ValueError("ours"), NotFound("Task", "x"), asyncio.CancelledError()):
        with pytest.raises(type(error)):
            await fails(error)
    assert await titles(dora) == []


async def test_a_row_that_is_not_there_is_none_or_an_error(dora: Person) -> None:
    async with begun(dora) as transaction:
        assert await transaction.get(Task, Task.fresh_id()) is None
        with pytest.raises(NoResultFound):
            await transaction.get_one(Task, Task.fresh_id())


async def test_a_broken_constraint_is_told_by_its_name_and_the_connection_goes_on(database_url: str) -> None:
    async with opened(database_url, write_pool=1) as db:
        with pytest.raises(asyncpg.ForeignKeyViolationError) as caught:
            async with db.transaction() as transaction:
                transaction.add(Label(id=Label.fresh_id(), owner_id=User.fresh_id(), name="Nobody's"))
        assert caught.value.constraint_name == "fk_label_owner_id"
        async with db.transaction() as transaction:
            assert await transaction.scalar(text("select 1")) == 1


async def test_who_is_cancelled_in_the_middle_gives_the_connection_back(database_url: str) -> None:
    async with opened(database_url, write_pool=1) as db:
        begun = asyncio.Event()

        async def sleeps() -> None:
            async with db.transaction() as transaction:
                begun.set()
                await transaction.execute(text("select pg_sleep(60)"))

        asleep = asyncio.create_task(sleeps())
        await begun.wait()
        await until(lambda: sleeping(db))
        asleep.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asleep
        async with asyncio.timeout(5), db.transaction() as transaction:
            assert await transaction.scalar(text("select 1")) == 1
        assert not await sleeping(db)


async def sleeping(db: Database) -> bool:
    return bool(
        await db.fetchval(
            "select count(*) from pg_stat_activity where query like '%pg_sleep(60)%'"
            " and state = 'active' and pid <> pg_backend_pid()",
            (),
        )
    )


async def test_who_waits_too_long_for_a_connection_is_told_to_try_again(database_url: str) -> None:
    async with opened(database_url, write_pool=1, connect_timeout=1) as db, db.transaction() as transaction:
        with pytest.raises(Unavailable):
            async with db.transaction():
                raise AssertionError("there is but one")
        assert await transaction.scalar(text("select 1")) == 1


async def test_a_transaction_leaves_no_setting_and_no_lock(database_url: str) -> None:
    async with opened(database_url, write_pool=1) as db:
        async with db.transaction() as transaction:
            await transaction.execute(text("select pg_advisory_xact_lock(77), set_config('TimeZone', 'CET', true)"))
        async with db.transaction() as transaction:
            held = "select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()"
            assert await transaction.scalar(text(held)) == 0
            assert await transaction.scalar(text("select current_setting('TimeZone')")) == "UTC"


async def test_the_last_change_goes_along_with_its_event(
    dora: Person, house: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with begun(dora) as transaction:
        transaction.add_all(tasks := [made(dora, "One"), made(dora, "Two")])
    event = Draft([f"tasks:{dora.id}"], Kind.UPDATED, "Task", tasks[0].id, Id(dora.id), dora.people.services.clock())
    statements = Statements(house, monkeypatch)
    async with begun(dora) as transaction:
        (await transaction.get_one(Task, tasks[0].id)).title = "Changed"
        await log.append(transaction, [event])
    assert [sql.split()[0] for sql in statements] == ["SELECT", "WITH"]
    async with begun(dora) as transaction:
        for task in tasks:
            (await transaction.get_one(Task, task.id)).position = 7.0
            await log.append(transaction, [event, event])
    assert [sql.split()[0] for sql in statements[2:]] == ["SELECT", "UPDATE", "INSERT", "INSERT"] * 2  # once a row
    async with begun(dora) as transaction:
        rows = await transaction.scalars(select(Task).where(Task.owner_id == dora.id).order_by(Task.title))
        assert [(row.title, row.position) for row in rows] == [("Changed", 7.0), ("Two", 7.0)]
    told = "select count(*) from event where entity_id = $1"
    assert await house.services.db.fetchval(told, [tasks[0].id]) == 5


async def test_a_change_that_breaks_a_rule_takes_its_event_with_it(dora: Person, house: Served) -> None:
    async with begun(dora) as transaction:
        transaction.add(task := made(dora, "One"))
    event = Draft([f"tasks:{dora.id}"], Kind.UPDATED, "Task", task.id, Id(dora.id), dora.people.services.clock())

    async def breaks() -> None:
        async with begun(dora) as transaction:
            (await transaction.get_one(Task, task.id)).title = ""
            await log.append(transaction, [event])

    with pytest.raises(asyncpg.CheckViolationError):
        await breaks()
    assert await titles(dora) == ["One"]
    assert await house.services.db.fetchval("select count(*) from event where entity_id = $1", [task.id]) == 0


async def test_what_is_known_of_statements_stays_bounded(dora: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared, "MOST_KEPT", 20)
    known = []
    async with begun(dora) as transaction:
        for number in range(100):
            assert await transaction.scalar(text(f"select {number}")) == number
            if number % 50 == 49:
                gc.collect()
                known.append(len(prepared._BY_STATEMENT))
    assert known[0] == known[1]
    assert len(prepared._BY_KEY) == 20

"""What is too old goes by itself, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from kit.settings import Settings
from live import log
from server import housekeeping
from server.housekeeping import SESSIONS_KEPT, tidy
from tests.clock import Watch
from tests.conftest import Served, served
from tests.live.following import following, readable
from tests.waiting import until


async def test_old_trash_goes_and_young_trash_stays(settings: Settings) -> None:
    clock = Watch(datetime.now(UTC))
    async with served(settings, clock) as house:
        dora = await house.people.one()
        old, kept = await dora.task("Old"), await dora.task("Kept")
        await dora.ask("mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }", id=old["id"])
        clock.at += timedelta(minutes=20)
        young = await dora.task("Young")
        await dora.ask("mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }", id=young["id"])
        clock.at += timedelta(days=settings.trash_retention_days, minutes=-10)
        await all_read(house)  # whatever has happened so far is pruned, too
        async with following(house.services.tail, [f"tasks:{dora.id}"]) as follower:
            await tidy(house.services)
            told: list[str] = []
            while old["id"] not in told:
                told += [event.entity_id for event in await follower.take(1) if event.kind == "DELETED"]
        assert await house.people.row(old["id"]) == {}
        assert (await house.people.row(young["id"]))["trashed_at"] is not None
        assert (await house.people.row(kept["id"]))["trashed_at"] is None


async def all_read(house: Served) -> None:
    """The tail has come to the end of the log."""
    await readable(house.services.db)
    end = await log.head(house.services.db)
    await until(lambda: house.services.tail.head >= end)


async def test_sessions_that_ended_long_ago_go(settings: Settings) -> None:
    clock = Watch(datetime.now(UTC))
    async with served(settings, clock) as house:
        dora, sam = await house.people.one(), await house.people.one()
        await dora.ask("mutation { logout { deletedId } }")
        clock.at += SESSIONS_KEPT - timedelta(minutes=1)
        await tidy(house.services)
        assert await house.people.row(str(dora.session_id)) != {}
        clock.at += timedelta(minutes=2)
        await tidy(house.services)
        assert await house.people.row(str(dora.session_id)) == {}
        assert await house.people.row(str(sam.session_id)) != {}


async def test_the_audit_is_kept_for_a_year(settings: Settings) -> None:
    clock = Watch(datetime.now(UTC))
    async with served(settings, clock) as house:
        dora = await house.people.one()
        await dora.ask("{ users { totalCount } }")
        clock.at += timedelta(days=settings.audit_retention_days, minutes=-1)
        await tidy(house.services)
        assert await house.people.audit(dora.id) == ["refused.users"]
        clock.at += timedelta(minutes=2)
        await tidy(house.services)
        assert await house.people.audit(dora.id) == []


async def test_old_events_go_in_batches(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    pruned: list[datetime] = []

    async def prune(db: object, *, before: datetime) -> int:
        pruned.append(before)
        return 5 if len(pruned) < 3 else 0

    monkeypatch.setattr(log, "prune", prune)
    clock = Watch(datetime.now(UTC))
    async with served(settings, clock) as house:
        await tidy(house.services)
    assert pruned == [clock.at - timedelta(days=settings.event_retention_days)] * 3


async def test_it_is_done_again_and_outlives_a_failure(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[int] = []

    async def failing(services: object) -> None:
        times.append(1)
        if len(times) == 3:
            raise KeyboardInterrupt
        raise RuntimeError("the database is away")

    monkeypatch.setattr(housekeeping, "EVERY_SECONDS", 0)
    monkeypatch.setattr(housekeeping, "tidy", failing)
    with pytest.raises(KeyboardInterrupt):
        await housekeeping.keep_house(house.services)
    assert len(times) == 3


async def test_a_server_that_is_too_old_is_refused(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    from server.house import NotReady, check

    async def old() -> int:
        return 14

    monkeypatch.setattr(house.services.db, "server_version", old)
    with pytest.raises(NotReady, match=r"^PostgreSQL 14 is too old: Parlor needs 15 or newer\.$"):
        await check(house.services.db)


async def test_the_log_says_who_was_refused(house: Served, once: None) -> None:
    dora = await house.people.one()
    assert (await dora.ask("{ users { totalCount } }")).code == "FORBIDDEN"
    assert await house.people.audit(dora.id) == ["refused.users"]
    async with house.services.db.transaction() as session:
        kept = await session.scalar(text("select trace_id from audit_entry where actor_id = :id"), {"id": dora.id})
    assert kept is not None

"""What has to go goes, in small transactions: old events, trash, audit, keys, what happened long ago in families;
sessions and processes that ended. And what has to come comes: the next year of what recurs.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import and_, delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from db import jobs
from db.accounts.audit import AuditEntry
from db.accounts.presence import GONE_KEPT, PresenceGone, PresenceLease
from db.accounts.sessions import Session
from db.base import Base
from db.gifts.activity import Activity
from db.idempotency import IdempotencyKey
from db.tasks.tasks import Task
from live import log
from live.log import Draft, Kind
from live.topics import tasks_of
from resolvers.context import Services, for_nobody
from resolvers.gifts import years

EVERY_SECONDS = 600
BATCH = 1_000
ACTIVITY_KEPT = timedelta(days=365)
SESSIONS_KEPT = timedelta(days=7)  # ended ones, so that the reuse of their tokens is still noticed
JOBS_KEPT = timedelta(days=7)  # what is known of them once they are done
DEAD_JOBS_KEPT = timedelta(days=30)  # for whoever looks why

logger = structlog.get_logger()


async def keep_house(services: Services) -> None:
    """For the life of the process; several processes may do it at once."""
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await tidy(services)
        except Exception as error:
            logger.warning("housekeeping.failed", error=repr(error))


async def tidy(services: Services) -> None:
    settings, now = services.settings, services.clock()
    while await log.prune(services.db, before=now - timedelta(days=settings.event_retention_days)):
        pass
    await _empty_trash(services, now - timedelta(days=settings.trash_retention_days))
    await _remove(
        services, AuditEntry, AuditEntry.id, AuditEntry.at < now - timedelta(days=settings.audit_retention_days)
    )
    once = IdempotencyKey.at < now - timedelta(hours=settings.idempotency_hours)
    await _remove(services, IdempotencyKey, IdempotencyKey.id, once)
    await _remove(services, Activity, Activity.id, Activity.created_at < now - ACTIVITY_KEPT)
    ended = now - SESSIONS_KEPT
    ours = and_(Session.revoked_at < ended, Session.identity_id.is_(None))  # others' tokens may still be good
    await _remove(services, Session, Session.id, or_(Session.expires_at < ended, ours))
    gone = True
    while gone:
        async with services.db.transaction() as session:
            gone = await jobs.forget(session, done=JOBS_KEPT, dead=DEAD_JOBS_KEPT, batch=BATCH)
    await _remove(services, PresenceLease, PresenceLease.process, PresenceLease.until < func.now())
    await _remove(services, PresenceGone, PresenceGone.id, PresenceGone.at < func.now() - GONE_KEPT)
    await years.open_due(for_nobody(services, "housekeeping"))


async def _empty_trash(services: Services, before: datetime) -> None:
    """Somebody may be looking there: what goes is told."""
    gone = 1
    while gone:
        async with services.db.transaction() as session:
            rows = select(Task.id).where(Task.trashed_at < before).limit(BATCH).with_for_update(skip_locked=True)
            found = await session.execute(delete(Task).where(Task.id.in_(rows)).returning(Task.id, Task.owner_id))
            drafts = [
                Draft([tasks_of(owner)], Kind.DELETED, Task.__name__, id, None, services.clock()) for id, owner in found
            ]
            gone = len(drafts)
            if drafts:
                await log.append(session, drafts)
        services.doorbell.ring()


async def _remove(
    services: Services, model: type[Base], id: InstrumentedAttribute[Any], where: ColumnElement[bool]
) -> None:
    gone = 1
    while gone:
        async with services.db.transaction() as session:
            rows = select(id).where(where).limit(BATCH).with_for_update(skip_locked=True)
            gone = len((await session.scalars(delete(model).where(id.in_(rows)).returning(id))).all())

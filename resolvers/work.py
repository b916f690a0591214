"""A write: one database transaction in which a row and the events that speak of it are kept or lost together."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from asyncpg import DeadlockDetectedError, ForeignKeyViolationError, PostgresError, QueryCanceledError
from sqlalchemy import Select, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from db.base import ID, Entity
from db.transaction import Transaction
from kit.errors import Conflict, Forbidden, NotFound, OutcomeUnknown, TooSlow, Unauthenticated
from kit.ids import Id, prefix_of
from live import jobs, log
from live.log import Draft, Kind
from live.topics import ENDING, GRANTING, TOPICS
from resolvers import audience
from resolvers.audience import Told
from resolvers.audit import audited
from resolvers.context import Context
from resolvers.jobs import Job
from resolvers.policies import POLICIES

E = TypeVar("E", bound=Entity)

# What a broken constraint means to a client: reason, field, message.
CONFLICTS = {
    "uq_user_account_email": ("EMAIL_EXISTS", "email", "Email already exists"),
    "uq_user_account_username": ("USERNAME_EXISTS", "username", "Username already exists"),
    "uq_label_owner_id_name": ("LABEL_EXISTS", "name", "Label already exists"),
    "uq_seance_report_message_id_reporter_id": ("ALREADY_REPORTED", "messageId", "You have reported it already"),
    "uq_person_user_id_family_id": ("PERSON_LINKED", "userId", "They are another person of this family already"),
}

# Broken when the viewer is deleted while they write.
OWNERS = {
    "fk_family_member_user_id",
    "fk_gift_added_by_id",
    "fk_label_owner_id",
    "fk_session_user_id",
    "fk_task_owner_id",
}
# The second: a row that what is written belongs to has gone meanwhile.
AT_ONCE = (DeadlockDetectedError, ForeignKeyViolationError)
NOT_DONE = "It took too long and was not done; try again"


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a mutation answers that removed something."""

    deleted_id: Id


class Work:
    def __init__(self, ctx: Context, session: Transaction) -> None:
        self.ctx = ctx
        self.session = session
        self._told: list[Told] = []
        self._drafts: list[Draft] = []
        self._afterwards: list[Callable[[], object]] = []

    async def lock(self, model: type[E], id: Id, *, version: int | None = None, **is_: Any) -> E:
        """The row, locked until the end, if the viewer may change it as it stands.

        `is_` narrows which rows count as existing (`trashed_at=None`). Raises NotFound where the viewer may not see
        it, Forbidden where they may see but not change it, Conflict where it is no longer of the expected version.
        """
        found = await self.lock_all(model, [id], **is_)
        row = found[0]
        if version is not None and row.version != version:
            raise Conflict(
                f"{model.__name__} has changed meanwhile: version {row.version}, not {version}", reason="STALE_VERSION"
            )
        return row

    async def lock_all(self, model: type[E], ids: Sequence[Id], **is_: Any) -> list[E]:
        """All of them in the order asked for, or the error that `lock` would raise for the first that is amiss.

        Rows are locked in the order of their ids, so that two such calls never wait for each other in a circle.
        """
        rows = await self._locked(model, ids, is_)
        for id in ids:
            if id not in rows:
                raise NotFound(model.__name__, id)
            if not rows[id][1]:
                raise Forbidden
        return [rows[id][0] for id in dict.fromkeys(ids)]

    async def lock_those(self, model: type[E], ids: Sequence[Id], **is_: Any) -> list[E]:
        """Those among them that the viewer may change and that are so; the others are passed over."""
        rows = await self._locked(model, ids, is_)
        return [rows[id][0] for id in dict.fromkeys(ids) if id in rows and rows[id][1]]

    async def _locked(self, model: type[E], ids: Sequence[Id], is_: dict[str, Any]) -> dict[Id, tuple[E, bool]]:
        rows = await self.session.execute(_to_lock(model, *_shape(is_)), self._values(model, ids, is_))
        return {row.id: (row, may) for row, may in rows}

    def _values(self, model: type[E], ids: Iterable[Id], is_: dict[str, Any]) -> dict[str, Any]:
        possible = sorted({id for id in ids if prefix_of(id) == model.prefix})
        so = {f"is_{name}": value for name, value in is_.items() if value is not None}
        return self.ctx.slots() | so | {"ids": possible}

    async def alone(self, name: str, owner: Id) -> None:
        """Waits until no other work of this name for this owner is under way; none begins until this one ends."""
        if prefix_of(owner) is not None:
            await self.session.execute(_ALONE, {"name": name, "owner": owner})

    async def visible(self, model: type[E], ids: Iterable[Id], **is_: Any) -> list[E]:
        """The rows among these that the viewer may see, not locked."""
        return list(await self.session.scalars(_visible(model, *_shape(is_)), self._values(model, ids, is_)))

    async def add(self, row: E, kind: Kind = Kind.ADDED, *, by: Entity | None = None) -> E:
        now = self.ctx.now()
        row.id = row.id or row.fresh_id()
        row.created_at = row.updated_at = now
        row.version = 1
        self.session.add(row)
        await self.session.flush()
        self.tell(row, kind, by=by)
        return row

    def change(
        self,
        row: E,
        kind: Kind = Kind.UPDATED,
        also: Iterable[str] = (),
        *,
        by: Entity | None = None,
        **values: Any,
    ) -> E:
        """Sets columns. Where nothing differs nothing is written and nobody hears of it."""
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not changed:
            return row
        before = _topics(row)
        for name, value in changed.items():
            setattr(row, name, value)
        grants = not GRANTING.get(type(row), frozenset()).isdisjoint(changed)
        return self.touch(row, kind, [*before, *also], by=by, grants=grants)

    def touch(
        self,
        row: E,
        kind: Kind = Kind.UPDATED,
        also: Iterable[str] = (),
        *,
        by: Entity | None = None,
        grants: bool = False,
    ) -> E:
        """Counts as a change of the row, though it may lie in another table."""
        row.version += 1
        row.updated_at = self.ctx.now()
        self.tell(row, kind, also, by=by, grants=grants)
        return row

    async def remove(self, row: Entity, also: Sequence[str] = ()) -> Deleted:
        (deleted,) = await self.remove_all([row], also)
        return deleted

    async def remove_all(self, rows: Sequence[Entity], also: Sequence[str] = ()) -> list[Deleted]:
        """Told of in this order. Who hears is decided while the rows stand.

        What the database takes away with them must be removed before, so that it is told of.
        """
        for row in rows:
            self.tell(row, Kind.DELETED, also, grants=type(row) in ENDING)
        await self.decide()
        for model in {type(row) for row in rows}:
            ids = bindparam("ids", [row.id for row in rows], type_=ARRAY(ID))
            await self.session.execute(delete(model).where(model.id == func.any(ids)))
        return [Deleted(row.id) for row in rows]

    def tell(
        self,
        row: Entity,
        kind: Kind,
        also: Iterable[str] = (),
        *,
        by: Entity | None = None,
        grants: bool = False,
        anonymous: bool = False,
    ) -> None:
        """`by` is the row whose policy decides who hears of it, by default the row itself; it must be in the database
        when the work ends. `grants` tells that who may see what is no longer what it was. With `anonymous` nobody is
        told who did it.
        """
        topics = [*dict.fromkeys([*_topics(row), *also])]
        if topics:
            actor = None if anonymous else self.ctx.viewer_id
            draft = Draft(topics, kind, type(row).__name__, row.id, actor, self.ctx.now(), grants)
            self._told.append(Told(draft, by or row))

    async def decide(self) -> None:
        """From whom it is hidden what has been told so far, as things stand now."""
        told, self._told = self._told, []
        self._drafts += await audience.decided(self.session, told, self.ctx.now())

    def audit(self, action: str, subject: Id | None = None, *, actor: Id | None = None, **details: object) -> None:
        self.session.add(audited(self.ctx, action, subject, actor=actor, **details))

    async def enqueue(self, job: Job, at: datetime | None = None) -> None:
        """It is there to be done, now or later, exactly when all this is committed."""
        now = self.ctx.now()
        await jobs.enqueue(self.session, job.name(), job.payload(), after=max(at or now, now) - now)

    def afterwards(self, call: Callable[[], object]) -> None:
        """Calls it once all is committed, or may be: where it is not, that must do no harm."""
        self._afterwards.append(call)

    async def finish(self) -> None:
        """Writes the events."""
        await self.decide()
        if self._drafts:
            await log.append(self.session, self._drafts)
            self.afterwards(self.ctx.services.doorbell.ring)
        granted = {topic for draft in self._drafts if draft.grants for topic in draft.topics}
        if granted:
            self.afterwards(lambda: self.ctx.services.grants.tell(granted))

    def committed(self) -> None:
        for call in self._afterwards:
            call()


def _shape(is_: dict[str, Any]) -> tuple[tuple[str, bool], ...]:
    """The columns that must have a value, and whether that is null."""
    return tuple((name, value is None) for name, value in is_.items())


@cache
def _visible(model: type[E], *is_: tuple[str, bool]) -> Select[E]:
    """Those of the ids that the viewer may see, as one parameter: a statement may have 32,767."""
    so = [
        getattr(model, name).is_(None) if null else getattr(model, name) == bindparam(f"is_{name}")
        for name, null in is_
    ]
    ids = bindparam("ids", type_=ARRAY(ID))
    return select(model).where(model.id == func.any(ids), POLICIES[model].see(model), *so)


@cache
def _to_lock(model: type[E], *is_: tuple[str, bool]) -> Select[E, bool]:
    """The same, locked in the order of their ids, with whether the viewer may change them."""
    changing = _visible(model, *is_).add_columns(POLICIES[model].change(model))
    return changing.order_by(model.id).with_for_update(of=model)


def _topics(row: Entity) -> list[str]:
    name = TOPICS.get(type(row))
    return name(row) if name else []


_ALONE = text("select pg_advisory_xact_lock(hashtext(:name), hashtext(:owner))")


@asynccontextmanager
async def begun(ctx: Context, alone: str | None = None) -> AsyncIterator[Work]:
    """Commits when the block ends, then rings; of a mutation that is done once, when the verb has answered."""
    transaction = _transaction(ctx)
    async with transaction if ctx.once is None else ctx.once.holding(transaction) as work:
        if alone is not None:
            await work.alone(alone, ctx.viewer.id)
        yield work
        await work.finish()


@asynccontextmanager
async def _transaction(ctx: Context) -> AsyncIterator[Work]:
    """Broken uniqueness becomes Conflict."""
    try:
        async with ctx.services.db.transaction() as session:
            work = Work(ctx, session)
            yield work
            if ctx.limit is not None and not ctx.limit.expired():
                ctx.limit.reschedule(None)  # what is committed is done, however long the rest may take
    except PostgresError as error:
        raise _told(error) from error
    except OutcomeUnknown:
        work.committed()
        raise
    work.committed()


def _told(error: PostgresError) -> Exception:
    name = error.constraint_name
    if name in CONFLICTS:
        reason, field, message = CONFLICTS[name]
        return Conflict(message, reason=reason, details={field: [message]})
    if name in OWNERS:
        return Unauthenticated("Invalid or expired token")
    if isinstance(error, AT_ONCE):
        return Conflict("Somebody changed the same at the same moment; try again", reason="TRY_AGAIN")
    if isinstance(error, QueryCanceledError):  # by its statement's time
        return TooSlow(NOT_DONE)
    return error

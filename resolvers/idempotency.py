"""Mutations that are done once, however often they are asked with the same Idempotency-Key.

What a verb did is written, as the key's row, in the verb's own transaction: the change and the knowledge of it are kept
or lost together. Therefore the commit waits until the verb has answered. Who asks the same in another process waits for
a lock; in this one they wait for their turn, without a connection.
`docs/adr/0013-idempotency.md` says what takes part and why.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from asyncpg import QueryCanceledError
from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from db.base import Entity
from db.engine import FAULTS
from db.idempotency import IdempotencyKey
from db.transaction import Transaction
from kit.errors import Conflict, Invalid, OutcomeUnknown, Unavailable
from kit.ids import Id
from resolvers.context import Context, Viewer
from resolvers.shown import Shown
from resolvers.turns import in_use
from resolvers.work import Deleted, Work

Verb = Callable[[], Awaitable[Any]]
Result = dict[str, Any]

logger = structlog.get_logger()

WAS_NOT_DONE = "The database went away and it was not done; try again"
ASK_AGAIN = (
    "The database went away before it said whether this was done: ask again with the same Idempotency-Key, by which it"
    " is done once"
)

_KEY = re.compile(r"[ -~]{1,255}")

_READ = "select fingerprint, results::text, answer from idempotency_key where id = $1"
_OF_KEY = IdempotencyKey.id == bindparam("key")
# An advisory lock, and no row yet: a transaction that has written is numbered, and its events come before those of any
# that is numbered later, though that one may have what the verb has yet to wait for.
_CLAIM = text("select pg_advisory_xact_lock(:lock)")
_CLAIMED = select(IdempotencyKey.fingerprint, IdempotencyKey.results).where(_OF_KEY)
_INSERT = insert(IdempotencyKey).values(
    id=bindparam("key"), fingerprint=bindparam("body"), at=bindparam("now"), results=bindparam("all", type_=JSONB)
)
_RECORD = _INSERT.on_conflict_do_update(index_elements=["id"], set_={"results": _INSERT.excluded.results})
_KEEP = (
    update(IdempotencyKey)
    .where(_OF_KEY)
    .values(answer=func.coalesce(IdempotencyKey.answer, bindparam("answer")))
    .returning(IdempotencyKey.answer)
)


class AlreadyDone(Exception):
    """Another process has done meanwhile what was about to be done."""


@dataclass(frozen=True, slots=True)
class Known:
    """An entity that a verb answered when it was done, to be read back by its id."""

    id: Id


class Once:
    """One request to do something once. `answer` is its data as JSON, if that is kept already.

    Raises Invalid for a key that is none.
    """

    def __init__(self, ctx: Context, key: object, body: bytes) -> None:
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise Invalid({"idempotencyKey": ["must be 1 to 255 printable ASCII characters"]})
        self._ctx = ctx
        self.id = hashlib.sha256(f"{ctx.viewer.id} {key}".encode()).digest()
        self._fingerprint = hmac.digest(key.encode(), body, "sha256")
        self._results: dict[str, Result] = {}
        self._all_recorded = True
        self._field = ""
        self._task: asyncio.Task[Any] | None = None
        self._held: tuple[AsyncExitStack, Transaction] | None = None
        self.answer: bytes | None = None

    async def load(self) -> None:
        """Learns what has been done. Raises Conflict where the key came with another body."""
        for row in await self._ctx.services.db.fetch(_READ, self.id):
            self._learn(row["fingerprint"], orjson.loads(row["results"]))
            self.answer = row["answer"]

    def _learn(self, fingerprint: bytes, results: dict[str, Result]) -> None:
        if fingerprint != self._fingerprint:
            raise Conflict("This Idempotency-Key came with another request before", reason="IDEMPOTENCY_KEY_REUSED")
        self._results = results

    async def performed(self, field: str, verb: Verb) -> Any:
        """What the verb answers, or answered when it was done."""
        if field not in self._results:
            self._field, self._task = field, asyncio.current_task()
            with suppress(AlreadyDone):
                return await self._tried(verb)
        return _restored(self._results[field])

    async def _tried(self, verb: Verb) -> Any:
        """Where it fails, what it had ended by itself is committed, as it would be without a key."""
        try:
            answer = await verb()
        except Exception:
            await self._commit()
            raise
        except BaseException as cancelled:
            await self._roll_back(cancelled)
            raise
        result = _recorded(answer, self._ctx.viewer)
        self._all_recorded &= result is not None and self._held is not None
        await self._commit(result)
        return answer

    @asynccontextmanager
    async def holding(self, transaction: AbstractAsyncContextManager[Work]) -> AsyncIterator[Work]:
        """The transaction, in which the key is ours alone; where its block ends well, it waits for the verb's answer.

        Of several transactions of one verb the last one waits; of a task that the verb has started, and which may
        outlive it, none does. Raises AlreadyDone.
        """
        if asyncio.current_task() is not self._task:
            async with transaction as work:
                yield work
            return
        await self._commit()
        async with AsyncExitStack() as stack:
            work = await stack.enter_async_context(transaction)
            await self._claim(work.session)
            yield work
            self._held = stack.pop_all(), work.session

    async def _claim(self, session: Transaction) -> None:
        """Waits for whoever has the key just now."""
        try:
            await session.execute(_CLAIM, {"lock": int.from_bytes(self.id[:8], signed=True)})
        except QueryCanceledError as error:
            raise in_use() from error
        for row in await session.execute(_CLAIMED, {"key": self.id}):
            self._learn(*row)
        if self._field in self._results:
            raise AlreadyDone

    async def _commit(self, result: Result | None = None) -> None:
        """Ends the transaction that waits, if any; without a result it leaves no trace of the key."""
        if self._held is None:
            return
        (stack, session), self._held = self._held, None
        if result is None:
            await stack.aclose()
            return
        done = self._results | {self._field: result}
        try:
            async with stack:
                given = {"key": self.id, "body": self._fingerprint, "now": self._ctx.now(), "all": done}
                await session.execute(_RECORD, given)
        except OutcomeUnknown as unknown:
            raise await self._found_out() from unknown.__cause__
        self._results = done

    async def _found_out(self) -> Exception:
        """AlreadyDone, or what is to be told. Whoever has the lock knows: that transaction has ended, either way."""
        try:
            async with self._ctx.services.db.transaction() as session:
                await self._claim(session)
        except AlreadyDone as done:
            return done
        except (*FAULTS, Unavailable, Conflict):
            return OutcomeUnknown(ASK_AGAIN)
        return Unavailable(WAS_NOT_DONE)

    async def _roll_back(self, why: BaseException) -> None:
        if self._held is not None:
            (stack, _), self._held = self._held, None
            await stack.__aexit__(type(why), why, why.__traceback__)

    async def keep(self, answer: bytes) -> bytes:
        """The answer that was kept first, which is what everybody gets."""
        if not self._all_recorded or len(answer) > self._ctx.services.settings.idempotency_answer_bytes:
            return answer
        try:
            async with self._ctx.services.db.transaction() as session:
                kept: bytes | None = await session.scalar(_KEEP, {"key": self.id, "answer": answer})
        except (*FAULTS, Unavailable) as error:  # it is done all the same
            logger.warning("idempotency.not_kept", error=repr(error), trace_id=self._ctx.trace_id)
            return answer
        return answer if kept is None else kept


def _recorded(answer: Any, viewer: Viewer) -> Result | None:
    """What is written of a verb's answer: never what may be a secret, nor what only somebody else may read."""
    match answer:
        case Entity():
            return {"id": answer.id}
        case Shown() if answer.viewer == viewer:
            return {"id": answer.entity.id}
        case Deleted():
            return {"deleted": answer.deleted_id}
        case None | bool() | int() | float():
            return {"value": answer}
        case list():
            parts = [_recorded(part, viewer) for part in answer]
            return None if None in parts else {"list": parts}
    return None


def _restored(result: Result) -> Any:
    match result:
        case {"id": id}:
            return Known(id)
        case {"deleted": id}:
            return Deleted(id)
        case {"list": parts}:
            return [_restored(part) for part in parts]
    return result["value"]

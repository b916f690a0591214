"""Durable jobs: work that outlives the request it was asked in. They wait in PostgreSQL, and PgQueuer hands them out.

A job exists exactly when the transaction that asked for it is committed. It is done at least once, by any process: so
it must be such that doing it again does no harm. A process holds what it works at by a lease that it renews; of one
that was killed the lease runs out, and what a process has to leave behind when it stops it gives back at once.

What PgQueuer would do otherwise, and why it does not here, stands in docs/adr/0019-durable-jobs.md.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import uuid4

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.executors import AbstractEntrypointExecutor, EntrypointExecutorParameters
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.domain.models import Context, Job, TracebackRecord
from pgqueuer.domain.types import JOB_STATUS, JobId, QueueManagerId
from pgqueuer.ports.driver import Driver, NotifyCallback

from db.jobs import NAMES
from db.sessionless import Sessionless
from db.transaction import Transaction

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
CLOSING_SECONDS = 2  # for the jobs that are cancelled, and for giving them back
POLL_SECONDS = 2  # NOTIFY comes first, but not through every pooler, and not for leases that ran out
RETRY_SECONDS = (0.1, 0.5, 1, 2, 5)
FIRST_SECONDS, LONGEST_SECONDS = 2, 600  # from a failure to the next try
REASON = 200  # characters
NAME = {"application_name": "parlor jobs"}

logger = structlog.get_logger()
logging.getLogger("pgqueuer").setLevel(
    logging.CRITICAL
)  # each failure has one line here, and its traceback a row there


@dataclass(frozen=True, slots=True)
class Handler:
    """What is done for a job, given its number and payload; a try ends after so many seconds.

    Where as many `attempts` have failed, or taken their process with them, `gave_up` is called and the job is dead.
    """

    run: Callable[[int, bytes], Awaitable[None]]
    gave_up: Callable[[int, bytes], Awaitable[None]]
    attempts: int
    seconds: float


class Dead(Exception):
    """Nobody will try again."""


def backoff(tried: int) -> float:
    """Seconds until the next try: twice as many each time, less up to half, so that not all come at once."""
    return min(FIRST_SECONDS * 2.0 ** min(tried - 1, 30), LONGEST_SECONDS) * random.uniform(0.5, 1)  # noqa: S311


async def enqueue(session: Transaction, name: str, payload: bytes, *, after: timedelta = timedelta(0)) -> None:
    """It is kept or lost with the transaction."""
    await _queries(cast("Driver", Within(session))).enqueue(name, payload, execute_after=after)


class Within:
    """A transaction of ours, as far as PgQueuer needs a driver to enqueue."""

    def __init__(self, session: Transaction) -> None:
        self._session = session

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        return [dict(row) for row in await self._session.fetch(query, *args)]


class Deaf(AsyncpgDriver):
    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """What was listened for would come to whoever has the pooler's connection by then."""


def _queries(driver: Driver, kind: type[Queries] = Queries) -> Queries:
    named = QueryBuilderEnvironment(NAMES), QueryQueueBuilder(NAMES), QuerySchedulerBuilder(NAMES)
    return kind(driver, *named)


class Jobs:
    """Works at the jobs that have a handler, `concurrency` of them at once, on a connection of its own.

    `url` as asyncpg takes it; the `lease`, in seconds, is how long a job of a killed process waits for another. Where
    the URL leads to a pooler that forgets LISTEN it `listens` to nobody, and looks every two seconds.
    """

    def __init__(
        self,
        url: str,
        handlers: Mapping[str, Handler],
        *,
        concurrency: int,
        lease: float,
        listens: bool = True,
        backoff: Callable[[int], float] = backoff,
    ) -> None:
        self._url = url
        self._handlers = handlers
        self._concurrency = concurrency
        self._lease = timedelta(seconds=lease)
        self._driver = AsyncpgDriver if listens else Deaf
        self._kind = asyncpg.Connection if listens else Sessionless
        self._backoff = backoff
        self._id = QueueManagerId(uuid4())
        self._at_work: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """For the life of the process; outlives a database that goes and comes back."""
        failures = 0
        while True:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    connection = await asyncpg.connect(
                        self._url,
                        command_timeout=STATEMENT_SECONDS,
                        statement_cache_size=0,
                        server_settings=NAME,
                        connection_class=self._kind,
                    )
                failures = 0
                await self._work(connection)
            except Exception as error:
                wait = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
                logger.warning("jobs.lost", error=repr(error)[:REASON], retry_in=wait)
                failures += 1
                await asyncio.sleep(wait)

    async def _work(self, connection: asyncpg.Connection) -> None:
        """Lives as long as the connection."""
        try:
            await self._give_back(connection)  # what was left when the connection before died
            manager = self._manager(connection)
            running = asyncio.create_task(
                manager.run(
                    dequeue_timeout=timedelta(seconds=POLL_SECONDS),
                    batch_size=self._concurrency // 2,  # PgQueuer's condition
                    max_concurrent_tasks=self._concurrency,
                    heartbeat_timeout=self._lease,
                    log_aggregation_interval=timedelta(0),
                )
            )
            connection.add_termination_listener(lambda _: self._stop(running))
            try:
                await self._until_over(running, connection)
            finally:
                self._stop(running)
                await asyncio.wait([running], timeout=CLOSING_SECONDS)
                await self._give_back(connection)
            raise ConnectionError("PostgreSQL hung up") if running.cancelled() else running.exception() or Dead
        finally:
            connection.terminate()

    def _manager(self, connection: asyncpg.Connection) -> QueueManager:
        queries = _queries(self._driver(connection), Fenced)
        assert isinstance(queries, Fenced)
        queries.own = self._id
        manager = QueueManager(queries, channel=NAMES.channel)
        manager.queue_manager_id = self._id
        for name, handler in self._handlers.items():
            manager.register_executor(name, Executor(self, queries, handler))
        return manager

    async def _until_over(self, running: asyncio.Task[None], connection: asyncpg.Connection) -> None:
        """Until PgQueuer ends, or has no connection any more: it may then wait for jobs, and nobody has told us."""
        while not running.done() and not connection.is_closed():
            await asyncio.wait([running], timeout=POLL_SECONDS)

    def _stop(self, running: asyncio.Task[None]) -> None:
        running.cancel()
        for task in self._at_work:
            task.cancel()

    async def _give_back(self, connection: asyncpg.Connection) -> None:
        """For anybody to take at once. Where it fails the lease runs out."""
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await connection.execute(_GIVE_BACK, self._id)

    async def attempt(self, handler: Handler, job: Job, tried: int) -> None:
        """Raises RetryRequested for another try, and Dead for none."""
        task = asyncio.current_task()
        assert task is not None
        self._at_work.add(task)
        try:
            if tried <= handler.attempts:
                async with asyncio.timeout(handler.seconds):
                    await handler.run(job.id, job.payload or b"")
        except Exception as error:
            logger.warning("job.failed", job=job.entrypoint, id=job.id, tried=tried, error=repr(error)[:REASON])
            if tried < handler.attempts:
                raise RetryRequested(timedelta(seconds=self._backoff(tried)), repr(error)[:REASON]) from error
            await self._give_up(handler, job, repr(error)[:REASON])
        else:
            if tried > handler.attempts:
                await self._give_up(handler, job, "its processes ended before it did")
        finally:
            self._at_work.discard(task)

    async def _give_up(self, handler: Handler, job: Job, why: str) -> None:
        try:
            async with asyncio.timeout(handler.seconds):
                await handler.gave_up(job.id, job.payload or b"")
        except Exception as error:
            logger.warning("job.not_given_up", job=job.entrypoint, id=job.id, error=repr(error)[:REASON])
            raise RetryRequested(timedelta(seconds=self._backoff(handler.attempts)), why) from error
        logger.error("job.dead", job=job.entrypoint, id=job.id, why=why)
        raise Dead(why)


# What is given back was no try of its own.
_GIVE_BACK = """
with back as (
  update job set status = 'queued', queue_manager_id = null, execute_after = now(), updated = now()
  where queue_manager_id = $1 and status = 'picked' returning id, entrypoint, priority
)
insert into job_log (job_id, status, entrypoint, priority) select id, 'canceled', entrypoint, priority from back
"""
_TRIED = """
select count(*) filter (where status = 'picked') - count(*) filter (where status = 'canceled') as tried
from job_log where job_id = $1
  and id > coalesce((select max(id) from job_log where job_id = $1 and status = 'failed'), 0)
"""
_OURS = "select id from job where id = any($1) and queue_manager_id = $2 and status = 'picked'"


class Executor(AbstractEntrypointExecutor):
    """One try, whose number is how often the job was handed out: also to processes that did not live to tell."""

    def __init__(self, jobs: Jobs, queries: Queries, handler: Handler) -> None:
        super().__init__(EntrypointExecutorParameters(concurrency_limit=0, func=_unused, on_failure="hold"))
        self._jobs = jobs
        self._queries = queries
        self._handler = handler

    async def execute(self, job: Job, context: Context) -> None:
        rows = await self._queries.driver.fetch(_TRIED, job.id)
        await self._jobs.attempt(self._handler, job, int(str(rows[0]["tried"])))


async def _unused(job: Job) -> None:
    raise NotImplementedError


class Fenced(Queries):
    """Says what became of a job only while it is ours, and never that it was cancelled: then it is taken up again."""

    own: QueueManagerId

    async def log_jobs(self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]) -> None:
        ours = await self._ours([job.id for job, _, _ in job_status])
        kept = [one for one in job_status if one[0].id in ours and one[1] != "canceled"]
        if kept:
            await super().log_jobs(kept)

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        """Where it cannot be written the lease runs out: PgQueuer would count the job as failed for good."""
        with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if job.id in await self._ours([job.id]):
                await super().retry_job(job, delay, traceback_record)

    async def _ours(self, ids: list[JobId]) -> set[object]:
        return {row["id"] for row in await self.driver.fetch(_OURS, ids, self.own)}

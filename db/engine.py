"""The way to PostgreSQL: transactions, and reads through a pool of connections that cannot write.

The two pools are apart because their manners differ: a read is one statement, may be repeated when its connection
dies, and leaves nothing to reset; a transaction is begun once, and whether it is committed only PostgreSQL knows.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from sqlalchemy import URL, NullPool, event, make_url
from sqlalchemy import Connection as SyncConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db.reads import Read, Reads
from db.sessionless import Sessionless
from db.transaction import Connection, Transaction
from kit.errors import OutcomeUnknown, ParlorError, TooSlow, Unavailable
from kit.settings import Pooler

SESSION = {"TimeZone": "UTC", "jit": "off"}
# A statement is planned once. Left to itself PostgreSQL plans every LIMIT $n anew each time: without the number it
# takes it for a tenth of all rows, and finds that too dear. Planning takes twice as long as running.
OF_READS = {"default_transaction_read_only": "on", "plan_cache_mode": "force_generic_plan"}
OF_WRITES = {"idle_in_transaction_session_timeout": "30000"}
NAME = {"application_name": "parlor"}  # the one setting that poolers pass on
CLOSING_SECONDS = 2  # for transactions under way; then they are rolled back, and whoever waits for one is told
# Statements that have no names, and look-ups of types that set nothing.
WITHOUT_SESSION: dict[str, Any] = {"server_settings": NAME, "statement_cache_size": 0, "connection_class": Sessionless}
OLDEST_VERSION = 15

# Of a read: OSError is what becomes of a lost connection before it is one of PostgreSQL's, and of what waited too long.
# InternalClientError is what asyncpg says where PostgreSQL takes its leave between two statements.
FAILURES = (
    OSError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
# All that may become of a transaction.
FAULTS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
# Of a transaction: a table's columns are of other types than when its statement was prepared. asyncpg has forgotten it.
MIGRATED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)


class Database:
    """Timeouts are in seconds, pool sizes in connections, `statements` per connection.

    What `fetchval` and `fetch` run cannot change rows, schema or sequences, now or later. It is one statement that
    begins as reading does, and stands in a read-only transaction, which such a statement can neither end nor unlock.
    Where it unlocks those that come after it (set_config), PostgreSQL reports that, and its connection is closed.
    Not prevented, as in any read-only transaction: advisory locks, NOTIFY, and what a superuser may do to files and
    processes. So the texts of statements are ours, never a client's.

    Behind a pooler that hands its connections from transaction to transaction nothing is kept in the session: each
    transaction sets what it needs for itself, and statements have no names. An answer then takes three round trips.
    """

    def __init__(
        self,
        url: str,
        *,
        write_pool: int,
        read_pool: int,
        statement_timeout: int,
        connect_timeout: int,
        statements: int = 100,
        pooler: Pooler = Pooler.NONE,
    ) -> None:
        self.url = normalised(url)
        self._pooled = pooler is Pooler.TRANSACTION
        self._connect_timeout = connect_timeout
        self._command_timeout = statement_timeout + 2  # PostgreSQL ends a statement first, if it still hears us
        self._session = SESSION | {"statement_timeout": str(statement_timeout * 1000)}
        self._read_pool_size = read_pool
        self._kept = statements
        self._reads: Reads | None = None
        self._write_pool_size = write_pool
        self._writes: asyncpg.Pool | None = None

    @property
    def engine(self) -> AsyncEngine:
        """SQLAlchemy's own, for migrations: a connection for each time that it is asked for one."""
        session = self._session | OF_WRITES
        manner: dict[str, Any] = {"server_settings": NAME | session}
        if self._pooled:
            manner = WITHOUT_SESSION | {"prepared_statement_cache_size": 0}
        limits = {"timeout": self._connect_timeout, "command_timeout": self._command_timeout}
        engine = create_async_engine(self.url, poolclass=NullPool, hide_parameters=True, connect_args=limits | manner)
        if self._pooled:

            @event.listens_for(engine.sync_engine, "begin")
            def begin(connection: SyncConnection) -> None:
                for setting in _local(session):
                    connection.exec_driver_sql(setting)

        return engine

    def _pool(self) -> asyncpg.Pool:
        """asyncpg's, whose connections are opened when they are needed and not reset: a transaction leaves nothing."""
        manner: dict[str, Any] = {
            "server_settings": NAME | self._session | OF_WRITES,
            "statement_cache_size": self._kept,
        }
        if self._pooled:
            manner = WITHOUT_SESSION
        return asyncpg.create_pool(
            dsn(self.url),
            min_size=0,
            max_size=self._write_pool_size,
            max_inactive_connection_lifetime=0,
            max_cached_statement_lifetime=0,
            init=_as_json,
            reset=_nothing,
            timeout=self._connect_timeout,
            command_timeout=self._command_timeout,
            **manner,
        )

    async def open(self) -> None:
        """Connects the reads' pool. Raises OSError or asyncpg.PostgresError when there is no database to talk to."""
        self._writes = self._writes or await self._pool()
        self._reads = Reads(
            self._connected,
            size=self._read_pool_size,
            patience=self._connect_timeout,
            longest=self._command_timeout,
            begin="; ".join(["begin read only", *_local(self._session)]) if self._pooled else None,
        )
        await self._reads.run(asyncpg.Connection.fetchval, "select 1", ())

    async def _connected(self) -> asyncpg.Connection:
        """A connection for reads. It answers json as bytes, which is what a response is made of."""
        manner: dict[str, Any] = {
            "server_settings": NAME | self._session | OF_READS,
            "statement_cache_size": self._kept,
        }
        if self._pooled:
            manner = WITHOUT_SESSION
        connection: asyncpg.Connection = await asyncpg.connect(
            dsn(self.url),
            timeout=self._connect_timeout,
            max_cached_statement_lifetime=0,  # for ever; texts over 15 KiB are not kept, their plans take megabytes
            **manner,
        )
        try:
            await connection.set_type_codec(
                "json", schema="pg_catalog", format="binary", encoder=str.encode, decoder=bytes
            )
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def close(self) -> None:
        if self._reads is not None:
            await self._reads.close()
        if self._writes is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_SECONDS):
                    await self._writes.close()

    def fetchval(self, sql: str, arguments: Sequence[Any]) -> Coroutine[Any, Any, Any]:
        """The first value of the first row, None without one. A value of type json comes as bytes.

        Raises TooSlow where the statement ran out of its time, Unavailable where there is no database to run it.
        """
        return self._run(asyncpg.Connection.fetchval, sql, arguments)

    def fetch(self, sql: str, *arguments: Any) -> Coroutine[Any, Any, list[asyncpg.Record]]:
        """All rows. Raises what `fetchval` raises."""
        return self._run(asyncpg.Connection.fetch, sql, arguments)

    async def _run(self, read: Read, sql: str, arguments: Sequence[Any]) -> Any:
        assert self._reads is not None, "Database.open() comes first"
        try:
            return await self._reads.run(read, sql, arguments)
        except asyncpg.QueryCanceledError as error:
            raise TooSlow from error
        except FAILURES as error:
            raise Unavailable from error
        except asyncpg.InterfaceError as error:
            if "closed" in str(error):
                raise Unavailable from error
            raise  # arguments that do not fit: a fault of ours

    @asynccontextmanager
    async def transaction(self, begin: str = "begin") -> AsyncIterator[Transaction]:
        """One transaction: commits when the block ends, rolls back when it raises.

        Raises Unavailable where it could not be begun, or PostgreSQL went away or fell silent before its commit: then
        nothing has been done. Raises OutcomeUnknown where it did so after that: of a commit that is not answered only
        PostgreSQL knows what becomes.
        """
        assert self._writes is not None, "Database.open() comes first"
        try:
            connection = await self._writes.acquire(timeout=self._connect_timeout)
        except FAULTS as error:
            raise Unavailable from error
        try:
            try:
                settings = _local(self._session | OF_WRITES) if self._pooled else []
                await connection.execute("; ".join([begin, *settings]))
                made = Transaction(connection)
                yield made
                await made.flush()
            except BaseException as error:
                if await _rolled_back(connection, error):
                    raise
                raise Unavailable from error
            await _commit(connection)
        finally:
            with suppress(Exception):  # then it is closed; what became of the transaction is as it is
                await self._writes.release(connection, timeout=self._connect_timeout)

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Transaction]:
        """One that cannot change anything: then nothing has been done either where its commit is not answered."""
        try:
            async with self.transaction("begin read only") as made:
                yield made
        except OutcomeUnknown as error:
            raise Unavailable from error.__cause__

    async def server_version(self) -> int:
        async with self.engine.connect() as connection:
            number = await connection.exec_driver_sql("select current_setting('server_version_num')::int / 10000")
            return int(number.scalar_one())


def _local(settings: dict[str, str]) -> list[str]:
    """Statements that set them for the transaction that they stand in."""
    return [f"set local {name} = '{value}'" for name, value in settings.items()]


async def _commit(connection: Connection) -> None:
    try:
        answer = await connection.execute("commit")
    except asyncpg.InterfaceError as error:  # there was no connection any more to ask it of
        raise Unavailable from error
    except asyncpg.QueryCanceledError:
        raise
    except asyncpg.InsufficientResourcesError as error:  # an answer: nothing is kept
        raise Unavailable from error
    except FAILURES as error:
        with suppress(asyncpg.InterfaceError):  # it has been given back, for it is closed
            connection.terminate()
        raise OutcomeUnknown from error
    if answer != "COMMIT":
        raise asyncpg.InFailedSQLTransactionError("a statement failed, which was passed over: nothing is kept")


async def _rolled_back(connection: Connection, why: BaseException) -> bool:
    """Whether it ended for another reason than that PostgreSQL went away, fell silent, or was just migrated."""
    lost = isinstance(why, FAILURES) and not isinstance(why, asyncpg.QueryCanceledError)
    try:
        if lost:
            connection.terminate()
        else:
            await connection.execute("rollback")  # also where `begin` was cancelled, and perhaps done all the same
    except Exception:  # it is closed, and the pool has taken it back
        lost = True
    return not (lost or isinstance(why, MIGRATED)) or not isinstance(why, Exception) or isinstance(why, ParlorError)


async def _as_json(connection: asyncpg.Connection) -> None:
    """What SQLAlchemy's types take for granted of asyncpg: they write jsonb as text, and read what it says."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda text: b"\x01" + text.encode(),
        decoder=lambda kept: json.loads(kept[1:]),
    )


async def _nothing(connection: asyncpg.Connection) -> None:
    """asyncpg's own way to reset a connection is a round trip."""


def normalised(url: str) -> URL:
    """Any common spelling of a PostgreSQL URL, for SQLAlchemy on asyncpg. Raises ValueError for anything else."""
    with suppress(ArgumentError):
        parsed = make_url(url)
        if parsed.get_backend_name() in ("postgresql", "postgres"):
            return parsed.set(drivername="postgresql+asyncpg")
    raise ValueError("DATABASE_URL must be a PostgreSQL URL (postgresql://…)")


def dsn(url: URL) -> str:
    """The same address for asyncpg alone."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)

"""The reads' pool: a statement takes a free connection and gives it back, and nothing stands in between.

It exists because asyncpg's pool costs more than a read: 45 µs of the event loop's time under load where the bare
connection takes 18 (docs/adr/0010-a-pool-of-our-own-for-reads.md). It can be this small because a read is one
statement, may be repeated, and leaves nothing behind on its connection.
"""

import asyncio
import re
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import asyncpg

RETRY_SECONDS = (
    0.25  # before a read is repeated: after a crash of one process PostgreSQL lets nobody in for 0.14 to 0.22 s
)
WATCH_SECONDS = 0.25  # between looks for what takes too long

# CALL and DO may end the read-only transaction that they began in, and write in the next.
READING = re.compile(r"[\s(]*(select|with|values|table|show|explain)\b", re.IGNORECASE)
CLOSED = "the reads' pool is closed"
MOST_CANCELLED = 20  # statements of a connection; then another takes its place
MOST_KNOWN = 10_000  # statements looked at; then they are forgotten and looked at anew

Read = Callable[..., Awaitable[Any]]  # Connection.fetchval or Connection.fetch


class NoConnection(TimeoutError):
    """No connection became free, or could be opened, for as long as a read may wait."""


class NoAnswer(TimeoutError):
    """PostgreSQL neither answered nor ended the statement in its time; the connection was given up."""


@dataclass(slots=True, eq=False)
class _Line:
    """A connection. `since` is when its statement began, by the loop's clock; None while it is idle."""

    connection: asyncpg.Connection
    reported: Callable[[str], str]  # a setting as the server last reported it; bound, as finding it costs 2.5 µs
    generation: int
    since: float | None = None
    overdue: bool = False
    cancelled: int = 0  # statements; each may have left one that asyncpg knows nothing of and PostgreSQL keeps


class _Waiter(asyncio.Future["_Line | None"]):
    """For a connection, or for the room to open one."""

    def __init__(self, since: float, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self.since = since


class Reads:
    """At most `size` connections, opened when they are needed. Times are in seconds.

    `patience` is the longest wait for a connection, `longest` for an answer. With `begin` each statement stands in a
    transaction that begins so. Without it, connections come from `connect` with default_transaction_read_only on.

    Waiters are served in their order. A task that is cancelled leaves nothing behind: asyncpg cancels its statement on
    the server, and nobody gets the connection before that is done.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        *,
        size: int,
        patience: float,
        longest: float,
        begin: str | None = None,
    ) -> None:
        self._connect = connect
        self._size = size
        self._patience = patience
        self._longest = longest
        self._begin = begin
        self._loop = asyncio.get_running_loop()
        self._clock = self._loop.time
        self._known: set[str] = set()
        self._room = size  # connections that may still be opened
        self._lines: set[_Line] = set()
        self._idle: list[_Line] = []
        self._waiters: deque[_Waiter] = deque()
        self._finishing: set[asyncio.Task[None]] = set()
        self._generation = 0
        self._closed = False
        self._watching = self._loop.call_later(WATCH_SECONDS, self._watch)

    async def run(self, read: Read, sql: str, arguments: Sequence[Any]) -> Any:
        """Runs one statement. When its connection dies it is repeated, once, on a fresh one.

        Raises ValueError for what does not read, and NoConnection, NoAnswer, OSError or asyncpg.PostgresError.
        """
        if sql not in self._known:
            self._learn(sql)
        for last in (False, True):
            line: _Line | None = None
            try:
                line = self._free() or await self._wait()
                line.since = self._clock()
                if self._begin is not None:
                    await line.connection.execute(self._begin)
                answer = await read(line.connection, sql, *arguments)
            except BaseException as error:
                if not self._may_repeat(line, error) or last:
                    raise
            else:
                if self._begin is None:
                    self._give(line)
                else:
                    self._finish(line)
                return answer
            await asyncio.sleep(RETRY_SECONDS)
        raise AssertionError("the second time answers or raises")

    async def close(self) -> None:
        """Ends every connection at once, and with it what still runs."""
        self._closed = True
        self._watching.cancel()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(NoConnection(CLOSED))
        for line in self._lines:
            line.connection.terminate()
        await asyncio.gather(*self._finishing, return_exceptions=True)

    def _learn(self, sql: str) -> None:
        if not READING.match(sql):
            raise ValueError(f"not a statement that reads: {sql[:60]}")
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known.add(sql)

    def _free(self) -> _Line | None:
        """The connection used last: it is warm, and those that are not needed stay out of it."""
        while self._idle:
            line = self._idle.pop()
            if not line.connection.is_closed():
                return line
            self._drop(line)
        return None

    async def _wait(self) -> _Line:
        if self._closed:
            raise NoConnection(CLOSED)
        if self._room:
            self._room -= 1
            return await self._open()
        waiter = _Waiter(self._clock(), loop=self._loop)
        self._waiters.append(waiter)
        try:
            handed = await waiter
        except asyncio.CancelledError:
            if waiter.cancelled():
                with suppress(ValueError):
                    self._waiters.remove(waiter)
            elif waiter.exception() is None:  # it was its turn in the very moment
                self._pass_on(waiter.result())
            raise
        return handed or await self._open()

    def _pass_on(self, handed: _Line | None) -> None:
        if handed is None:
            self._make_room()
        else:
            self._give(handed)

    async def _open(self) -> _Line:
        """A new connection in the room that was made for it."""
        generation = self._generation
        try:
            async with asyncio.timeout(self._patience):
                connection = await self._connect()
        except TimeoutError as error:
            self._make_room()
            raise NoConnection(f"PostgreSQL let nobody in within {self._patience} s") from error
        except BaseException:
            self._make_room()
            raise
        if self._closed:
            connection.terminate()
            raise NoConnection(CLOSED)
        line = _Line(connection, connection.get_settings().__getattr__, generation)
        self._lines.add(line)
        return line

    def _give(self, line: _Line) -> None:
        line.since = None
        if not self._fit(line):
            self._drop(line)
            return
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(line)
                return
        self._idle.append(line)

    def _fit(self, line: _Line) -> bool:
        """Whether the next may have it: a statement can let the session write (set_config)."""
        if line.connection.is_closed() or line.generation != self._generation or line.cancelled > MOST_CANCELLED:
            return False
        return self._begin is not None or line.reported("default_transaction_read_only") == "on"

    def _drop(self, line: _Line) -> None:
        line.connection.terminate()
        self._lines.discard(line)
        self._make_room()

    def _make_room(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._room += 1

    def _may_repeat(self, line: _Line | None, error: BaseException) -> bool:
        """Whether the failure was the connection's. It is seen to, and so are those that died with it."""
        if line is None:
            return isinstance(error, asyncpg.CannotConnectNowError)
        if not line.connection.is_closed():
            line.cancelled += isinstance(error, asyncio.CancelledError)
            self._finish(line)
            return False
        self._drop(line)
        if line.overdue and isinstance(error, Exception):
            raise NoAnswer(f"no answer within {self._longest} s") from error
        if line.generation == self._generation:
            self._generation += 1
            while self._idle:
                self._drop(self._idle.pop())
        return isinstance(error, Exception) and not self._closed

    def _finish(self, line: _Line) -> None:
        """Gives a connection back once nothing runs on it any more; nobody waits for that."""
        task = self._loop.create_task(self._finished(line), name="the end of a read")
        self._finishing.add(task)
        task.add_done_callback(self._finishing.discard)

    async def _finished(self, line: _Line) -> None:
        """asyncpg lets this statement wait until the server has ended the one before, when that was cancelled."""
        try:
            async with asyncio.timeout(self._patience):
                await line.connection.execute("select 1" if self._begin is None else "commit")
        except Exception:
            line.connection.terminate()
        self._give(line)

    def _watch(self) -> None:
        """Gives up what is overdue. A timer for each statement and each waiter would cost more than the pool."""
        now = self._clock()
        for line in self._lines:
            if line.since is not None and now - line.since > self._longest:
                line.overdue = True
                line.connection.terminate()
        while self._waiters and now - self._waiters[0].since > self._patience:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(
                    NoConnection(f"none of {self._size} connections was free within {self._patience} s")
                )
        self._watching = self._loop.call_later(WATCH_SECONDS, self._watch)

"""A way to PostgreSQL on which it may be lost what becomes of a COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from urllib.parse import unquote

COMMIT = b"commit\0"
MOST = 65_536  # bytes at once


class Loss(StrEnum):
    QUESTION = "it never arrives, and the connection is cut"
    ANSWER = "it is done, and the connection is cut before that is told"
    WORD = "it is done, and nothing more is said"


class Way:
    """Hands everything on. Of the next transaction that speaks `of` something the COMMIT has its `loss`; where it
    `closes` with that, nobody has a way left until it is no longer `closed`."""

    def __init__(self, sockets: str) -> None:
        self._path = f"{sockets}/.s.PGSQL.5432"
        self._open: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self.of = b""
        self.loss: Loss | None = None
        self.closes = False
        self.closed = False

    def enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed:
            writer.transport.abort()
        else:
            self._open[writer] = asyncio.create_task(self._pass_on(reader, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_unix_connection(self._path)
        answers = asyncio.create_task(_copied(there, writer))
        meant = False
        try:
            while said := await reader.read(MOST):
                meant |= self.loss is not None and self.of in said
                if meant and said.endswith(COMMIT):
                    answers.cancel()
                    await asyncio.wait([answers])
                    if await self._lost(said, there, to_there) is Loss.WORD:
                        await reader.read(MOST)  # until it is given up
                    break
                to_there.write(said)
        except ConnectionError:
            pass
        finally:
            answers.cancel()
            del self._open[writer]
            await _cut(to_there, writer)

    async def _lost(self, said: bytes, there: asyncio.StreamReader, to_there: asyncio.StreamWriter) -> Loss | None:
        loss, self.loss = self.loss, None
        if self.closes:
            self.closed = True
            for writer in self._open:
                writer.transport.abort()
        if loss is not Loss.QUESTION:
            to_there.write(said)
            assert await there.read(MOST), "PostgreSQL answers"
        return loss

    async def leave(self) -> None:
        for writer, task in [*self._open.items()]:
            writer.transport.abort()
            await task


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while said := await reader.read(MOST):
            writer.write(said)
    writer.close()


async def _cut(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def losing(url: str) -> AsyncIterator[tuple[Way, str]]:
    """The way, and the URL by which it leads to the same database."""
    base, _, sockets = url.partition("?host=")
    way = Way(unquote(sockets))
    server = await asyncio.start_server(way.enter, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield way, base.replace("@/", f"@127.0.0.1:{port}/")
        await way.leave()

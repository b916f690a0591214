"""One run: the parts are started, people write and follow while faults fall, and all that they saw is handed over."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy.ext.asyncio import create_async_engine

from db import migrate
from db.engine import normalised
from live.cursors import opened
from live.log import Kind
from live.positions import START, Position
from tests.soak import people
from tests.soak.checker import amiss
from tests.soak.faults import Faults, quiet
from tests.soak.parts import Postgres, Redis, Server
from tests.soak.people import Somebody
from tests.soak.readers import Reader
from tests.soak.record import History, Logged, Row, Told
from tests.soak.writers import Direct, Writer

PEOPLE = 4
WRITERS = 2  # of each person
READERS = 2  # of each person, from the beginning to the end
DIRECT = 3
COMERS = 24  # readers that come later, at most
COMING = (0.3, 1.5)  # seconds between two of them
SETTLED = 30  # seconds until nobody writes any more after the last was told to stop
MOST_SAID = 20  # of what is amiss; the first say enough
BEGUN = 60  # seconds until every reader must have begun
SILENT = 30  # seconds in which no reader at all hears anything, and some have not heard all
SETTINGS = {
    "LOG_LEVEL": "WARNING",
    "QUERY_BUDGET_PER_USER": "0",  # few people ask as much as many
    "QUERY_BUDGET_PER_ADDRESS": "0",
    "EVENT_WINDOW": "100",  # so that many a reader is fed from the log
    "SEND_TIMEOUT_SECONDS": "2",
    "SHUTDOWN_SECONDS": "2",
} | people.SETTINGS


@dataclass(frozen=True)
class Plan:
    """`broker` is memory, postgres or redis; `between` the seconds from one fault to the next, at least and at most.

    It lasts for so many seconds, or longer until every fault has come once.
    """

    servers: int
    broker: str
    seconds: float
    seed: int
    between: tuple[float, float] = (1.5, 4)

    def __str__(self) -> str:
        servers = f"{self.servers} server{'s' * (self.servers > 1)}"
        return f"{servers}, {self.broker}://, {self.seconds:.0f} s, seed {self.seed}"


@dataclass
class House:
    plan: Plan
    postgres: Postgres
    redis: Redis | None
    servers: list[Server]


async def run(plan: Plan, data: Path) -> History:
    """Everything that it started has ended when it returns, however it returns."""
    history = History()
    async with _house(plan, data) as house:
        await Run(house, history).all()
    for server in house.servers:
        history.amiss += server.unbidden
    return history


@asynccontextmanager
async def _house(plan: Plan, data: Path) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        postgres = await asyncio.to_thread(Postgres, data)
        stack.push_async_callback(postgres.end, signal.SIGQUIT)
        await postgres.up()
        redis = Redis(data) if plan.broker == "redis" else None
        if redis is not None:
            stack.push_async_callback(redis.end, signal.SIGKILL)
            await redis.start()
        await _migrate(postgres)
        broker = f"redis://127.0.0.1:{redis.port}" if redis else f"{plan.broker}://"
        settings = SETTINGS | {"DATABASE_URL": postgres.url, "BROADCAST_URL": broker}
        servers = [Server(f"server{n}", data, **settings) for n in range(plan.servers)]
        for server in servers:
            stack.push_async_callback(server.end, signal.SIGTERM)
        async with _kept(servers):
            yield House(plan, postgres, redis, servers)


@asynccontextmanager
async def _kept(servers: Sequence[Server]) -> AsyncIterator[None]:
    keepers = [asyncio.create_task(server.keep(), name=server.name) for server in servers]
    try:
        await asyncio.gather(*(server.up() for server in servers))
        yield
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def _migrate(postgres: Postgres) -> None:
    engine = create_async_engine(normalised(postgres.url))
    await migrate.upgrade(engine)
    await engine.dispose()


class Run:
    def __init__(self, house: House, history: History) -> None:
        self._house = house
        self._history = history
        self._chance = random.Random(house.plan.seed)  # noqa: S311 (a schedule, not a secret)
        self._readers: dict[Reader, asyncio.Task[None]] = {}
        self._secret = ""

    def _random(self) -> Random:
        """Each part has its own: what one draws does not depend on how fast another is."""
        return random.Random(self._chance.random())  # noqa: S311 (as above)

    async def all(self) -> None:
        who = await people.some(self._house.servers[0].url, PEOPLE)
        async with self._house.postgres.hand() as connection:
            self._secret = await connection.fetchval("select secret from log_state")
        async with asyncio.TaskGroup() as readers:
            for person in who * READERS:
                self._reader(readers, person)
            async with asyncio.timeout(BEGUN):
                await asyncio.gather(*(reader.begun.wait() for reader in self._readers))
            await self._eventful(readers, who)
            await self._drain()
        await self._read()

    async def _eventful(self, readers: asyncio.TaskGroup, who: list[Somebody]) -> None:
        house, over = self._house, asyncio.Event()
        writers = [
            Writer(f"w{number}.{each}", person, [server.url for server in house.servers], self._random(), self._history)
            for number, person in enumerate(who)
            for each in range(WRITERS)
        ]
        await asyncio.gather(*(writer.share(1) for writer in writers))
        faults = Faults(house.postgres, house.redis, house.servers, self._random(), self._history, house.plan.between)
        async with asyncio.TaskGroup() as others:
            for writer in writers:
                others.create_task(writer.run(over))
            for _ in range(DIRECT):
                others.create_task(Direct(who, house.postgres.url, self._random(), self._history).run(over))
            others.create_task(faults.run(over))
            others.create_task(self._comers(readers, who, over))
            await asyncio.sleep(house.plan.seconds)
            await faults.each_came.wait()
            over.set()

    async def _comers(self, tasks: asyncio.TaskGroup, who: list[Somebody], over: asyncio.Event) -> None:
        """Readers that begin now, or anew after something that another of the same person was told long ago."""
        chance = self._random()
        for _ in range(COMERS):
            await asyncio.sleep(chance.uniform(*COMING))
            if over.is_set():
                return
            person = chance.choice(who)
            self._reader(tasks, person, self._earlier(person, chance))

    def _earlier(self, who: Somebody, chance: Random) -> str | None:
        cursors = [cursor for reader in self._readers if reader.who is who for cursor in reader.cursors]
        return chance.choice(cursors) if cursors and chance.random() < 0.7 else None

    def _reader(self, tasks: asyncio.TaskGroup, who: Somebody, cursor: str | None = None) -> None:
        told = Told(f"reader {len(self._readers)}", who.topic)
        if cursor is not None:
            told.start = self._opened(cursor)
        reader = Reader(told, who, self._house.servers, self._random(), self._opened, cursor)
        self._history.readers.append(told)
        self._readers[reader] = tasks.create_task(reader.run(), name=told.name)

    def _opened(self, cursor: str) -> Position:
        return opened(self._secret, cursor)

    async def _drain(self) -> None:
        """Waits until everybody has heard everything, or nobody hears anything more: then something is lost."""
        await quiet(self._house.postgres, SETTLED)
        ends: dict[str, Position] = {topic: event.position for event in await self._log() for topic in event.topics}
        for reader in self._readers:
            reader.finish(ends.get(reader.told.topic, START))
        late, before, told = {*self._readers.values()}, -1, 0
        while late and told > before:
            _, late = await asyncio.wait(late, timeout=SILENT)
            before, told = told, sum(len(reader.told.seen) for reader in self._readers)
        for task in late:
            task.cancel()

    async def _log(self) -> list[Logged]:
        async with self._house.postgres.hand() as connection:
            rows = await connection.fetch(_LOG)
        return [Logged(Position(xid, id), tuple(topics), Kind(kind), entity) for xid, id, topics, kind, entity in rows]

    async def _read(self) -> None:
        self._history.log = await self._log()
        async with self._house.postgres.hand() as connection:
            for id, *row in await connection.fetch(_ROWS):
                self._history.rows[id] = Row(*row)


_LOG = """
select xid::text::bigint, id, topics, kind, entity_id from event where entity = 'Task' order by event.xid, event.id
"""
_ROWS = "select id, owner_id, title, split_part(description, ' ', 1), version from task"


async def checked(plan: Plan, data: Path) -> list[str]:
    """Runs it, says what happened, and answers what is amiss."""
    say(f"soak: {plan}")
    history = await run(plan, data)
    found = amiss(history)
    say(str(history))
    if found:
        say("\n".join(["  faults:", *(f"    {at} {what}" for at, what in history.faults)]))
        say("\n".join([f"  amiss {len(found)}:", *(f"  - {said}" for said in found[:MOST_SAID])]))
    return found


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 (it is what whoever runs it looks at)

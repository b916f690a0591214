"""Those who write: over HTTP, and straight into the log in transactions that stay open or are rolled back."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx2
from asyncpg import InterfaceError, InternalClientError, PostgresError

from kit.ids import Id, new_id
from live import log
from live.log import Draft, Kind
from tests.soak.people import Somebody
from tests.soak.record import Batch, Fate, History, Write
from tests.transactions import Open, begun

OWN = 6  # tasks of a writer; then it makes no more until it has given one up
PAUSE = 0.05  # seconds between two writes, at most
PATIENCE = 1.0  # the same after one that failed
SHARED = 0.2  # of the writes are to tasks that others change too
HELD = 0.05  # seconds that a transaction is mostly held open, at most
HELD_LONG = 1.0  # and now and then
LARGE = 150  # events at once, now and then: more than a server's window holds
OFTEN = 0.01  # is that
ANSWER = 20  # seconds until an answer counts as lost; longer than a server lets a statement run
PADDING = 3_000  # characters of a description, at most: what fills the buffers of a reader that stalls

CREATE = "mutation ($input: CreateTaskInput!) { done: createTask(input: $input) { id version } }"
UPDATE = """mutation ($id: ID!, $title: String!) {
  done: updateTask(id: $id, input: {title: $title}) { id version } }"""
COMPLETE = "mutation ($id: ID!) { done: completeTask(id: $id) { id version } }"
REOPEN = "mutation ($id: ID!) { done: reopenTask(id: $id) { id version } }"
DELETE = "mutation ($id: ID!) { done: deleteTask(id: $id) { id: deletedId } }"
RESTORE = "mutation ($id: ID!) { done: restoreTask(id: $id) { id version } }"


@dataclass
class Held:
    """A task that one writer alone changes, as it must be."""

    id: str
    version: int
    completed: bool = False
    trashed: bool = False


@dataclass
class Writer:
    """Sends one mutation at a time to any of the servers, and gives up a task of which it does not know any more."""

    name: str
    who: Somebody
    urls: list[str]
    chance: Random
    history: History
    own: list[Held] = field(default_factory=list)
    number: int = 0

    async def run(self, until: asyncio.Event) -> None:
        async with httpx2.AsyncClient(timeout=ANSWER, headers=self.who.headers) as http:
            while not until.is_set():
                done = await self._one(http)
                await asyncio.sleep(self.chance.uniform(0, PAUSE if done else PATIENCE))

    async def share(self, number: int) -> None:
        """Makes the tasks that others change too."""
        async with httpx2.AsyncClient(timeout=ANSWER, headers=self.who.headers) as http:
            for _ in range(number):
                assert await self._create(http), "nothing fails yet"
        self.who.shared.extend(task.id for task in self.own)
        self.own.clear()

    async def _one(self, http: httpx2.AsyncClient) -> bool:
        """Whether it was done, as far as it knows."""
        if self.who.shared and self.chance.random() < SHARED:
            write = self._write(Kind.UPDATED, self.chance.choice(self.who.shared))
            return await self._ask(http, write, UPDATE, id=write.entity, title=write.stamp) is not None
        if len(self.own) < OWN:
            return await self._create(http)
        return await self._change(http, self.chance.choice(self.own))

    def _write(self, kind: Kind, entity: str | None = None) -> Write:
        self.number += 1
        write = Write(self.who.id, kind, f"{self.name}.{self.number}", entity)
        self.history.writes.append(write)
        return write

    async def _create(self, http: httpx2.AsyncClient) -> bool:
        write = self._write(Kind.ADDED)
        description = f"{write.stamp} {'.' * self.chance.randrange(PADDING)}"
        done = await self._ask(http, write, CREATE, version=1, input={"title": write.stamp, "description": description})
        if done is not None:
            self.own.append(Held(done["id"], 1))
        return done is not None

    async def _change(self, http: httpx2.AsyncClient, task: Held) -> bool:
        kind, document = self._next(task)
        write = self._write(kind, task.id)
        given = {"title": write.stamp} if document is UPDATE else {}
        if await self._ask(http, write, document, version=task.version + 1, id=task.id, **given) is None:
            self.own.remove(task)
            return False
        task.version += 1
        task.completed = document is COMPLETE or (task.completed and document is not REOPEN)
        task.trashed = document is DELETE
        return True

    def _next(self, task: Held) -> tuple[Kind, str]:
        if task.trashed:
            return Kind.ADDED, RESTORE
        toggle = REOPEN if task.completed else COMPLETE
        choices = [(Kind.UPDATED, UPDATE), (Kind.STATUS_CHANGED, toggle), (Kind.DELETED, DELETE)]
        return self.chance.choices(choices, (5, 2, 1))[0]

    async def _ask(
        self, http: httpx2.AsyncClient, write: Write, document: str, version: int | None = None, **variables: Any
    ) -> Any:
        """What was answered, None where nothing is known; writes down the fate.

        `version` is what it must come to. Where others write too, an answer may speak of what they did since.
        """
        body = {"query": document, "variables": variables}
        try:
            answer = await http.post(f"{self.chance.choice(self.urls)}/graphql", json=body)
            told = answer.json()
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            write.fate = Fate.NEVER
            return None
        except (httpx2.HTTPError, ValueError) as error:
            self.history.counts[f"no answer: {type(error).__name__}"] += 1
            return None
        if told.get("errors"):
            self._refused(write, told)
            return None
        done = told["data"]["done"]
        write.fate, write.entity = Fate.DONE, done["id"]
        write.version = version
        if version is not None and done.get("version", version) != version:
            self.history.amiss.append(f"{self.name}: {done} is the answer where version {version} comes of {write}")
        return done

    def _refused(self, write: Write, told: Any) -> None:
        """While the database is away nothing is done, or it has a reason. Any other refusal has none here."""
        extensions = told["errors"][0]["extensions"]
        code, reason = extensions["code"], extensions.get("reason")
        self.history.counts[" ".join(("answer:", code, *filter(None, [reason])))] += 1
        if code != "UNAVAILABLE":
            self.history.amiss.append(f"{self.name}: {write} was refused: {told}")
        elif reason is None:
            write.fate = Fate.NEVER


@dataclass
class Direct:
    """Writes events of tasks that have no row; holds its transactions open, and rolls some of them back."""

    people: list[Somebody]
    url: str
    chance: Random
    history: History

    async def run(self, until: asyncio.Event) -> None:
        while not until.is_set():
            done = await self._one()
            await asyncio.sleep(self.chance.uniform(0, PAUSE if done else PATIENCE))

    async def _one(self) -> bool:
        batch = Batch({})
        self.history.batches.append(batch)
        try:
            async with begun(self.url) as transaction:
                await self._transaction(transaction, batch)
        except (InterfaceError, InternalClientError, PostgresError, OSError) as error:
            self.history.counts[f"transaction: {type(error).__name__}"] += 1
            return False
        return True

    async def _transaction(self, transaction: Open, batch: Batch) -> None:
        for _ in range(self.chance.randint(1, 3)):
            number = LARGE if self.chance.random() < OFTEN else self.chance.randint(1, 2)
            await log.append(transaction, [self._draft(batch) for _ in range(number)])
            most = HELD_LONG if self.chance.random() < 0.05 else HELD
            await asyncio.sleep(self.chance.uniform(0, most))
        if self.chance.random() < 0.2:
            await transaction.rollback()
            return
        batch.fate = Fate.UNKNOWN
        await transaction.commit()
        batch.fate = Fate.DONE

    def _draft(self, batch: Batch) -> Draft:
        who = self.chance.choice(self.people)
        id = new_id("task")
        batch.ids.setdefault(who.topic, []).append(id)
        kind = self.chance.choice([Kind.ADDED, Kind.UPDATED, Kind.DELETED])
        return Draft([who.topic], kind, "Task", id, Id(who.id), datetime.now(UTC))

"""What a client is told whose COMMIT was not answered: never that it was not done, and with a key the truth."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from kit.settings import Settings
from tests.conftest import Served, served, url_of
from tests.losing import Loss, Way, losing
from tests.people import Person
from tests.server.holding import TABLE, holding_up, waiting
from tests.server.once import CREATE, kept, post, titles

UNKNOWN = ("UNAVAILABLE", "OUTCOME_UNKNOWN")
LOOK = "The database went away before it said whether this was done: look before you try again"
AGAIN = (
    "The database went away before it said whether this was done: ask again with the same Idempotency-Key, by which it"
    " is done once"
)

FULL_DISK = (
    "create function fill() returns trigger language plpgsql as"
    " 'begin raise exception using errcode = ''disk_full''; end'",
    "create constraint trigger full_disk after insert on task deferrable initially deferred for each row"
    " execute function fill()",
)
# What is only looked at first, and the table.
LOOKING = [
    ('mutation { login(identifier: "who@example.org", password: "no matter") { accessToken } }', b"user_account"),
    ('mutation { changePassword(input: {currentPassword: "x", newPassword: "a longer one"}) { id } }', b"user_account"),
    ('{ familyOfInvite(code: "ABCDEFGHJKLM") { familyName } }', b"family_invite"),
    ('{ seanceOfInvite(code: "ABCDEFGHJKLM") { seanceName } }', b"seance_invite"),
]


@dataclass
class Lossy:
    way: Way
    house: Served
    dora: Person

    async def lose(self, loss: Loss, key: str | None = None) -> Any:
        """Asks for a task, once; its COMMIT is lost."""
        self.way.loss, self.way.of = loss, b"Once"
        answer = (await post(self.dora, CREATE, key, title="Once")).json()
        assert self.way.loss is None
        return answer


@pytest.fixture
async def lossy(own: Settings) -> AsyncIterator[Lossy]:
    async with (
        losing(url_of(own)) as (way, url),
        served(own.model_copy(update={"database_url": SecretStr(url)})) as house,
    ):
        yield Lossy(way, house, await house.people.one())


def told(answer: Any) -> tuple[str, str | None, str]:
    (error,) = answer["errors"]
    return error["extensions"]["code"], error["extensions"].get("reason"), error["message"]


@pytest.mark.parametrize(("loss", "there"), [(Loss.ANSWER, ["Once"]), (Loss.QUESTION, [])])
async def test_without_a_key_it_is_told_that_nobody_knows(lossy: Lossy, loss: Loss, there: list[str]) -> None:
    assert told(await lossy.lose(loss)) == (*UNKNOWN, LOOK)
    assert await titles(lossy.dora) == there


@pytest.mark.parametrize(("statement", "reason"), [("begin", None), ("commit", "OUTCOME_UNKNOWN")])
async def test_so_is_what_asyncpg_calls_its_own_fault_and_what_was_not_begun_was_not_done(
    own: Settings, monkeypatch: pytest.MonkeyPatch, statement: str, reason: str | None
) -> None:
    execute = asyncpg.Connection.execute

    async def failing(self: asyncpg.Connection, query: str, *args: Any, **named: Any) -> str:
        if query == statement:
            raise asyncpg.InternalClientError("cannot process message 'E': protocol is in an unexpected state 0.")
        return str(await execute(self, query, *args, **named))

    async with served(own) as house:
        dora = await house.people.one()
        with monkeypatch.context() as patch:
            patch.setattr(asyncpg.Connection, "execute", failing)
            answer = (await post(dora, CREATE, None, title="Once")).json()
        assert told(answer)[:2] == ("UNAVAILABLE", reason)
        assert await titles(dora) == []


async def test_what_may_have_been_done_rings_as_if_it_were(lossy: Lossy, monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(lossy.house.services.doorbell, "ring", lambda: rung.append("once"))
    await lossy.lose(Loss.ANSWER)
    assert rung == ["once"]


async def test_with_a_key_the_server_finds_out_that_it_was_done(lossy: Lossy) -> None:
    answer = await lossy.lose(Loss.ANSWER, "k")
    assert answer["data"]["createTask"]["title"] == "Once"
    assert (await post(lossy.dora, CREATE, "k", title="Once")).json() == answer
    assert await titles(lossy.dora) == ["Once"]


async def test_with_a_key_the_server_finds_out_that_it_was_not_done(lossy: Lossy) -> None:
    said = "The database went away and it was not done; try again"
    assert told(await lossy.lose(Loss.QUESTION, "k")) == ("UNAVAILABLE", None, said)
    assert await titles(lossy.dora) == []
    assert await kept(lossy.dora, "k") is None
    again = await post(lossy.dora, CREATE, "k", title="Once")
    assert again.json()["data"]["createTask"]["title"] == "Once"


@pytest.mark.parametrize("loss", [Loss.ANSWER, Loss.QUESTION])
async def test_where_it_cannot_find_out_the_same_key_may_be_asked_again(lossy: Lossy, loss: Loss) -> None:
    lossy.way.closes = True
    assert told(await lossy.lose(loss, "k")) == (*UNKNOWN, AGAIN)
    lossy.way.closed = False
    again = await post(lossy.dora, CREATE, "k", title="Once")
    assert again.json()["data"]["createTask"]["title"] == "Once"
    assert await titles(lossy.dora) == ["Once"]


async def test_a_commit_that_found_no_room_is_answered_and_not_done(own: Settings) -> None:
    async with served(own) as house:
        connection = await asyncpg.connect(url_of(own))
        for statement in FULL_DISK:
            await connection.execute(statement)
        await connection.close()
        dora = await house.people.one()
        answer = (await post(dora, CREATE, None, title="Once")).json()
        assert told(answer) == ("UNAVAILABLE", None, "The database cannot be reached just now; try again")
        assert await titles(dora) == []


@pytest.mark.parametrize(("asked", "of"), LOOKING, ids=["login", "password", "family", "room"])
async def test_what_was_only_looked_at_was_not_done(lossy: Lossy, asked: str, of: bytes) -> None:
    """That a transaction changes nothing is known without an answer to its COMMIT."""
    lossy.way.loss, lossy.way.of = Loss.ANSWER, of
    answer = (await lossy.dora.ask(asked)).body
    assert lossy.way.loss is None
    assert told(answer) == ("UNAVAILABLE", None, "The database cannot be reached just now; try again")


async def test_what_is_cut_off_when_the_server_has_to_go_may_have_been_done(own: Settings) -> None:
    async with served(own) as house, holding_up(url_of(own), TABLE) as other:
        dora = await house.people.one()
        asking = asyncio.create_task(post(dora, CREATE, None, title="Once"))
        await waiting(other, 1)
        house.services.vitals.leaving = True
        (mutating,) = [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == "_mutated"]
        mutating.cancel()
        answer = await asking
    assert answer.status_code == 503
    assert told(answer.json()) == (*UNKNOWN, "The server went down before it was answered")

"""An operation has its time, and work that nobody waits for is ended: down to the statement, whatever the transport."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from structlog.typing import EventDict

from kit.errors import ParlorError, TooSlow, Unavailable
from kit.settings import Settings
from resolvers.accounts.passwords import Passwords
from tests.conftest import Served, served, url_of
from tests.people import Person
from tests.server.holding import NOT_DONE, TABLE, error_of, holding_up, nothing_is_left_in, waiting, writes_of
from tests.server.once import CREATE, TITLES, kept, post, reason, titles
from tests.streams import asked
from tests.waiting import until

BY_EXECUTOR = "{ __typename __schema { queryType { name } } tasks { nodes { title } } }"
TWO = """mutation ($id: ID!) { a: updateUser(id: $id, input: {name: "Ada"}) { name }
  b: createTask(input: {title: "Late"}) { title } }"""
BEGIN = 'mutation Begin { createTask(input: {title: "Begun"}) { id } }'
WITH_LABELS = 'mutation { createTask(input: {title: "Done"}) { title labels { name } } }'
LOGIN = """mutation ($identifier: String!, $password: String!) {
  login(identifier: $identifier, password: $password) { refreshToken user { id } } }"""
SLOW_COMMIT = (
    "create function wait() returns trigger language plpgsql as 'begin perform pg_sleep(1.5); return null; end'",
    "create constraint trigger slow after insert on task deferrable initially deferred for each row"
    " execute function wait()",
)


@pytest.fixture
async def quick(own: Settings) -> AsyncIterator[Served]:
    """A server that gives an operation one second, on a database of its own."""
    async with served(own.model_copy(update={"operation_seconds": 1})) as house:
        yield house


@pytest.mark.parametrize("query", [TITLES, BY_EXECUTOR], ids=["prepared", "by the executor"])
async def test_a_query_that_takes_too_long_is_ended_with_its_statement(
    own: Settings, quick: Served, logged: list[EventDict], query: str
) -> None:
    dora = await quick.people.one()
    await dora.task("A task")
    async with holding_up(url_of(own), TABLE) as hand:
        answer = await dora.ask(query)
        await nothing_is_left_in(hand)
    assert (answer.status, answer.body["data"]) == (200, None)
    assert error_of(answer.body) == ("QUERY_TIMEOUT", "The query took too long: ask for less")
    assert [r["codes"] for r in logged if r["event"] == "operation"][-1] == ["QUERY_TIMEOUT"]
    assert {"nodes": [{"title": "A task"}]} in (await dora.ask(query)).data.values()


@pytest.mark.parametrize("query", [TITLES, BY_EXECUTOR], ids=["prepared", "by the executor"])
async def test_on_a_socket_too_and_the_socket_goes_on(own: Settings, quick: Served, query: str) -> None:
    dora = await quick.people.one()
    async with dora.socket() as socket:
        async with holding_up(url_of(own), TABLE) as hand:
            payload = await socket.ask(query)
            await nothing_is_left_in(hand)
        assert (error_of(payload)[0], payload["data"]) == ("QUERY_TIMEOUT", None)
        assert (await socket.ask(TITLES))["data"] == {"tasks": {"nodes": []}}


async def test_a_mutation_that_takes_too_long_is_rolled_back_and_holds_nothing(own: Settings, quick: Served) -> None:
    dora = await quick.people.one()
    async with holding_up(url_of(own), writes_of(dora)) as hand:
        answer = await dora.ask(CREATE, title="Late")
        assert error_of(answer.body) == ("QUERY_TIMEOUT", NOT_DONE)
        await waiting(hand, 0)
    async with holding_up(url_of(own), writes_of(dora)) as hand:  # the lock is free
        await nothing_is_left_in(hand)
    assert await titles(dora) == []
    await dora.task("After")
    assert await titles(dora) == ["After"]


async def test_of_two_root_fields_the_answer_says_which_was_not_done(own: Settings, quick: Served) -> None:
    dora = await quick.people.one()
    async with holding_up(url_of(own), writes_of(dora)):
        answer = await dora.ask(TWO, id=dora.id)
    assert (answer.error["path"], error_of(answer.body)) == (["b"], ("QUERY_TIMEOUT", NOT_DONE))
    assert (await quick.people.row(dora.id))["name"] == "Ada"
    assert await titles(dora) == []


async def test_a_mutation_with_a_key_that_took_too_long_is_done_when_it_is_asked_again(
    own: Settings, quick: Served
) -> None:
    dora = await quick.people.one()
    async with holding_up(url_of(own), writes_of(dora)):
        assert reason(await post(dora, CREATE, "k", title="Once"))[0] == "QUERY_TIMEOUT"
    assert await kept(dora, "k") is None
    first, second = [await post(dora, CREATE, "k", title="Once") for _ in range(2)]
    assert first.content == second.content
    assert await titles(dora) == ["Once"]


async def test_what_is_being_committed_is_done_however_long_that_takes(own: Settings, quick: Served) -> None:
    dora = await quick.people.one()
    connection = await asyncpg.connect(url_of(own))
    for statement in SLOW_COMMIT:
        await connection.execute(statement)
    await connection.close()
    assert (await dora.ask(CREATE, title="Slow")).data["createTask"]["title"] == "Slow"
    assert (await post(dora, CREATE, "k", title="Slow")).json()["data"]["createTask"]["title"] == "Slow"


async def test_what_was_done_is_told_as_done_though_it_cannot_be_read_in_time(own: Settings) -> None:
    changes = {"operation_seconds": 1, "statement_timeout_seconds": 2}
    async with served(own.model_copy(update=changes)) as house:
        dora = await house.people.one()
        async with holding_up(url_of(own), "lock table label"):
            answer = await dora.ask(WITH_LABELS)
        said = "It was done, but what came of it takes too long to read: ask for less"
        assert error_of(answer.body) == ("QUERY_TIMEOUT", said)
        assert answer.error["extensions"]["reason"] == "DONE"
        assert await titles(dora) == ["Done"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TooSlow, "It was done, but what came of it takes too long to read: ask for less"),
        (Unavailable, "It was done, but what came of it cannot be read just now"),
    ],
)
async def test_so_is_a_sign_in_whose_user_cannot_be_read(
    house: Served, monkeypatch: pytest.MonkeyPatch, error: type[ParlorError], said: str
) -> None:
    async def read_nothing(*_: object) -> None:
        raise error

    dora = await house.people.one(password="a long password")
    assert dora.user is not None
    monkeypatch.setattr(house.services.db, "fetchval", read_nothing)
    answer = await house.people.nobody.ask(LOGIN, identifier=dora.user.email, password="a long password")
    assert error_of(answer.body) == (error.code, said)
    assert answer.error["extensions"]["reason"] == "DONE"


async def test_a_statement_of_a_mutation_that_takes_too_long_is_no_fault_of_ours(own: Settings) -> None:
    async with served(own.model_copy(update={"statement_timeout_seconds": 1})) as house:
        dora = await house.people.one()
        async with holding_up(url_of(own), writes_of(dora)):
            answer = await dora.ask(CREATE, title="Late")
        assert error_of(answer.body) == ("QUERY_TIMEOUT", NOT_DONE)
        assert await titles(dora) == []


# Clients that go


@pytest.fixture
async def patient(own: Settings) -> AsyncIterator[Served]:
    """A server whose limits end nothing in the time of a test."""
    changes = {"operation_seconds": 60, "statement_timeout_seconds": 60}
    async with served(own.model_copy(update=changes)) as house:
        yield house


@pytest.mark.parametrize("query", [TITLES, BY_EXECUTOR], ids=["prepared", "by the executor"])
@pytest.mark.parametrize("headers", [{}, {"origin": "http://localhost:3000"}], ids=["", "of a page"])
async def test_the_query_of_a_client_that_goes_is_ended_with_its_statement(
    own: Settings, patient: Served, caplog: pytest.LogCaptureFixture, query: str, headers: dict[str, Any]
) -> None:
    dora = await patient.people.one()
    async with holding_up(url_of(own), TABLE) as hand:
        asking = asyncio.create_task(_asked(dora, query, **headers))
        await waiting(hand, 1)
        asking.cancel()
        await waiting(hand, 0)
        await nothing_is_left_in(hand)
    assert await titles(dora) == []
    assert caplog.records == []


async def test_the_mutation_of_a_client_that_goes_is_finished(
    own: Settings, patient: Served, caplog: pytest.LogCaptureFixture
) -> None:
    dora = await patient.people.one()
    async with holding_up(url_of(own), writes_of(dora)) as hand:
        asking = asyncio.create_task(_asked(dora, BEGIN))
        await waiting(hand, 1)
        asking.cancel()
        await asyncio.wait([asking])
        await still_waiting(hand, dora)
    await until_titles(dora, ["Begun"])
    assert caplog.records == []


async def _asked(person: Person, query: str, **headers: Any) -> None:
    async with asked(person, query, accept=None, **headers):
        raise AssertionError("nobody was to be answered")


async def still_waiting(hand: asyncpg.Connection, person: Person) -> None:
    """The server has had its time to hear that the client has gone, and goes on."""
    for _ in range(3):
        assert (await person.ask("{ __typename }")).data == {"__typename": "Query"}
    await waiting(hand, 1)


async def until_titles(person: Person, wanted: list[str]) -> None:
    async def told() -> bool:
        return await titles(person) == wanted

    await until(told)


async def test_on_a_socket_complete_ends_a_query_with_its_statement(own: Settings, patient: Served) -> None:
    dora = await patient.people.one()
    async with dora.socket() as socket, holding_up(url_of(own), TABLE) as hand:
        await socket.start(TITLES)
        await waiting(hand, 1)
        await socket.send({"type": "complete", "id": "1"})
        await waiting(hand, 0)


async def test_on_a_socket_a_mutation_is_finished_after_complete_and_its_id_is_free(
    own: Settings, patient: Served, logged: list[EventDict]
) -> None:
    dora = await patient.people.one()
    async with dora.socket() as socket:
        async with holding_up(url_of(own), writes_of(dora)) as hand:
            payload = {"query": BEGIN, "operationName": "Begin"}
            await socket.send({"type": "subscribe", "id": "1", "payload": payload})
            await waiting(hand, 1)
            await socket.send({"type": "complete", "id": "1"})
            assert await socket.ask("{ __typename }", id="1") == {"data": {"__typename": "Query"}}

        async def over() -> bool:
            return any(record.get("name") == "Begin" for record in logged)

        await until(over)
        assert await titles(dora) == ["Begun"]
        assert await socket.ask("{ __typename }", id="1") == {"data": {"__typename": "Query"}}


async def test_mutations_that_are_still_under_way_count_among_the_operations_of_their_socket(own: Settings) -> None:
    async with served(own.model_copy(update={"max_operations_per_socket": 3})) as house:
        dora = await house.people.one()
        async with dora.socket() as socket:
            async with holding_up(url_of(own), writes_of(dora)) as hand:
                for number, title in enumerate("ABC", 1):
                    await socket.start(CREATE, title, title=title)
                    await waiting(hand, number)
                    await socket.send({"type": "complete", "id": title})
                (error,) = await socket.ask(CREATE, title="D")
                assert error["extensions"]["code"] == "RATE_LIMITED"

            async def accepted() -> bool:
                return "data" in await socket.ask("{ __typename }")

            await until(accepted)
            await until_titles(dora, ["A", "B", "C"])


async def test_the_mutation_of_a_socket_that_goes_is_finished(own: Settings, patient: Served) -> None:
    dora = await patient.people.one()
    async with holding_up(url_of(own), writes_of(dora)) as hand, dora.socket() as socket:
        await socket.start(CREATE, title="Begun")
        await waiting(hand, 1)
        socket.connection.transport.abort()
        await still_waiting(hand, dora)
    await until_titles(dora, ["Begun"])


async def test_a_password_of_nobody_any_more_keeps_its_turn_until_it_is_reckoned() -> None:
    passwords, at_once, most = Passwords(concurrency=1), 0, 0
    hash = passwords._hasher.hash

    def counted(password: str) -> str:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return hash(password)
        finally:
            at_once -= 1

    passwords._hasher.hash = counted  # type: ignore[method-assign, assignment]
    for _ in range(3):
        reckoning = asyncio.create_task(passwords.hash("long enough"))
        await until(lambda: at_once)
        reckoning.cancel()
    assert await passwords.hash("long enough")
    assert (most, at_once) == (1, 0)

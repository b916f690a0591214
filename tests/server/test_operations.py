"""Operations over a socket: each ends by itself, and none takes the socket or its neighbours with it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from kit.settings import Settings
from tests.conftest import served, settings_for, url_of
from tests.people import People, Person
from tests.sockets import Closed, Socket

PASSWORD = "a password of the tests"
CREATE = 'mutation { createTask(input: {title: "x"}) { title } }'


async def lives(socket: Socket) -> bool:
    answer: Any = await socket.ask("{ __typename }", "afterwards")
    return bool(answer == {"data": {"__typename": "Query"}})


async def again(person: Person) -> Person:
    """The same user, signed in once more."""
    assert person.user is not None
    query = (
        "mutation ($who: String!, $password: String!) { login(identifier: $who, password: $password) { accessToken } }"
    )
    answer = await person.people.nobody.ask(query, who=person.user.email, password=PASSWORD)
    return replace(person, session_id=None, token=answer.data["login"]["accessToken"])


async def test_an_error_of_a_field_comes_with_the_data(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        payload = await socket.ask('{ me { id } task(id: "nope") { id } }')
        assert payload["data"] == {"me": {"id": dora.id}, "task": None}
        assert [error["extensions"]["code"] for error in payload["errors"]] == ["TASK_NOT_FOUND"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"query": "{"}, "Syntax Error: Expected Name, found <EOF>."),
    ({"query": " "}, "Syntax Error: Unexpected <EOF>."),
    ({"query": "{ nope }"}, "Cannot query field 'nope' on type 'Query'. Did you mean 'node' or 'nodes'?"),
    ({"query": "subscription { nope }"}, "Cannot query field 'nope' on type 'Subscription'."),
    (
        {"query": "subscription { taskEvents { __typename } labelEvents { __typename } }"},
        "Anonymous Subscription must select only one top level field.",
    ),
    (
        {"query": 'subscription { taskEvents(after: "x") { __typename } }'},
        "Invalid input: after: is not a cursor of this server",
    ),
    (
        {"query": "subscription ($after: Cursor!) { taskEvents(after: $after) { __typename } }"},
        "Variable '$after' has invalid value: Expected a value of non-null type 'Cursor!' to be provided.",
    ),
    (
        {"query": "query ($id: ID!) { task(id: $id) { id } }", "variables": {"id": None}},
        "Variable '$id' has invalid value: Expected value of non-null type 'ID!' not to be null.",
    ),
]


@pytest.mark.parametrize(("payload", "message"), REFUSED, ids=lambda value: str(value)[:60])
async def test_an_operation_that_cannot_begin_is_one_error_and_the_socket_lives(
    people: People, payload: Any, message: str
) -> None:
    await _refused(await people.one(), payload, message)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"query": "query A { me { id } }", "operationName": "B"}, 'Unknown operation named "B".'),
        ({"query": "fragment A on Task { id }"}, "Can't get GraphQL operation type"),
        ({"query": ""}, "No GraphQL query found in the request"),
    ],
    ids=["an unknown name", "no operation", "no document"],
)
async def test_an_operation_that_is_not_in_the_document_is_the_clients_mistake(
    people: People, payload: Any, message: str
) -> None:
    await _refused(await people.one(), payload, message)


@pytest.mark.parametrize(
    "query",
    [
        f"{CREATE.replace('mutation', 'mutation A')} query B {{ me {{ id }} }}",
        "subscription A { taskEvents { __typename } } subscription B { labelEvents { __typename } }",
    ],
    ids=["a mutation first", "subscriptions"],
)
async def test_of_several_operations_one_must_be_named(people: People, query: str) -> None:
    dora = await people.one()
    await _refused(dora, {"query": query}, "Must provide operation name if query contains multiple operations.")
    assert (await dora.ask("{ tasks { totalCount } }")).data == {"tasks": {"totalCount": 0}}


async def _refused(person: Person, payload: Any, message: str) -> None:
    async with person.socket() as socket:
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
        frame = await socket.frame()
        assert (frame["id"], frame["type"]) == ("1", "error")
        (error,) = frame["payload"]
        assert error["message"] == message
        assert error["extensions"]["code"] == "VALIDATION_ERROR"
        assert len(error["extensions"]["traceId"]) == 32
        assert datetime.fromisoformat(error["extensions"]["timestamp"]).tzinfo is not None
        assert await lives(socket)


async def test_of_several_operations_the_named_one_is_run(people: People) -> None:
    dora = await people.one()
    query = "query A { me { id } } subscription B { labelEvents { __typename } }"
    async with dora.socket() as socket:
        for name, data in (("A", {"me": {"id": dora.id}}), ("B", {"labelEvents": {"__typename": "Ready"}})):
            payload = {"query": query, "operationName": name}
            await socket.send({"type": "subscribe", "id": name, "payload": payload})
            assert (await socket.frame())["payload"] == {"data": data}
            if name == "A":
                assert await socket.frame() == {"type": "complete", "id": "A"}


async def test_a_socket_may_have_so_many_operations_and_no_more(settings: Settings) -> None:
    url = url_of(settings)
    async with served(settings_for(url, max_operations_per_socket=2)) as house:
        dora = await house.people.one()
        async with dora.socket() as socket, socket.events(id="one"), socket.events(id="two"):
            await socket.start("{ me { id } }", "three")
            frame = await socket.frame()
            assert (frame["id"], frame["type"]) == ("three", "error")
            (error,) = frame["payload"]
            assert error["message"] == "More than 2 operations on one socket; try again in 1 s"
            assert error["extensions"]["code"] == "RATE_LIMITED"
            assert error["extensions"]["retryAfter"] == 1
            assert len(error["extensions"]["traceId"]) == 32
            await socket.send({"type": "complete", "id": "one"})
            assert await socket.ask("{ me { id } }", "three") == {"data": {"me": {"id": dora.id}}}


async def test_a_revoked_session_hears_no_further_event_and_may_ask_nothing(people: People) -> None:
    dora = await people.one(password=PASSWORD)
    other = await again(dora)
    async with dora.socket() as socket, socket.events(id="events"), other.socket() as kept, kept.events() as heard:
        await dora.ask("mutation { logout { deletedId } }")
        task = await other.task()
        with pytest.raises(Closed) as closed:
            await socket.frame()
        assert (closed.value.code, closed.value.reason) == (4401, "Invalid or expired token")
        assert (await heard.next())["task"]["id"] == task["id"], "the other session is as good as before"


async def test_a_deleted_user_hears_nothing_more(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket, socket.events(id="events"):
        await dora.ask("mutation ($id: ID!) { deleteUser(id: $id) { deletedId } }", id=dora.id)
        with pytest.raises(Closed) as closed:
            await socket.frame()
        assert closed.value.code == 4401

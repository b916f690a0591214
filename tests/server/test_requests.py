"""What every request goes through: its trace id, CORS, and what becomes of the unforeseen."""

import re
from typing import Any

import pytest
from structlog.typing import EventDict

from tests.conftest import Served
from tests.people import People

ALLOWED = "http://localhost:3000"
FOREIGN = "https://evil.example"


@pytest.mark.parametrize("id", ["12345678", "req-2026.11_A", "a" * 64])
async def test_a_decent_request_id_is_kept_in_header_and_errors(people: People, id: str) -> None:
    response = await people.http.post("/graphql", json={"query": "{ nope }"}, headers={"x-request-id": id})
    assert response.headers["x-request-id"] == id
    assert [error["extensions"]["traceId"] for error in response.json()["errors"]] == [id]


@pytest.mark.parametrize(
    "id", ["", "1234567", "a" * 65, "has spaces in it", 'quo"te-quote', "line\tline-line", "a/../../b"]
)
async def test_any_other_is_replaced_by_one_of_ours(people: People, id: str) -> None:
    response = await people.http.post("/graphql", json={"query": "{ nope }"}, headers={"x-request-id": id})
    given = response.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{32}", given)
    assert [error["extensions"]["traceId"] for error in response.json()["errors"]] == [given]


@pytest.mark.parametrize("version", ["00", "01"])
async def test_a_request_that_is_part_of_a_trace_has_its_id(people: People, version: str) -> None:
    given = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"{version}-{given}-00f067aa0ba902b7-01", "x-request-id": "of-the-request"}
    response = await people.http.post("/graphql", json={"query": "{ me { id } }"}, headers=headers)
    assert response.headers["x-request-id"] == given
    assert response.json()["errors"][0]["extensions"]["traceId"] == given


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" * 1_000,
    ],
)
async def test_a_traceparent_that_is_none_is_passed_over(people: People, parent: str) -> None:
    headers = {"traceparent": parent, "x-request-id": "of-the-request"}
    assert (await people.http.get("/", headers=headers)).headers["x-request-id"] == "of-the-request"


async def test_each_request_without_an_id_gets_its_own(people: People) -> None:
    ids = {(await people.http.get(path)).headers["x-request-id"] for path in ("/", "/health", "/nope", "/graphql")}
    assert len(ids) == 4


async def test_a_page_of_an_allowed_origin_may_ask_beforehand(people: People) -> None:
    response = await people.http.options(
        "/graphql",
        headers={
            "origin": ALLOWED,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization, content-type, x-request-id",
        },
    )
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == ALLOWED
    assert response.headers["access-control-allow-credentials"] == "true"
    assert response.headers["access-control-allow-methods"] == "GET, POST"
    assert {"authorization", "content-type", "x-request-id"} <= {
        *response.headers["access-control-allow-headers"].lower().split(", ")
    }


@pytest.mark.parametrize("origin", [FOREIGN, "null", f"{ALLOWED}.evil.example", "https://localhost:3000"])
async def test_a_foreign_page_may_not(people: People, origin: str) -> None:
    response = await people.http.options(
        "/graphql",
        headers={
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type",
        },
    )
    assert response.status_code == 400
    assert "access-control-allow-origin" not in response.headers


async def test_an_allowed_page_may_read_the_answer(people: People) -> None:
    response = await people.http.post("/graphql", json={"query": "{ __typename }"}, headers={"origin": ALLOWED})
    assert response.headers["access-control-allow-origin"] == ALLOWED
    assert response.headers["vary"] == "Accept, Origin"


async def test_an_allowed_page_may_read_the_request_id_and_refusals_too(people: People) -> None:
    response = await people.http.post("/graphql", content=b"[", headers={"origin": ALLOWED})
    assert response.status_code == 415
    assert response.headers["access-control-allow-origin"] == ALLOWED
    assert response.headers["access-control-expose-headers"] == "x-request-id, retry-after"


async def failing(*_: Any) -> Any:
    raise RuntimeError("secret text")


async def test_the_unforeseen_is_masked_and_logged_once_under_the_same_trace_id(
    house: Served, people: People, monkeypatch: pytest.MonkeyPatch, logged: list[EventDict]
) -> None:
    dora = await people.one()
    monkeypatch.setattr(house.services.db, "fetchval", failing)
    response = await people.http.post(
        "/graphql", json={"query": "{ me { id } }"}, headers={**dora.headers, "x-request-id": "trace-of-this-one"}
    )
    assert response.status_code == 200
    (error,) = response.json()["errors"]
    assert error["message"] == "An unexpected error occurred"
    assert error["path"] == ["me"]
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert error["extensions"]["traceId"] == "trace-of-this-one"
    assert "secret" not in response.text
    (failed,) = [record for record in logged if record["log_level"] == "error"]
    assert failed["event"] == "request.failed"
    assert failed["trace_id"] == "trace-of-this-one"
    assert failed["path"] == ["me"]
    assert str(failed["exc_info"]) == "secret text"


async def test_the_unforeseen_before_anything_runs_is_masked_and_logged_too(
    house: Served, people: People, monkeypatch: pytest.MonkeyPatch, logged: list[EventDict]
) -> None:
    dora = await people.one()
    monkeypatch.setattr(house.services.db, "fetch", failing)
    response = await people.http.post(
        "/graphql", json={"query": "{ me { id } }"}, headers={**dora.headers, "x-request-id": "trace-of-this-one"}
    )
    assert response.status_code == 500
    (error,) = response.json()["errors"]
    assert error["message"] == "An unexpected error occurred"
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert error["extensions"]["traceId"] == "trace-of-this-one"
    (failed,) = [record for record in logged if record["event"] == "request.failed"]
    assert failed["trace_id"] == "trace-of-this-one"


async def test_the_unforeseen_over_a_socket_has_a_trace_id_of_its_operation(
    house: Served, people: People, monkeypatch: pytest.MonkeyPatch, logged: list[EventDict]
) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        monkeypatch.setattr(house.services.db, "fetchval", failing)
        (one,) = (await socket.ask("{ me { id } }"))["errors"]
        (other,) = (await socket.ask("{ me { id } }"))["errors"]
    assert one["message"] == other["message"] == "An unexpected error occurred"
    failed = [record["trace_id"] for record in logged if record["log_level"] == "error"]
    assert failed == [one["extensions"]["traceId"], other["extensions"]["traceId"]]
    assert failed[0] != failed[1]


async def test_mistakes_of_clients_are_no_errors_of_ours(people: People, logged: list[EventDict]) -> None:
    dora = await people.one()
    for query in ("{", "{ nope }", '{ task(id: "nope") { id } }', "mutation { deleteTask(id: 5) { deletedId } }"):
        await dora.ask(query)
    await people.nobody.ask("{ me { id } }")
    told = [record for record in logged if record["event"] != "request"]
    assert {record["log_level"] for record in told if not record["event"].endswith(".attempt")} == {"info"}
    told = [record for record in told if not record["event"].endswith(".attempt")]
    assert [record["event"] for record in told] == [*["operation"] * 3, "task.delete.failed", "operation"]
    assert [record["codes"] for record in told] == [
        ["VALIDATION_ERROR"],
        ["VALIDATION_ERROR"],
        ["TASK_NOT_FOUND"],
        ["TASK_NOT_FOUND"],
        ["UNAUTHENTICATED"],
    ]

"""Spans, as a collector gets them by OTLP over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from kit.settings import Settings
from server import tracing
from tests.conftest import Served, served
from tests.server.collecting import Collector, collecting

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@asynccontextmanager
async def traced(settings: Settings, collector: Collector) -> AsyncIterator[Served]:
    async with served(settings.model_copy(update={"otel_exporter_otlp_endpoint": collector.url})) as house:
        yield house


def spans(collector: Collector) -> Sequence[Any]:
    """All that have arrived, in their order."""
    sent = collector.rest()
    assert {one.path for one in sent} <= {"/v1/traces"}
    return [
        span
        for one in sent
        for resource in ExportTraceServiceRequest.FromString(one.body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def attributes(span: Any) -> dict[str, str]:
    return {found.key: found.value.string_value for found in span.attributes}


async def test_an_operation_is_a_span_under_the_trace_id_that_its_client_is_told(settings: Settings) -> None:
    with collecting() as collector:
        async with traced(settings, collector) as house:
            dora = await house.people.one()
            response = await house.people.http.post(
                "/graphql", json={"query": "query TaskList { tasks { totalCount } }"}, headers=dora.headers
            )
        (span,) = spans(collector)
    assert span.name == "query TaskList"
    assert span.trace_id.hex() == response.headers["x-request-id"]
    assert span.parent_span_id == b""
    assert 0 < span.end_time_unix_nano - span.start_time_unix_nano < 5e9
    assert abs(time.time_ns() - span.end_time_unix_nano) < 60e9
    assert attributes(span) == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "TaskList",
        "parlor.trace_id": response.headers["x-request-id"],
        "parlor.code": "OK",
    }


async def test_a_request_that_is_part_of_a_trace_goes_on_in_it(settings: Settings) -> None:
    with collecting() as collector:
        async with traced(settings, collector) as house:
            headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "x-request-id": "another-id"}
            response = await house.people.http.post("/graphql", json={"query": "{ me { id } }"}, headers=headers)
            unsampled = {"traceparent": f"00-{TRACE}-{PARENT}-00"}
            await house.people.http.post("/graphql", json={"query": "{ me { id } }"}, headers=unsampled)
        (span,) = spans(collector)
    assert (span.name, span.trace_id.hex(), span.parent_span_id.hex()) == ("query", TRACE, PARENT)
    assert response.headers["x-request-id"] == TRACE
    assert response.json()["errors"][0]["extensions"]["traceId"] == TRACE
    assert attributes(span)["parlor.code"] == "UNAUTHENTICATED"
    assert span.status.code == Status.STATUS_CODE_UNSET, "it is the client's mistake"


async def test_an_error_of_ours_is_one_of_the_span(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(*_: Any) -> Any:
        raise RuntimeError("a secret")

    with collecting() as collector:
        async with traced(settings, collector) as house:
            dora = await house.people.one()
            async with dora.socket() as socket:
                monkeypatch.setattr(house.services.db, "fetchval", failing)
                (error,) = (await socket.ask("{ me { id } }"))["errors"]
                monkeypatch.undo()
        (span,) = spans(collector)
    assert span.trace_id.hex() == error["extensions"]["traceId"]
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert attributes(span)["error.type"] == "INTERNAL_ERROR"
    assert b"secret" not in span.SerializeToString()


async def test_nothing_that_a_client_asks_with_is_in_a_span(settings: Settings) -> None:
    marker = "m4rker"
    login = (
        "mutation ($who: String!, $password: String!) { login(identifier: $who, password: $password) { expiresIn } }"
    )
    with collecting() as collector:
        async with traced(settings, collector) as house:
            dora = await house.people.one()
            await dora.task(marker)
            await dora.ask(login, who=marker, password=marker)
            await dora.ask(f'mutation {{ deleteTask(id: "{marker}") {{ deletedId }} }}')
            await dora.ask(f"{{ {marker}: me {{ id }} }}")
            await dora.ask(f"{{ {marker} }}")
            async with dora.socket() as socket:
                await socket.ask("query ($id: ID!) { task(id: $id) { id } }", id=marker)
        sent = collector.rest()
    assert sent
    for one in sent:
        assert marker.encode() not in one.body
        assert dora.id.encode() not in one.body
        assert marker not in repr(one.headers)


async def test_a_collector_that_does_not_answer_holds_nobody_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "FLUSH_SECONDS", 0.2)
    with collecting(hangs=True) as collector:
        async with asyncio.timeout(15), traced(settings, collector) as house:
            assert (await house.people.nobody.ask("{ __typename }")).data == {"__typename": "Query"}
        await collector.next()


def test_without_an_endpoint_nothing_is_traced(house: Served) -> None:
    assert tracing.current is None

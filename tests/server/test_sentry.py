"""Errors that nobody foresaw, as Sentry gets them; and that it gets nothing else."""

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from kit.settings import Environment, Settings
from server import reporting
from tests.conftest import Served, served
from tests.server.collecting import Collector, Sent, collecting

M = "m4rk3r"
KEY = "0123456789abcdef"
CREATE = "mutation ($input: CreateTaskInput!) { createTask(input: $input) { id } }"
TRACE_ID = "trace-of-this-one"


@asynccontextmanager
async def reported(settings: Settings, collector: Collector) -> AsyncIterator[Served]:
    dsn = collector.url.replace("//", f"//{KEY}@") + "/7"
    changed = Settings.model_validate(settings.model_dump() | {"sentry_dsn": dsn})
    async with served(changed) as house:
        yield house


def event(sent: Sent) -> dict[str, Any]:
    """The one event of an envelope."""
    header, item, payload = sent.body.splitlines()
    assert sent.path == "/api/7/envelope/"
    assert KEY in sent.headers["X-Sentry-Auth"]
    assert json.loads(item)["type"] == "event"
    found: dict[str, Any] = json.loads(payload)
    assert json.loads(header)["event_id"] == found["event_id"]
    return found


async def failing(*_: Any) -> Any:
    password = M  # noqa: F841 - a local variable
    raise RuntimeError("the unforeseen")


async def test_the_unforeseen_is_reported_with_its_trace_id_and_nothing_that_was_asked(
    settings: Settings, configured: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(Environment.PRODUCTION, "ERROR")
    with collecting() as collector:
        async with reported(settings, collector) as house:
            dora = await house.people.one()
            monkeypatch.setattr(house.services.db, "fetchval", failing)
            await house.people.http.post(
                f"/graphql?x={M}",
                json={"query": f"query {M} ($id: ID!) {{ {M}: task(id: $id) {{ id }} }}", "variables": {"id": M}},
                headers={**dora.headers, "cookie": M, "user-agent": M, "x-request-id": TRACE_ID},
            )
            monkeypatch.undo()
        (sent,) = collector.rest()
    found = event(sent)
    (error,) = found["exception"]["values"]
    assert (error["type"], error["value"]) == ("RuntimeError", "the unforeseen")
    assert error["stacktrace"]["frames"][-1]["function"] == "failing"
    assert found["tags"] == {"event": "request.failed", "trace_id": TRACE_ID}
    assert found["user"] == {"id": dora.id}
    assert (found["environment"], found["release"]) == ("development", "parlor@0.1.0")
    assert not {"request", "modules", "extra"} & found.keys()
    assert found["breadcrumbs"] == {"values": []}
    for frame in error["stacktrace"]["frames"]:
        assert "vars" not in frame
    assert dora.token is not None
    assert dora.token.encode() not in sent.body
    assert M not in without_source(found)


def without_source(found: dict[str, Any]) -> str:
    """The lines around the failure are of our own code, of this test too."""
    for error in found["exception"]["values"]:
        for frame in error["stacktrace"]["frames"]:
            for name in ("pre_context", "context_line", "post_context"):
                frame.pop(name, None)
    return json.dumps(found)


async def test_the_values_in_a_message_of_postgresql_are_not_reported(
    settings: Settings, configured: Callable[..., None]
) -> None:
    configured(Environment.PRODUCTION, "ERROR")
    failing = f"""create function no_such_task() returns trigger language plpgsql as $$ begin
      if new.title = '{M}' then raise exception 'unforeseen' using detail = new.title; end if; return new; end $$"""
    trigger = "create trigger t before insert on task for each row execute function no_such_task()"
    with collecting() as collector:
        async with reported(settings, collector) as house:
            dora = await house.people.one()
            async with house.services.db.transaction() as session:
                for statement in (failing, trigger):
                    await session.execute(text(statement))
            answer = await dora.ask(CREATE, input={"title": M})
            async with house.services.db.transaction() as session:
                await session.execute(text("drop function no_such_task cascade"))
        (sent,) = collector.rest()
    assert answer.code == "INTERNAL_ERROR"
    found = event(sent)
    assert "unforeseen" in json.dumps(found["exception"])
    assert M not in without_source(found)


async def test_mistakes_of_clients_and_a_database_that_is_away_are_not_reported(
    settings: Settings, configured: Callable[..., None]
) -> None:
    configured(Environment.PRODUCTION, "DEBUG")
    with collecting() as collector:
        async with reported(settings, collector) as house:
            dora = await house.people.one()
            for query in ("{", "{ nope }", '{ task(id: "nope") { id } }', "{ users { totalCount } }"):
                await dora.ask(query)
            await house.people.nobody.ask("{ me { id } }")
            await house.people.http.post("/graphql", content=b"[")
            structlog.get_logger().warning("tail.failed", error=repr(OSError("away")), retry_in=1)
        assert collector.rest() == []


async def test_a_task_that_nobody_awaited_is_reported(settings: Settings, configured: Callable[..., None]) -> None:
    configured(Environment.PRODUCTION, "ERROR")
    with collecting() as collector:
        async with reported(settings, collector):
            try:
                raise RuntimeError("of a task")
            except RuntimeError:
                logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=sys.exc_info())
        (sent,) = collector.rest()
    found = event(sent)
    assert [error["value"] for error in found["exception"]["values"]] == ["of a task"]
    assert found["tags"] == {"event": "Task exception was never retrieved"}


async def test_a_sentry_that_does_not_answer_holds_nobody_up(
    settings: Settings, configured: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    configured(Environment.PRODUCTION, "ERROR")
    monkeypatch.setattr(reporting, "FLUSH_SECONDS", 0.2)
    with collecting(hangs=True) as collector:
        async with asyncio.timeout(15), reported(settings, collector):
            structlog.get_logger().error("request.failed", exc_info=RuntimeError("one"))
            structlog.get_logger().error("request.failed", exc_info=RuntimeError("two"))
        await collector.next()


def test_without_a_dsn_nothing_is_reported(house: Served) -> None:
    assert reporting.current is None

"""What is told of an operation once it is over: it is counted, it is a span, and it is one line in the log.

Never its variables, and of what a client calls it only what its document says.
"""

import logging
import time
from collections.abc import Sequence
from typing import Any

import structlog
from graphql import FieldNode, GraphQLError

from kit.errors import RateLimited, TooSlow, Unavailable
from live.operations import DONE
from resolvers.context import Context, Services
from schema.deeds import deed
from schema.errors import UNFORESEEN
from schema.titles import UNTITLED, Title
from server import logs, tracing
from server.results import told

log = structlog.get_logger()

# How bad it is, by code; anything else is the client's, and of no interest to who runs this.
LEVELS = {
    UNFORESEEN: logging.ERROR,
    Unavailable.code: logging.WARNING,
    TooSlow.code: logging.WARNING,
    RateLimited.code: logging.WARNING,
}


def note(ctx: Context, title: Title, errors: Sequence[GraphQLError], began: float) -> None:
    """Of a query, a mutation or a subscription that is over; `began` by perf_counter."""
    seconds = time.perf_counter() - began
    code = _code(errors[0]) if errors else DONE
    counted = ctx.services.meter.operations.of(title, signed_in=ctx.viewer_id is not None)
    counted.ended(code, None if title.kind == "subscription" else seconds)
    if tracing.current is not None:
        tracing.current.operation(ctx, title, code, seconds)
    if not errors and logs.least > logging.INFO:
        return
    level = _level(title, errors)
    if level >= logs.least:
        _write(ctx, title, errors, level, seconds)


def refused(services: Services, trace_id: str, errors: Sequence[GraphQLError], status: int | None = None) -> None:
    """Of a request that did not become an operation; `status` is HTTP's where that says why."""
    code = _code(errors[0])
    services.meter.operations.of(UNTITLED, signed_in=False).ended(code)
    level = LEVELS.get(code, logging.INFO)
    if logs.least <= level < logging.ERROR:  # what is ours has been told, with its traceback
        facts = {"codes": _codes(errors)} | ({} if status is None else {"status": status})
        log.log(level, "request.refused", **facts, trace_id=trace_id, **_cause(errors))


def turned_away(error: Exception, ctx: Context) -> list[GraphQLError]:
    """The same of what came over a socket; what its client is told."""
    errors = told(error, ctx)
    refused(ctx.services, ctx.trace_id, errors)
    return errors


def _level(title: Title, errors: Sequence[GraphQLError]) -> int:
    if errors:
        return max(LEVELS.get(_code(error), logging.INFO) for error in errors)
    return logging.DEBUG if title.kind == "mutation" else logging.INFO  # `schema/deeds.py` tells what was done


def _write(ctx: Context, title: Title, errors: Sequence[GraphQLError], level: int, seconds: float) -> None:
    facts: dict[str, Any] = {"name": title.name, "ms": round(seconds * 1000, 1), "codes": _codes(errors)}
    if title.kind == "mutation" and (field := _failed(errors)):
        log.log(level, f"{deed(field)}.failed", **facts, **_who(ctx), **_cause(errors))
    else:
        level = min(level, logging.WARNING)  # an error has been told, with its traceback
        log.log(level, "operation", kind=title.kind, **facts, **_who(ctx), **_cause(errors))


def _failed(errors: Sequence[GraphQLError]) -> str | None:
    """The field of Mutation that came to nothing; none has a null for an answer, so that there is at most one."""
    for error in errors:
        node = next(iter(error.nodes or ()), None)
        if isinstance(node, FieldNode) and error.path is not None and len(error.path) == 1:
            return node.name.value
    return None


def _who(ctx: Context) -> dict[str, Any]:
    return {"user": ctx.viewer_id, "trace_id": ctx.trace_id}


def _cause(errors: Sequence[GraphQLError]) -> dict[str, str]:
    """What kept an answer from coming about."""
    causes = (error.original_error.__cause__ for error in errors if isinstance(error.original_error, Unavailable))
    return next(({"error": repr(cause)} for cause in causes if cause is not None), {})


def _code(error: GraphQLError) -> str:
    return str((error.extensions or {}).get("code"))


def _codes(errors: Sequence[GraphQLError]) -> list[str]:
    return sorted({*map(_code, errors)})

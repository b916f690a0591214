"""Structured logs on stderr: JSON lines in production, readable lines at a terminal. No variables, no tokens."""

import logging
import sys
import time
from collections.abc import Sequence

import structlog
from graphql import GraphQLError
from starlette.types import Scope
from structlog.typing import Processor

from kit.settings import Settings
from resolvers.context import Context

log = structlog.get_logger()
least = logging.INFO  # what is logged at all; asked before a line is made, since most requests would make one


def configure(settings: Settings) -> None:
    global least
    least = logging.getLevelNamesMapping()[settings.log_level]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # rich's would print local variables: tokens, passwords
        )
    ]
    if settings.production:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # What uvicorn says of itself is of no use beside our own lines, except when something goes wrong.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", force=True)


def note(ctx: Context, name: str | None, errors: Sequence[GraphQLError], began: float) -> None:
    """One line for each operation: its name and how it went, never its variables."""
    if least > logging.INFO:
        return
    codes = sorted({str((error.extensions or {}).get("code")) for error in errors})
    spent = round((time.perf_counter() - began) * 1000, 1)
    log.info("operation", name=name and name[:100], ms=spent, codes=codes, user=ctx.viewer_id, trace_id=ctx.trace_id)


def request(scope: Scope, status: int, began: float) -> None:
    """One line for each HTTP request, where so much is wanted."""
    spent = round((time.perf_counter() - began) * 1000, 1)
    trace_id = scope["state"]["trace_id"]
    log.debug("request", method=scope["method"], path=scope["path"], status=status, ms=spent, trace_id=trace_id)

"""Structured logs on stderr: JSON lines in production, readable lines at a terminal. No variables, no tokens."""

import logging
import sys
import time
from typing import Any

import structlog
from structlog.typing import Processor

from kit.settings import Settings
from resolvers.context import Context

log = structlog.get_logger()


def configure(settings: Settings) -> None:
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
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    # What uvicorn says of itself is of no use beside our own lines, except when something goes wrong.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", force=True)


def note(ctx: Context, name: str | None, result: Any, began: float) -> None:
    """One line for each operation: its name and how it went, never its variables."""
    codes = sorted({str((error.extensions or {}).get("code")) for error in getattr(result, "errors", None) or ()})
    spent = round((time.perf_counter() - began) * 1000, 1)
    log.info("operation", name=name and name[:100], ms=spent, codes=codes, user=ctx.viewer_id, trace_id=ctx.trace_id)

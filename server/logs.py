"""Structured logs on stderr: JSON lines in production, readable lines at a terminal. No variables, no tokens.

What libraries log through `logging` comes out the same way.
"""

import logging
import re
import sys
import time
import traceback
from typing import Any

import orjson
import structlog
from starlette.types import Scope
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from kit.settings import Settings
from server import reporting

LONGEST_TEXT = 500  # characters of a message or a path
LONGEST_TRACEBACK = 20_000

log = structlog.get_logger()
least = logging.INFO  # what is logged at all; asked before a line is made, since most requests would make one


def configure(settings: Settings, *, lasting: bool = False) -> None:
    """With `lasting` it cannot be changed afterwards, and a line costs less."""
    global least
    least = logging.getLevelNamesMapping()[settings.log_level]
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        reporting.report,
        structlog.processors.ExceptionRenderer(_traceback),
        _harmless,
    ]
    last: Processor = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    if settings.production:
        last = structlog.processors.JSONRenderer(_json)
    structlog.configure(
        processors=[*shared, last],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=lasting,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(last, foreign_pre_chain=[*shared[:-1], _unfolded, _harmless])
    )
    # What uvicorn says of itself is of no use beside our own lines, except when something goes wrong.
    logging.basicConfig(level=max(logging.WARNING, least), handlers=[handler], force=True)


def _json(event: EventDict, **given: Any) -> str:
    return orjson.dumps(event, **given).decode()


def request(scope: Scope, status: int, began: float) -> None:
    """One line for each HTTP request, where so much is wanted."""
    spent = round((time.perf_counter() - began) * 1000, 1)
    trace_id = scope["state"]["trace_id"]
    log.debug("request", method=scope["method"], path=scope["path"], status=status, ms=spent, trace_id=trace_id)


# Messages of PostgreSQL and its drivers, of pydantic and of Python repeat values after these.
_VALUES = re.compile(
    r"""(\bDETAIL:|query argument \$\d+:|input_value=|: ?(?=["'])|\A(?=["'])).*?(?=\n\[SQL|\Z)""", re.DOTALL
)
_CREDENTIALS = re.compile(r"(?<=//)[^/\s@]*@")  # of an address
_TOKENS = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?<=Bearer )\S+")
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def without_values(text: str) -> str:
    """A message of an error, without what somebody may have entered, and without credentials."""
    return _TOKENS.sub("…", _CREDENTIALS.sub("…@", _VALUES.sub(r"\1 …", text)))


def _harmless(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Nothing in a line is longer than it need be, ends it, or speaks to the terminal."""
    for key, value in event.items():
        if not isinstance(value, str):
            continue
        if key == "exception":
            event[key] = _CONTROLS.sub("?", value[-LONGEST_TRACEBACK:])
            continue
        text = without_values(value) if key == "error" else value
        if len(text) > LONGEST_TEXT or not text.isprintable():
            text = _escaped(text[:LONGEST_TEXT])
        event[key] = text
    return event


def _unfolded(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Some write a traceback into the message itself."""
    first, _, rest = without_values(event["event"]).partition("\n")
    event["event"] = first
    if rest:
        event["exception"] = "\n".join(filter(None, (rest, event.get("exception"))))
    return event


def _escaped(text: str) -> str:
    return repr(text)[1:-1]


def _traceback(exc_info: ExcInfo) -> str:
    text = "".join(traceback.format_exception(*exc_info))
    for said in filter(None, map(str, _all_of(exc_info[1]))):
        text = text.replace(said, without_values(said))
    return text


def _all_of(error: BaseException) -> list[BaseException]:
    """The error, and those that it came of."""
    found = [error]
    for one in found:
        inner = (one.__cause__, one.__context__, *getattr(one, "exceptions", ()))
        found += [other for other in inner if other is not None and other not in found]
    return found

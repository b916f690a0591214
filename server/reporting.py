"""Sentry is sent what nobody foresaw: each error that is logged with its traceback, with its trace id and whose it was.

Neither requests, headers, variables, breadcrumbs nor local variables go with it. See `docs/operations.md`.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from structlog.typing import EventDict, WrappedLogger

from kit.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk import Client

FLUSH_SECONDS = 2.0  # for what has not been sent when the process ends
WAITING = 100  # errors that wait to be sent; more are dropped

current: "Client | None" = None


def report(_: WrappedLogger, level: str, event: EventDict) -> EventDict:
    """A processor of structlog's; `logging`'s records come by too."""
    if current is not None and level in ("error", "exception", "critical") and event.get("exc_info"):
        _send(current, event)
    return event


@asynccontextmanager
async def reporting(settings: Settings, clean: Callable[[str], str]) -> AsyncIterator[None]:
    """While it lasts errors are sent to SENTRY_DSN, if that is set. `clean` is applied to their messages."""
    global current
    if settings.sentry_dsn is None:
        yield
        return
    before, current = current, _client(settings, clean)
    client = current
    try:
        yield
    finally:
        current = before
        await asyncio.to_thread(client.close, FLUSH_SECONDS)


def _client(settings: Settings, clean: Callable[[str], str]) -> "Client":
    from sentry_sdk import Client

    def cleaned(event: Any, hint: Any) -> Any:
        for found in event.get("exception", {}).get("values", ()):
            found["value"] = clean(str(found.get("value") or ""))
        return event

    assert settings.sentry_dsn is not None
    return Client(
        settings.sentry_dsn.get_secret_value(),
        release=f"parlor@{version('parlor')}",
        environment=settings.environment.value,
        before_send=cleaned,
        default_integrations=False,  # they look into requests, the command line and logs, and patch what they meet
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        enable_backpressure_handling=False,  # it samples transactions, of which there are none, in one more thread
        transport_queue_size=WAITING,
    )


def _send(client: "Client", event: EventDict) -> None:
    from sentry_sdk import Scope
    from sentry_sdk.utils import event_from_exception

    given = event["exc_info"]
    found, hint = event_from_exception(sys.exc_info() if given is True else given, client_options=client.options)
    scope = Scope()
    scope.set_tag("event", str(event["event"])[:100])
    if trace_id := event.get("trace_id"):
        scope.set_tag("trace_id", trace_id)
    if user := event.get("user"):
        scope.set_user({"id": user})
    client.capture_event(found, hint, scope)

"""The HTTP connections of this process: how many there may be, from where, and which of them keep it waiting.

A connection costs a client nothing. So nobody may have all of them, and none may be held by doing nothing: neither by
sending a request bit by bit, nor by not taking the answer. All are looked after by one timer.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from kit.networks import network_of
from kit.settings import Settings

LOOK_SECONDS = 0.5  # between looks: by so much a client may take longer
RESERVED = 256  # files: for PostgreSQL, the broker, the log
MOST = 100_000  # where nobody says how many files a process may have


class Connection(Protocol):
    client: tuple[str, int] | None

    def look(self, now: float) -> None:
        """Ends it where it has kept the server waiting for too long."""


class Connections:
    """`count` is told the status of what is turned away."""

    def __init__(self, settings: Settings, count: Callable[[int], None]) -> None:
        self.request_seconds = settings.request_seconds
        self.idle_seconds = settings.keep_alive_seconds
        self.send_seconds = settings.send_timeout_seconds
        self.most_bytes = 64 * settings.max_body_bytes
        self.count = count
        self._most = most_connections()
        self._most_per_address = settings.max_connections_per_address
        self._proxies: Any = ProxyHeadersMiddleware(_nothing, settings.forwarded_allow_ips).trusted_hosts
        self._open: dict[Connection, str | None] = {}
        self._from: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, connection: Connection, among: int) -> int | None:
        """HTTP's status where it is to be turned away; `among` counts sockets too. It is looked after all the same."""
        host = connection.client[0] if connection.client else None
        counted = None if host is None or host in self._proxies else network_of(host)
        self._open[connection] = counted
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
        if counted is not None:
            self._from[counted] += 1
            if self._from[counted] > self._most_per_address:
                return 429
        return 503 if among > self._most else None

    def leave(self, connection: Connection) -> None:
        counted = self._open.pop(connection, None)
        if counted is not None:
            self._from[counted] -= 1
            if not self._from[counted]:
                del self._from[counted]

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [*self._open]:
            connection.look(now)
        self._timer = loop.call_later(LOOK_SECONDS, self._look) if self._open else None


def most_connections() -> int:
    """As many as the process has files for; where accept() finds none, nobody else can do anything either."""
    if sys.platform == "win32":
        return MOST
    import resource

    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST if files == resource.RLIM_INFINITY else max(files - RESERVED, files // 2)


async def _nothing(*_: object) -> None:
    """An app for which only the proxies matter."""

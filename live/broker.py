"""The broker: one connection of the process to all others, which carries the doorbell and the signals.

It promises little: each message at most once, and none of those sent while the connection was dead. So nothing may rest
on it but speed. What it does promise is to come back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Protocol

import structlog
from broadcaster import Broadcast
from broadcaster._base import Subscriber

from live.brokers.backend import Backend

CONNECT_SECONDS = 5
ECHO_SECONDS = 5  # from publishing to hearing oneself
RETRY_SECONDS = (0.1, 0.5, 1, 2, 5, 10)

log = structlog.get_logger()

Publish = Callable[[str], Awaitable[None]]


class Line(Protocol):
    """One channel of the connection."""

    channel: str

    def hear(self, message: str) -> None:
        """What somebody has published, this process included. Neither waits nor fails."""

    async def speak(self, publish: Publish) -> None:
        """Publishes, from when the connection stands until it has died; then it is cancelled.

        `publish` returns when the message has been heard by this process too.
        """


class NoEcho(Exception):
    """This process does not hear what it publishes, so it hears nobody."""


class Broker:
    """`connect` makes a backend for the channels of the lines, anew for each connection.

    `connected` is set while the process hears itself.
    """

    def __init__(self, connect: Callable[[Sequence[str]], Backend], *lines: Line) -> None:
        self._connect = connect
        self._lines = lines
        self._failures = 0
        self.connected = asyncio.Event()

    async def run(self) -> None:
        """Keeps the connection; for the life of the process."""
        while True:
            try:
                await self._connection()
            except Exception as error:  # each backend has errors of its own; none of them may end the process
                self.connected.clear()
                wait = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS) - 1)]
                log.warning("broker.lost", error=repr(error), retry_in=wait)
                self._failures += 1
                await asyncio.sleep(wait)

    async def _connection(self) -> None:
        """Lives as long as one connection, and raises what that died of."""
        backend = self._connect([line.channel for line in self._lines])
        broadcast = Broadcast(backend=backend)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(backend.disconnect)  # broadcaster leaves it out where connecting has failed
            async with asyncio.timeout(CONNECT_SECONDS):
                await stack.enter_async_context(broadcast)
                heard = [await stack.enter_async_context(broadcast.subscribe(line.channel)) for line in self._lines]
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(backend.ended())
                for line, messages in zip(self._lines, heard, strict=True):
                    echo = asyncio.Event()
                    tasks.create_task(_listen(line, messages, echo))
                    tasks.create_task(line.speak(partial(self._publish, broadcast, line.channel, echo)))

    async def _publish(self, broadcast: Broadcast, channel: str, echo: asyncio.Event, message: str) -> None:
        """Listens for the message: a subscription that has died, or a pooler that takes LISTEN in, says nothing."""
        echo.clear()
        try:
            async with asyncio.timeout(ECHO_SECONDS):
                await broadcast.publish(channel, message)
                await echo.wait()
        except TimeoutError as error:
            raise NoEcho(f"nothing came back within {ECHO_SECONDS} s") from error
        self.connected.set()
        if self._failures:
            self._failures = 0
            log.info("broker.found")


async def _listen(line: Line, messages: Subscriber, echo: asyncio.Event) -> None:
    while True:
        line.hear((await messages.get()).message)
        echo.set()

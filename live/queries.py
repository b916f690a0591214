"""Groups that ask a query anew when something happens: only the latest answer counts."""

import asyncio
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

from kit.errors import Unavailable
from live.groups import Group
from live.positions import START, Position
from live.streams import Payload, QuerySource

if TYPE_CHECKING:
    from live.hub import Hub, Subscription

GAP_SECONDS = 0.2  # between two answers: at most five a second


class Query(Group):
    """Who has no room for an answer is given the latest once there is. Its answers are numbered in an epoch of its own:
    whoever comes from another group, with other eyes, has been told none of them.
    """

    def __init__(self, hub: "Hub", source: QuerySource) -> None:
        super().__init__(hub, source)
        self.epoch = uuid4().hex
        self._source = source
        self._latest: Payload | None = None
        self._asked = asyncio.Event()
        self._signals = ExitStack()
        for topic in source.signals:
            self._signals.enter_context(hub.signals.follow(topic, lambda _: self.wake()))
        self.wake()

    def _begin(self) -> None:
        """The next answer says all that there is."""

    def _end(self) -> None:
        super()._end()
        self._signals.close()

    def wake(self) -> None:
        self._asked.set()
        if self._working is None:
            self._working = self._hub.spawn(self._work())

    async def after(self, reader: "Subscription") -> list[Payload]:
        if reader.epoch != self.epoch:
            reader.epoch, reader.position = self.epoch, START
        return [self._latest] if self._latest and self._latest.position > reader.position else []

    async def _worked(self) -> bool:
        """Goes on for as long as somebody reads."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._source.every):
                await self._asked.wait()
        self._asked.clear()
        try:
            json = await self._lane.asked(self._source.answer)
        except Unavailable:
            self._asked.set()
            raise
        if self._latest is None or json != self._latest.json:
            self.last = Position(0, self.last.id + 1)
            self._latest = Payload(self.epoch, self.last, json)
            await self._tell([self._latest])
            self.head = self.last
        await asyncio.sleep(GAP_SECONDS)
        return False

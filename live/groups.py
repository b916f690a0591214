"""Groups of subscriptions that ask the same: what is told is executed and written once for all of them."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING

import structlog

from kit.errors import TooSlow, Unavailable
from live.lanes import Lane
from live.positions import START
from live.streams import RETRY_SECONDS, Payload, Source

if TYPE_CHECKING:
    from live.hub import Hub, Subscription

SHARE = 200  # members that are given something before others have their turn: 2 ms
REST = 2  # times as long as it took
LONGEST_REST_SECONDS = 0.03

Give = Callable[["Subscription", Sequence[Payload]], int]

logger = structlog.get_logger()


class Group(ABC):
    """`members` have been told everything; `readers` counts those that are being fed, too.

    `head` is where the members are; a member's own position is only as new as what it was last given. `before` is the
    position after which the group still holds all that it has told; `last` is where that ends.
    """

    def __init__(self, hub: "Hub", source: Source) -> None:
        self._hub = hub
        self._key = source.key
        self._lane = Lane(hub.lanes)
        self._working: asyncio.Task[None] | None = None
        self.topics = source.topics
        self.members: set[Subscription] = set()
        self.readers = 0
        self.epoch = ""
        self.head = self.before = self.last = START
        hub.tail.followers.add(self.topics, self.wake)

    @abstractmethod
    def wake(self) -> None:
        """Something may have happened on its topics."""

    @abstractmethod
    async def after(self, reader: "Subscription") -> list[Payload]:
        """What the reader is to be told next; nothing when it has been told all. Raises Unavailable."""

    @abstractmethod
    async def _worked(self) -> bool:
        """One round; whether nothing is left to do. Raises Unavailable."""

    @abstractmethod
    def _begin(self) -> None:
        """Leaves behind what it has not told: whoever is being fed finds out alone what that was."""

    def join(self, reader: "Subscription") -> bool:
        """Makes a member of a reader that has been told all; whether it had."""
        told = reader.epoch == self.epoch and reader.position >= max(self.before, self.last)
        if told:
            self.members.add(reader)
        return told

    def farewell(self, reader: "Subscription") -> Payload | None:
        """What a reader that must go now can come back with, where that is more than it was told last."""
        return None

    def leave(self, reader: "Subscription") -> None:
        if reader in self.members:
            self.members.discard(reader)
            reader.position = max(reader.position, self.head)

    def release(self) -> None:
        """One reader less; the last one ends the group."""
        self.readers -= 1
        if not self.readers:
            self._end()

    def _end(self) -> None:
        self._hub.tail.followers.remove(self.topics, self.wake)
        self._hub.groups.pop(self._key, None)
        if self._working is not None:
            self._working.cancel()

    async def _work(self) -> None:
        try:
            while not await self._tried():
                pass
        except Exception as error:
            logger.exception("group.failed", topics=sorted(self.topics))
            for member in [*self.members]:
                member.fail(error)
            self._begin()
        finally:
            self._working = None

    async def _tried(self) -> bool:
        try:
            return await self._worked()
        except (Unavailable, TooSlow) as error:  # the tail says so in the log, once for all groups
            logger.debug("group.waits", error=repr(error.__cause__), retry_in=RETRY_SECONDS)
            await asyncio.sleep(RETRY_SECONDS)
            return False

    async def _tell(self, payloads: Sequence[Payload], give: "Give | None" = None) -> None:
        """Gives every member what it has not been given yet; who has many of them then rests a little.

        What happens meanwhile is told together: under load a message costs its share of a write to the socket.
        """
        began, told, give = perf_counter(), 0, give or self._give
        for number, member in enumerate([*self.members], 1):
            if member in self.members:
                try:
                    told += give(member, payloads)
                except Exception as error:  # its own: nobody else's loss
                    logger.exception("member.failed", topics=sorted(self.topics))
                    member.fail(error)
            if number % SHARE == 0:
                await asyncio.sleep(0)
        self._hub.meter.sent(told, told * sum(map(_size, payloads)) // len(payloads))
        if len(self.members) >= SHARE:
            await asyncio.sleep(min(REST * (perf_counter() - began), LONGEST_REST_SECONDS))

    def _give(self, member: "Subscription", payloads: Sequence[Payload]) -> int:
        """How many it took."""
        if member.position >= payloads[0].position:
            payloads = [payload for payload in payloads if payload.position > member.position]
        taken = member.outlet.push(payloads) if payloads else 0
        if taken:
            member.advance(payloads[taken - 1])
        if taken < len(payloads):
            self._hub.meter.lagged()
            member.feed()
        return taken


def _size(payload: Payload) -> int:
    return len(payload.json)

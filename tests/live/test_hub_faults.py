"""The hub when something goes wrong: faults of ours, logs that begin anew or are pruned, other eyes."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.conftest import Served
from tests.live.readers import Names, Outlet, following, write


@dataclass(frozen=True)
class Number:
    """A live query that answers what it is told to."""

    topic: str
    scope: str
    answers: list[bytes]
    signals: frozenset[str] = frozenset()
    guards: frozenset[str] = frozenset()
    after: None = None
    every: None = None
    field: str = "number"

    @property
    def key(self) -> tuple[str, str]:
        return self.topic, self.scope

    @property
    def topics(self) -> frozenset[str]:
        return frozenset([self.topic])

    async def answer(self) -> bytes:
        return self.answers[0]


async def test_a_reader_that_is_being_fed_loses_nothing_when_its_group_fails(house: Served) -> None:
    source, quick, slow = Names(uuid4().hex), Outlet(), Outlet(free=1)
    async with following(house, source, quick), following(house, source, slow):
        await write(house, source.topic, ["One"])
        await quick.until(1)
        source.fault.append(ZeroDivisionError())
        await write(house, source.topic, ["Two"])
        await quick.until(2)
        assert [type(error) for error in quick.ended] == [ZeroDivisionError]
        slow.make(10)
        assert await slow.until(1) == ["One"]
        await write(house, source.topic, ["Three"])
        assert await slow.until(3) == ["One", "Two", "Three"]


async def test_who_is_given_other_eyes_is_given_their_answer(house: Served) -> None:
    topic = uuid4().hex
    before, after = Number(topic, "before", [b"before"]), Number(topic, "after", [b"after"])
    now: list[Any] = [before]

    async def open() -> Any:
        return now[0]

    outlet = Outlet()
    subscription = house.services.hub.follow(open, outlet)
    try:
        await outlet.until(0)
        now[0] = after
        await write(house, topic, ["grant"], grants=True)
        assert await outlet.until(1) == ["after"]
    finally:
        subscription.close()

"""The hub when something goes wrong: faults of ours, logs that begin anew or are pruned, other eyes."""

from uuid import uuid4

from tests.conftest import Served
from tests.live.readers import Names, Outlet, following, write


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

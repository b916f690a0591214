"""A mutation whose time is over at any of its awaits has been done or not, and the answer says which."""

import asyncio
from collections.abc import Awaitable, Generator
from typing import Any

import asyncpg
import pytest

from kit.settings import Settings
from resolvers.idempotency import Once
from schema import answers
from tests.conftest import served, url_of
from tests.people import Person
from tests.server.holding import NOT_DONE, error_of, holding_up, nothing_is_left_in
from tests.server.once import CREATE, TITLES, kept, post, titles

FEWEST = 8  # awaits of a mutation on a connection that is open


class Cut:
    """Awaits the same; when it waits for the time of number `at`, its time is over. `waits` counts them."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.waits = 0

    async def short(self, inner: Awaitable[Any], limit: asyncio.Timeout) -> Any:
        return await _Steps(inner, limit, self)

    def step(self, limit: asyncio.Timeout) -> None:
        self.waits += 1
        if self.waits == self._at and limit.when() is not None:
            limit.reschedule(asyncio.get_running_loop().time() - 1)


class _Steps:
    def __init__(self, inner: Awaitable[Any], limit: asyncio.Timeout, cut: Cut) -> None:
        self._steps = inner.__await__()
        self._limit = limit
        self._cut = cut

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            waited = next(self._steps)
            while True:
                self._cut.step(self._limit)
                try:
                    yield waited
                except BaseException as error:
                    waited = self._steps.throw(error)
                else:
                    waited = next(self._steps)
        except StopIteration as done:
            return done.value


def cutting(monkeypatch: pytest.MonkeyPatch, at: int, *, keyed: bool) -> Cut:
    cut, limited, performed = Cut(at), answers._limited, Once.performed

    async def limited_(ctx: Any, *asked: Any) -> Any:
        return await cut.short(limited(ctx, *asked), ctx.limit)

    async def performed_(self: Once, field: str, verb: Any) -> Any:
        return await cut.short(performed(self, field, verb), verb.args[0].limit)

    if keyed:
        monkeypatch.setattr(Once, "performed", performed_)
    else:
        monkeypatch.setattr(answers, "_limited", limited_)
    return cut


async def create(dora: Person, number: int, *, keyed: bool) -> Any:
    return (await post(dora, CREATE, f"{number}" if keyed else None, title=f"{number}")).json()


@pytest.mark.parametrize("keyed", [False, True], ids=["", "with a key"])
async def test_it_is_done_or_said_not_to_be(own: Settings, monkeypatch: pytest.MonkeyPatch, *, keyed: bool) -> None:
    async with served(own) as house:
        dora, hand = await house.people.one(), await asyncpg.connect(url_of(own))
        number, cut, not_done = 1, Cut(0), 0
        while number <= cut.waits + 1:
            with monkeypatch.context() as patched:
                cut = cutting(patched, number, keyed=keyed)
                answer = await create(dora, number, keyed=keyed)
            done = f"{number}" in await titles(dora)
            if not done:
                not_done += 1
                assert error_of(answer) == ("QUERY_TIMEOUT", NOT_DONE)
            assert done is ("errors" not in answer)
            await nothing_is_left_in(hand)
            if keyed:
                assert (await kept(dora, f"{number}") is not None) is done
                assert "errors" not in await create(dora, number, keyed=keyed)
            told = await hand.fetchval("select count(*) from event where entity = 'Task'")
            assert told == len(await titles(dora))
            number += 1
        await hand.close()
    assert FEWEST <= not_done < number - 1


async def test_who_asks_cannot_be_looked_up_in_time(own: Settings) -> None:
    """Nothing is amiss with the request, so it is no 4xx."""
    async with served(own.model_copy(update={"statement_timeout_seconds": 1})) as house:
        dora = await house.people.one()
        async with holding_up(url_of(own), "lock table session"):
            answer = await dora.ask(TITLES)
        assert (answer.status, answer.code) == (503, "QUERY_TIMEOUT")
        assert await titles(dora) == []

"""How often a field may be asked: here `createLabel` three times a minute, by whatever way one asks."""

import asyncio
import time
from typing import Any

import pytest

from kit.errors import Forbidden, RateLimited
from resolvers.limits import Each, Windows, per_minute
from server import results
from tests.people import People
from tests.server.limiting import MAKE, codes, limited, made, make, post, wait_of


@pytest.fixture(autouse=True)
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, per_minute(3))


async def test_beyond_its_limit_a_mutation_is_refused_and_has_done_nothing(people: People) -> None:
    dora = await people.one()
    for name in "abc":
        assert codes(await make(dora, name)) == []
    refused = await make(dora, "d")
    (error,) = refused.json()["errors"]
    assert 55 <= wait_of(error) <= 60
    assert error["message"].startswith("createLabel may be asked 3 times a minute; ")
    assert error["path"] == ["createLabel"]
    assert await made(dora) == ["a", "b", "c"]


async def test_the_answer_says_in_its_header_when_to_come_again(people: People) -> None:
    dora = await people.one()
    answers = [await make(dora, name) for name in "abcd"]
    assert [answer.status_code for answer in answers] == [200] * 4, "a field failed, not the request"
    wait = wait_of(answers[3].json()["errors"][0])
    assert [answer.headers.get("retry-after") for answer in answers] == [None, None, None, str(wait)]


async def test_each_alias_counts_as_one(people: People) -> None:
    dora = await people.one()
    fields = " ".join(f'{name}: createLabel(input: {{name: "{name}"}}) {{ id }}' for name in "abcde")
    answer = await post(dora, f"mutation {{ {fields} }}")
    (error,) = answer.json()["errors"]
    assert error["path"] == ["d"]
    assert wait_of(error) > 0
    assert await made(dora) == ["a", "b", "c"]


async def test_at_the_same_moment_no_more_are_done(people: People) -> None:
    dora = await people.one()
    answers = await asyncio.gather(*(make(dora, name) for name in "abcdefgh"))
    assert sorted(codes(answer) for answer in answers) == [[]] * 3 + [["RATE_LIMITED"]] * 5
    assert len(await made(dora)) == 3


async def test_a_socket_and_http_count_together(people: People) -> None:
    dora = await people.one()
    await make(dora, "a")
    async with dora.socket() as socket:
        answers = [await socket.ask(MAKE, name=name) for name in "bcd"]
        assert ["errors" in answer for answer in answers] == [False, False, True]
        assert wait_of(answers[2]["errors"][0]) > 0
        assert "errors" not in await socket.ask("{ me { id } }"), "the socket itself is left alone"
    assert codes(await make(dora, "e")) == ["RATE_LIMITED"]
    assert await made(dora) == ["a", "b", "c"]


async def test_somebody_else_at_the_same_address_is_not_hindered(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    for name in "abcd":
        await make(dora, name)
    assert codes(await make(sam, "a")) == []


async def test_another_field_is_not_hindered(people: People) -> None:
    dora = await people.one()
    for name in "abcd":
        await make(dora, name)
    assert (await dora.task("Sow"))["title"] == "Sow"


async def test_what_the_input_refuses_does_not_count(people: People) -> None:
    dora = await people.one()
    assert codes(await make(dora, "")) == ["VALIDATION_ERROR"]
    assert [codes(await make(dora, name)) for name in "abc"] == [[], [], []]


async def test_what_is_asked_again_with_its_key_does_not_count(people: People) -> None:
    dora = await people.one()
    for _ in range(5):
        assert codes(await make(dora, "a", **{"idempotency-key": "once"})) == []
    assert [codes(await make(dora, name)) for name in "bcd"] == [[], [], ["RATE_LIMITED"]]
    assert await made(dora) == ["a", "b", "c"]


async def test_a_refusal_is_not_kept_for_its_key(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    dora = await people.one()
    for name in "abc":
        await make(dora, name)
    assert codes(await make(dora, "d", **{"idempotency-key": "once"})) == ["RATE_LIMITED"]
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + 61)
    assert codes(await make(dora, "d", **{"idempotency-key": "once"})) == []


async def test_after_the_seconds_told_it_is_done(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    dora, clock = await people.one(), time.time
    for name in "abc":
        await make(dora, name)
    wait = wait_of((await make(dora, "d")).json()["errors"][0])
    monkeypatch.setattr(time, "time", lambda: clock() + wait - 5)
    assert codes(await make(dora, "d")) == ["RATE_LIMITED"]
    monkeypatch.setattr(time, "time", lambda: clock() + wait)
    assert codes(await make(dora, "d")) == []


def test_the_header_is_left_out_where_something_else_is_amiss_too() -> None:
    """Coming again later would not help."""
    assert results.wait_of([RateLimited(3), RateLimited(5)]) == 5
    assert results.wait_of([RateLimited(3), Forbidden()]) is None
    assert results.wait_of([]) is None


class TestByAddress:
    @pytest.fixture(autouse=True)
    def two(self, monkeypatch: pytest.MonkeyPatch) -> None:
        limited(monkeypatch, per_minute(2, Each.ADDRESS))

    @pytest.mark.parametrize(
        ("first", "second", "together"),
        [
            ("198.51.100.1", "198.51.100.1", True),
            ("198.51.100.2", "198.51.100.3", False),
            ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
            ("2001:db8:0:2::1", "2001:db8:0:3::1", False),
            ("198.51.100.4", "::ffff:198.51.100.4", True),
        ],
    )
    async def test_all_of_an_address_count_together(
        self, people: People, first: str, second: str, together: bool
    ) -> None:
        dora, sam = await people.one(), await people.one()
        for name in "ab":
            assert codes(await make(dora, name, **{"x-forwarded-for": first})) == []
        assert codes(await make(sam, "c", **{"x-forwarded-for": second})) == (["RATE_LIMITED"] if together else [])
        assert await made(sam) == ([] if together else ["c"])


async def test_the_schema_says_what_the_limit_is(people: People) -> None:
    asked = '{ __type(name: "Mutation") { fields { name description } } }'
    fields: list[Any] = (await people.nobody.ask(asked)).data["__type"]["fields"]
    said = next(field["description"] for field in fields if field["name"] == "createTask")
    assert said.endswith("At most 1,200 a minute for each user; beyond that RATE_LIMITED.")


class TestWindows:
    async def test_many_addresses_take_bounded_memory(self) -> None:
        windows = Windows(most=1_000)
        for number in range(100_000):
            assert await windows.acquire_entry(f"address {number}", 1, 60)
        assert len(windows) == 1_000
        assert not await windows.acquire_entry("address 99999", 1, 60), "the latest are known"

    async def test_a_key_that_is_tried_and_refused_is_not_kept_longer_for_it(self) -> None:
        windows = Windows(most=2)
        for key in ("dora", "sam"):
            await windows.acquire_entry(key, 1, 60)
        assert not await windows.acquire_entry("dora", 1, 60)
        await windows.acquire_entry("eve", 1, 60)
        assert await windows.acquire_entry("dora", 1, 60)

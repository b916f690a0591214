"""How much one user, and one address, may ask for in a minute. Here the first question takes more than all of it."""

import json
from collections.abc import AsyncIterator

import pytest
from structlog.typing import EventDict

from kit.settings import Settings
from resolvers.budgets import REFUSALS, Buckets
from tests.conftest import Served, served
from tests.people import People
from tests.server.limiting import LABELS, MAKE, codes, made, make, post, wait_of
from tests.streams import SSE, asked

MUCH = "{ tasks(first: 100) { nodes { id title } } }"
NOTHING = " ".join(f"nothing{number}" for number in range(40))
COMMENT = "#" * 3_000
ELSEWHERE = {"x-forwarded-for": "203.0.113.7"}


@pytest.fixture
async def house(settings: Settings) -> AsyncIterator[Served]:
    """Whoever has asked MUCH has to wait for about five minutes."""
    few = {"query_budget_per_user": 100, "query_budget_per_address": 100_000}
    async with served(settings.model_copy(update=few)) as running:
        yield running


@pytest.fixture
def people(house: Served) -> People:
    return house.people


@pytest.fixture
async def strict(settings: Settings) -> AsyncIterator[People]:
    """People of a server where an address has no more than a user elsewhere."""
    async with served(settings.model_copy(update={"query_budget_per_address": 100})) as running:
        yield running.people


async def test_who_has_used_up_their_budget_is_refused(people: People) -> None:
    dora = await people.one()
    assert codes(await post(dora, MUCH)) == []
    refused = await make(dora, "a")
    (error,) = refused.json()["errors"]
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == str(wait_of(error))
    assert error["message"].startswith("Too much has been asked in this minute; ")
    assert await made(dora) == []


async def test_a_refusal_costs_nothing(people: People) -> None:
    dora = await people.one()
    await post(dora, MUCH)
    first, *_, last = [int((await post(dora, MUCH)).headers["retry-after"]) for _ in range(20)]
    assert 200 < last <= first < 600


async def test_a_budget_is_the_users_wherever_they_are(people: People) -> None:
    dora = await people.one()
    await post(dora, MUCH)
    assert (await post(dora, LABELS, **ELSEWHERE)).status_code == 429


async def test_somebody_else_at_the_same_address_is_not_hindered(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    await post(dora, MUCH)
    assert (await post(sam, LABELS)).status_code == 200


async def test_all_who_have_not_signed_in_share_one_budget_by_address(people: People) -> None:
    assert (await post(people.nobody, "{ __schema { types { name } } }")).status_code == 200
    assert (await post(people.nobody, "{ __typename }")).status_code == 429
    assert (await post(people.nobody, "{ __typename }", **ELSEWHERE)).status_code == 200
    assert (await post(await people.one(), LABELS)).status_code == 200


async def test_an_address_has_a_budget_for_all_of_its_users(strict: People) -> None:
    dora, sam = await strict.one(), await strict.one()
    await post(dora, MUCH)
    assert (await make(sam, "a")).status_code == 429
    assert await made(sam) == []
    assert (await make(sam, "a", **ELSEWHERE)).status_code == 200


@pytest.mark.parametrize("text", ["{" * 3_000, f"{{ {NOTHING} }}{COMMENT}"], ids=["not GraphQL", "not of this schema"])
async def test_what_is_not_valid_costs_too(people: People, text: str) -> None:
    assert codes(await post(people.nobody, text))[0] == "VALIDATION_ERROR"
    assert (await post(people.nobody, "{ __typename }")).status_code == 429


async def test_what_was_done_before_and_what_nobody_knows_cost_too(people: People) -> None:
    for body in ({"query": MAKE, "variables": {"name": "a"}}, {"documentId": "unknown"}, {"query": "{"}):
        dora = await people.one()
        headers = dora.headers | {"idempotency-key": "the same"}
        statuses = [(await people.http.post("/graphql", json=body, headers=headers)).status_code for _ in range(30)]
        assert statuses[-1] == 429


async def test_on_a_socket_the_operation_is_refused_and_the_socket_stays(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        assert "errors" not in await socket.ask(MUCH)
        for query in (MUCH, 'mutation { createLabel(input: {name: "a"}) { id } }', "subscription { taskEvents }"):
            (error,) = await socket.ask(query)
            assert wait_of(error) > 100
        await socket.send({"type": "ping"})
        assert await socket.frame() == {"type": "pong"}
    assert (await post(dora, LABELS)).status_code == 429
    assert await made(dora) == []


async def test_a_subscription_costs_what_it_asks_for(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        await socket.start("subscription { taskEvents { __typename ... on TaskChanged { task { id } } } }")
        assert (await socket.frame())["type"] == "next"
        (error,) = await socket.ask(LABELS, "2")
        assert wait_of(error) > 0


async def test_a_stream_is_refused_like_a_question(people: People) -> None:
    dora = await people.one()
    await post(dora, MUCH)
    async with asked(dora, accept=f"{SSE}, application/json") as refused:
        assert (refused.status, refused.headers["content-type"]) == (429, "application/json; charset=utf-8")
        (error,) = json.loads(await refused.rest())["errors"]
        assert refused.headers["retry-after"] == str(wait_of(error))


async def test_a_document_costs_more_when_it_is_new(settings: Settings) -> None:
    """Parsing, checking and planning: 250 for each of two parts, and one for each character."""
    async with served(settings.model_copy(update={"query_budget_per_user": 60})) as running:
        people, known = running.people, "{ tasks(first: 1) { nodes { title } } }"
        budgets = running.services.budgets
        dora, sam = await people.one(), await people.one()
        budgets._clock = lambda: 0.0
        await post(dora, known)
        await post(sam, known)
        assert (budgets._users.wait(dora.id, 0), budgets._users.wait(sam.id, 0)) == (39 + 500 + 12 - 60, 0)


async def test_what_is_refused_again_and_again_leaves_a_bounded_trail(
    people: People, house: Served, logged: list[EventDict]
) -> None:
    house.services.budgets._users._seconds = 0.0
    house.services.refusals._clock = lambda: 0.0
    dora = await people.one()
    forbidden = " ".join(f"a{number}: users {{ nodes {{ id }} }}" for number in range(40))
    for _ in range(3):
        assert set(codes(await post(dora, f"{{ {forbidden} }}"))) == {"FORBIDDEN"}
    assert await people.audit(dora.id) == ["refused.users"] * REFUSALS
    assert [line["left_out"] for line in logged if line["event"] == "audit.too_many"] == [1, 10]
    house.services.refusals._clock = lambda: 60.0
    await post(dora, "{ users { nodes { id } } }")
    assert len(await people.audit(dora.id)) == REFUSALS + 1


class TestBuckets:
    def test_a_debt_is_paid_by_the_time(self) -> None:
        buckets = Buckets(60)
        buckets.take("dora", 59, 0)
        assert buckets.wait("dora", 0) == 0
        buckets.take("dora", 31, 0)
        assert [buckets.wait("dora", now) for now in (0, 29.5, 30)] == [30, 1, 0]

    def test_without_a_limit_nobody_waits(self) -> None:
        buckets = Buckets(0)
        buckets.take("dora", 1_000_000_000, 0)
        assert buckets.wait("dora", 0) == 0

    def test_a_million_addresses_take_bounded_memory_and_forgive_no_debt(self) -> None:
        buckets = Buckets(60, most=1_000)
        buckets.take("dora", 90, 0)
        for number in range(1_000_000):
            buckets.take(f"address {number}", 1, 0)
        assert len(buckets) <= 1_000
        assert buckets.wait("dora", 0) == 30

"""What it costs to read rooms: one statement, however many there are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from db.seances.rooms import Seance, SeanceVisibility
from kit.ids import Id
from kit.settings import Settings
from tests.conftest import Served, served
from tests.seances.world import keep, said, seat
from tests.statements import Statements

LISTS = [
    """query ($filter: SeanceFilter) { seances(filter: $filter, first: 100) { totalCount edges { cursor }
      nodes { name freeSeats participantCount isActive host { name email } } } }""",
    """query ($filter: SeanceFilter) {
      seances(filter: $filter, first: 100, orderBy: {field: PARTICIPANT_COUNT, direction: DESC}) { totalCount
      nodes { name host { name } participants { totalCount nodes { isHost user { name } } }
        messages(first: 2) { totalCount nodes { text sender { name } } } invites { totalCount } } } }""",
]


@pytest.fixture(scope="module")
async def house(settings: Settings) -> AsyncIterator[Served]:
    """Its clock stands still, so that a session that was looked up stays known."""
    async with served(settings, lambda: datetime(2026, 3, 10, 12, tzinfo=UTC)) as running:
        yield running


@pytest.mark.parametrize("number", [1, 100])
@pytest.mark.parametrize("query", LISTS)
@pytest.mark.parametrize("hosted", [True, False])
async def test_a_list_is_one_statement(
    house: Served, monkeypatch: pytest.MonkeyPatch, query: str, number: int, hosted: bool
) -> None:
    dora, sam, word = await house.people.one(), await house.people.one(), "w" + uuid4().hex
    rooms = [
        Seance(
            id=Seance.fresh_id(), name=f"{word} {at}", host_id=Id(dora.id), participant_count=1,
            visibility=SeanceVisibility.PUBLIC,
        )
        for at in range(number)
    ]  # fmt: skip
    await keep(house.people, *rooms)
    await keep(house.people, *(seat(room, dora, house.services.clock()) for room in rooms))
    await keep(house.people, *(said(room, dora, "Hello?") for room in rooms))
    asks, variables = dora if hosted else sam, {"filter": {"search": word}}
    assert (await asks.ask(query, **variables)).data  # who asks is known from here on, and how it is read
    sent = Statements(house, monkeypatch)
    found = (await asks.ask(query, **variables)).data["seances"]
    assert len(sent) == 1, sent
    assert (found["totalCount"], len(found["nodes"])) == (number, number)

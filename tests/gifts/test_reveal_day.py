"""When the day of a list comes nothing is written: a durable job tells of it, once, and only if it is still the day."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from kit.errors import Unauthenticated
from kit.settings import Settings
from resolvers.context import Context
from resolvers.gifts.revealing import RevealList
from tests.conftest import served, settings_for
from tests.databases import database
from tests.gifts.hearing import CHANGES, Heard, hearing
from tests.gifts.listing import UPDATE, add, create, update, write
from tests.gifts.world import World, world

LATER = "2999-12-24T18:00:00Z"
WAITING = "select convert_from(payload, 'UTF8') as job from job where entrypoint = 'RevealList' order by id"
SEEN = "query ($family: ID!) { listItems(familyId: $family) { nodes { gift { name } } } }"


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Settings]:
    async with database(database_url, migrated=True) as url:
        yield settings_for(url, job_concurrency=2)


async def heard(stream: Heard, *wanted: str) -> list[tuple[str, str]]:
    """What comes until all of these have been told of."""
    told = list[tuple[str, str]]()
    while {*wanted} - {id for _, id in told}:
        event = await stream.next()
        told.append(("DELETED" if "deletedId" in event else "UPDATED", event.get("entityId") or event["deletedId"]))
    return told


async def test_she_hears_of_all_that_is_on_it_when_the_day_comes(own: Settings) -> None:
    async with served(own) as house:
        home = await world(house.people)
        made = await create(home.gus, home, personId=home.receiver.id, visibility="FAMILY", revealAt=LATER)
        kite, ball = [(await add(home.gus, made["id"], name))["id"] for name in ("Kite", "Ball")]
        assert await seen(home) == ["Roller skates"]
        async with hearing(home.ida, CHANGES, topics=[f"list:{made['id']}"]) as hers:
            soon = house.services.clock() + timedelta(seconds=1)
            moved = await home.dora.ask(UPDATE, id=made["id"], input={"revealAt": soon.isoformat()})
            assert moved.data
            told = await heard(hers, made["id"], kite, ball)
        assert {*told} == {("UPDATED", id) for id in (made["id"], kite, ball)}
        assert await seen(home) == ["Ball", "Kite", "Roller skates"]


async def seen(home: World) -> list[str]:
    nodes = (await home.ida.ask(SEEN, family=home.family.id)).data["listItems"]["nodes"]
    return sorted(node["gift"]["name"] for node in nodes)


async def waiting(home: World) -> list[dict[str, Any]]:
    found = [orjson.loads(found["job"]) for found in await home.people.services.db.fetch(WAITING)]
    return [job for job in found if job["list_id"] == home.list.id]


async def test_it_is_asked_for_whenever_the_day_is_set_or_moved_and_not_else(home: World) -> None:
    for input in ({"revealAt": LATER}, {"name": "Mine"}, {"revealAt": None}, {"surprise": False}):
        assert (await update(home.dora, home.list, **input)).data
    assert len(await waiting(home)) == 1
    assert (await update(home.dora, home.list, revealAt="2999-12-25T18:00:00Z")).data
    assert len(await waiting(home)) == 2


async def tried(home: World, at: datetime) -> None:
    ctx = Context(home.people.services, Unauthenticated(), trace_id="job-1", address="local")
    await RevealList(list_id=home.list.id, at=at).run(ctx)


async def counts(home: World) -> tuple[int, int]:
    """Events of the family so far, and jobs that wait."""
    count = "select count(*) as n from event where $1 = any(topics)"
    (found,) = await home.people.services.db.fetch(count, f"family:{home.family.id}")
    return found["n"], len(await waiting(home))


async def test_of_a_day_that_is_another_by_now_nothing_is_told(home: World) -> None:
    day = home.people.services.clock() - timedelta(hours=1)
    before = await counts(home)
    await tried(home, day)
    assert (await update(home.dora, home.list, revealAt=LATER)).data
    moved = await counts(home)
    await tried(home, day)
    assert (await counts(home), moved[1] - before[1]) == (moved, 1)


async def test_a_job_that_comes_before_the_day_waits_for_it(home: World) -> None:
    """The database's clock may be ahead of ours."""
    assert (await update(home.dora, home.list, revealAt=LATER)).data
    before = await counts(home)
    await tried(home, datetime.fromisoformat(LATER))
    assert await counts(home) == (before[0], before[1] + 1)


async def test_a_list_that_is_no_surprise_any_more_has_no_day(home: World) -> None:
    past = home.people.services.clock() - timedelta(hours=1)
    ended = "update gift_list set reveal_at = :day, surprise = false where id = :id"
    await write(home, ended, day=past, id=home.list.id)
    before = await counts(home)
    await tried(home, past)
    assert await counts(home) == before

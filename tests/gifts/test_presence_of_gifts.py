"""Who looks at what is a secret, too: the person it is for sees nobody there, and where givers do not see each other
they do not see who looks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from db.gifts.lists import GiftList
from live.queries import GAP_SECONDS
from tests.gifts.asking import REMOVE, member_id
from tests.gifts.world import World, world
from tests.live.looking import QUERY, SUBSCRIPTION, Looking, people_in
from tests.people import People, Person


@asynccontextmanager
async def looking(person: Person, topic: str) -> AsyncIterator[Looking]:
    async with person.socket() as socket:
        await socket.start(SUBSCRIPTION, topic=topic)
        yield Looking(socket, topic)


async def there(asks: Person, topic: str) -> set[str]:
    return {*people_in((await asks.ask(QUERY, topic=topic)).data["presence"])}


async def silent(watching: Looking) -> None:
    """Nothing is told there, for longer than a live query waits between two answers."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2 * GAP_SECONDS):
            await watching.socket.frame()


# Topics by what of the world they are about.
ABOUT = {
    "list": "list",
    "comments:list": "list",
    "comments:item": "item",
    "gift": "gift",
    "comments:gift": "gift",
    "person": "receiver",
    "comments:person": "receiver",
    "occasion": "occasion",
    "comments:occasion": "occasion",
}


def topic_of(home: World, name: str) -> str:
    return f"{name}:{getattr(home, ABOUT[name]).id}"


@pytest.mark.parametrize("name", ABOUT)
async def test_whom_it_is_for_sees_nobody_but_themselves(home: World, name: str) -> None:
    topic = topic_of(home, name)
    async with looking(home.ida, topic) as hers, looking(home.gina, topic) as ginas:
        await hers.until(home.ida)
        await ginas.until(home.gina, home.ida)
        async with looking(home.gus, topic) as his:
            await his.until(home.gus, home.gina, home.ida)
            await ginas.until(home.gus, home.gina, home.ida)
            assert await there(home.ida, topic) == {home.ida.id}
            assert await there(home.gina, topic) == {home.gus.id, home.gina.id, home.ida.id}
            await silent(hers)
        await ginas.until(home.gina, home.ida)
        await silent(hers)


async def test_what_is_open_shows_who_looks(people: People) -> None:
    home = await world(people, surprise=False)
    topic = f"list:{home.list.id}"
    async with looking(home.gus, topic), looking(home.ida, topic) as hers:
        assert [*await hers.until(home.gus, home.ida)] == [home.gus.id, home.ida.id]


async def test_the_whole_family_may_be_seen_at_once(home: World) -> None:
    async with looking(home.gus, f"family:{home.family.id}"), looking(home.ida, f"family:{home.family.id}") as hers:
        await hers.until(home.gus, home.ida)


async def test_givers_who_do_not_see_each_other_do_not_see_who_looks(home: World) -> None:
    async with home.people.services.db.transaction() as session:
        (await session.get_one(GiftList, home.list.id)).givers_see_each_other = False
    for topic in (topic_of(home, name) for name in ("list", "comments:item", "gift")):
        async with looking(home.gus, topic) as his, looking(home.gina, topic) as hers:
            await asyncio.gather(his.until(home.gus), hers.until(home.gina))
            assert await there(home.dora, topic) == set()
            await silent(hers)
            await silent(his)


async def test_who_is_sent_away_is_not_there_any_more(home: World) -> None:
    topic = topic_of(home, "list")
    async with looking(home.gus, topic) as his, looking(home.gina, topic) as hers:
        await hers.until(home.gus, home.gina)
        assert (await home.dora.ask(REMOVE, id=await member_id(home.people, home.family.id, home.gus))).data
        await his.until_refused()
        await hers.until(home.gina)

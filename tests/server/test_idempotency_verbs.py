"""What becomes of a verb's transactions when it is to be done once: seen from within, where no client can reach."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from db.tasks.labels import Label
from kit.errors import Conflict
from resolvers.context import Context, Viewer
from resolvers.idempotency import Once
from tests.people import People, Person
from tests.server.once import kept

Verb = Callable[[Context], Awaitable[Any]]


async def performed(person: Person, verb: Verb) -> Any:
    """As a request with the key "k" has it done."""
    user, services = person.user, person.people.services
    assert user is not None
    assert person.session_id is not None
    viewer = Viewer(user.id, user.role, person.session_id, user.time_zone, services.clock())
    ctx = Context(services=services, asks=viewer, trace_id="trace", address="127.0.0.1")
    once = Once(ctx, "k", b"body")
    await once.load()
    return await once.performed("field", lambda: verb(replace(ctx, once=once)))


async def label(ctx: Context, name: str) -> Label:
    async with ctx.work() as work:
        return await work.add(Label(owner_id=ctx.viewer.id, name=name))


async def names(person: Person) -> list[str]:
    found = (await person.ask("{ labels { nodes { name } } }")).data["labels"]["nodes"]
    return [label["name"] for label in found]


async def under_way(people: People) -> int:
    """Transactions that have written and are not ended."""
    open = "select count(*) from pg_stat_activity where backend_xid is not null and datname = current_database()"
    return int(await people.services.db.fetchval(open, ()))


async def test_nothing_stands_of_a_verb_that_is_cancelled_before_it_answers(people: People) -> None:
    dora, written = await people.one(), asyncio.Event()

    async def verb(ctx: Context) -> None:
        await label(ctx, "home")
        written.set()
        await asyncio.Event().wait()

    doing = asyncio.create_task(performed(dora, verb))
    await written.wait()
    assert (await names(dora), await under_way(people)) == ([], 1)
    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing
    assert (await names(dora), await under_way(people)) == ([], 0)
    assert await kept(dora, "k") is None


async def test_what_a_verb_had_ended_stands_though_it_fails_after(people: People) -> None:
    dora = await people.one()

    async def verb(ctx: Context) -> None:
        await label(ctx, "home")
        raise Conflict("Too late", reason="TOO_LATE")

    with pytest.raises(Conflict):
        await performed(dora, verb)
    assert await names(dora) == ["home"]
    assert await kept(dora, "k") is None


async def test_of_several_transactions_the_last_one_says_that_it_is_done(people: People) -> None:
    dora, times = await people.one(), []

    async def verb(ctx: Context) -> Label:
        times.append(1)
        await label(ctx, "home")
        return await label(ctx, "work")

    first, second = [await performed(dora, verb) for _ in range(2)]
    assert first.id == second.id
    assert await names(dora) == ["home", "work"]
    assert len(times) == 1


async def test_a_verb_that_wrote_nothing_is_asked_again(people: People) -> None:
    dora, times = await people.one(), []

    async def verb(ctx: Context) -> int:
        times.append(1)
        return len(times)

    assert [await performed(dora, verb) for _ in range(2)] == [1, 2]
    assert await kept(dora, "k") is None


async def test_a_task_that_outlives_its_verb_commits_for_itself(people: People) -> None:
    dora, answered = await people.one(), asyncio.Event()
    started: list[asyncio.Task[Label]] = []

    async def later(ctx: Context) -> Label:
        await answered.wait()
        return await label(ctx, "later")

    async def verb(ctx: Context) -> Label:
        started.append(asyncio.create_task(later(ctx)))
        return await label(ctx, "now")

    first = await performed(dora, verb)
    answered.set()
    await started[0]
    assert await names(dora) == ["later", "now"]
    assert (await performed(dora, verb)).id == first.id


async def test_followers_hear_and_sessions_are_forgotten_only_after_the_commit(people: People) -> None:
    dora = await people.one()
    seen: list[str] = []

    async def verb(ctx: Context) -> None:
        async with ctx.work() as work:
            await work.add(Label(owner_id=ctx.viewer.id, name="home"))
            work.afterwards(lambda: seen.append("committed"))
        seen.append("answered")

    await performed(dora, verb)
    assert seen == ["answered", "committed"]
    assert await names(dora) == ["home"]

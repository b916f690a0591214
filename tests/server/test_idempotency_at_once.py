"""Many ask the same at the same moment, of one server or of two: it is done once, and all get one answer."""

import asyncio

from kit.settings import Settings
from tests.conftest import served
from tests.db.opening import BLOCKED, hand
from tests.people import People
from tests.server.holding import holding_up, waiting, writes_of
from tests.server.once import CREATE, PASSWORD, REUSED, post, reason, titles
from tests.sockets import EVENTS
from tests.waiting import until

IN_USE = ("CONFLICT", "IDEMPOTENCY_KEY_IN_USE")


async def test_fifty_posts_at_once_make_one_task_and_get_fifty_equal_answers(people: People) -> None:
    dora = await people.one()
    answers = await asyncio.gather(*(post(dora, CREATE, "fifty", title="Once") for _ in range(50)))
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["data"]["createTask"]["title"] == "Once"
    assert await titles(dora) == ["Once"]


async def test_fifty_posts_to_two_servers_do_the_same(settings: Settings) -> None:
    async with served(settings) as one, served(settings) as other:
        dora = await one.people.one()
        there = dora.at(other.people)
        answers = await asyncio.gather(*(post(who, CREATE, "fifty", title="Once") for who in [dora, there] * 25))
        assert len({answer.content for answer in answers}) == 1
        assert await titles(dora) == ["Once"]


async def test_another_server_waits_for_the_one_that_is_at_it(settings: Settings, database_url: str) -> None:
    async with served(settings) as one, served(settings) as other:
        dora = await one.people.one()
        there = dora.at(other.people)
        async with holding_up(database_url, writes_of(dora)) as hand:
            first = asyncio.create_task(post(dora, CREATE, "k", title="Once"))
            await waiting(hand, 1)
            second = asyncio.create_task(post(there, CREATE, "k", title="Once"))
            await waiting(hand, 2)
        assert (await first).content == (await second).content
        assert await titles(dora) == ["Once"]


async def test_where_the_one_that_is_at_it_fails_the_other_does_it(settings: Settings, database_url: str) -> None:
    async with served(settings) as one, served(settings) as other:
        dora = await one.people.one()
        there = dora.at(other.people)
        async with holding_up(database_url, writes_of(dora)) as hand:
            first = asyncio.create_task(post(dora, CREATE, "k", title="Once"))
            await waiting(hand, 1)
            held_up = "pg_backend_pid() = any(pg_blocking_pids(pid))"
            ended = f"select pg_terminate_backend(pid) from pg_stat_activity where {held_up}"  # noqa: S608 (ours)
            second = asyncio.create_task(post(there, CREATE, "k", title="Once"))
            await waiting(hand, 2)
            await hand.execute(ended)
            assert reason(await first)[0] == "UNAVAILABLE"
        assert (await second).json()["data"]["createTask"]["title"] == "Once"
        assert await titles(dora) == ["Once"]


async def test_those_who_wait_hold_no_connection(settings: Settings, database_url: str) -> None:
    async with served(settings.model_copy(update={"write_pool_size": 2})) as house:
        dora, sam = await house.people.one(), await house.people.one()
        async with holding_up(database_url, writes_of(dora)) as hand:
            asking = [asyncio.create_task(post(dora, CREATE, "k", title="Once")) for _ in range(50)]
            await waiting(hand, 1)
            assert (await sam.task("Meanwhile"))["title"] == "Meanwhile"
        assert len({answer.content for answer in await asyncio.gather(*asking)}) == 1
        assert await titles(dora) == ["Once"]


async def test_nobody_waits_for_longer_than_the_settings_say(settings: Settings, database_url: str) -> None:
    changed = settings.model_copy(update={"idempotency_wait_seconds": 1})
    hasty = settings.model_copy(update={"statement_timeout_seconds": 1})
    async with served(changed) as one, served(hasty) as other:
        dora = await one.people.one()
        there = dora.at(other.people)
        async with holding_up(database_url, writes_of(dora)) as hand:
            first = asyncio.create_task(post(dora, CREATE, "k", title="Once"))
            await waiting(hand, 1)
            late = await asyncio.gather(post(dora, CREATE, "k", title="Once"), post(there, CREATE, "k", title="Once"))
            assert [reason(answer) for answer in late] == [IN_USE, IN_USE]
        assert (await first).json()["data"]["createTask"]["title"] == "Once"
        assert (await post(there, CREATE, "k", title="Once")).content == (await first).content
        assert await titles(dora) == ["Once"]


async def test_a_key_with_another_body_at_the_same_time_is_refused(settings: Settings, database_url: str) -> None:
    async with served(settings) as one, served(settings) as other:
        dora = await one.people.one()
        there = dora.at(other.people)
        async with holding_up(database_url, writes_of(dora)) as hand:
            first = asyncio.create_task(post(dora, CREATE, "k", title="One"))
            await waiting(hand, 1)
            second = asyncio.create_task(post(there, CREATE, "k", title="Two"))
            await waiting(hand, 2)
        assert reason(await second) == REUSED
        assert (await first).json()["data"]["createTask"]["title"] == "One"
        assert await titles(dora) == ["One"]


async def test_who_waits_holds_up_no_events_of_others(settings: Settings, database_url: str) -> None:
    """Nor do their own come before those of what was done meanwhile."""
    async with served(settings) as house:
        dora, sam = await house.people.one(), await house.people.one()
        async with sam.socket() as socket:
            await socket.start(EVENTS)
            assert (await socket.frame())["payload"]["data"]["taskEvents"]["__typename"] == "Ready"
            async with holding_up(database_url, writes_of(dora)) as hand:
                first = asyncio.create_task(post(dora, CREATE, "k", title="Once"))
                await waiting(hand, 1)
                made = await sam.task("Meanwhile")
                told = (await socket.frame())["payload"]["data"]["taskEvents"]
                assert told["task"]["id"] == made["id"]
        assert (await first).json()["data"]["createTask"]["title"] == "Once"


async def test_the_answer_that_was_kept_first_is_everybodys(settings: Settings, database_url: str) -> None:
    async with served(settings) as one, served(settings.model_copy(update={"read_pool_size": 1})) as other:
        dora = await one.people.one()
        async with hand(database_url) as reads:
            async with holding_up(database_url, writes_of(dora)) as writes:
                first = asyncio.create_task(post(dora, CREATE, "k", title="Before"))
                await waiting(writes, 1)
                second = asyncio.create_task(post(dora.at(other.people), CREATE, "k", title="Before"))
                await waiting(writes, 2)
                busy = asyncio.create_task(other.services.db.fetchval(BLOCKED, [reads.key]))
                await reads.held_up(1)
            id = (await first).json()["data"]["createTask"]["id"]
            await dora.ask('mutation ($id: ID!) { updateTask(id: $id, input: {title: "After"}) { id } }', id=id)
            await reads.release()
        await busy
        assert (await second).content == (await first).content
        assert await titles(dora) == ["After"]


async def test_what_another_server_did_meanwhile_is_no_error(settings: Settings, database_url: str) -> None:
    async with served(settings) as one, served(settings.model_copy(update={"write_pool_size": 1})) as other:
        dora, sam = await one.people.one(password="long enough"), await one.people.one()
        there, sams = dora.at(other.people), sam.at(other.people)
        given = {"old": "long enough", "new": "longer than that"}
        async with holding_up(database_url, writes_of(sam)) as hand:
            busy = asyncio.create_task(sams.task("Takes the only connection"))
            await waiting(hand, 1)
            second = asyncio.create_task(post(there, PASSWORD, "k", **given))

            async def is_at_it() -> bool:
                return len(other.services.turns._locks) == 1

            await until(is_at_it)
            first = await post(dora, PASSWORD, "k", **given)
        await busy
        assert first.json() == {"data": {"changePassword": {"id": dora.id}}}
        assert (await second).content == first.content
        assert await one.people.audit(dora.id) == ["user.change_password"]

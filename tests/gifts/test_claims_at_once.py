"""Many givers at the same moment: nothing is given twice, and nobody waits for ever."""

import asyncio
from collections import Counter
from typing import Any

from sqlalchemy import text

from db.gifts.families import FamilyMember
from kit.ids import Id
from tests.gifts.givers import do, giving, write
from tests.gifts.world import World
from tests.people import Person
from tests.waiting import until

CLAIM = "mutation ($item: ID!) { claimListItem(id: $item) { giving { claimed } } }"


async def givers(home: World, number: int) -> list[Person]:
    found = [await home.people.one() for _ in range(number)]
    rows = [
        FamilyMember(id=FamilyMember.fresh_id(), family_id=home.family.id, user_id=Id(person.id)) for person in found
    ]
    await home.keep(*rows)
    await write(home, "update list_item set quantity = 3 where id = :id", id=home.item.id)
    return found


def outcomes(bodies: list[Any]) -> Counter[Any]:
    def of(body: Any) -> Any:
        told = body["errors"][0]["extensions"] if "errors" in body else {}
        return told.get("code"), told.get("reason"), told.get("left")

    return Counter(map(of, bodies))


THREE_OF_FIFTY = {(None, None, None): 3, ("CONFLICT", "NOT_ENOUGH_LEFT", 0): 47}


async def test_of_fifty_who_claim_one_of_three_at_once_three_succeed(home: World) -> None:
    everybody = await givers(home, 50)
    answers = await asyncio.gather(*(giver.ask(CLAIM, item=home.item.id) for giver in everybody))
    assert outcomes([answer.body for answer in answers]) == THREE_OF_FIFTY
    found = await giving(home.dora, home.item.id)
    assert (found["claimed"], found["left"], found["claims"]["totalCount"]) == (3, 0, 3)


async def test_of_fifty_who_claim_over_sockets_at_once_three_succeed(home: World) -> None:
    everybody = await givers(home, 50)
    ready = asyncio.Barrier(50)

    async def claim(giver: Person) -> Any:
        async with giver.socket() as socket:
            await ready.wait()
            return await socket.ask(CLAIM, item=home.item.id)

    assert outcomes(await asyncio.gather(*map(claim, everybody))) == THREE_OF_FIFTY
    assert (await giving(home.dora, home.item.id))["claimed"] == 3


async def test_the_sum_stays_right_whatever_is_claimed_and_taken_back_at_once(home: World) -> None:
    everybody = await givers(home, 8)
    verbs = [
        "claimListItem(id: $id, quantity: 2) { id }",
        "unclaimListItem(id: $id, quantity: 1) { id }",
        "claimListItem(id: $id, anonymous: true) { id }",
        "unclaimListItem(id: $id) { id }",
    ]
    answers = await asyncio.gather(
        *(do(giver, verbs[(n + turn) % 4], home.item.id) for turn in range(4) for n, giver in enumerate(everybody))
    )
    assert {answer.code for answer in answers if "errors" in answer.body} <= {"CONFLICT"}
    async with home.people.services.db.transaction() as session:
        statement = "select coalesce(sum(quantity), 0) from claim where giving_id = :id"
        total = await session.scalar(text(statement), {"id": home.giving.id})
    assert total == (await giving(home.dora, home.item.id))["claimed"] <= 3


async def test_a_claim_waits_for_who_removes_the_list_and_neither_is_in_the_others_way(home: World) -> None:
    db = home.people.services.db
    waiting = text("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%list_item%'")

    async def waits() -> bool:
        async with db.transaction() as session:
            return bool(await session.scalar(waiting))

    async with db.transaction() as session:
        await session.execute(text("select from gift_list where id = :id for update"), {"id": home.list.id})
        claiming = asyncio.create_task(home.gus.ask(CLAIM, item=home.item.id))
        await until(waits)
        await session.execute(text("delete from gift_list where id = :id"), {"id": home.list.id})
    assert (await claiming).code == "LIST_ITEM_NOT_FOUND"


async def test_whoever_leaves_while_they_claim_is_in_nobodys_way(home: World) -> None:
    everybody = await givers(home, 10)
    await write(home, "update list_item set quantity = 99 where id = :id", id=home.item.id)
    answers = await asyncio.gather(
        *(giver.ask(CLAIM, item=home.item.id) for giver in everybody),
        *(do(home.gus, f'assignListItem(id: $id, userId: "{giver.id}") {{ id }}', home.item.id) for giver in everybody),
        *(do(giver, "leaveFamily(id: $id) { deletedId }", home.family.id) for giver in everybody),
    )
    refused = Counter(answer.code for answer in answers if "errors" in answer.body)
    assert refused.keys() <= {"LIST_ITEM_NOT_FOUND", "USER_NOT_FOUND"}
    found = await giving(home.dora, home.item.id)
    # One who has left by the time that they are answered does not see any more what they have done.
    assert 10 >= found["claimed"] == found["claims"]["totalCount"] >= 10 - refused["LIST_ITEM_NOT_FOUND"]
    assert ({claim["user"] for claim in found["claims"]["nodes"]} or {None}, found["assignee"]) == ({None}, None)

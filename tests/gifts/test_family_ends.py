"""The end of a family while somebody writes in it: one of the two is told to try again, and has done nothing."""

import asyncio
from typing import Any

from sqlalchemy import text

from tests.gifts.asking import DELETE, rows
from tests.gifts.world import World
from tests.people import Answer
from tests.waiting import until

TABLES = ("family_member", "person", "occasion", "occasion_person", "gift_list", "gift", "list_item", "giving")
WAITING = """select count(*) from pg_stat_activity
where wait_event_type = 'Lock' and datname = current_database() and query ilike 'delete from family%'"""
NOTED = """insert into activity (id, family_id, kind, item_id)
values ('activity_' || md5('noted'), :family, 'ITEM_ADDED', :item)"""


async def left(home: World) -> dict[str, Any]:
    """How much there is of a family, and what has been told of it."""
    found = {
        table: len(await rows(home.people, f"select id from {table} where family_id = $1", home.family.id))  # noqa: S608 (names of ours)
        for table in TABLES
    }
    told = "select id from event where $1 = any(topics) or entity_id = $1"
    found["event"] = len(await rows(home.people, told, f"family:{home.family.id}"))
    found["told"] = len(await rows(home.people, told, f"families:{home.gus.id}"))
    return found


async def ended_while_somebody_writes(home: World) -> Answer:
    """Who writes has an item, which the end waits for, and then refers to the family, which the end has."""
    services = home.people.services
    async with services.db.transaction() as writing:
        await writing.execute(text("set local deadlock_timeout = '30s'"))  # it is the other that looks first
        await writing.execute(text("select from list_item where id = :id for update"), {"id": home.item.id})
        asked = asyncio.create_task(home.dora.ask(DELETE, id=home.family.id))
        await until(lambda: services.db.fetchval(WAITING, []))
        await writing.execute(text(NOTED), {"family": home.family.id, "item": home.item.id})
    return await asked


async def test_who_ends_a_family_in_which_somebody_writes_may_have_to_try_again(home: World) -> None:
    before = await left(home)
    answer = await ended_while_somebody_writes(home)
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "TRY_AGAIN")
    assert await left(home) == before
    assert len(await rows(home.people, "select id from activity where family_id = $1", home.family.id)) == 1
    assert (await home.dora.ask(DELETE, id=home.family.id)).data["deleteFamily"] == {"deletedId": home.family.id}
    after = await left(home)
    assert {after[table] for table in TABLES} == {0}
    assert (after["event"] > before["event"], after["told"] > before["told"]) == (True, True)

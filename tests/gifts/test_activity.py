"""What happened in a family, for those who look later."""

from datetime import UTC, datetime, timedelta
from typing import Any

from db.gifts.activity import Activity, ActivityKind
from db.gifts.families import FamilyRole
from kit.settings import Settings
from resolvers.gifts import keeping
from server.housekeeping import ACTIVITY_KEPT, BATCH, tidy
from tests.clock import Watch
from tests.conftest import served
from tests.gifts.world import World, family, keep, world
from tests.people import Person

QUERY = """query ($of: ID, $kinds: [ActivityKind!], $first: Int, $after: String) {
  activity(familyId: $of, kinds: $kinds, first: $first, after: $after) {
    totalCount nodes { kind } pageInfo { endCursor } } }"""


def happened(home: World, kind: ActivityKind, **more: Any) -> Activity:
    return Activity(id=Activity.fresh_id(), family_id=home.family.id, actor_id=home.gus.id, kind=kind, **more)


async def kinds(person: Person, **variables: Any) -> list[str]:
    found = (await person.ask(QUERY, **variables)).data["activity"]
    return [node["kind"] for node in found["nodes"]]


async def test_the_newest_comes_first_page_by_page(home: World) -> None:
    for kind in (ActivityKind.LIST_ADDED, ActivityKind.ITEM_ADDED, ActivityKind.PERSON_ADDED):
        await home.keep(happened(home, kind))
    first = (await home.gina.ask(QUERY, first=2)).data["activity"]
    assert ([node["kind"] for node in first["nodes"]], first["totalCount"]) == (["PERSON_ADDED", "ITEM_ADDED"], 3)
    assert await kinds(home.gina, first=2, after=first["pageInfo"]["endCursor"]) == ["LIST_ADDED"]


async def test_it_is_of_one_family_or_of_some_kinds(home: World) -> None:
    made, users = await family(home.people, gus=FamilyRole.OWNER)
    other = Activity(
        id=Activity.fresh_id(), family_id=made.id, actor_id=users["gus"].id, kind=ActivityKind.MEMBER_JOINED
    )
    await home.keep(other, happened(home, ActivityKind.LIST_ADDED))
    await home.keep(happened(home, ActivityKind.ITEM_ADDED))
    assert await kinds(users["gus"]) == ["MEMBER_JOINED"]
    assert await kinds(home.gus, of=home.family.id) == ["ITEM_ADDED", "LIST_ADDED"]
    assert await kinds(home.gus, kinds=["LIST_ADDED", "CLAIMED"]) == ["LIST_ADDED"]
    assert await kinds(home.gus, of=made.id) == await kinds(home.gus, kinds=[]) == []


async def test_what_is_kept_from_her_did_not_happen(home: World) -> None:
    about = {"item_id": home.item.id, "list_id": home.list.id, "person_id": home.receiver.id}
    await home.keep(happened(home, ActivityKind.CLAIMED, **about, **keeping.like(home.item)))
    assert await kinds(home.gina) == ["CLAIMED"]
    for variables in ({}, {"of": home.family.id}, {"kinds": ["CLAIMED"]}):
        assert (await home.ida.ask(QUERY, **variables)).data["activity"] == {
            "totalCount": 0,
            "nodes": [],
            "pageInfo": {"endCursor": None},
        }


async def test_it_is_kept_for_a_year(settings: Settings) -> None:
    clock = Watch(datetime.now(UTC))
    async with served(settings, clock) as house:
        home = await world(house.people)
        clock.at += ACTIVITY_KEPT
        old = clock.at - ACTIVITY_KEPT - timedelta(minutes=1)
        await keep(
            house.people,
            *(happened(home, ActivityKind.LIST_ADDED, created_at=old, updated_at=old) for _ in range(BATCH + 1)),
            happened(home, ActivityKind.ITEM_ADDED, created_at=old + timedelta(minutes=2), updated_at=old),
        )
        await tidy(house.services)
        found = await house.services.db.fetch("select kind from activity where family_id = $1", home.family.id)
        assert [row["kind"] for row in found] == ["ITEM_ADDED"]

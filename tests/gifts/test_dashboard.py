"""A family at one glance, asked and followed: each sees what they may know, and nothing of what is kept from them."""

from datetime import timedelta
from typing import Any

import pytest

from db.gifts.items import ItemStatus
from db.gifts.occasions import Occasion, OccasionType
from db.gifts.persons import Person as Receiver
from tests.conftest import Served
from tests.gifts.acting import claim, move
from tests.gifts.speaking import said
from tests.gifts.world import World
from tests.people import Person
from tests.statements import Statements

FIELDS = """dashboard(familyId: $id) { __typename family { id name }
  occasions(first: $first) { totalCount nodes { daysUntil name day } }
  pipeline { idea selected purchased received }
  persons(first: $first) { totalCount nodes { idea selected purchased received person { name } } }
  ideas(first: $first) { totalCount nodes { id status gift { name } giving { claimed } } edges { cursor } }
  activity(first: $first) { totalCount nodes { kind actor { name } item { id } } } }"""
QUERY = f"query ($id: ID!, $first: Int) {{ {FIELDS} }}"
LIVE = f"subscription ($of: ID!, $first: Int) {{ {FIELDS.replace('$id', '$of')} }}"


async def glance(person: Person, home: World, **more: Any) -> Any:
    return (await person.ask(QUERY, id=home.family.id, **more)).data["dashboard"]


def occasion(home: World, name: str, days: int) -> Occasion:
    day = home.people.services.clock().date() + timedelta(days=days)
    return Occasion(id=Occasion.fresh_id(), family_id=home.family.id, name=name, type=OccasionType.OTHER, day=day)


async def test_it_shows_what_comes_next_how_far_all_is_and_what_happened(home: World) -> None:
    idea = await home.another(home.gus)
    await move(home.gus, home.item, ItemStatus.PURCHASED)
    await said(home.gus, "ITEM", home.item.id)
    await home.keep(Receiver(id=Receiver.fresh_id(), family_id=home.family.id, name="Tom"))
    found = await glance(home.gina, home)
    counts = {"idea": 1, "selected": 0, "purchased": 1, "received": 0}
    assert found["family"] == {"id": home.family.id, "name": "The Millers"}
    assert found["pipeline"] == counts
    assert found["persons"]["nodes"] == [
        {**counts, "person": {"name": "Ida"}},
        {**dict.fromkeys(counts, 0), "person": {"name": "Tom"}},
    ]
    assert found["ideas"]["nodes"] == [
        {"id": idea.id, "status": "IDEA", "gift": {"name": "Another"}, "giving": {"claimed": 0}}
    ]
    assert found["activity"]["nodes"] == [
        {"kind": kind, "actor": {"name": "Gus"}, "item": {"id": home.item.id}}
        for kind in ("COMMENTED", "STATUS_CHANGED")
    ]


async def test_occasions_come_in_their_order_from_today_on(home: World) -> None:
    await home.keep(occasion(home, "Later", 20), occasion(home, "Over", -1), occasion(home, "Tomorrow", 1))
    found = (await glance(home.gus, home))["occasions"]
    assert [(node["daysUntil"], node["name"]) for node in found["nodes"]] == [
        (0, "Ida turns 9"),
        (1, "Tomorrow"),
        (20, "Later"),
    ]
    soon = "query ($id: ID!) { dashboard(familyId: $id) { occasions(withinDays: 1) { totalCount } } }"
    assert (await home.gus.ask(soon, id=home.family.id)).data["dashboard"]["occasions"] == {"totalCount": 2}


@pytest.mark.parametrize("status", [ItemStatus.SELECTED, ItemStatus.PURCHASED])
async def test_to_the_person_it_is_as_if_nobody_had_done_anything(home: World, status: ItemStatus) -> None:
    before = await glance(home.ida, home)
    assert before["pipeline"] == {"idea": 1, "selected": 0, "purchased": 0, "received": 0}
    await home.another(home.gus)
    await claim(home.gus, home.item)
    await move(home.gus, home.item, status)
    await said(home.gus, "ITEM", home.item.id)
    assert await glance(home.ida, home) == before
    assert (await glance(home.gina, home))["pipeline"] == before["pipeline"] | {status.value.lower(): 1}


async def test_what_has_been_received_is_no_secret(home: World) -> None:
    await move(home.gus, home.item, ItemStatus.PURCHASED, ItemStatus.RECEIVED)
    found = await glance(home.ida, home)
    assert found["pipeline"] == {"idea": 0, "selected": 0, "purchased": 0, "received": 1}
    assert found["persons"]["nodes"][0]["received"] == 1


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("rows", [1, 50])
async def test_it_is_one_statement(home: World, house: Served, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    for number in range(rows - 1):
        await home.another(home.gus)
        await home.keep(
            Receiver(id=Receiver.fresh_id(), family_id=home.family.id, name=f"{number:02}"),
            occasion(home, f"{number}", number),
        )
        await said(home.gus, "LIST", home.list.id)
    await said(home.gus, "LIST", home.list.id)
    await glance(home.gina, home, first=100)
    statements = Statements(house, monkeypatch)
    found = await glance(home.gina, home, first=100)
    assert len(statements) == 1
    lengths = [len(found[name]["nodes"]) for name in ("occasions", "persons", "ideas", "activity")]
    assert lengths == [rows] * 4


async def test_strangers_find_no_family_and_nobody_none(home: World) -> None:
    stranger = await home.people.one()
    for id in (home.family.id, "family_0", home.list.id):
        refused = await stranger.ask(QUERY, id=id)
        assert (refused.code, refused.error["message"]) == ("FAMILY_NOT_FOUND", f"Family with id '{id}' not found")
        async with stranger.socket() as socket:
            (error,) = await socket.ask(LIVE, of=id)
            assert error["extensions"]["code"] == "FORBIDDEN"
    assert (await home.people.nobody.ask(QUERY, id=home.family.id)).code == "UNAUTHENTICATED"


async def test_a_live_dashboard_tells_givers_of_a_claim_and_her_nothing(home: World) -> None:
    async with home.gina.socket() as hers, home.ida.socket() as idas:
        for socket in (hers, idas):
            await socket.start(LIVE, "1", of=home.family.id)
            assert (await shown(socket))["pipeline"]["idea"] == 1
        await claim(home.gus, home.item)
        claimed = await shown(hers)
        assert claimed["ideas"]["nodes"][0]["giving"] == {"claimed": 1}
        assert claimed["activity"]["nodes"][0]["kind"] == "CLAIMED"
        open = await said(home.gus, "LIST", home.list.id, open=True)
        assert open["text"] == "Nice"
        after = await shown(idas)
    assert after["pipeline"] == {"idea": 1, "selected": 0, "purchased": 0, "received": 0}
    assert after["activity"] == {
        "totalCount": 1,
        "nodes": [{"kind": "COMMENTED", "actor": {"name": "Gus"}, "item": None}],
    }


async def shown(socket: Any) -> Any:
    frame = await socket.frame()
    assert frame["type"] == "next", frame
    return frame["payload"]["data"]["dashboard"]

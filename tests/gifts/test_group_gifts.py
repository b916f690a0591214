"""Several give one thing together."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from db.gifts.families import FamilyMember
from kit.ids import Id
from live.topics import items_of
from tests.gifts.givers import activity, do, giving, heard, kept, listening, write
from tests.gifts.world import World
from tests.people import Answer, Person

LARGEST = 1_000_000_000
FIELDS = "id giving { targetMinor fundedMinor leftMinor currency organizer { name } }"


async def organize(who: Person, id: str, target: int, currency: str | None = None) -> Answer:
    said = "" if currency is None else f', currency: "{currency}"'
    return await do(who, f"organizeGroupGift(id: $id, input: {{targetMinor: {target}{said}}}) {{ {FIELDS} }}", id)


async def contribute(who: Person, id: str, amount: int, *, anonymous: bool = False) -> Answer:
    said = f"amountMinor: {amount}, anonymous: {str(anonymous).lower()}"
    return await do(who, f"contribute(id: $id, {said}) {{ {FIELDS} }}", id)


async def withdraw(who: Person, id: str) -> Answer:
    return await do(who, f"withdrawContribution(id: $id) {{ {FIELDS} }}", id)


def sums(answer: Answer) -> tuple[int, int, int]:
    ((_, item),) = answer.data.items()
    found = item["giving"]
    return found["targetMinor"], found["fundedMinor"], found["leftMinor"]


async def contributions(who: Person, home: World) -> list[tuple[Any, ...]]:
    nodes = (await giving(who, home.item.id))["contributions"]["nodes"]
    return [(node["user"] and node["user"]["name"], node["amountMinor"], node["anonymous"]) for node in nodes]


async def test_somebody_collects_and_others_contribute(home: World) -> None:
    made = (await organize(home.dora, home.item.id, 10_000)).data["organizeGroupGift"]["giving"]
    assert made == {
        "targetMinor": 10_000,
        "fundedMinor": 0,
        "leftMinor": 10_000,
        "currency": "EUR",
        "organizer": {"name": "Dora"},
    }
    assert sums(await contribute(home.gus, home.item.id, 4_000)) == (10_000, 4_000, 6_000)
    assert sums(await contribute(home.gina, home.item.id, 6_000)) == (10_000, 10_000, 0)
    assert sums(await contribute(home.gus, home.item.id, 1_000)) == (10_000, 7_000, 3_000)
    assert await contributions(home.dora, home) == [("Gus", 1_000, False), ("Gina", 6_000, False)]
    assert sums(await withdraw(home.gina, home.item.id)) == (10_000, 1_000, 9_000)
    assert await activity(home.dora) == [("CONTRIBUTED", None, "Gus"), ("CONTRIBUTED", None, "Gina")]


async def test_no_more_is_taken_than_is_wanted_and_what_is_left_is_told(home: World) -> None:
    await organize(home.dora, home.item.id, 10_000)
    await contribute(home.gus, home.item.id, 9_000)
    before = await kept(home)
    for who, amount in ((home.gina, 1_001), (home.gus, 10_001)):
        refused = await contribute(who, home.item.id, amount)
        told = refused.error["extensions"]
        assert (refused.code, told["reason"], told["left"]) == ("CONFLICT", "NOT_THAT_MUCH_LEFT", 1_000)
    assert await kept(home) == before
    assert sums(await contribute(home.gus, home.item.id, 10_000)) == (10_000, 10_000, 0)


async def test_where_nothing_is_collected_nothing_is_taken(home: World) -> None:
    before = await kept(home)
    refused = await contribute(home.gus, home.item.id, 1)
    assert (refused.code, refused.error["extensions"]["reason"]) == ("CONFLICT", "NO_GROUP_GIFT")
    assert (await withdraw(home.gus, home.item.id)).data["withdrawContribution"]["giving"]["leftMinor"] is None
    assert await kept(home) == before


@pytest.mark.parametrize("amount", [0, -1, LARGEST + 1])
async def test_an_amount_that_cannot_be_is_refused(home: World, amount: int) -> None:
    await organize(home.dora, home.item.id, LARGEST)
    before = await kept(home)
    refused = await contribute(home.gus, home.item.id, amount)
    assert (refused.code, refused.details) == ("VALIDATION_ERROR", {"amountMinor": ["must be from 1 to 1,000,000,000"]})
    refused = await organize(home.dora, home.item.id, amount)
    assert (refused.code, [*refused.details]) == ("VALIDATION_ERROR", ["targetMinor"])
    refused = await organize(home.dora, home.item.id, 1, "euro")
    assert (refused.code, [*refused.details]) == ("VALIDATION_ERROR", ["currency"])
    assert await kept(home) == before


async def test_the_target_is_the_organizers_and_the_administrators_and_never_below_what_is_promised(
    home: World,
) -> None:
    await organize(home.gus, home.item.id, 5_000)
    await contribute(home.gina, home.item.id, 3_000)
    before = await kept(home)
    assert (await organize(home.gina, home.item.id, 9_000)).code == "FORBIDDEN"
    refused = await organize(home.gus, home.item.id, 2_999)
    told = refused.error["extensions"]
    assert (refused.code, told["reason"], told["funded"]) == ("CONFLICT", "MORE_IS_PROMISED", 3_000)
    refused = await organize(home.gus, home.item.id, 9_000, "USD")
    assert (refused.code, refused.error["extensions"]["reason"]) == ("CONFLICT", "OTHER_CURRENCY")
    assert (await organize(home.gus, home.item.id, 5_000)).data["organizeGroupGift"]["id"] == home.item.id
    assert await kept(home) == before
    assert sums(await organize(home.gus, home.item.id, 3_000)) == (3_000, 3_000, 0)
    changed = (await organize(home.dora, home.item.id, 4_000)).data["organizeGroupGift"]["giving"]
    assert (changed["leftMinor"], changed["organizer"]) == (1_000, {"name": "Gus"})


async def test_when_the_organizer_has_left_somebody_else_may_collect(home: World) -> None:
    await organize(home.gus, home.item.id, 5_000)
    assert (await do(home.gus, "leaveFamily(id: $id) { deletedId }", home.family.id)).data
    assert (await giving(home.gina, home.item.id))["organizer"] is None
    changed = (await organize(home.gina, home.item.id, 6_000)).data["organizeGroupGift"]["giving"]
    assert (changed["targetMinor"], changed["organizer"]) == (6_000, {"name": "Gina"})


async def test_what_one_who_has_left_has_promised_is_taken_off_by_an_administrator(home: World) -> None:
    release = f"releaseContribution(id: $id) {{ {FIELDS} }}"
    await organize(home.dora, home.item.id, 5_000)
    await contribute(home.gus, home.item.id, 2_000, anonymous=True)
    (node,) = (await giving(home.gus, home.item.id))["contributions"]["nodes"]
    assert (await do(home.gus, "leaveFamily(id: $id) { deletedId }", home.family.id)).data
    before = await kept(home)
    for who in (home.gina, home.ida, home.gus):
        assert (await do(who, release, node["id"])).code == "CONTRIBUTION_NOT_FOUND"
    assert await kept(home) == before
    assert sums(await do(home.dora, release, node["id"])) == (5_000, 0, 5_000)


async def test_an_anonymous_contribution_counts_and_names_nobody(home: World) -> None:
    await organize(home.dora, home.item.id, 5_000)
    topic = items_of(home.family.id)
    async with listening(home.gina, topic) as giver, listening(home.ida, topic) as receiver:
        await contribute(home.gus, home.item.id, 2_000, anonymous=True)
        await do(home.gus, "assignListItem(id: $id) { id }", home.item.id)
        await withdraw(home.gus, home.item.id)
        await contribute(home.gus, home.item.id, 1_000, anonymous=True)
        told, nothing = await heard(home, topic, giver, receiver)
    assert [(event["kind"], event["actor"]) for event in told] == [("UPDATED", None)] * 3
    assert nothing == []
    assert (await giving(home.gina, home.item.id))["fundedMinor"] == 1_000
    assert await contributions(home.gina, home) == []
    assert await contributions(home.gus, home) == [("Gus", 1_000, True)]
    assert await activity(home.gina) == [("CONTRIBUTED", None, None)] * 2


async def test_where_givers_do_not_see_each_other_every_contribution_is_anonymous(home: World) -> None:
    await write(home, "update gift_list set givers_see_each_other = false where id = :id", id=home.list.id)
    await organize(home.dora, home.item.id, 5_000)
    await contribute(home.gus, home.item.id, 2_000)
    assert (await contributions(home.gina, home), await contributions(home.gus, home)) == ([], [("Gus", 2_000, True)])
    assert await activity(home.gina) == [("CONTRIBUTED", None, None)]


async def test_of_fifty_who_contribute_at_once_so_many_succeed_as_there_is_left(home: World) -> None:
    everybody = [await home.people.one() for _ in range(50)]
    rows = [FamilyMember(id=FamilyMember.fresh_id(), family_id=home.family.id, user_id=Id(p.id)) for p in everybody]
    await home.keep(*rows)
    await organize(home.dora, home.item.id, 1_050)
    answers = await asyncio.gather(*(contribute(person, home.item.id, 100) for person in everybody))
    refused = [answer.error["extensions"] for answer in answers if "errors" in answer.body]
    assert Counter((told["code"], told["reason"], told["left"]) for told in refused) == {
        ("CONFLICT", "NOT_THAT_MUCH_LEFT", 50): 40
    }
    found = await giving(home.dora, home.item.id)
    assert (found["fundedMinor"], found["leftMinor"], found["contributions"]["totalCount"]) == (1_000, 50, 10)

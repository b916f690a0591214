"""Occasions: made, changed, ended; who is given presents on them."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from db.gifts.families import FamilyMember, FamilyRole
from db.gifts.lists import GiftList
from db.gifts.occasions import Occasion, OccasionPerson, OccasionType
from db.gifts.persons import Person as Receiver
from kit.ids import Id
from tests.conftest import Served
from tests.gifts.world import World
from tests.people import Person
from tests.statements import Statements

FIELDS = """id name type day recursYearly budgetMinor notes version family { id } previous { id } next { id }
  people { nodes { id budgetMinor person { id name } } }"""
CREATE = f"mutation ($input: CreateOccasionInput!) {{ createOccasion(input: $input) {{ {FIELDS} }} }}"
UPDATE = f"""mutation ($id: ID!, $input: UpdateOccasionInput!, $version: Int) {{
  updateOccasion(id: $id, input: $input, expectedVersion: $version) {{ {FIELDS} }} }}"""
DELETE = "mutation ($id: ID!) { deleteOccasion(id: $id) { deletedId } }"
NEXT = f"mutation ($id: ID!) {{ openNextOccasion(id: $id) {{ {FIELDS} }} }}"
ADD = """mutation ($id: ID!, $person: ID!, $budget: Int) {
  addPersonToOccasion(occasionId: $id, personId: $person, budgetMinor: $budget) { id budgetMinor version
    person { id } occasion { id } } }"""
REMOVE = """mutation ($id: ID!, $person: ID!) {
  removePersonFromOccasion(occasionId: $id, personId: $person) { deletedId } }"""
BUDGET = """mutation ($id: ID!, $input: UpdateOccasionPersonInput!, $version: Int) {
  updateOccasionPerson(id: $id, input: $input, expectedVersion: $version) { id budgetMinor version } }"""
ONE = f"query ($id: ID!) {{ occasion(id: $id) {{ {FIELDS} lists {{ nodes {{ id }} }} }} }}"


def made(home: World, **more: Any) -> dict[str, Any]:
    return {"familyId": home.family.id, "name": "Christmas", "type": "CHRISTMAS", "day": "2026-12-24"} | more


async def create(person: Person, home: World, **more: Any) -> Any:
    return (await person.ask(CREATE, input=made(home, **more))).data["createOccasion"]


async def rows(home: World, model: Any) -> list[Any]:
    async with home.people.services.db.transaction() as session:
        return [*await session.scalars(select(model).where(model.family_id == home.family.id).order_by(model.id))]


async def test_any_member_makes_an_occasion_with_people_and_budgets(home: World) -> None:
    person = {"personId": home.receiver.id, "budgetMinor": 5_000}
    occasion = await create(home.gus, home, name=" Christmas ", budgetMinor=90_000, notes="At ours", people=[person])
    (guest,) = occasion["people"]["nodes"]
    assert occasion == {
        "id": occasion["id"],
        "name": "Christmas",
        "type": "CHRISTMAS",
        "day": "2026-12-24",
        "recursYearly": False,
        "budgetMinor": 90_000,
        "notes": "At ours",
        "version": 1,
        "family": {"id": home.family.id},
        "previous": None,
        "next": None,
        "people": {"nodes": [guest]},
    }
    assert guest == {"id": guest["id"], "budgetMinor": 5_000, "person": {"id": home.receiver.id, "name": "Ida"}}
    told = (await home.gina.ask("{ activity { nodes { kind actor { name } occasion { id } } } }")).data["activity"]
    assert told["nodes"] == [{"kind": "OCCASION_ADDED", "actor": {"name": "Gus"}, "occasion": {"id": occasion["id"]}}]


@pytest.mark.parametrize(
    ("given", "details"),
    [
        ({"name": " "}, {"name": ["String should have at least 1 character"]}),
        ({"name": "x" * 101}, {"name": ["String should have at most 100 characters"]}),
        ({"day": "1899-12-31"}, {"day": ["Input should be greater than or equal to 1900-01-01"]}),
        ({"day": None}, {"day": ["must be given"]}),
        ({"budgetMinor": -1}, {"budgetMinor": ["Input should be greater than or equal to 0"]}),
        ({"budgetMinor": 1_000_000_001}, {"budgetMinor": ["Input should be less than or equal to 1000000000"]}),
        ({"notes": "\x01"}, {"notes": ["must not contain control characters"]}),
    ],
)
async def test_what_cannot_be_right_is_refused_by_its_field(home: World, given: Any, details: Any) -> None:
    answer = await home.gus.ask(CREATE, input=made(home, **given))
    assert (answer.code, answer.details) == ("VALIDATION_ERROR", details)
    assert len(await rows(home, Occasion)) == 1


async def test_people_are_named_once_and_are_of_the_family(home: World, other: World) -> None:
    twice = [{"personId": home.receiver.id}, {"personId": home.receiver.id}]
    answer = await home.gus.ask(CREATE, input=made(home, people=twice))
    assert (answer.code, answer.details) == ("VALIDATION_ERROR", {"people": ["must name each person once"]})
    answer = await home.gus.ask(CREATE, input=made(home, people=[{"personId": other.receiver.id}]))
    assert answer.code == "PERSON_NOT_FOUND"
    await join(home.gus, other)
    answer = await home.gus.ask(CREATE, input=made(home, people=[{"personId": other.receiver.id}]))
    assert (answer.code, answer.details) == ("VALIDATION_ERROR", {"people": ["is of another family"]})
    answer = await home.gus.ask(ADD, id=home.occasion.id, person=other.receiver.id)
    assert (answer.code, answer.details) == ("VALIDATION_ERROR", {"personId": ["is of another family"]})
    assert (len(await rows(home, Occasion)), len(await rows(home, OccasionPerson))) == (1, 1)


async def join(person: Person, home: World) -> None:
    member = FamilyMember(id=FamilyMember.fresh_id(), family_id=home.family.id, user_id=Id(person.id))
    member.role = FamilyRole.MEMBER
    await home.keep(member)


async def test_a_change_sets_what_is_given_and_null_clears(home: World) -> None:
    occasion = await create(home.gus, home, budgetMinor=90_000, notes="At ours")
    changed = {"name": "Xmas", "budgetMinor": None, "recursYearly": True, "day": "2027-12-24"}
    answer = (await home.ida.ask(UPDATE, id=occasion["id"], input=changed, version=1)).data["updateOccasion"]
    assert answer == occasion | changed | {"version": 2}
    again = await home.ida.ask(UPDATE, id=occasion["id"], input={"name": "Late"}, version=1)
    assert (again.code, again.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")
    null = await home.ida.ask(UPDATE, id=occasion["id"], input={"day": None})
    assert (null.code, null.details) == ("VALIDATION_ERROR", {"day": ["must not be null"]})
    assert (await home.ida.ask(ONE, id=occasion["id"])).data["occasion"]["name"] == "Xmas"


async def test_somebody_is_added_once_however_often_it_is_asked(home: World) -> None:
    id = (await create(home.gus, home))["id"]
    first = (await home.gus.ask(ADD, id=id, person=home.receiver.id, budget=700)).data["addPersonToOccasion"]
    assert first["budgetMinor"] == 700
    for budget, version, kept in ((None, 1, 700), (700, 1, 700), (800, 2, 800)):
        again = (await home.gina.ask(ADD, id=id, person=home.receiver.id, budget=budget)).data["addPersonToOccasion"]
        assert again == first | {"budgetMinor": kept, "version": version}
    answer = await home.gus.ask(ADD, id=id, person=home.receiver.id, budget=-1)
    assert (answer.code, answer.details) == ("VALIDATION_ERROR", {"budgetMinor": ["must be 0 to 1000000000"]})
    changed = (await home.gus.ask(BUDGET, id=first["id"], input={"budgetMinor": None}, version=2)).data
    assert changed["updateOccasionPerson"] == {"id": first["id"], "budgetMinor": None, "version": 3}
    stale = await home.gus.ask(BUDGET, id=first["id"], input={"budgetMinor": 1}, version=2)
    assert stale.code == "CONFLICT"


async def test_somebody_is_removed_and_their_lists_stay(home: World) -> None:
    (guest,) = await rows(home, OccasionPerson)
    answer = await home.gus.ask(REMOVE, id=home.occasion.id, person=home.receiver.id)
    assert answer.data["removePersonFromOccasion"] == {"deletedId": guest.id}
    again = await home.gus.ask(REMOVE, id=home.occasion.id, person=home.receiver.id)
    assert again.code == "OCCASION_PERSON_NOT_FOUND"
    occasion = (await home.ida.ask(ONE, id=home.occasion.id)).data["occasion"]
    assert (occasion["people"]["nodes"], occasion["lists"]["nodes"]) == ([], [{"id": home.list.id}])


async def test_an_occasion_goes_and_its_lists_stay_without_one(home: World) -> None:
    assert (await home.ida.ask(DELETE, id=home.occasion.id)).data["deleteOccasion"] == {"deletedId": home.occasion.id}
    (kept,) = await rows(home, GiftList)
    assert (kept.occasion_id, kept.version) == (None, 2)
    assert await rows(home, Occasion) == await rows(home, OccasionPerson) == []
    assert (await home.ida.ask(DELETE, id=home.occasion.id)).code == "OCCASION_NOT_FOUND"


async def test_a_birthday_is_on_their_next_one(home: World) -> None:
    await set_birthday(home, date(2017, 1, 1))
    given = {"familyId": home.family.id, "name": "Ida's", "type": "BIRTHDAY", "personId": home.receiver.id}
    occasion = (await home.gus.ask(CREATE, input=given)).data["createOccasion"]
    today = home.people.services.clock().date()
    assert occasion["day"] == date(today.year + (today > date(today.year, 1, 1)), 1, 1).isoformat()
    assert [guest["person"]["id"] for guest in occasion["people"]["nodes"]] == [home.receiver.id]
    other = (await home.gus.ask(CREATE, input=given | {"day": "2030-05-05"})).data["createOccasion"]
    assert other["day"] == "2030-05-05"


async def set_birthday(home: World, day: date | None) -> None:
    async with home.people.services.db.transaction() as session:
        (await session.get_one(Receiver, home.receiver.id)).birthday = day


async def test_a_birthday_that_is_not_known_must_be_given(home: World) -> None:
    given = {"familyId": home.family.id, "name": "Ida's", "type": "BIRTHDAY", "personId": home.receiver.id}
    answer = await home.gus.ask(CREATE, input=given)
    said = "must be given: the person's birthday is not known"
    assert (answer.code, answer.details) == ("VALIDATION_ERROR", {"day": [said]})
    answer = await home.gus.ask(CREATE, input=given | {"type": "WEDDING", "day": "2030-05-05"})
    assert (answer.code, answer.details) == ("VALIDATION_ERROR", {"personId": ["is for birthdays"]})
    assert len(await rows(home, Occasion)) == 1


@pytest.mark.parametrize("count", [1, 50])
@pytest.mark.usefixtures("once")
async def test_a_page_with_all_that_occasions_lead_to_is_one_statement(
    house: Served, home: World, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    for number in range(count - 1):
        given = {"name": f"Nr. {number}", "type": OccasionType.OTHER, "day": date(2030, 1, 1)}
        await home.keep(Occasion(id=Occasion.fresh_id(), family_id=home.family.id, **given))
    query = f"""{{ occasions(first: 50, filter: {{search: "n"}}) {{ totalCount nodes {{ {FIELDS} daysUntil
      summary {{ items leftMinor }} lists {{ nodes {{ name }} }} }} }} }}"""
    await home.gina.ask("{ __typename }")
    statements = Statements(house, monkeypatch)
    answer = await home.gina.ask(query)
    assert (answer.data["occasions"]["totalCount"], len(answer.data["occasions"]["nodes"])) == (count, count)
    assert len(statements) == 1


async def test_two_who_end_neighbouring_years_at_once_both_do(home: World) -> None:
    years = [await create(home.gus, home, recursYearly=True)]
    for _ in range(3):
        years.append((await home.gus.ask(NEXT, id=years[-1]["id"])).data["openNextOccasion"])
    answers = await asyncio.gather(*[home.gina.ask(DELETE, id=year["id"]) for year in years[1:3]])
    assert [answer.data["deleteOccasion"]["deletedId"] for answer in answers] == [year["id"] for year in years[1:3]]
    first, last = [(await home.gina.ask(ONE, id=years[at]["id"])).data["occasion"] for at in (0, 3)]
    assert (first["next"], last["previous"]) == ({"id": last["id"]}, {"id": first["id"]})
    ends = await asyncio.gather(*[home.gina.ask(DELETE, id=year["id"]) for year in (years[3], years[0])])
    assert all(answer.data for answer in ends)
    assert [one.id for one in await rows(home, Occasion)] == [home.occasion.id]


async def test_two_who_end_the_last_years_at_once_leave_none_to_come_round(home: World) -> None:
    years = [await create(home.gus, home, recursYearly=True)]
    for _ in range(2):
        years.append((await home.gus.ask(NEXT, id=years[-1]["id"])).data["openNextOccasion"])
    answers = await asyncio.gather(*[home.gina.ask(DELETE, id=year["id"]) for year in years[1:]])
    assert all(answer.data for answer in answers)
    first = (await home.gina.ask(ONE, id=years[0]["id"])).data["occasion"]
    assert (first["next"], first["recursYearly"]) == (None, False)


async def test_occasions_of_a_span_of_days_are_found(home: World) -> None:
    query = "query ($filter: OccasionFilter) { occasions(filter: $filter) { nodes { id } totalCount } }"
    day = home.occasion.day
    for filter, found in (
        ({"after": f"{day}"}, True),
        ({"after": f"{day + timedelta(days=1)}"}, False),
        ({"before": f"{day - timedelta(days=1)}"}, False),
        ({"after": f"{day}", "before": f"{day + timedelta(days=1)}"}, True),
    ):
        answer = (await home.ida.ask(query, filter=filter)).data["occasions"]
        nodes = [{"id": home.occasion.id}] if found else []
        assert answer == {"nodes": nodes, "totalCount": len(nodes)}, filter

"""What those outside the family may see and do of its occasions: nothing, and they cannot tell that there are any."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.gifts.world import World
from tests.people import Person

INPUT = '{familyId: $family, name: "Mine", type: OTHER, day: "2027-01-01"}'
VERBS = {
    f"createOccasion(input: {INPUT}) {{ id }}": "FAMILY_NOT_FOUND",
    'updateOccasion(id: $occasion, input: {name: "Mine"}) { id }': "OCCASION_NOT_FOUND",
    "updateOccasion(id: $occasion, input: {}, expectedVersion: 7) { id }": "OCCASION_NOT_FOUND",
    "deleteOccasion(id: $occasion) { deletedId }": "OCCASION_NOT_FOUND",
    "openNextOccasion(id: $occasion) { id }": "OCCASION_NOT_FOUND",
    "addPersonToOccasion(occasionId: $occasion, personId: $mine) { id }": "OCCASION_NOT_FOUND",
    "addPersonToOccasion(occasionId: $occasion, personId: $person) { id }": "PERSON_NOT_FOUND",
    "removePersonFromOccasion(occasionId: $occasion, personId: $person) { deletedId }": "OCCASION_NOT_FOUND",
    "updateOccasionPerson(id: $guest, input: {budgetMinor: 1}) { id }": "OCCASION_PERSON_NOT_FOUND",
}
TABLES = ("occasion", "occasion_person", "gift_list")
KINDS = {"family": "ID!", "occasion": "ID!", "person": "ID!", "guest": "ID!", "mine": "ID!"}


async def state(home: World) -> list[Any]:
    found: list[Any] = []
    async with home.people.services.db.transaction() as session:
        for table in TABLES:
            rows = text(f"select to_jsonb(t) from {table} t where family_id = :id order by id")  # noqa: S608 (ours)
            found += await session.scalars(rows, {"id": home.family.id})
    return found


async def attempt(person: Person, verb: str, home: World, mine: str) -> Any:
    guest = next(row["id"] for row in await state(home) if row["id"].startswith("guest_"))
    ids = {"family": home.family.id, "occasion": home.occasion.id, "person": home.receiver.id, "guest": guest}
    given = {name: id for name, id in (ids | {"mine": mine}).items() if f"${name}" in verb}
    return await person.ask(f"mutation ({' '.join(f'${name}: {KINDS[name]}' for name in given)}) {{ {verb} }}", **given)


@pytest.mark.parametrize(("verb", "code"), VERBS.items())
async def test_no_verb_finds_another_familys_occasion(home: World, other: World, verb: str, code: str) -> None:
    before = await state(home)
    answer = await attempt(other.dora, verb, home, other.receiver.id)
    assert (answer.code, answer.body["data"]) == (code, None)
    assert await state(home) == before


@pytest.mark.parametrize("verb", VERBS)
async def test_nobody_does_anything(home: World, verb: str) -> None:
    before = await state(home)
    answer = await attempt(home.people.nobody, verb, home, home.receiver.id)
    assert (answer.code, answer.body["data"]) == ("UNAUTHENTICATED", None)
    assert await state(home) == before


async def test_no_read_finds_another_familys_occasion(home: World, other: World) -> None:
    one = "query ($id: ID!) { occasion(id: $id) { id } }"
    assert (await other.dora.ask(one, id=home.occasion.id)).code == "OCCASION_NOT_FOUND"
    sum = "query ($id: ID!) { occasionSummary(id: $id) { items } }"
    assert (await other.dora.ask(sum, id=home.occasion.id)).code == "OCCASION_NOT_FOUND"
    listed = "query ($id: ID!) { occasions(familyId: $id) { totalCount nodes { id } } }"
    assert (await other.dora.ask(listed, id=home.family.id)).data["occasions"] == {"totalCount": 0, "nodes": []}


@pytest.mark.parametrize("id", ["", "\x00", "occasion_\x00", "person_1", "x" * 5_000, "occasion_" + "0" * 32])
@pytest.mark.parametrize("verb", VERBS)
async def test_what_is_no_id_is_not_found(home: World, verb: str, id: str) -> None:
    given = [name for name in KINDS if f"${name}" in verb]
    variables = ", ".join(f"${name}: ID!" for name in given)
    answer = await home.gus.ask(f"mutation ({variables}) {{ {verb} }}", **dict.fromkeys(given, id))
    assert answer.code.endswith("_NOT_FOUND")


@pytest.mark.parametrize("id", ["", "\x00", "person_1"])
async def test_nobody_of_such_an_id_is_among_its_people(home: World, id: str) -> None:
    remove = "mutation ($id: ID!, $person: ID!) { removePersonFromOccasion(occasionId: $id, personId: $person) %s }"
    answer = await home.gus.ask(remove % "{ deletedId }", id=home.occasion.id, person=id)
    assert answer.code == "OCCASION_PERSON_NOT_FOUND"
    listed = "query ($id: ID!) { occasions(familyId: $id, filter: {personId: $id}) { totalCount } }"
    assert (await home.gus.ask(listed, id=id)).data["occasions"] == {"totalCount": 0}

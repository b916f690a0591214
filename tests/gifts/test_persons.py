"""People who are given presents: what is known of them, in which order, and which user they are."""

import asyncio
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text as sql

from db.gifts.activity import ActivityKind
from db.gifts.families import FamilyRole
from db.gifts.items import Claim
from kit.ids import Id
from kit.settings import Settings
from tests.clock import Watch
from tests.conftest import served
from tests.gifts.asking import LEAVE, LINK, SET_ROLE, founded, invite, join, member_id, rows
from tests.gifts.hearing import CHANGES, hearing
from tests.gifts.world import World, family
from tests.people import Answer, Person
from tests.waiting import until

FIELDS = "id name birthday sizes interests unwanted notes photoUrl version user { id } family { id }"
CREATE = f"mutation ($input: CreatePersonInput!) {{ createPerson(input: $input) {{ {FIELDS} }} }}"
UPDATE = f"""mutation ($id: ID!, $input: UpdatePersonInput!, $version: Int) {{
  updatePerson(id: $id, input: $input, expectedVersion: $version) {{ {FIELDS} }} }}"""
DELETE = "mutation ($id: ID!) { deletePerson(id: $id) { deletedId } }"
QUERY_PERSON = "query ($id: ID!) { person(id: $id) { id } }"
LISTED = """query ($family: ID, $search: String, $orderBy: PersonOrder!, $first: Int, $after: String) {
  persons(familyId: $family, search: $search, orderBy: $orderBy, first: $first, after: $after) {
    totalCount nodes { name nextBirthday } pageInfo { endCursor hasNextPage } } }"""


async def person(by: Person, home: World, name: str = "Baby", **given: Any) -> Any:
    answer = await by.ask(CREATE, input={"familyId": home.family.id, "name": name, **given})
    return answer.data["createPerson"]


async def link(by: Person, id: str, user: Person | None) -> Answer:
    return await by.ask(LINK, id=id, user=user.id if user else None)


async def linked(home: World, id: str) -> Any:
    ((user,),) = [row.values() for row in await rows(home.people, "select user_id from person where id = $1", id)]
    return user


async def test_a_member_adds_and_changes_somebody(home: World) -> None:
    made = await person(
        home.gus, home, " Baby ", birthday="2026-02-28", sizes=["56", "56", "62"], photoUrl="https://example.org/b.jpg"
    )
    assert made == {
        "id": made["id"],
        "name": "Baby",
        "birthday": "2026-02-28",
        "sizes": ["56", "62"],
        "interests": [],
        "unwanted": [],
        "notes": None,
        "photoUrl": "https://example.org/b.jpg",
        "version": 1,
        "user": None,
        "family": {"id": home.family.id},
    }
    changed = await home.gina.ask(
        UPDATE, id=made["id"], input={"notes": "Sleeps", "birthday": None, "unwanted": ["drums"]}, version=1
    )
    assert changed.data["updatePerson"] == made | {
        "notes": "Sleeps",
        "birthday": None,
        "unwanted": ["drums"],
        "version": 2,
    }
    stale = await home.gina.ask(UPDATE, id=made["id"], input={"name": "B"}, version=1)
    assert (stale.code, stale.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")
    kinds = await rows(home.people, "select kind from activity where person_id = $1", made["id"])
    assert kinds == [{"kind": ActivityKind.PERSON_ADDED}]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"birthday": "1849-12-31"}, "birthday"),
        ({"sizes": ["x"] * 51}, "sizes"),
        ({"interests": ["x" * 101]}, "interests.0"),
        ({"unwanted": [" "]}, "unwanted.0"),
        ({"notes": "x" * 10_001}, "notes"),
        ({"photoUrl": "javascript:alert(1)"}, "photoUrl"),
        ({"photoUrl": "https://" + "x" * 2_000}, "photoUrl"),
    ],
)
async def test_what_cannot_be_is_refused_field_by_field(home: World, given: dict[str, Any], field: str) -> None:
    before = await rows(home.people, "select * from person where family_id = $1 order by id", home.family.id)
    for query, more in ((CREATE, {"familyId": home.family.id, "name": "Baby"}), (UPDATE, {})):
        answer = await home.gus.ask(query, input={**more, **given}, id=home.receiver.id)
        assert (answer.code, [*answer.details]) == ("VALIDATION_ERROR", [field])
    assert await rows(home.people, "select * from person where family_id = $1 order by id", home.family.id) == before


async def names(asks: Person, **given: Any) -> list[str]:
    found = (await asks.ask(LISTED, **{"orderBy": "NAME"} | given)).data["persons"]
    return [node["name"] for node in found["nodes"]]


async def test_people_are_found_by_family_and_words(home: World) -> None:
    other = await founded(home.gus, person={"name": "Gus"})
    await person(home.gus, home, notes="likes boats")
    assert await names(home.gus) == ["Baby", "Gus", "Ida"]
    assert await names(home.gus, family=other["id"]) == ["Gus"]
    assert await names(home.gus, search="bo lik") == ["Baby"]
    assert await names(home.gina, family=other["id"]) == []
    query = "query ($id: ID!) { family(id: $id) { persons(orderBy: CREATED_AT) { nodes { name } totalCount } } }"
    found = (await home.gina.ask(query, id=home.family.id)).data["family"]["persons"]
    assert found == {"nodes": [{"name": "Ida"}, {"name": "Baby"}], "totalCount": 2}


async def test_whose_birthday_comes_next_comes_first_page_by_page(settings: Settings) -> None:
    clock = Watch(datetime.fromisoformat("2027-02-27T23:30:00Z"))
    async with served(settings, clock) as house:
        gus = await house.people.one(time_zone="Europe/Berlin")  # where it is the 28th already
        made = await founded(gus)
        born = {
            "Leap": "2000-02-29",
            "Today": "1990-02-28",
            "Yesterday": "1950-02-27",
            "March": "2010-03-01",
            "Unborn": "2027-06-01",
            "Unknown": None,
        }
        for name, birthday in born.items():
            given = {"familyId": made["id"], "name": name, "birthday": birthday}
            assert (await gus.ask(CREATE, input=given)).data
        found: dict[str, str | None] = {}
        after = None
        while True:
            answer = await gus.ask(LISTED, orderBy="NEXT_BIRTHDAY", first=2, after=after)
            page = answer.data["persons"]
            found |= {node["name"]: node["nextBirthday"] for node in page["nodes"]}
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert [*found.items()] == [
            ("Leap", "2027-02-28"),
            ("Today", "2027-02-28"),
            ("March", "2027-03-01"),
            ("Unborn", "2027-06-01"),
            ("Yesterday", "2028-02-27"),
            ("Unknown", None),
        ]


async def test_members_say_who_they_are_where_nobody_is(home: World) -> None:
    baby, other = await person(home.gina, home), await person(home.gina, home, "Other")
    answer = await link(home.gus, baby["id"], home.gus)
    assert answer.data["linkPerson"] == {"id": baby["id"], "user": {"id": home.gus.id}, "version": 2}
    assert (await link(home.gus, baby["id"], home.gus)).data["linkPerson"]["version"] == 2
    assert (await link(home.gina, baby["id"], home.gina)).code == "FORBIDDEN"
    answer = await link(home.gus, other["id"], home.gus)
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "PERSON_LINKED")
    query = "query ($id: ID!) { family(id: $id) { members { nodes { user { id } person { id } } } } }"
    found = (await home.gina.ask(query, id=home.family.id)).data["family"]["members"]["nodes"]
    assert {node["user"]["id"]: node["person"] for node in found} == {
        home.dora.id: None,
        home.gus.id: {"id": baby["id"]},
        home.gina.id: None,
        home.ida.id: {"id": home.receiver.id},
    }


async def test_of_two_who_say_it_of_themselves_at_once_one_is_it(home: World) -> None:
    baby = await person(home.dora, home)
    answers = await asyncio.gather(*(link(one, baby["id"], one) for one in (home.gus, home.gina)))
    assert sorted(answer.code if "errors" in answer.body else "" for answer in answers) == ["", "FORBIDDEN"]


async def test_an_administrator_links_and_unlinks_others(home: World) -> None:
    baby = await person(home.gus, home)
    for user in (home.gus, home.gina, None):
        assert (await link(home.dora, baby["id"], user)).data["linkPerson"]["user"] == (user and {"id": user.id})
    assert (await home.people.audit(baby["id"])) == ["person.link"] * 3
    sam = await home.people.one()
    for nobody in (sam.id, "user_" + "0" * 32, "nonsense", "\0"):
        assert (await home.dora.ask(LINK, id=baby["id"], user=nobody)).code == "USER_NOT_FOUND"
    assert await linked(home, baby["id"]) is None


@pytest.mark.parametrize("role", [*FamilyRole])
async def test_who_is_linked_cannot_undo_it_whatever_they_are(home: World, role: FamilyRole) -> None:
    """A promise is made first: nothing of what she is told may depend on it."""
    baby = await person(home.gus, home)
    if role is not FamilyRole.MEMBER:
        id = await member_id(home.people, home.family.id, home.ida)
        assert (await home.dora.ask(SET_ROLE, id=id, role=role.value)).data
    for _ in range(2):
        for user in (None, home.gus, home.dora):
            assert (await link(home.ida, home.receiver.id, user)).code == "FORBIDDEN"
        assert (await link(home.ida, baby["id"], home.ida)).error["extensions"]["reason"] == "PERSON_LINKED"
        assert (await home.ida.ask(DELETE, id=home.receiver.id)).code == "FORBIDDEN"
        assert await linked(home, home.receiver.id) == home.ida.id
        claim = Claim(id=Claim.fresh_id(), family_id=home.family.id, giving_id=home.giving.id, quantity=1)
        await home.keep(claim)


async def test_a_plain_member_links_and_unlinks_nobody_else(home: World) -> None:
    baby = await person(home.gina, home)
    assert (await link(home.gus, baby["id"], home.gina)).code == "FORBIDDEN"
    assert (await link(home.gus, home.receiver.id, None)).code == "FORBIDDEN"
    assert (await linked(home, baby["id"]), await linked(home, home.receiver.id)) == (None, home.ida.id)


async def test_who_comes_back_finds_the_surprise_kept(home: World) -> None:
    await home.another(home.gus)
    count = "{ lists { nodes { items { totalCount } } } }"
    assert (await home.ida.ask(LEAVE, id=home.family.id)).data
    assert (await home.ida.ask(count)).data == {"lists": {"nodes": []}}
    code = (await invite(home.dora, home.family.id))["code"]
    assert (await join(home.ida, code)).data
    assert (await home.ida.ask(count)).data == {"lists": {"nodes": [{"items": {"totalCount": 1}}]}}
    assert (await home.gus.ask(count)).data == {"lists": {"nodes": [{"items": {"totalCount": 2}}]}}


async def test_with_a_person_goes_all_that_is_for_them(home: World) -> None:
    assert (await home.gus.ask(DELETE, id=home.receiver.id)).data == {"deletePerson": {"deletedId": home.receiver.id}}
    for table in ("person", "gift_list", "list_item", "occasion_person"):
        left = f"select id from {table} where family_id = $1"  # noqa: S608 (names of ours)
        assert await rows(home.people, left, home.family.id) == []
    assert len(await rows(home.people, "select id from occasion where family_id = $1", home.family.id)) == 1


async def test_who_gives_them_something_hears_that_it_is_gone(home: World) -> None:
    """As the family hears of the lists."""
    claim = Claim(id=Claim.fresh_id(), family_id=home.family.id, giving_id=home.giving.id, quantity=1)
    claim.user_id = Id(home.gina.id)
    await home.keep(claim)
    mine, all = [f"givings:{home.gina.id}"], [f"family:{home.family.id}"]
    async with (
        hearing(home.gina, CHANGES, topics=mine) as hers,
        hearing(home.gus, CHANGES, topics=all) as family,
    ):
        assert (await home.gus.ask(DELETE, id=home.receiver.id)).data
        assert (await hers.next())["deletedId"] == home.item.id
        told = [(await family.next())["deletedId"] for _ in range(4)]
        guests = await rows(home.people, "select id from occasion_person where family_id = $1", home.family.id)
        assert (told[:2], told[3], guests) == ([home.item.id, home.list.id], home.receiver.id, [])
    assert (await home.gina.ask(QUERY_PERSON, id=home.receiver.id)).code == "PERSON_NOT_FOUND"


WAITING = """select count(*) from pg_stat_activity
where wait_event_type = 'Lock' and datname = current_database() and query ilike 'insert into person%'"""


async def test_who_writes_into_a_family_that_ends_at_that_moment_is_told_to_look_again(home: World) -> None:
    services = home.people.services
    async with services.db.transaction() as ending:
        await ending.execute(sql("delete from family where id = :id"), {"id": home.family.id})
        asked = asyncio.create_task(home.gus.ask(CREATE, input={"familyId": home.family.id, "name": "Baby"}))
        await until(lambda: services.db.fetchval(WAITING, []))
    answer = await asked
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "TRY_AGAIN")


VERBS = {
    "createPerson": 'createPerson(input: {familyId: $family, name: "X"}) { id }',
    "updatePerson": 'updatePerson(id: $person, input: {name: "X"}) { id }',
    "deletePerson": "deletePerson(id: $person) { deletedId }",
    "linkPerson": "linkPerson(id: $person) { id }",
}


@pytest.mark.parametrize("verb", VERBS)
async def test_a_stranger_finds_nobody(home: World, verb: str) -> None:
    _, users = await family(home.people, olga=FamilyRole.OWNER)
    name = "family" if "$family" in VERBS[verb] else "person"
    given = {"family": home.family.id, "person": home.receiver.id}
    everyone = "select * from person where family_id = $1 order by id"
    before = await rows(home.people, everyone, home.family.id)
    for stranger in (users["olga"], await home.people.one()):
        answer = await stranger.ask(f"mutation (${name}: ID!) {{ {VERBS[verb]} }}", **{name: given[name]})
        assert answer.code == f"{name.upper()}_NOT_FOUND"
    for id in ("", "\0", "nonsense"):
        answer = await home.dora.ask(f"mutation (${name}: ID!) {{ {VERBS[verb]} }}", **{name: id})
        assert answer.code == f"{name.upper()}_NOT_FOUND"
    assert await rows(home.people, everyone, home.family.id) == before

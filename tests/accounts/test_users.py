"""Reading users: oneself, and everybody for administrators."""

from typing import Any

import pytest

from db.accounts.users import Role
from tests.accounts.signing import INSUFFICIENT, MISSING, Hand, email_of, fresh, refusal
from tests.people import People, Person

FIELDS = "id email username name role timeZone version createdAt updatedAt"
USER = f"query ($id: ID!) {{ user(id: $id) {{ {FIELDS} }} }}"
NODE = "query ($id: ID!) { node(id: $id) { ... on User { id name } } }"
USERS = """query ($filter: UserFilter, $first: Int, $after: String, $last: Int, $before: String, $offset: Int) {
  users(filter: $filter, first: $first, after: $after, last: $last, before: $before, offset: $offset) {
    totalCount nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


async def found(person: Person, search: str | None, role: str | None = None, **paging: Any) -> Any:
    """A page of those whom a search finds, and perhaps a role."""
    filter = {name: value for name, value in (("search", search), ("role", role)) if value is not None}
    return (await person.ask(USERS, filter=filter, **paging)).data["users"]


def ids(page: Any) -> list[str]:
    return [node["id"] for node in page["nodes"]]


async def crowd(people: People, number: int, **more: Any) -> tuple[str, list[str]]:
    """A word, and the ids of those who have it in their names, the newest first."""
    word = fresh("crowd") + "x"
    made = [await people.one(name=f"{word} {place}", **more) for place in range(number)]
    return word, [person.id for person in reversed(made)]


async def test_me_is_who_asks_with_all_that_there_is(timed: People, clock: Hand) -> None:
    name = fresh("dora")
    dora = await timed.one(Role.AGENT, name="Dora K.", username=name, time_zone="Europe/Berlin")
    assert (await dora.ask(f"{{ me {{ {FIELDS} }} }}")).data["me"] == {
        "id": dora.id,
        "email": email_of(dora),
        "username": name,
        "name": "Dora K.",
        "role": "AGENT",
        "timeZone": "Europe/Berlin",
        "version": 1,
        "createdAt": clock.at.isoformat(),
        "updatedAt": clock.at.isoformat(),
    }


async def test_the_password_is_no_field(people: People) -> None:
    answer = await (await people.one()).ask("{ me { passwordHash } }")
    assert answer.code == "VALIDATION_ERROR"


async def test_one_may_read_oneself_by_id(people: People) -> None:
    dora = await people.one(name="Dora")
    assert (await dora.ask(USER, id=dora.id)).data["user"]["name"] == "Dora"
    assert (await dora.ask(NODE, id=dora.id)).data["node"] == {"id": dora.id, "name": "Dora"}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPER_ADMIN])
async def test_administrators_may_read_anybody(people: People, role: Role) -> None:
    admin, root = await people.one(role), await people.one(Role.SUPER_ADMIN, name="Root")
    assert (await admin.ask(USER, id=root.id)).data["user"]["email"] == email_of(root)
    assert (await admin.ask(NODE, id=root.id)).data["node"]["name"] == "Root"


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
async def test_others_are_not_found(people: People, role: Role) -> None:
    dora, stranger = await people.one(), await people.one(role)
    answer = await stranger.ask(USER, id=dora.id)
    assert refusal(answer) == ("USER_NOT_FOUND", f"User with id '{dora.id}' not found")
    assert answer.body["data"] == {"user": None}
    assert (await stranger.ask(NODE, id=dora.id)).data == {"node": None}


UNKNOWN = ["user_" + "0" * 32, "", "nonsense", "user_", "task_" + "0" * 32, "\0", "user_%", "ü" * 100]


@pytest.mark.parametrize("id", UNKNOWN)
@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
async def test_what_is_no_user_is_not_found(people: People, role: Role, id: str) -> None:
    answer = await (await people.one(role)).ask(USER, id=id)
    assert refusal(answer) == ("USER_NOT_FOUND", f"User with id '{id[:64]}' not found")
    assert answer.error["extensions"]["category"] == "NOT_FOUND"


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
async def test_the_list_is_for_administrators(people: People, role: Role) -> None:
    answer = await (await people.one(role)).ask(USERS)
    assert refusal(answer) == INSUFFICIENT
    assert answer.body["data"] is None


async def test_the_list_is_not_for_nobody(people: People) -> None:
    assert refusal(await people.nobody.ask(USERS)) == MISSING


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPER_ADMIN])
async def test_administrators_see_the_newest_first(people: People, role: Role) -> None:
    admin = await people.one(role)
    word, expected = await crowd(people, 3)
    page = await found(admin, word)
    assert ids(page) == expected
    assert page["totalCount"] == 3


async def test_pages_go_forward(people: People) -> None:
    admin = await people.one(Role.ADMIN)
    word, expected = await crowd(people, 5)
    first = await found(admin, word, first=2)
    second = await found(admin, word, first=2, after=first["pageInfo"]["endCursor"])
    third = await found(admin, word, first=2, after=second["pageInfo"]["endCursor"])
    assert [ids(page) for page in (first, second, third)] == [expected[:2], expected[2:4], expected[4:]]
    assert [page["pageInfo"]["hasNextPage"] for page in (first, second, third)] == [True, True, False]
    assert [page["pageInfo"]["hasPreviousPage"] for page in (first, second, third)] == [False, True, True]
    assert [page["totalCount"] for page in (first, second, third)] == [5, 5, 5]
    assert first["pageInfo"]["endCursor"] == first["edges"][1]["cursor"]


async def test_pages_go_backward(people: People) -> None:
    admin = await people.one(Role.ADMIN)
    word, expected = await crowd(people, 5)
    last = await found(admin, word, last=2)
    before = await found(admin, word, last=2, before=last["pageInfo"]["startCursor"])
    assert [ids(page) for page in (last, before)] == [expected[3:], expected[1:3]]


async def test_a_screen_may_jump_to_a_page(people: People) -> None:
    admin = await people.one(Role.ADMIN)
    word, expected = await crowd(people, 5)
    second = await found(admin, word, first=2, offset=2)
    assert ids(second) == expected[2:4]
    assert (second["pageInfo"]["hasNextPage"], second["pageInfo"]["hasPreviousPage"]) == (True, True)
    last = await found(admin, word, first=2, offset=4)
    assert ids(last) == expected[4:]
    assert (last["pageInfo"]["hasNextPage"], last["totalCount"]) == (False, 5)


async def test_a_jump_past_the_end_finds_nobody(people: People) -> None:
    admin = await people.one(Role.ADMIN)
    word, _ = await crowd(people, 2)
    page = await found(admin, word, first=2, offset=100)
    assert (ids(page), page["totalCount"], page["pageInfo"]["endCursor"]) == ([], 2, None)


async def test_who_comes_while_one_pages_is_not_seen_twice(people: People) -> None:
    admin = await people.one(Role.ADMIN)
    word, expected = await crowd(people, 4)
    first = await found(admin, word, first=2)
    await people.one(name=f"{word} newcomer")
    second = await found(admin, word, first=2, after=first["pageInfo"]["endCursor"])
    assert ids(first) + ids(second) == expected


@pytest.mark.parametrize(
    ("paging", "field"),
    [
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
        ({"last": 0}, "last"),
        ({"first": 1, "last": 1}, "last"),
        ({"after": "nonsense"}, "after"),
        ({"before": "nonsense"}, "before"),
        ({"offset": -1}, "offset"),
        ({"offset": 100_001}, "offset"),
    ],
)
async def test_paging_that_cannot_be_meant_is_told_by_field(people: People, paging: Any, field: str) -> None:
    answer = await (await people.one(Role.ADMIN)).ask(USERS, **paging)
    assert answer.code == "VALIDATION_ERROR"
    assert list(answer.details) == [field]


async def test_a_search_finds_parts_of_names_in_any_case(people: People) -> None:
    admin, word = await people.one(Role.ADMIN), fresh("zaphod")
    zaphod = await people.one(name=f"Mr. {word.upper()} Beeblebrox")
    assert ids(await found(admin, f" {word.title()} bee ")) == [zaphod.id]


async def test_a_search_finds_parts_of_e_mail_addresses_in_any_case(people: People) -> None:
    admin, word = await people.one(Role.ADMIN), fresh("trillian")
    trillian = await people.one(email=f"me.{word}@example.org")
    assert ids(await found(admin, f"{word}@EXAMPLE")) == [trillian.id]


@pytest.mark.parametrize("signs", ["%", "_", "\\", "'", "[a]", "ß"])
async def test_a_search_takes_signs_to_the_letter(people: People, signs: str) -> None:
    admin, word = await people.one(Role.ADMIN), fresh("ford")
    ford, _ = await people.one(name=f"{word}{signs}x"), await people.one(name=f"{word}ax")
    assert ids(await found(admin, f"{word}{signs}")) == [ford.id]


async def test_a_search_that_finds_nobody_is_an_empty_page(people: People) -> None:
    page = await found(await people.one(Role.ADMIN), fresh("nobody at all "))
    assert (ids(page), page["totalCount"]) == ([], 0)


@pytest.mark.parametrize(("search", "said"), [(" ", "at least 1"), ("x" * 101, "at most 100"), ("\1", "control")])
async def test_a_search_that_cannot_be_meant_is_told(people: People, search: str, said: str) -> None:
    answer = await (await people.one(Role.ADMIN)).ask(USERS, filter={"search": search})
    assert answer.code == "VALIDATION_ERROR"
    assert said in answer.details["search"][0]


async def test_a_role_is_found_exactly(people: People) -> None:
    admin = await people.one(Role.ADMIN)
    word, _ = await crowd(people, 2)
    agent = await people.one(Role.AGENT, name=f"{word} agent")
    page = await found(admin, word, "AGENT")
    assert (ids(page), page["totalCount"]) == ([agent.id], 1)


async def test_a_role_alone_finds_all_of_it(alone: People) -> None:
    admin = await alone.one(Role.ADMIN)
    agents = [await alone.one(Role.AGENT), await alone.one(Role.AGENT)]
    await alone.one()
    page = await found(admin, None, "AGENT")
    assert (ids(page), page["totalCount"]) == ([agents[1].id, agents[0].id], 2)


async def test_without_a_filter_everybody_is_found(alone: People) -> None:
    admin, dora = await alone.one(Role.ADMIN), await alone.one()
    page = (await admin.ask(USERS)).data["users"]
    assert (ids(page), page["totalCount"]) == ([dora.id, admin.id], 2)


async def test_a_role_that_is_none_is_refused(people: People) -> None:
    answer = await (await people.one(Role.ADMIN)).ask(USERS, filter={"role": "KING"})
    assert answer.code == "VALIDATION_ERROR"
    assert list(answer.details) == ["role"]

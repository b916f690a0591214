"""Changing a user: oneself, those of lower roles, and nobody else."""

from typing import Any

import pytest

from db.accounts.users import Role
from tests.accounts.signing import DENIED, Hand, email_of, entries, fresh, login, member, refusal
from tests.people import Answer, People, Person

UPDATE = """mutation ($id: ID!, $input: UpdateUserInput!, $expectedVersion: Int) {
  updateUser(id: $id, input: $input, expectedVersion: $expectedVersion) {
    id email username name role timeZone version createdAt updatedAt } }"""


async def update(person: Person, whom: Person, *, expected: Any = None, **changes: Any) -> Answer:
    more = {} if expected is None else {"expectedVersion": expected}
    return await person.ask(UPDATE, id=whom.id, input=changes, **more)


async def test_one_may_change_oneself(timed: People, clock: Hand) -> None:
    dora, name = await timed.one(), fresh("dora")
    made = clock.at.isoformat()
    moved = clock.forward(minutes=1).isoformat()
    email = f" New.{name}@Example.org"
    answer = await update(dora, dora, email=email, username=name.upper(), name=" Dora ", timeZone="Asia/Tokyo")
    assert answer.data["updateUser"] == {
        "id": dora.id,
        "email": f"new.{name}@example.org",
        "username": name,
        "name": "Dora",
        "role": "USER",
        "timeZone": "Asia/Tokyo",
        "version": 2,
        "createdAt": made,
        "updatedAt": moved,
    }


async def test_what_is_left_out_stays(people: People) -> None:
    dora = await people.one(name="Dora", username=fresh("dora"), time_zone="Asia/Tokyo")
    before = await people.row(dora.id)
    await update(dora, dora, name="Dora K.")
    after = await people.row(dora.id)
    assert after == before | {"name": "Dora K.", "version": 2, "updated_at": after["updated_at"]}


async def test_null_takes_the_user_name_away(people: People) -> None:
    dora = await people.one(username=fresh("dora"))
    assert (await update(dora, dora, username=None)).data["updateUser"]["username"] is None


async def test_a_user_name_that_was_taken_away_is_free(people: People) -> None:
    name = fresh("dora")
    dora, sam = await people.one(username=name), await people.one()
    await update(dora, dora, username=None)
    assert (await update(sam, sam, username=name)).data["updateUser"]["username"] == name


@pytest.mark.parametrize("field", ["email", "name", "timeZone"])
async def test_null_is_refused_where_there_must_be_something(people: People, field: str) -> None:
    dora = await people.one()
    before = await people.row(dora.id)
    answer = await update(dora, dora, **{field: None})
    assert answer.code == "VALIDATION_ERROR"
    assert answer.details == {field: ["must not be null"]}
    assert await people.row(dora.id) == before


RULES = [
    ("email", "dora", "An email address must have an @-sign."),
    ("name", " ", "String should have at least 1 character"),
    ("name", "x" * 101, "String should have at most 100 characters"),
    ("name", "Do\0ra", "must not contain control characters"),
    ("username", "ab", "String should have at least 3 characters"),
    ("username", "dora@example.org", "String should match pattern '^[a-z0-9][a-z0-9._-]*$'"),
    ("timeZone", "Mars/Base", "unknown time zone; use an IANA name such as Europe/Berlin"),
]


@pytest.mark.parametrize(("field", "value", "said"), RULES)
async def test_what_cannot_be_right_is_told_by_field(people: People, field: str, value: str, said: str) -> None:
    dora = await people.one()
    before = await people.row(dora.id)
    answer = await update(dora, dora, **{field: value})
    assert answer.code == "VALIDATION_ERROR"
    assert answer.details == {field: [said]}
    assert await people.row(dora.id) == before


@pytest.mark.parametrize("field", ["role", "password", "passwordHash", "id", "version"])
async def test_what_is_no_field_of_it_is_refused(people: People, field: str) -> None:
    dora = await people.one()
    before = await people.row(dora.id)
    answer = await update(dora, dora, **{field: "ADMIN"})
    assert answer.code == "VALIDATION_ERROR"
    assert list(answer.details) == [field]
    assert await people.row(dora.id) == before


async def test_nothing_to_change_changes_nothing(people: People) -> None:
    dora = await people.one(name="Dora")
    before = await people.row(dora.id)
    assert (await update(dora, dora)).data["updateUser"]["version"] == 1
    assert (await update(dora, dora, name="Dora")).data["updateUser"]["version"] == 1
    assert await people.row(dora.id) == before


@pytest.mark.parametrize(("field", "reason"), [("email", "EMAIL_EXISTS"), ("username", "USERNAME_EXISTS")])
async def test_what_another_has_is_a_conflict(people: People, field: str, reason: str) -> None:
    name = fresh("taken")
    taken: dict[str, Any] = {"email": f"{name}@example.org", "username": name}
    await people.one(**taken)
    dora = await people.one()
    before = await people.row(dora.id)
    answer = await update(dora, dora, **{field: taken[field].upper()})
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", reason)
    assert list(answer.details) == [field]
    assert await people.row(dora.id) == before


async def test_ones_own_address_in_another_case_is_no_conflict(people: People) -> None:
    dora = await people.one()
    assert (await update(dora, dora, email=email_of(dora).upper())).data["updateUser"]["version"] == 1


async def test_one_signs_in_with_the_new_address_and_no_more_with_the_old(people: People) -> None:
    dora = await member(people)
    await update(dora, dora, email=f"new.{email_of(dora)}")
    assert (await login(people, f"new.{email_of(dora)}")).data["login"]["user"]["id"] == dora.id
    assert (await login(people, email_of(dora))).code == "UNAUTHENTICATED"


async def test_the_expected_version_lets_a_change_through(people: People) -> None:
    dora = await people.one()
    assert (await update(dora, dora, expected=1, name="One")).data["updateUser"]["version"] == 2
    assert (await update(dora, dora, expected=2, name="Two")).data["updateUser"]["version"] == 3


@pytest.mark.parametrize("expected", [0, 1, 3, -1])
async def test_another_version_is_a_conflict(people: People, expected: int) -> None:
    dora = await people.one()
    await update(dora, dora, name="Two")
    before = await people.row(dora.id)
    answer = await update(dora, dora, expected=expected, name="Three")
    assert refusal(answer) == ("CONFLICT", f"User has changed meanwhile: version 2, not {expected}")
    assert answer.error["extensions"]["reason"] == "STALE_VERSION"
    assert await people.row(dora.id) == before


ABOVE = [
    (Role.ADMIN, Role.USER),
    (Role.ADMIN, Role.AGENT),
    (Role.SUPER_ADMIN, Role.USER),
    (Role.SUPER_ADMIN, Role.AGENT),
    (Role.SUPER_ADMIN, Role.ADMIN),
    (Role.SUPER_ADMIN, Role.SUPER_ADMIN),
]


@pytest.mark.parametrize(("role", "other"), ABOVE)
async def test_administrators_change_those_below_them(people: People, role: Role, other: Role) -> None:
    admin, dora = await people.one(role), await people.one(other)
    assert (await update(admin, dora, name="Renamed")).data["updateUser"]["name"] == "Renamed"
    assert (await people.row(dora.id))["name"] == "Renamed"


@pytest.mark.parametrize("other", [Role.ADMIN, Role.SUPER_ADMIN])
async def test_administrators_do_not_change_their_like_or_those_above(people: People, other: Role) -> None:
    admin, peer = await people.one(Role.ADMIN), await people.one(other)
    before = await people.row(peer.id)
    assert refusal(await update(admin, peer, name="Renamed")) == DENIED
    assert await people.row(peer.id) == before


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
async def test_to_a_stranger_there_is_no_such_user(people: People, role: Role) -> None:
    dora, stranger = await people.one(), await people.one(role)
    before = await people.row(dora.id)
    answer = await update(stranger, dora, expected=7, name="Renamed")
    assert refusal(answer) == ("USER_NOT_FOUND", f"User with id '{dora.id}' not found")
    assert await people.row(dora.id) == before


@pytest.mark.parametrize("id", ["", "nonsense", "user_", "user_" + "0" * 32, "task_" + "0" * 32, "\0"])
async def test_what_is_no_user_is_not_found(people: People, id: str) -> None:
    admin = await people.one(Role.SUPER_ADMIN)
    answer = await admin.ask(UPDATE, id=id, input={"name": "Renamed"})
    assert refusal(answer) == ("USER_NOT_FOUND", f"User with id '{id}' not found")


async def test_the_audit_knows_who_changed_what_of_whom(people: People) -> None:
    admin, dora = await people.one(Role.ADMIN), await people.one()
    await update(admin, dora, name="Renamed")
    assert await entries(people, dora.id) == [("user.update", admin.id, dora.id, "127.0.0.1")]


async def test_a_new_time_zone_counts_from_the_next_request_on(people: People) -> None:
    dora = await people.one(time_zone="Europe/Berlin")
    assert (await dora.task("Before", dueAt="2030-01-01T09:00:00Z"))["timeZone"] == "Europe/Berlin"
    await update(dora, dora, timeZone="Asia/Tokyo")
    assert (await dora.task("After", dueAt="2030-01-01T09:00:00Z"))["timeZone"] == "Asia/Tokyo"

"""Registering: by administrators, and by anybody where the settings say so."""

from typing import Any

import pytest

from db.accounts.users import Role
from tests.accounts.signing import INSUFFICIENT, INVALID, MISSING, PASSWORD, Hand, entries, fresh, login, refusal, rows
from tests.people import Answer, People, Person

REGISTER = """mutation ($input: RegisterInput!) {
  register(input: $input) { id email username name role timeZone version createdAt updatedAt } }"""


def given(**changes: Any) -> dict[str, Any]:
    """An input that is right, and its changes."""
    return {"email": f"{fresh('dora')}@example.org", "name": "Dora", "password": PASSWORD} | changes


async def register(person: Person, **changes: Any) -> Answer:
    return await person.ask(REGISTER, input=given(**changes))


async def nobody_named(people: People, name: str) -> bool:
    return await rows(people, "select id from user_account where name = :name", name=name) == []


async def test_an_administrator_registers_a_user(timed: People, clock: Hand) -> None:
    admin, name = await timed.one(Role.ADMIN), fresh("dora.k-")
    answer = await register(
        admin, email=f" {name.upper()}@Example.ORG ", username=f" {name.title()} ", timeZone="Europe/Berlin"
    )
    user = answer.data["register"]
    assert user | {"id": None} == {
        "id": None,
        "email": f"{name}@example.org",
        "username": name,
        "name": "Dora",
        "role": "USER",
        "timeZone": "Europe/Berlin",
        "version": 1,
        "createdAt": clock.at.isoformat(),
        "updatedAt": clock.at.isoformat(),
    }


async def test_what_is_not_said_has_a_default(people: People) -> None:
    user = (await register(await people.one(Role.SUPER_ADMIN))).data["register"]
    assert (user["username"], user["timeZone"], user["role"]) == (None, "UTC", "USER")


async def test_whoever_was_registered_may_sign_in(people: People) -> None:
    user = (await register(await people.one(Role.ADMIN))).data["register"]
    assert (await login(people, user["email"])).data["login"]["user"] == {"id": user["id"], "role": "USER"}


async def test_the_audit_knows_who_registered_whom(people: People) -> None:
    admin = await people.one(Role.ADMIN)
    user = (await register(admin)).data["register"]
    assert await entries(people, user["id"]) == [("user.register", admin.id, user["id"], "127.0.0.1")]


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
async def test_others_may_not_register_anybody(people: People, role: Role) -> None:
    name = fresh("Refused ")
    assert refusal(await register(await people.one(role), name=name)) == INSUFFICIENT
    assert await nobody_named(people, name)


async def test_nobody_may_not_register(people: People) -> None:
    name = fresh("Refused ")
    assert refusal(await register(people.nobody, name=name)) == MISSING
    assert await nobody_named(people, name)


async def test_a_token_that_is_no_longer_good_registers_nobody(people: People) -> None:
    name = fresh("Refused ")
    headers = {"authorization": "Bearer nonsense"}
    body = {"query": REGISTER, "variables": {"input": given(name=name)}}
    response = await people.http.post("/graphql", json=body, headers=headers)
    assert refusal(Answer(response.status_code, response.json())) == INVALID
    assert await nobody_named(people, name)


async def test_where_sign_up_is_open_anybody_registers_as_a_user(welcoming: People) -> None:
    user = (await register(welcoming.nobody)).data["register"]
    assert user["role"] == "USER"
    assert (await login(welcoming, user["email"])).data["login"]["user"]["id"] == user["id"]


@pytest.mark.parametrize("role", ["ADMIN", "SUPER_ADMIN"])
async def test_nobody_can_give_themselves_a_role(welcoming: People, role: str) -> None:
    name = fresh("Climber ")
    answer = await register(welcoming.nobody, name=name, role=role)
    assert answer.code == "VALIDATION_ERROR"
    assert list(answer.details) == ["role"]
    assert await nobody_named(welcoming, name)


async def test_the_audit_knows_that_somebody_registered_themselves(welcoming: People) -> None:
    user = (await register(welcoming.nobody)).data["register"]
    assert await entries(welcoming, user["id"]) == [("user.register", user["id"], user["id"], "127.0.0.1")]


async def test_where_sign_up_is_open_a_user_may_register_another(welcoming: People) -> None:
    user = (await register(await welcoming.one())).data["register"]
    assert (user["name"], user["role"]) == ("Dora", "USER")


@pytest.mark.parametrize("role", [None, Role.USER])
async def test_open_sign_up_is_throttled(strict: People, role: Role | None) -> None:
    person = strict.nobody if role is None else await strict.one(role)
    for _ in range(3):
        assert "errors" not in (await register(person)).body
    name = fresh("Fourth ")
    answer = await register(person, name=name)
    assert answer.code == "RATE_LIMITED"
    assert answer.error["extensions"]["retryAfter"] > 0
    assert await nobody_named(strict, name)


async def test_administrators_are_not_throttled(strict: People) -> None:
    admin = await strict.one(Role.ADMIN)
    for _ in range(4):
        assert "errors" not in (await register(admin)).body


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
async def test_an_address_that_is_taken_is_a_conflict_in_any_case(people: People, case: Any) -> None:
    taken, name = f"{fresh('taken')}@example.org", fresh("Second ")
    await people.one(email=taken)
    answer = await register(await people.one(Role.ADMIN), email=case(taken), name=name)
    assert refusal(answer) == ("CONFLICT", "Email already exists")
    assert answer.error["extensions"]["reason"] == "EMAIL_EXISTS"
    assert answer.details == {"email": ["Email already exists"]}
    assert await nobody_named(people, name)


async def test_an_address_is_taken_however_it_is_spelt(people: People) -> None:
    admin, name = await people.one(Role.ADMIN), fresh("dora")
    await register(admin, email=f"{name}@bücher.example")
    for spelt in (f"{name}@xn--bcher-kva.example", f"{name}@bu\u0308cher.example", f"{name}@BÜCHER.example"):
        assert (await register(admin, email=spelt)).error["extensions"]["reason"] == "EMAIL_EXISTS"


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
async def test_a_user_name_that_is_taken_is_a_conflict_in_any_case(people: People, case: Any) -> None:
    taken, name = fresh("taken"), fresh("Second ")
    await people.one(username=taken)
    answer = await register(await people.one(Role.ADMIN), username=case(taken), name=name)
    assert refusal(answer) == ("CONFLICT", "Username already exists")
    assert answer.error["extensions"]["reason"] == "USERNAME_EXISTS"
    assert answer.details == {"username": ["Username already exists"]}
    assert await nobody_named(people, name)


async def test_many_may_have_no_user_name(people: People) -> None:
    admin = await people.one(Role.ADMIN)
    for username in (None, None):
        assert (await register(admin, username=username)).data["register"]["username"] is None


RULES = [
    ("email", "", "An email address must have an @-sign."),
    ("email", "dora", "An email address must have an @-sign."),
    ("email", "dora@localhost", "The part after the @-sign is not valid. It should have a period."),
    ("email", "Dora <dora@example.org>", "A display name and angle brackets around the email address"),
    ("email", "dora@exam ple.org", "The part after the @-sign contains invalid characters"),
    ("email", "do\0ra@example.org", "The email address contains invalid characters before the @-sign"),
    ("email", f"{'x' * 250}@example.org", "String should have at most 254 characters"),
    ("name", "", "String should have at least 1 character"),
    ("name", " \t", "String should have at least 1 character"),
    ("name", "x" * 101, "String should have at most 100 characters"),
    ("name", "Do\0ra", "must not contain control characters"),
    ("name", "Do\x1bra", "must not contain control characters"),
    ("password", "", "String should have at least 8 characters"),
    ("password", "1234567", "String should have at least 8 characters"),
    ("password", "x" * 201, "String should have at most 200 characters"),
    ("username", "", "String should have at least 3 characters"),
    ("username", "ab", "String should have at least 3 characters"),
    ("username", "x" * 41, "String should have at most 40 characters"),
    ("username", "do ra", "String should match pattern"),
    ("username", "-dora", "String should match pattern"),
    ("username", "dora@example.org", "String should match pattern"),
    ("username", "dörte", "String should match pattern"),
    ("username", "dora\nk", "String should match pattern"),
    ("timeZone", "", "unknown time zone; use an IANA name such as Europe/Berlin"),
    ("timeZone", "Mars/Base", "unknown time zone; use an IANA name such as Europe/Berlin"),
    ("timeZone", "../../etc/passwd", "unknown time zone; use an IANA name such as Europe/Berlin"),
]


@pytest.mark.parametrize(("field", "value", "said"), RULES)
async def test_what_cannot_be_right_is_told_by_field(people: People, field: str, value: str, said: str) -> None:
    mark = fresh("rule")
    changes = {"email": f"{mark}@example.org"} | {field: value}
    [(before,)] = await rows(people, "select count(*) from audit_entry where action = 'user.register'")
    answer = await register(await people.one(Role.ADMIN), **changes)
    assert answer.code == "VALIDATION_ERROR"
    assert list(answer.details) == [field]
    assert answer.details[field][0].startswith(said)
    assert answer.error["message"] == f"Invalid input: {field}: {answer.details[field][0]}"
    assert await rows(people, "select id from user_account where email like :mark", mark=f"{mark}@%") == []
    assert await rows(people, "select count(*) from audit_entry where action = 'user.register'") == [(before,)]


async def test_all_that_cannot_be_right_is_told_at_once(people: People) -> None:
    wrong = {"email": "dora", "name": " ", "password": "short", "username": "!", "timeZone": "Mars"}
    answer = await register(await people.one(Role.ADMIN), **wrong)
    assert sorted(answer.details) == sorted(wrong)
    assert [len(said) for said in answer.details.values()] == [1] * 5


@pytest.mark.parametrize("field", ["email", "name", "password"])
async def test_what_is_left_out_is_told_by_field(people: People, field: str) -> None:
    input = given()
    del input[field]
    answer = await (await people.one(Role.ADMIN)).ask(REGISTER, input=input)
    assert answer.code == "VALIDATION_ERROR"
    assert list(answer.details) == [field]


@pytest.mark.parametrize("name", ["x", "x" * 100, "Ünal 🎈", "O'Neil; drop table user_account"])
async def test_a_name_may_be_of_100_characters_and_of_any_kind(people: People, name: str) -> None:
    assert (await register(await people.one(Role.ADMIN), name=f" {name} ")).data["register"]["name"] == name


@pytest.mark.parametrize("shape", ["{}", "{}.y-z_", "{:x<40}"])
async def test_a_user_name_may_be_of_40_characters_and_of_some_signs(people: People, shape: str) -> None:
    name = shape.format(fresh("abc"))
    assert (await register(await people.one(Role.ADMIN), username=name)).data["register"]["username"] == name


async def test_a_password_may_be_of_200_characters_and_of_any_kind(people: People) -> None:
    password = " pässwörd 🎈\0" + "x" * 188
    user = (await register(await people.one(Role.ADMIN), password=password)).data["register"]
    assert (await login(people, user["email"], password)).data["login"]["user"]["id"] == user["id"]

"""Every field of the accounts, asked by those whom it is not for: what they are told, and that nothing has changed."""

from typing import Any

import pytest

from db.accounts.users import Role
from tests.accounts.signing import INSUFFICIENT, INVALID, MISSING, PASSWORD, entries, fresh, member, refusal
from tests.people import Answer, People, Person

# With the variables $user and $session (one of that user's).
FIELDS = {
    "me": "query { me { id } }",
    "user": "query ($user: ID!) { user(id: $user) { id } }",
    "users": "query { users { nodes { id } totalCount } }",
    "sessions": "query { sessions { nodes { id } totalCount } }",
    "node(user)": "query ($user: ID!) { node(id: $user) { id } }",
    "node(session)": "query ($session: ID!) { node(id: $session) { id } }",
    "logout": "mutation { logout { deletedId } }",
    "logoutEverywhere": "mutation { logoutEverywhere }",
    "revokeSession": "mutation ($session: ID!) { revokeSession(id: $session) { deletedId } }",
    "register": 'mutation { register(input: {email: "x@example.org", name: "X", password: "12345678"}) { id } }',
    "updateUser": 'mutation ($user: ID!) { updateUser(id: $user, input: {name: "Taken over"}) { id } }',
    "deleteUser": "mutation ($user: ID!) { deleteUser(id: $user) { deletedId } }",
    "changePassword": f"""mutation {{
        changePassword(input: {{currentPassword: "{PASSWORD}", newPassword: "taken over"}}) {{ id }} }}""",
    "setUserRole": "mutation ($user: ID!) { setUserRole(id: $user, role: SUPER_ADMIN) { id } }",
}


async def state(people: People, person: Person) -> list[dict[str, Any]]:
    return [await people.row(person.id), await people.row(str(person.session_id))]


def variables(field: str, victim: Person) -> dict[str, Any]:
    given = {"user": victim.id, "session": victim.session_id}
    return {name: value for name, value in given.items() if f"${name}" in FIELDS[field]}


async def asked(person: Person, field: str, victim: Person) -> Answer:
    return await person.ask(FIELDS[field], **variables(field, victim))


@pytest.mark.parametrize("field", FIELDS)
async def test_nobody_is_told_that_a_token_is_missing(people: People, field: str) -> None:
    dora = await member(people)
    before = await state(people, dora)
    answer = await asked(people.nobody, field, dora)
    assert refusal(answer) == MISSING
    assert answer.body["data"] in (None, {"user": None}, {"node": None})
    assert await state(people, dora) == before


@pytest.mark.parametrize("field", FIELDS)
async def test_nobody_is_told_the_same_over_a_socket(people: People, field: str) -> None:
    dora = await member(people)
    before = await state(people, dora)
    async with people.nobody.socket() as socket:
        payload = await socket.ask(FIELDS[field], **variables(field, dora))
    [error] = payload["errors"]
    assert (error["extensions"]["code"], error["message"]) == MISSING
    assert await state(people, dora) == before


@pytest.mark.parametrize("field", FIELDS)
async def test_whose_session_has_ended_is_told_that_the_token_is_invalid(people: People, field: str) -> None:
    dora, gone = await member(people), await people.one(Role.SUPER_ADMIN)
    await gone.ask(FIELDS["logout"])
    before = await state(people, dora)
    assert refusal(await asked(gone, field, dora)) == INVALID
    assert await state(people, dora) == before


STRANGE = [
    ("user", "USER_NOT_FOUND"),
    ("updateUser", "USER_NOT_FOUND"),
    ("deleteUser", "USER_NOT_FOUND"),
    ("revokeSession", "SESSION_NOT_FOUND"),
    ("users", "FORBIDDEN"),
    ("register", "FORBIDDEN"),
    ("setUserRole", "FORBIDDEN"),
]


@pytest.mark.parametrize(("field", "code"), STRANGE)
@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
async def test_a_stranger_is_refused(people: People, role: Role, field: str, code: str) -> None:
    dora, stranger = await member(people), await people.one(role)
    before = await state(people, dora)
    answer = await asked(stranger, field, dora)
    assert answer.code == code
    assert answer.body["data"] in (None, {"user": None})
    assert await state(people, dora) == before


@pytest.mark.parametrize("field", ["node(user)", "node(session)"])
@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
async def test_to_a_stranger_a_node_is_nothing(people: People, role: Role, field: str) -> None:
    dora, stranger = await people.one(), await people.one(role)
    assert (await asked(stranger, field, dora)).data == {"node": None}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.SUPER_ADMIN])
async def test_sessions_are_not_even_for_administrators(people: People, role: Role) -> None:
    dora, admin = await people.one(), await people.one(role)
    before = await state(people, dora)
    assert (await asked(admin, "node(session)", dora)).data == {"node": None}
    assert (await asked(admin, "revokeSession", dora)).code == "SESSION_NOT_FOUND"
    assert await state(people, dora) == before


@pytest.mark.parametrize("field", ["logout", "logoutEverywhere", "changePassword"])
async def test_what_names_nobody_is_about_who_asks(people: People, field: str) -> None:
    dora, sam = await member(people), await member(people)
    before = await state(people, dora)
    assert "errors" not in (await asked(sam, field, dora)).body
    assert await state(people, dora) == before


@pytest.mark.parametrize("field", ["users", "register", "setUserRole"])
async def test_a_refusal_for_the_role_is_kept_in_the_audit(people: People, field: str) -> None:
    dora, sam = await people.one(), await people.one()
    answer = await asked(sam, field, dora)
    assert refusal(answer) == INSUFFICIENT
    assert await entries(people, sam.id) == [(f"refused.{field}", sam.id, None, "127.0.0.1")]


async def test_what_is_hidden_and_what_is_not_there_are_told_alike(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    missing = "user_" + "0" * 32
    for field in ("user", "updateUser", "deleteUser"):
        hidden = await asked(sam, field, dora)
        absent = await sam.ask(FIELDS[field], user=missing)
        assert hidden.error["message"].replace(dora.id, missing) == absent.error["message"]
        assert hidden.code == absent.code


async def test_a_conflict_tells_a_stranger_nothing_of_another_but_that_a_name_is_taken(people: People) -> None:
    name = fresh("dora")
    await people.one(username=name, name="Dora's secret")
    sam = await people.one()
    query = "mutation ($id: ID!, $input: UpdateUserInput!) { updateUser(id: $id, input: $input) { id } }"
    answer = await sam.ask(query, id=sam.id, input={"username": name})
    assert answer.error["extensions"]["reason"] == "USERNAME_EXISTS"
    assert "secret" not in str(answer.body)

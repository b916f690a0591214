"""Roles: only super administrators give them, and they count from the next request on."""

import asyncio

import pytest

from db.accounts.users import Role
from tests.accounts.signing import INSUFFICIENT, ME, MISSING, entries, refusal, rows
from tests.people import Answer, People, Person

SET_ROLE = "mutation ($id: ID!, $role: Role!) { setUserRole(id: $id, role: $role) { id role version } }"
USERS = "{ users(first: 1) { nodes { id } } }"
LAST = ("CONFLICT", "The last super administrator must stay")


async def set_role(person: Person, whom: Person, role: str) -> Answer:
    return await person.ask(SET_ROLE, id=whom.id, role=role)


@pytest.mark.parametrize("role", ["USER", "AGENT", "ADMIN", "SUPER_ADMIN"])
async def test_a_super_administrator_gives_any_role(people: People, role: str) -> None:
    root, dora = await people.one(Role.SUPER_ADMIN), await people.one(Role.AGENT)
    version = 1 if role == "AGENT" else 2
    expected = {"id": dora.id, "role": role, "version": version}
    assert (await set_role(root, dora, role)).data["setUserRole"] == expected
    assert (await people.row(dora.id))["role"] == role


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT, Role.ADMIN])
async def test_others_give_no_roles_to_others(people: People, role: Role) -> None:
    person, dora = await people.one(role), await people.one()
    before = await people.row(dora.id)
    assert refusal(await set_role(person, dora, "ADMIN")) == INSUFFICIENT
    assert await people.row(dora.id) == before


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT, Role.ADMIN])
async def test_others_give_no_roles_to_themselves(people: People, role: Role) -> None:
    person = await people.one(role)
    before = await people.row(person.id)
    assert refusal(await set_role(person, person, "SUPER_ADMIN")) == INSUFFICIENT
    assert await people.row(person.id) == before


async def test_nobody_gives_roles(people: People) -> None:
    dora = await people.one()
    before = await people.row(dora.id)
    assert refusal(await set_role(people.nobody, dora, "ADMIN")) == MISSING
    assert await people.row(dora.id) == before


@pytest.mark.parametrize("id", ["", "nonsense", "user_", "user_" + "0" * 32, "\0"])
async def test_what_is_no_user_is_not_found(people: People, id: str) -> None:
    answer = await (await people.one(Role.SUPER_ADMIN)).ask(SET_ROLE, id=id, role="ADMIN")
    assert refusal(answer) == ("USER_NOT_FOUND", f"User with id '{id}' not found")


async def test_a_role_that_is_none_is_refused(people: People) -> None:
    root, dora = await people.one(Role.SUPER_ADMIN), await people.one()
    answer = await set_role(root, dora, "KING")
    assert answer.code == "VALIDATION_ERROR"
    assert (await people.row(dora.id))["role"] == "USER"


async def test_a_new_role_counts_from_the_next_request_on(people: People) -> None:
    root, dora = await people.one(Role.SUPER_ADMIN), await people.one()
    assert refusal(await dora.ask(USERS)) == INSUFFICIENT
    await set_role(root, dora, "ADMIN")
    assert "errors" not in (await dora.ask(USERS)).body
    assert (await dora.ask(ME)).data["me"]["role"] == "ADMIN"


async def test_a_role_that_was_taken_away_is_gone_at_the_next_request(people: People) -> None:
    root, admin = await people.one(Role.SUPER_ADMIN), await people.one(Role.ADMIN)
    assert "errors" not in (await admin.ask(USERS)).body
    await set_role(root, admin, "USER")
    assert refusal(await admin.ask(USERS)) == INSUFFICIENT


async def test_on_an_open_socket_too(people: People) -> None:
    root, admin = await people.one(Role.SUPER_ADMIN), await people.one(Role.ADMIN)
    async with admin.socket() as socket:
        assert "errors" not in await socket.ask(USERS)
        await set_role(root, admin, "AGENT")
        [error] = (await socket.ask(USERS))["errors"]
    assert (error["extensions"]["code"], error["message"]) == INSUFFICIENT


async def test_a_super_administrator_may_step_down_while_there_is_another(people: People) -> None:
    root, _ = await people.one(Role.SUPER_ADMIN), await people.one(Role.SUPER_ADMIN)
    assert (await set_role(root, root, "USER")).data["setUserRole"]["role"] == "USER"
    assert refusal(await set_role(root, root, "SUPER_ADMIN")) == INSUFFICIENT


async def test_the_audit_knows_who_gave_which_role(people: People) -> None:
    root, dora = await people.one(Role.SUPER_ADMIN), await people.one()
    await set_role(root, dora, "AGENT")
    assert await entries(people, dora.id) == [("user.set_role", root.id, dora.id, "127.0.0.1")]
    statement = "select details from audit_entry where subject_id = :id"
    assert await rows(people, statement, id=dora.id) == [({"before": "USER", "after": "AGENT"},)]


async def test_the_audit_knows_who_was_refused(people: People) -> None:
    admin, dora = await people.one(Role.ADMIN), await people.one()
    await set_role(admin, dora, "ADMIN")
    assert await entries(people, admin.id) == [("refused.setUserRole", admin.id, None, "127.0.0.1")]


@pytest.mark.parametrize("role", ["USER", "AGENT", "ADMIN"])
async def test_the_last_super_administrator_cannot_step_down(alone: People, role: str) -> None:
    root, _ = await alone.one(Role.SUPER_ADMIN), await alone.one(Role.ADMIN)
    before = await alone.row(root.id)
    answer = await set_role(root, root, role)
    assert refusal(answer) == LAST
    assert answer.error["extensions"]["reason"] == "LAST_SUPER_ADMIN"
    assert await alone.row(root.id) == before


async def test_the_last_super_administrator_may_stay_one(alone: People) -> None:
    root = await alone.one(Role.SUPER_ADMIN)
    assert (await set_role(root, root, "SUPER_ADMIN")).data["setUserRole"]["version"] == 1


async def test_super_administrators_who_step_down_at_the_same_moment_leave_one(alone: People) -> None:
    roots = [await alone.one(Role.SUPER_ADMIN) for _ in range(4)]
    answers = await asyncio.gather(*(set_role(root, root, "USER") for root in roots))
    refused = [answer for answer in answers if "errors" in answer.body]
    assert [refusal(answer) for answer in refused] == [LAST]
    assert await rows(alone, "select count(*) from user_account where role = 'SUPER_ADMIN'") == [(1,)]

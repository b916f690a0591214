"""Deleting a user: with all that is theirs, at once, and never the last who may give roles."""

import asyncio

import pytest

from db.accounts.users import Role
from tests.accounts.signing import DENIED, INVALID, ME, WRONG, email_of, entries, login, member, refusal, rows
from tests.people import Answer, People, Person
from tests.sockets import Closed

DELETE = "mutation ($id: ID!) { deleteUser(id: $id) { deletedId } }"
LAST = ("CONFLICT", "The last super administrator must stay")


async def delete(person: Person, whom: Person) -> Answer:
    return await person.ask(DELETE, id=whom.id)


async def test_one_may_delete_oneself(people: People) -> None:
    dora = await people.one()
    assert (await delete(dora, dora)).data == {"deleteUser": {"deletedId": dora.id}}
    assert await people.row(dora.id) == {}


async def test_all_that_is_theirs_goes_with_them(people: People) -> None:
    dora = await member(people)
    await login(people, email_of(dora))
    label = await dora.label()
    parent = await dora.task("A task", labelIds=[label["id"]])
    await dora.task("A part of it", parentId=parent["id"])
    await delete(dora, dora)
    left = """select id from session where user_id = :id union select id from label where owner_id = :id
        union select id from task where owner_id = :id"""
    assert await rows(people, left, id=dora.id) == []


async def test_what_is_anothers_stays(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    task = await sam.task()
    await delete(dora, dora)
    assert await people.row(task["id"]) != {}
    assert (await sam.ask(ME)).data["me"]["id"] == sam.id


async def test_their_token_is_refused_at_once(people: People) -> None:
    dora, admin = await people.one(), await people.one(Role.ADMIN)
    assert (await dora.ask(ME)).data["me"]["id"] == dora.id
    await delete(admin, dora)
    assert refusal(await dora.ask(ME)) == INVALID


async def test_their_open_socket_is_closed(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        await delete(dora, dora)
        with pytest.raises(Closed) as closed:
            await socket.frame()
    assert (closed.value.code, closed.value.reason) == (4401, "Invalid or expired token")


async def test_they_cannot_sign_in_again(people: People) -> None:
    dora = await member(people)
    await delete(dora, dora)
    assert refusal(await login(people, email_of(dora))) == WRONG


async def test_their_address_is_free_again(people: People) -> None:
    dora = await people.one()
    await delete(dora, dora)
    assert (await people.one(email=email_of(dora))).id != dora.id


ABOVE = [
    (Role.ADMIN, Role.USER),
    (Role.ADMIN, Role.AGENT),
    (Role.SUPER_ADMIN, Role.ADMIN),
    (Role.SUPER_ADMIN, Role.SUPER_ADMIN),
]


@pytest.mark.parametrize(("role", "other"), ABOVE)
async def test_administrators_delete_those_below_them(people: People, role: Role, other: Role) -> None:
    admin, dora = await people.one(role), await people.one(other)
    assert (await delete(admin, dora)).data == {"deleteUser": {"deletedId": dora.id}}
    assert await people.row(dora.id) == {}


@pytest.mark.parametrize("other", [Role.ADMIN, Role.SUPER_ADMIN])
async def test_administrators_do_not_delete_their_like_or_those_above(people: People, other: Role) -> None:
    admin, peer = await people.one(Role.ADMIN), await people.one(other)
    before = await people.row(peer.id)
    assert refusal(await delete(admin, peer)) == DENIED
    assert await people.row(peer.id) == before


async def test_administrators_may_delete_themselves(people: People) -> None:
    admin = await people.one(Role.ADMIN)
    assert (await delete(admin, admin)).data == {"deleteUser": {"deletedId": admin.id}}


@pytest.mark.parametrize("role", [Role.USER, Role.AGENT])
async def test_to_a_stranger_there_is_no_such_user(people: People, role: Role) -> None:
    dora, stranger = await people.one(), await people.one(role)
    before = await people.row(dora.id)
    assert refusal(await delete(stranger, dora)) == ("USER_NOT_FOUND", f"User with id '{dora.id}' not found")
    assert await people.row(dora.id) == before


async def test_whoever_is_gone_is_not_found(people: People) -> None:
    admin, dora = await people.one(Role.ADMIN), await people.one()
    await delete(admin, dora)
    assert (await delete(admin, dora)).code == "USER_NOT_FOUND"


@pytest.mark.parametrize("id", ["", "nonsense", "user_", "user_" + "0" * 32, "session_" + "0" * 32, "\0"])
async def test_what_is_no_user_is_not_found(people: People, id: str) -> None:
    answer = await (await people.one(Role.SUPER_ADMIN)).ask(DELETE, id=id)
    assert refusal(answer) == ("USER_NOT_FOUND", f"User with id '{id}' not found")


async def test_the_audit_outlives_them(people: People) -> None:
    admin, dora = await people.one(Role.ADMIN), await people.one()
    await delete(admin, dora)
    assert await entries(people, dora.id) == [("user.delete", admin.id, dora.id, "127.0.0.1")]


async def test_the_last_super_administrator_must_stay(alone: People) -> None:
    root, _ = await alone.one(Role.SUPER_ADMIN), await alone.one(Role.ADMIN)
    before = await alone.row(root.id)
    answer = await delete(root, root)
    assert refusal(answer) == LAST
    assert answer.error["extensions"]["reason"] == "LAST_SUPER_ADMIN"
    assert await alone.row(root.id) == before
    assert (await root.ask(ME)).data["me"]["id"] == root.id


async def test_of_two_super_administrators_one_may_go(alone: People) -> None:
    root, other = await alone.one(Role.SUPER_ADMIN), await alone.one(Role.SUPER_ADMIN)
    assert (await delete(root, root)).data == {"deleteUser": {"deletedId": root.id}}
    assert refusal(await delete(other, other)) == LAST


async def test_super_administrators_who_go_at_the_same_moment_leave_one(alone: People) -> None:
    roots = [await alone.one(Role.SUPER_ADMIN) for _ in range(4)]
    answers = await asyncio.gather(*(delete(root, root) for root in roots))
    refused = [answer for answer in answers if "errors" in answer.body]
    assert [refusal(answer) for answer in refused] == [LAST]
    assert await rows(alone, "select count(*) from user_account") == [(1,)]


async def test_super_administrators_who_delete_each_other_leave_one(alone: People) -> None:
    one, two = await alone.one(Role.SUPER_ADMIN), await alone.one(Role.SUPER_ADMIN)
    await asyncio.gather(delete(one, two), delete(two, one))
    assert await rows(alone, "select count(*) from user_account") == [(1,)]

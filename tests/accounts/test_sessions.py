"""The list of one's sign-ins, and the ways to end them: what has ended is refused at once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from db.accounts.users import Role
from resolvers.accounts.tokens import access_token
from tests.accounts.signing import INVALID, ME, Hand, entries, member, refresh, refusal, rows, sign_in
from tests.people import People, Person
from tests.sockets import Closed

LIST = """query ($first: Int, $after: String, $last: Int, $before: String) {
  sessions(first: $first, after: $after, last: $last, before: $before) {
    totalCount nodes { id current } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
LOGOUT = "mutation { logout { deletedId } }"
EVERYWHERE = "mutation { logoutEverywhere }"
REVOKE = "mutation ($id: ID!) { revokeSession(id: $id) { deletedId } }"
BY_ID = "query ($id: ID!) { node(id: $id) { id ... on Session { current } } }"


async def devices(people: People, number: int) -> list[Person]:
    """So many sessions of one person, each begun a minute after the one before."""
    first = await people.one()
    found = [first]
    for minutes in range(1, number):
        another = await people.one()
        move = "update session set user_id = :user, last_used_at = last_used_at + make_interval(mins => :m)"
        await rows(people, f"{move} where id = :id", user=first.id, m=minutes, id=another.session_id)
        found.append(await as_user(another, first))
    return found


async def as_user(device: Person, owner: Person) -> Person:
    """The owner, in the session of that device."""
    services = device.people.services
    assert owner.user is not None
    assert device.session_id is not None
    token = access_token(services.settings, owner.user, device.session_id, services.clock())
    return replace(device, user=owner.user, token=token)


async def listed(person: Person, **paging: Any) -> Any:
    return (await person.ask(LIST, **paging)).data["sessions"]


async def test_the_latest_session_comes_first(people: People) -> None:
    old, middle, new = await devices(people, 3)
    assert [node["id"] for node in (await listed(old))["nodes"]] == [new.session_id, middle.session_id, old.session_id]


async def test_the_session_that_asks_is_marked(people: People) -> None:
    _, middle, new = await devices(people, 3)
    assert [node["current"] for node in (await listed(middle))["nodes"]] == [False, True, False]
    assert [node["current"] for node in (await listed(new))["nodes"]] == [True, False, False]


async def test_a_session_that_renews_its_tokens_becomes_the_latest(timed: People, clock: Hand) -> None:
    dora = await member(timed)
    clock.forward(minutes=1)
    phone, token = await sign_in(dora)
    clock.forward(minutes=1)
    laptop, _ = await sign_in(dora)
    clock.forward(minutes=1)
    await refresh(timed, token)
    ids = [node["id"] for node in (await listed(laptop))["nodes"]]
    assert ids == [phone.session_id, laptop.session_id, dora.session_id]


async def test_a_session_tells_of_its_device_and_times(timed: People, clock: Hand) -> None:
    dora, _ = await sign_in(await member(timed))
    began = clock.at.isoformat()
    fields = "id current userAgent address createdAt lastUsedAt expiresAt"
    [told, _] = (await dora.ask(f"{{ sessions {{ nodes {{ {fields} }} }} }}")).data["sessions"]["nodes"]
    assert told["userAgent"].startswith("python-httpx")
    assert told | {"userAgent": None, "expiresAt": None} == {
        "id": dora.session_id,
        "current": True,
        "userAgent": None,
        "address": "127.0.0.1",
        "createdAt": began,
        "lastUsedAt": began,
        "expiresAt": None,
    }


async def test_one_sees_only_ones_own_sessions(people: People) -> None:
    dora, _ = await people.one(), await people.one()
    assert (await listed(dora))["nodes"] == [{"id": dora.session_id, "current": True}]


async def test_an_administrator_too_sees_only_their_own_sessions(people: People) -> None:
    await people.one()
    root = await people.one(Role.SUPER_ADMIN)
    assert (await listed(root))["nodes"] == [{"id": root.session_id, "current": True}]


async def test_sessions_come_in_pages(people: People) -> None:
    devices_ = await devices(people, 5)
    dora, expected = devices_[0], [device.session_id for device in reversed(devices_)]
    first = await listed(dora, first=2)
    second = await listed(dora, first=2, after=first["pageInfo"]["endCursor"])
    third = await listed(dora, first=2, after=second["pageInfo"]["endCursor"])
    pages = [first, second, third]
    assert [node["id"] for page in pages for node in page["nodes"]] == expected
    assert [page["pageInfo"]["hasNextPage"] for page in pages] == [True, True, False]
    assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [False, True, True]
    assert [page["totalCount"] for page in pages] == [5, 5, 5]


async def test_sessions_come_in_pages_from_the_end(people: People) -> None:
    devices_ = await devices(people, 3)
    dora, expected = devices_[0], [device.session_id for device in reversed(devices_)]
    last = await listed(dora, last=2)
    assert [node["id"] for node in last["nodes"]] == expected[1:]
    before = await listed(dora, last=2, before=last["edges"][0]["cursor"])
    assert [node["id"] for node in before["nodes"]] == expected[:1]


async def test_a_session_that_has_expired_is_not_listed(timed: People, clock: Hand) -> None:
    dora = await member(timed)
    clock.forward(days=29)
    phone, _ = await sign_in(dora)
    clock.forward(days=1)
    phone, _ = await sign_in(dora)
    found = await listed(phone)
    assert dora.session_id not in [node["id"] for node in found["nodes"]]
    assert found["totalCount"] == 2


async def test_a_session_can_be_read_by_its_id(people: People) -> None:
    phone, laptop = await devices(people, 2)
    assert (await phone.ask(BY_ID, id=laptop.session_id)).data["node"] == {"id": laptop.session_id, "current": False}


async def test_a_session_that_has_ended_cannot_be_read_by_its_id(people: People) -> None:
    phone, laptop = await devices(people, 2)
    await laptop.ask(LOGOUT)
    assert (await phone.ask(BY_ID, id=laptop.session_id)).data["node"] is None


async def test_logging_out_ends_this_session_and_no_other(people: People) -> None:
    phone, laptop = await devices(people, 2)
    assert (await phone.ask(LOGOUT)).data == {"logout": {"deletedId": phone.session_id}}
    assert refusal(await phone.ask(ME)) == INVALID
    assert (await listed(laptop))["nodes"] == [{"id": laptop.session_id, "current": True}]


async def test_logging_out_keeps_the_row_with_the_time_of_its_end(timed: People, clock: Hand) -> None:
    dora = await timed.one()
    before = await timed.row(str(dora.session_id))
    await dora.ask(LOGOUT)
    assert await timed.row(str(dora.session_id)) == before | {"revoked_at": clock.at}


async def test_logging_out_twice_is_refused_like_any_token_that_has_ended(people: People) -> None:
    dora = await people.one()
    await dora.ask(LOGOUT)
    assert refusal(await dora.ask(LOGOUT)) == INVALID


async def test_logging_out_everywhere_ends_all_and_says_how_many(people: People) -> None:
    phone, laptop, tablet = await devices(people, 3)
    assert (await laptop.ask(EVERYWHERE)).data == {"logoutEverywhere": 3}
    for device in (phone, laptop, tablet):
        assert refusal(await device.ask(ME)) == INVALID


async def test_logging_out_everywhere_counts_what_the_list_showed(timed: People, clock: Hand) -> None:
    dora = await member(timed)
    await sign_in(dora)
    clock.forward(days=30)
    phone, _ = await sign_in(dora)
    laptop, _ = await sign_in(dora)
    await laptop.ask(LOGOUT)
    assert (await listed(phone))["totalCount"] == 1
    assert (await phone.ask(EVERYWHERE)).data == {"logoutEverywhere": 1}


async def test_logging_out_everywhere_leaves_others_signed_in(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    await dora.ask(EVERYWHERE)
    assert (await sam.ask(ME)).data["me"]["id"] == sam.id


async def test_one_of_ones_sessions_can_be_ended_from_another(people: People) -> None:
    phone, laptop = await devices(people, 2)
    assert (await laptop.ask(ME)).data["me"]["id"] == phone.id
    assert (await phone.ask(REVOKE, id=laptop.session_id)).data == {"revokeSession": {"deletedId": laptop.session_id}}
    assert refusal(await laptop.ask(ME)) == INVALID
    assert (await phone.ask(ME)).data["me"]["id"] == phone.id


async def test_a_session_that_has_ended_is_not_found(people: People) -> None:
    phone, laptop = await devices(people, 2)
    await laptop.ask(LOGOUT)
    row = await people.row(str(laptop.session_id))
    answer = await phone.ask(REVOKE, id=laptop.session_id)
    assert refusal(answer) == ("SESSION_NOT_FOUND", f"Session with id '{laptop.session_id}' not found")
    assert answer.error["extensions"]["category"] == "NOT_FOUND"
    assert await people.row(str(laptop.session_id)) == row


@pytest.mark.parametrize("id", ["", "nonsense", "session_", "user_" + "0" * 32, "session_" + "0" * 32, "\0"])
async def test_what_is_no_session_is_not_found(people: People, id: str) -> None:
    assert (await (await people.one()).ask(REVOKE, id=id)).code == "SESSION_NOT_FOUND"


async def test_the_audit_knows_of_each_end(people: People) -> None:
    phone, laptop, tablet = await devices(people, 3)
    await phone.ask(LOGOUT)
    await laptop.ask(REVOKE, id=tablet.session_id)
    await laptop.ask(EVERYWHERE)
    assert await entries(people, phone.id) == [
        ("session.logout", phone.id, phone.session_id, "127.0.0.1"),
        ("session.logout", phone.id, tablet.session_id, "127.0.0.1"),
        ("session.logout_everywhere", phone.id, phone.id, "127.0.0.1"),
    ]


End = Callable[[Person, Person], Awaitable[object]]
ENDS: dict[str, End] = {
    "logout": lambda phone, laptop: phone.ask(LOGOUT),
    "everywhere": lambda phone, laptop: laptop.ask(EVERYWHERE),
    "revoked": lambda phone, laptop: laptop.ask(REVOKE, id=phone.session_id),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
async def test_an_open_socket_of_a_session_that_ends_is_closed(people: People, end: End) -> None:
    phone, laptop = await devices(people, 2)
    async with phone.socket() as socket:
        assert (await socket.ask(ME))["data"]["me"]["id"] == phone.id
        await end(phone, laptop)
        with pytest.raises(Closed) as closed:
            await socket.frame()
    assert (closed.value.code, closed.value.reason) == (4401, "Invalid or expired token")

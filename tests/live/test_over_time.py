"""A stream lasts longer than what it began with: sessions end, roles change, databases are restored."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from db.accounts.sessions import Session
from db.accounts.users import Role, User
from kit.clock import now
from kit.ids import Id, new_id
from kit.settings import Settings
from live import log
from live.positions import Position
from resolvers import topics as topics_of_resolvers
from resolvers.accounts.tokens import access_token
from resolvers.context import Context
from schema import streams
from tests.clock import Watch
from tests.conftest import Served, served
from tests.people import People, Person
from tests.sockets import Closed, Socket
from tests.streams import asked

CHANGES = """subscription ($topics: [String!], $after: Cursor) { changes(topics: $topics, after: $after) { __typename
  ... on EntityChanged { node { ... on User { name } } } } }"""
ACTORS = """subscription { taskEvents { __typename ... on TaskChanged { task { title } actor { id } } } }"""


LOGOUT = "mutation { logout { deletedId } }"


async def test_a_revoked_session_closes_its_sockets_in_every_process(house: Served, settings: Settings) -> None:
    """Nothing more is told, not even what was written before the sockets could close."""
    dora = await house.people.one()
    async with served(settings) as other, house.people.nobody.socket() as stranger:
        elsewhere = Socket(other.socket_url, dora.token)
        async with dora.socket() as idle, dora.socket() as here, here.events(), elsewhere, elsewhere.events():
            await dora.ask(LOGOUT)
            await _told_of(house, dora)
            for socket in (idle, here, elsewhere):
                async with asyncio.timeout(1):
                    assert await _closed(socket) == (4401, "Invalid or expired token")
        assert await stranger.ask("{ __typename }") == {"data": {"__typename": "Query"}}


async def test_the_end_of_a_user_ends_everything_of_theirs(house: Served) -> None:
    dora, boss = await house.people.one(), await house.people.one(Role.SUPER_ADMIN)
    async with dora.socket() as idle, dora.socket() as socket, socket.events():
        await boss.ask("mutation ($id: ID!) { deleteUser(id: $id) { deletedId } }", id=dora.id)
        assert [await _closed(idle), await _closed(socket)] == [(4401, "Invalid or expired token")] * 2


@pytest.fixture
def clock() -> Watch:
    """At a whole second, as tokens end: one that is good for a second is good until it is moved."""
    return Watch(now().replace(microsecond=0))


@pytest.fixture
async def timed(settings: Settings, clock: Watch) -> AsyncIterator[Served]:
    """A server that goes by `clock`."""
    async with served(settings, clock) as running:
        yield running


async def test_the_last_of_a_token_closes_its_socket(timed: Served, clock: Watch) -> None:
    dora = await timed.people.one()
    async with Socket(timed.socket_url, await _token(timed, dora, timedelta(seconds=1))) as socket, socket.events():
        clock.at += timedelta(seconds=1)
        assert await _closed(socket) == (4401, "The access token has expired")


RENEW = "mutation ($token: String!) { renewConnection(accessToken: $token) { expiresAt } }"


async def test_who_renews_in_time_goes_on(timed: Served, clock: Watch) -> None:
    dora = await timed.people.one()
    short, long = await _token(timed, dora, timedelta(seconds=1)), await _token(timed, dora, timedelta(minutes=5))
    async with Socket(timed.socket_url, short) as socket, socket.events() as events:
        renewed = await socket.ask(RENEW, token=long)
        until = datetime.fromisoformat(renewed["data"]["renewConnection"]["expiresAt"])
        assert until - clock.at == timedelta(minutes=5)
        clock.at += timedelta(seconds=1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await events.next()
        task = await dora.task("Still here")
        assert (await events.next())["task"]["id"] == task["id"]


async def test_a_connection_goes_on_only_with_a_good_token_of_the_same_user(house: Served) -> None:
    dora, sam = await house.people.one(), await house.people.one()
    async with dora.socket() as socket:
        for token, code in (("nonsense", "UNAUTHENTICATED"), (sam.token, "FORBIDDEN")):
            answer = await socket.ask(RENEW, token=token)
            assert answer["errors"][0]["extensions"]["code"] == code
        assert await socket.ask("{ me { id } }") == {"data": {"me": {"id": dora.id}}}
    assert (await dora.ask(RENEW, token=dora.token)).code == "VALIDATION_ERROR", "HTTP has no connection to renew"


async def test_what_a_new_role_does_not_show_ends(house: Served) -> None:
    """A stream of another user's changes, which administrators may follow, is looked at before the next delivery."""
    admin, boss = await house.people.one(Role.ADMIN), await house.people.one(Role.SUPER_ADMIN)
    dora = await house.people.one()
    async with admin.socket() as socket:
        await socket.start(CHANGES, topics=[f"user:{dora.id}"])
        assert (await socket.frame())["payload"]["data"]["changes"] == {"__typename": "Ready"}
        await dora.ask('mutation ($id: ID!) { updateUser(id: $id, input: {name: "Theodora"}) { id } }', id=dora.id)
        assert (await socket.frame())["payload"]["data"]["changes"]["node"] == {"name": "Theodora"}
        await boss.ask("mutation ($id: ID!) { setUserRole(id: $id, role: USER) { role } }", id=admin.id)
        ended = await socket.frame()
        assert (ended["type"], ended["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
        assert (await socket.ask("{ me { role } }", id="2"))["data"] == {"me": {"role": "USER"}}


async def test_events_are_read_with_the_role_of_the_moment(house: Served) -> None:
    people = house.people
    boss, admin = await people.one(Role.SUPER_ADMIN), await people.one(Role.ADMIN)
    async with admin.socket() as socket, socket.events(query=ACTORS) as events:
        await admin.task("As an administrator")
        assert (await events.next())["actor"] == {"id": admin.id}
        query = "mutation ($id: ID!) { setUserRole(id: $id, role: USER) { role } }"
        await boss.ask(query, id=admin.id)
        await _told_by(house, str(admin.id), str(boss.id))
        assert (await events.next())["actor"] is None, "a USER may not see who another is"


async def _closed(socket: Socket) -> tuple[int, str]:
    """How it is closed; nothing but Ready may come before."""
    with pytest.raises(Closed) as caught:
        pytest.fail(f"a frame came instead: {await socket.frame()}")
    return caught.value.code, caught.value.reason


async def _token(house: Served, person: Person, life: timedelta) -> str:
    """A token of theirs that is good for so long."""
    services = house.services
    async with services.db.transaction() as session:
        user = (await session.scalars(select(User).where(User.id == person.id))).one()
        kept = (await session.scalars(select(Session.id).where(Session.user_id == person.id))).first()
    assert kept is not None
    began = services.clock() + life - timedelta(minutes=services.settings.access_token_minutes)
    return access_token(services.settings, user, kept, began)


async def _told_of(house: Served, owner: Person) -> None:
    """An event on somebody's tasks."""
    draft = log.Draft([f"tasks:{owner.id}"], log.Kind.UPDATED, "Task", Id("task_0"), None, house.services.clock())
    async with house.services.db.transaction() as session:
        await log.append(session, [draft])
    house.services.doorbell.ring()


async def _told_by(house: Served, owner: str, actor: str) -> None:
    """An event on somebody's tasks that another has caused."""
    async with house.services.db.transaction() as session:
        id = await session.scalar(text("select id from task where owner_id = :id"), {"id": owner})
        draft = log.Draft([f"tasks:{owner}"], log.Kind.UPDATED, "Task", id, actor, house.services.clock())  # type: ignore[arg-type]
        await log.append(session, [draft])
    house.services.doorbell.ring()


async def test_a_cursor_from_the_future_gets_a_resync(people: People) -> None:
    """As after a restore of an older copy: clients have heard what this database never knew."""
    dora = await people.one()
    async with dora.socket() as socket, socket.events() as events:
        state = people.services.tail.state
        position = state.opened(events.first["cursor"])
    assert position is not None
    ahead = state.cursor(Position(position.xid + 1_000_000, position.id))
    async with dora.socket() as socket, socket.events(ahead) as events:
        assert (events.first["__typename"], events.first["reason"]) == ("Resync", "EPOCH_CHANGED")
        task = await dora.task("Afterwards")
        assert (await events.next())["task"]["id"] == task["id"]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Whoever is let in waits there: the first event tells that somebody does, the second lets them go on."""
    waits, go, admit = asyncio.Event(), asyncio.Event(), topics_of_resolvers.admit

    async def slowly(ctx: Context, topics: Iterable[str]) -> None:
        await admit(ctx, topics)
        waits.set()
        await go.wait()

    monkeypatch.setattr(streams, "admit", slowly)
    return waits, go


async def test_a_role_that_is_lost_while_a_stream_begins_is_lost_to_it(
    house: Served, held: tuple[asyncio.Event, asyncio.Event]
) -> None:
    admin, boss = await house.people.one(Role.ADMIN), await house.people.one(Role.SUPER_ADMIN)
    waits, go = held
    async with admin.socket() as socket, asyncio.timeout(10):
        await socket.start(CHANGES, topics=[f"user:{boss.id}"])
        await waits.wait()
        await boss.ask("mutation ($id: ID!) { setUserRole(id: $id, role: USER) { role } }", id=admin.id)
        await _all_read(house)
        go.set()
        assert (await socket.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_session_that_ends_while_a_stream_begins_ends_it(
    house: Served, held: tuple[asyncio.Event, asyncio.Event]
) -> None:
    dora, (waits, go) = await house.people.one(), held
    async with asked(dora) as response, asyncio.timeout(10):
        await waits.wait()
        await dora.ask(LOGOUT)
        await _all_read(house)
        go.set()
        (error,) = json.loads((await response.event())["data"])["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def _all_read(house: Served) -> None:
    """All that is written has been read by the tail."""
    tail, read = house.services.tail, asyncio.Event()
    topic = f"tasks:{new_id('user')}"
    tail.followers.add([topic], read.set)
    async with house.services.db.transaction() as session:
        draft = log.Draft([topic], log.Kind.UPDATED, "Task", Id("task_0"), None, house.services.clock())
        await log.append(session, [draft])
    house.services.doorbell.ring()
    await read.wait()
    tail.followers.remove([topic], read.set)


async def test_a_session_ends_at_once_though_the_log_waits_at_its_fence(house: Served, settings: Settings) -> None:
    """In every process: some older transaction that writes, of whomever, holds up events but not this."""
    dora = await house.people.one()
    async with served(settings) as other, dora.socket() as here:
        elsewhere = Socket(other.socket_url, dora.token)
        async with elsewhere, elsewhere.events(), house.services.db.transaction() as older:
            await older.execute(text("select pg_current_xact_id()"))
            await dora.ask(LOGOUT)
            async with asyncio.timeout(5):
                assert await _closed(here) == (4401, "Invalid or expired token")
                assert await _closed(elsewhere) == (4401, "Invalid or expired token")

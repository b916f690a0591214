"""A stream lasts longer than what it began with: sessions end, roles change, databases are restored."""

from itertools import count

import pytest
from sqlalchemy import text

from db.accounts.users import Role
from kit.errors import Unauthenticated
from live import log
from live.positions import Position
from resolvers.context import Viewer
from tests.conftest import Served
from tests.people import People
from tests.sockets import EVENTS

ACTORS = """subscription { taskEvents { __typename ... on TaskChanged { task { title } actor { id } } } }"""


async def test_nothing_more_is_told_once_the_session_has_ended(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also not of what was waiting already: the session is looked at before each event."""
    dora, viewers, looks = await house.people.one(), house.services.viewers, count()
    again = viewers.again

    async def ended_after_five_events(viewer: Viewer) -> Viewer | Unauthenticated:
        return await again(viewer) if next(looks) <= 5 else Unauthenticated("Invalid or expired token")

    async with dora.socket() as socket, socket.events() as events:
        cursor = events.first["cursor"]
    for number in range(30):
        await dora.task(f"{number}")
    async with dora.socket() as socket:
        monkeypatch.setattr(viewers, "again", ended_after_five_events)  # the first look is the operation's own
        await socket.start(EVENTS, "2", after=cursor)
        ready = await socket.frame()
        assert ready["payload"]["data"]["taskEvents"] == {"__typename": "Ready", "cursor": cursor}
        frames = [await socket.frame()]
        while frames[-1]["type"] == "next":
            frames.append(await socket.frame())
    assert len(frames) == 5 + 1
    assert (frames[-1]["type"], frames[-1]["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")


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

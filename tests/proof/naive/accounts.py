"""What each field of users and their sessions is, and of what anything may be."""

from typing import Any

from db import models
from db.models import FamilyMember, Presence, Role, Seance, SeanceParticipant, SeanceVisibility, Session, User
from tests.proof.filters import keeps_user
from tests.proof.lists import Page
from tests.proof.naive.asked import FIELDS, NODES, Asked, answers, kind_of, page, seen_if, to_one


@seen_if(User)
def _(asked: Asked, user: User) -> bool:
    return _knows(asked, user) or _of_ones_families(asked, user) or _met(asked, user) or _receives(asked, user)


def _knows(asked: Asked, user: User) -> bool:
    return user.id == asked.me.id or asked.me.role in (Role.ADMIN, Role.SUPER_ADMIN)


def _of_ones_families(asked: Asked, user: User) -> bool:
    members = asked.world.of(FamilyMember).values()
    mine, theirs = ({member.family_id for member in members if member.user_id == id} for id in (asked.me.id, user.id))
    return not mine.isdisjoint(theirs)


def _met(asked: Asked, user: User) -> bool:
    """In a room where the viewer was not banned; those who came when the viewer had left they have not met."""
    seats = asked.world.of(SeanceParticipant).values()
    mine = {seat.seance_id: seat for seat in seats if seat.user_id == asked.me.id and seat.banned_at is None}
    others = [seat for seat in seats if seat.user_id == user.id and seat.seance_id in mine]
    lefts = [(seat, mine[seat.seance_id].left_at) for seat in others]
    return any(left is None or seat.created_at <= left for seat, left in lefts)


def _receives(asked: Asked, user: User) -> bool:
    """As the host of a public room that goes on."""
    rooms = asked.world.of(Seance).values()
    public = [room for room in rooms if room.visibility is SeanceVisibility.PUBLIC and room.ended_at is None]
    return any(room.host_id == user.id for room in public)


def _private(name: str, column: str) -> None:
    FIELDS[f"User.{name}"] = lambda asked, user: getattr(user, column) if _knows(asked, user) else None


for name, column in {"email": "email", "username": "username", "role": "role", "timeZone": "time_zone"}.items():
    _private(name, column)


@seen_if(Session)
def _(asked: Asked, session: Session) -> bool:
    return bool(session.user_id == asked.me.id)


@answers("Query.me")
def _(asked: Asked, _: None) -> Any:
    return asked.viewer


@answers("Query.user")
def _(asked: Asked, _: None, id: str) -> Any:
    return asked.one(User, id)


@answers("Query.users")
def _(asked: Asked, _: None, **given: Any) -> Page:
    rows = [user for user in asked.all(User) if keeps_user(user, given.get("filter") or {})]
    return page("users", rows, given)


@answers("Query.sessions")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return page("sessions", _sessions(asked), given)


def _sessions(asked: Asked) -> list[Session]:
    return [s for s in asked.all(Session) if s.revoked_at is None and s.expires_at > asked.now]


@answers("Query.presence")
def _(asked: Asked, _: None, topic: str, **given: Any) -> Page:
    asked.statements += not topic.endswith(f":{asked.me.id}")  # whether they may see whose topic it is
    rows = [row for row in asked.all(Presence) if row.topic == topic]
    first = {row.user_id: row for row in sorted(rows, key=lambda row: (row.since, row.id), reverse=True)}
    return page("presence", first.values(), given)


to_one("Presence.user", User, "user_id")


def _session(asked: Asked, id: str) -> Session | None:
    return next((session for session in _sessions(asked) if session.id == id), None)


NODES["Session"] = _session


@answers("Session.current")
def _(asked: Asked, session: Session) -> bool:
    return bool(session.id == asked.session_id)


@answers("Query.node")
def _node(asked: Asked, _: None, id: str) -> Any:
    kind = kind_of(id)
    if kind is None:
        return None
    return NODES[kind](asked, id) if kind in NODES else asked.one(getattr(models, kind), id)


@answers("Query.nodes")
def _(asked: Asked, _: None, ids: list[str]) -> list[Any]:
    return [_node(asked, None, id) for id in ids]

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, inspect, or_, select
from sqlalchemy.orm import aliased

from db.models import (  # all of them: an alias needs what it may lead to
    FamilyMember,
    Presence,
    Role,
    Seance,
    SeanceParticipant,
    SeanceVisibility,
    Session,
    TokenUsage,
    User,
)
from db.slots import VIEWER_ID, VIEWER_ROLE
from resolvers.policy import Policy, Rule, both, either, nobody, owner, role, through


def above(user: Any) -> ColumnElement[bool]:
    """An administrator may change those of lower roles; a super administrator everybody."""
    return and_(VIEWER_ROLE >= Role.ADMIN, or_(user.role < VIEWER_ROLE, VIEWER_ROLE == Role.SUPER_ADMIN))


def _among(users: Select[Any]) -> Rule:
    """They are one of those. As an array they are found once, not for every row that leads to a user."""
    return lambda user: user.id == func.any(func.array(users.scalar_subquery()))


def _of_one_family() -> Rule:
    mine, theirs = aliased(FamilyMember), aliased(FamilyMember)
    families = select(mine.family_id).where(mine.user_id == VIEWER_ID)
    return _among(select(theirs.user_id).distinct().where(theirs.family_id.in_(families)))


def _of_one_room() -> Rule:
    """They have been in one room, and came before the viewer left it. Who was banned has never been there."""
    mine, theirs = aliased(SeanceParticipant), aliased(SeanceParticipant)
    users = select(theirs.user_id).distinct().join(mine, mine.seance_id == theirs.seance_id)
    met = or_(mine.left_at.is_(None), theirs.created_at <= mine.left_at)
    return _among(users.where(mine.user_id == VIEWER_ID, mine.banned_at.is_(None), met))


def _hosts_for_all() -> Rule:
    """They are the host of a room that anybody may find."""
    room = aliased(Seance)
    open = room.ended_at.is_(None), room.visibility == SeanceVisibility.PUBLIC

    def holds(user: Any) -> ColumnElement[bool]:
        rooms = select(room.id).where(room.host_id == user.id, *open)
        return rooms.correlate(inspect(user).selectable).exists()

    return holds


knows_user = either(owner(User.id), role(Role.ADMIN))  # also how to reach them
sees_user = either(knows_user, _of_one_family(), _of_one_room(), _hosts_for_all())

POLICIES = {
    User: Policy(see=sees_user, change=either(owner(User.id), above)),
    Presence: Policy(
        see=both(lambda presence: presence.alive, through(Presence.user_id, User, sees_user)), change=nobody
    ),
    TokenUsage: Policy(see=either(owner(TokenUsage.user_id), role(Role.ADMIN)), change=nobody),
    Session: Policy(see=owner(Session.user_id), change=owner(Session.user_id)),
}

from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import aliased

from db.models import FamilyMember, Presence, Role, Session, User  # all of them: an alias needs what it may lead to
from db.slots import VIEWER_ID, VIEWER_ROLE
from resolvers.policy import Policy, Rule, both, either, nobody, owner, role, through


def above(user: Any) -> ColumnElement[bool]:
    """An administrator may change those of lower roles; a super administrator everybody."""
    return and_(VIEWER_ROLE >= Role.ADMIN, or_(user.role < VIEWER_ROLE, VIEWER_ROLE == Role.SUPER_ADMIN))


def _of_one_family() -> Rule:
    mine, theirs = aliased(FamilyMember), aliased(FamilyMember)
    families = select(mine.family_id).where(mine.user_id == VIEWER_ID)
    users = select(theirs.user_id).where(theirs.family_id.in_(families))
    return lambda user: user.id.in_(users)


knows_user = either(owner(User.id), role(Role.ADMIN))  # also how to reach them
sees_user = either(knows_user, _of_one_family())

POLICIES = {
    User: Policy(see=sees_user, change=either(owner(User.id), above)),
    Presence: Policy(
        see=both(lambda presence: presence.alive, through(Presence.user_id, User, sees_user)), change=nobody
    ),
    Session: Policy(see=owner(Session.user_id), change=owner(Session.user_id)),
}

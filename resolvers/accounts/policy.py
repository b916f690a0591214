from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from db.accounts.presence import Presence
from db.accounts.sessions import Session
from db.accounts.users import Role, User
from db.slots import VIEWER_ROLE
from resolvers.policy import Policy, both, either, nobody, owner, role, through


def above(user: Any) -> ColumnElement[bool]:
    """An administrator may change those of lower roles; a super administrator everybody."""
    return and_(VIEWER_ROLE >= Role.ADMIN, or_(user.role < VIEWER_ROLE, VIEWER_ROLE == Role.SUPER_ADMIN))


sees_user = either(owner(User.id), role(Role.ADMIN))

POLICIES = {
    User: Policy(see=sees_user, change=either(owner(User.id), above)),
    Presence: Policy(
        see=both(lambda presence: presence.alive, through(Presence.user_id, User, sees_user)), change=nobody
    ),
    Session: Policy(see=owner(Session.user_id), change=owner(Session.user_id)),
}

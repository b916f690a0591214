from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from db.accounts.sessions import Session
from db.accounts.users import Role, User
from db.slots import VIEWER_ROLE
from resolvers.policy import Policy, either, owner, role


def above(user: Any) -> ColumnElement[bool]:
    """An administrator may change those of lower roles; a super administrator everybody."""
    return and_(VIEWER_ROLE >= Role.ADMIN, or_(user.role < VIEWER_ROLE, VIEWER_ROLE == Role.SUPER_ADMIN))


POLICIES = {
    User: Policy(see=either(owner(User.id), role(Role.ADMIN)), change=either(owner(User.id), above)),
    Session: Policy(see=owner(Session.user_id), change=owner(Session.user_id)),
}

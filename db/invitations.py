"""Codes by which others come in: the columns of every kind of them."""

from datetime import datetime

from sqlalchemy import CheckConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Entity

MOST_USES = 100  # of one code


class Invitation(Entity):
    """Whoever knows the code may come in, so often and so long."""

    __abstract__ = True

    code: Mapped[str]
    expires_at: Mapped[datetime]
    most_uses: Mapped[int]
    uses: Mapped[int] = mapped_column(server_default=text("0"))
    revoked_at: Mapped[datetime | None]


def limited_uses() -> CheckConstraint:
    return CheckConstraint(f"most_uses between 1 and {MOST_USES} and uses between 0 and most_uses", name="uses")

"""A session is one sign-in on one device; its refresh tokens form a chain of which only the last one counts."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import ColumnElement

from db.accounts.identities import Identity
from db.accounts.users import User
from db.base import Base, Entity, well_formed_id
from db.slots import VIEWER_SESSION_ID
from kit.ids import Id


class Session(Entity):
    __tablename__ = "session"
    prefix: ClassVar[str] = "session"

    user_id: Mapped[Id] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    user_agent: Mapped[str | None]
    address: Mapped[str | None]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    # Of another issuer's: whose it is there, and which of theirs ("" where it names none).
    identity_id: Mapped[int | None] = mapped_column(ForeignKey(Identity.id, ondelete="CASCADE"))
    issuer_session: Mapped[str | None]

    @hybrid_property
    def current(self) -> bool:
        """Whether it is the one that asks; known only to statements."""
        raise NotImplementedError

    @current.inplace.expression
    @classmethod
    def _current(cls) -> ColumnElement[bool]:
        return cls.id == VIEWER_SESSION_ID

    __table_args__ = (
        well_formed_id("session"),
        CheckConstraint("length(user_agent) <= 300", name="user_agent_length"),
        Index("ix_session_user_id_last_used_at_id", "user_id", "last_used_at", "id"),
        Index("ix_session_expires_at", "expires_at"),
        Index(
            "ix_session_identity_id_issuer_session",
            "identity_id",
            "issuer_session",
            postgresql_where=text("identity_id is not null"),
        ),
    )


class RefreshToken(Base):
    """Only the SHA-256 of a token is kept. A used one stays until the session ends, so that its reuse is noticed."""

    __tablename__ = "refresh_token"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    session_id: Mapped[Id] = mapped_column(ForeignKey(Session.id, ondelete="CASCADE"), index=True)
    used_at: Mapped[datetime | None]

"""Who is looking at what, as server processes say. What they say counts until their lease ends."""

from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, func, select, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.sql import ColumnElement

from db.accounts.users import User
from db.base import Base, Entity, well_formed_id
from db.log import XID8
from kit.ids import Id

GONE_KEPT = timedelta(minutes=5)  # processes look once a second, and trust no look that is older than a minute


class PresenceLease(Base):
    """A process where somebody is present. It lives for as long as it renews this; then its rows count no more."""

    __tablename__ = "presence_lease"

    process: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]


class Presence(Entity):
    """Somebody who looks at a topic through one process, however many tabs. It is told, and never changed."""

    __tablename__ = "presence"
    prefix: ClassVar[str] = "presence"

    process: Mapped[str] = mapped_column(ForeignKey(PresenceLease.process, ondelete="CASCADE"))
    topic: Mapped[str]
    user_id: Mapped[Id] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    since: Mapped[datetime]

    created_at = version = updated_at = None  # type: ignore[assignment]  # columns that it has no use for

    user: Mapped[User] = relationship(lazy="raise")
    elsewhere: Mapped[list["Presence"]] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="and_(Presence.topic == remote(foreign(Presence.topic)),"
        " Presence.user_id == remote(foreign(Presence.user_id)))",
    )

    @hybrid_property
    def alive(self) -> bool:
        """Whether its process still is; known only to statements."""
        raise NotImplementedError

    @alive.inplace.expression
    @classmethod
    def _alive(cls) -> ColumnElement[bool]:
        return (
            select(PresenceLease).where(PresenceLease.process == cls.process, PresenceLease.until > func.now()).exists()
        )

    __table_args__ = (
        well_formed_id("presence"),
        Index("ix_presence_topic_since_id", "topic", "since", "id"),
        Index("ix_presence_user_id_topic", "user_id", "topic"),
        Index("ix_presence_process", "process"),
    )


class PresenceGone(Base):
    """Rows of a topic were deleted by a transaction. A trigger writes it, whoever deletes them: a process, or the end
    of a lease or of a user. Without it, who came and went between two looks would leave no trace.
    """

    __tablename__ = "presence_gone"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    topic: Mapped[str]
    xid: Mapped[int] = mapped_column(XID8, server_default=text("pg_current_xact_id()"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_presence_gone_topic_xid", "topic", "xid"),
        Index("ix_presence_gone_at", "at"),
    )

"""The tables of the event log; `live/log.py` says how they are read.

An event's position is `(xid, id)`. Readers see only rows whose transaction lies below the oldest one still open.
`grants` marks events that change who may see what: a role, a session, a membership. `hidden_from` are the users who
may follow its topics and are not told of it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, SmallInteger, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import String, UserDefinedType

from db.base import Base
from kit.ids import Id


class XID8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id, which never wraps around. asyncpg has no codec: read and write it as text."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


ischema_names["xid8"] = XID8  # so that reflection knows it


class Event(Base):
    __tablename__ = "event"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    xid: Mapped[int] = mapped_column(XID8, server_default=text("pg_current_xact_id()"))
    topics: Mapped[list[str]] = mapped_column(ARRAY(String))
    kind: Mapped[str]
    entity: Mapped[str]
    entity_id: Mapped[Id]
    actor_id: Mapped[Id | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    grants: Mapped[bool] = mapped_column(server_default=text("false"))
    hidden_from: Mapped[list[str]] = mapped_column(ARRAY(String), server_default=text("'{}'"))

    __table_args__ = (
        Index("ix_event_xid_id", "xid", "id"),
        Index("ix_event_at", "at"),
        Index("ix_event_topics", "topics", postgresql_using="gin"),
    )


class LogState(Base):
    """One row: which log this is, and the position up to which events have been pruned.

    `cluster` names the PostgreSQL the positions belong to. Where it differs from the one at hand (a restored dump, a
    promoted replica) the log begins anew under another epoch, and every cursor given out before gets a Resync.
    """

    __tablename__ = "log_state"

    row: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=text("1"))
    epoch: Mapped[str] = mapped_column(server_default=text("substr(md5(random()::text), 1, 12)"))
    secret: Mapped[str] = mapped_column(server_default=text("replace(gen_random_uuid()::text, '-', '')"))
    cluster: Mapped[str] = mapped_column(server_default=text("''"))
    pruned_xid: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    pruned_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))

    __table_args__ = (CheckConstraint("row = 1", name="one_row"),)

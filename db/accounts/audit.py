from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from kit.ids import Id


class AuditEntry(Base):
    """Who did, tried or was refused what. No foreign keys: the entry outlives what it speaks of."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    action: Mapped[str]
    actor_id: Mapped[Id | None]
    subject_id: Mapped[Id | None]
    address: Mapped[str | None]
    trace_id: Mapped[str | None]
    details: Mapped[dict[str, object]] = mapped_column(JSONB, server_default="{}")

    __table_args__ = (Index("ix_audit_entry_at", "at"), Index("ix_audit_entry_actor_id_at", "actor_id", "at"))

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class IdempotencyKey(Base):
    """A mutation that somebody asked to have done once: what its root fields did, and its answer.

    `id` is a hash of whose key it is and of the key, `fingerprint` one of the body, made with the key: what is kept
    tells neither. `results` are by response key, each written in the transaction that it is the result of. No foreign
    key: to check it would lock the user, in the way of whoever changes them. Rows go by age.
    """

    __tablename__ = "idempotency_key"

    id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    results: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_idempotency_key_at", "at"),)

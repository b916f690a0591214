from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, well_formed_id
from kit.ids import Id


class TokenUsage(Entity):
    """What an answer of a language model took, and whom it was for. `subject_id` is what was asked: a turn of a room.

    The cost is in millionths of a US dollar; null where nobody knows the model's prices.
    """

    __tablename__ = "token_usage"
    prefix: ClassVar[str] = "usage"

    user_id: Mapped[Id] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    subject_id: Mapped[Id]
    provider: Mapped[str]
    model: Mapped[str]
    input_tokens: Mapped[int] = mapped_column(BigInteger)
    output_tokens: Mapped[int] = mapped_column(BigInteger)
    cost_micro_usd: Mapped[int | None] = mapped_column(BigInteger)

    user: Mapped[User] = relationship(lazy="raise")

    __table_args__ = (
        well_formed_id("usage"),
        CheckConstraint("input_tokens >= 0 and output_tokens >= 0 and cost_micro_usd >= 0", name="not_negative"),
        Index("uq_token_usage_subject_id", "subject_id", unique=True),
        Index("ix_token_usage_user_id_created_at_id", "user_id", "created_at", "id"),
    )

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, enumeration, well_formed_id
from db.seances.messages import SeanceMessage
from db.seances.rooms import Seance
from kit.ids import Id

if TYPE_CHECKING:
    from db.accounts.usage import TokenUsage


class TurnState(StrEnum):
    """How far the spirit has come with a question."""

    QUEUED = "QUEUED"
    THINKING = "THINKING"
    ANSWERED = "ANSWERED"
    FAILED = "FAILED"


class TurnFailure(StrEnum):
    """Why there is no answer."""

    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"
    UNAVAILABLE = "UNAVAILABLE"
    INTERRUPTED = "INTERRUPTED"
    ENDED = "ENDED"


class SeanceTurn(Entity):
    """A question to the spirit, and what becomes of it. In a room the spirit thinks of one at a time.

    While it thinks, whoever works at it says so until `alive_until`; after that the turn has failed.
    """

    __tablename__ = "seance_turn"
    prefix: ClassVar[str] = "turn"

    seance_id: Mapped[Id] = mapped_column(ForeignKey(Seance.id, ondelete="CASCADE"))
    asked_by_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    question_id: Mapped[Id] = mapped_column(ForeignKey(SeanceMessage.id, ondelete="CASCADE"))
    answer_id: Mapped[Id | None] = mapped_column(ForeignKey(SeanceMessage.id, ondelete="CASCADE"))
    state: Mapped[TurnState] = mapped_column(enumeration(TurnState, "seance_turn_state"))
    failure: Mapped[TurnFailure | None] = mapped_column(enumeration(TurnFailure, "seance_turn_failure"))
    provider: Mapped[str | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    alive_until: Mapped[datetime | None]

    seance: Mapped[Seance] = relationship(lazy="raise", viewonly=True)
    asked_by: Mapped[User | None] = relationship(lazy="raise")
    question: Mapped[SeanceMessage] = relationship(lazy="raise", viewonly=True, foreign_keys=[question_id])
    answer: Mapped[SeanceMessage | None] = relationship(lazy="raise", viewonly=True, foreign_keys=[answer_id])
    usage: Mapped["TokenUsage | None"] = relationship(
        "TokenUsage",
        lazy="raise",
        viewonly=True,
        uselist=False,
        primaryjoin="SeanceTurn.id == remote(foreign(TokenUsage.subject_id))",
    )

    __table_args__ = (
        well_formed_id("turn"),
        CheckConstraint("(state = 'FAILED') = (failure is not null)", name="failed_for_a_reason"),
        CheckConstraint("(state = 'ANSWERED') = (answer_id is not null)", name="answered"),
        CheckConstraint("(state = 'THINKING') = (alive_until is not null)", name="somebody_thinks"),
        CheckConstraint("(state in ('ANSWERED', 'FAILED')) = (finished_at is not null)", name="finished"),
        Index("uq_seance_turn_thinking", "seance_id", unique=True, postgresql_where=text("state = 'THINKING'")),
        Index("ix_seance_turn_seance_id_created_at_id", "seance_id", "created_at", "id"),
        Index("ix_seance_turn_alive_until", "alive_until", postgresql_where=text("state = 'THINKING'")),
        Index("ix_seance_turn_asked_by_id", "asked_by_id"),
        Index("ix_seance_turn_question_id", "question_id"),
        Index("uq_seance_turn_answer_id", "answer_id", unique=True),
    )

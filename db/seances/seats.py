from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, and_, text
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, remote

from db.accounts.users import User
from db.base import Entity, enumeration, well_formed_id
from db.seances.rooms import Seance
from db.slots import VIEWER_ID
from kit.ids import Id


class LeftReason(StrEnum):
    """Why somebody has no seat any more."""

    LEFT = "LEFT"
    DROPPED = "DROPPED"
    KICKED = "KICKED"
    BANNED = "BANNED"


_HELD = text("left_at is null and held_until is not null")


class SeanceParticipant(Entity):
    """Somebody's seat in a room: one for each user, which they take again when they come back.

    They sit there while `left_at` is null; `held_until` is when they lose the seat unless they are heard of before,
    null while they are connected, and when the room has ended.
    """

    __tablename__ = "seance_participant"
    prefix: ClassVar[str] = "seat"

    seance_id: Mapped[Id] = mapped_column(ForeignKey(Seance.id, ondelete="CASCADE"))
    user_id: Mapped[Id] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    joined_at: Mapped[datetime]
    held_until: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    left_reason: Mapped[LeftReason | None] = mapped_column(enumeration(LeftReason, "seance_left_reason"))
    banned_at: Mapped[datetime | None]
    muted_at: Mapped[datetime | None]

    seance: Mapped[Seance] = relationship(lazy="raise", viewonly=True)
    user: Mapped[User] = relationship(lazy="raise")

    __table_args__ = (
        well_formed_id("seat"),
        CheckConstraint("(left_at is null) = (left_reason is null)", name="left_for_a_reason"),
        CheckConstraint("banned_at is null or left_at is not null", name="banned_have_no_seat"),
        Index("uq_seance_participant_seance_id_user_id", "seance_id", "user_id", unique=True),
        Index("ix_seance_participant_user_id_joined_at", "user_id", "joined_at"),
        Index("ix_seance_participant_seance_id_joined_at_id", "seance_id", "joined_at", "id"),
        Index("ix_seance_participant_seated", "seance_id", postgresql_where=text("left_at is null")),
        Index("ix_seance_participant_held", "held_until", postgresql_where=_HELD),
    )


_OF_VIEWER = and_(Seance.id == remote(foreign(SeanceParticipant.seance_id)), SeanceParticipant.user_id == VIEWER_ID)

Seance.my_seat = relationship(  # here, because rooms come before seats
    SeanceParticipant, primaryjoin=_OF_VIEWER, uselist=False, lazy="raise", viewonly=True
)

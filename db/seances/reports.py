from datetime import datetime
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, well_formed_id
from db.seances.messages import SeanceMessage
from db.seances.rooms import Seance
from kit.ids import Id


class SeanceReport(Entity):
    """Somebody finds that a message should not stand. `text` is what it said then, and `host_id` whose the room was.

    It outlives the room: nobody gets rid of a complaint by deleting what it is about.
    """

    __tablename__ = "seance_report"
    prefix: ClassVar[str] = "report"

    seance_id: Mapped[Id | None] = mapped_column(ForeignKey(Seance.id, ondelete="SET NULL"))
    message_id: Mapped[Id | None] = mapped_column(ForeignKey(SeanceMessage.id, ondelete="SET NULL"))
    reporter_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    sender_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    host_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    text: Mapped[str]
    reason: Mapped[str]
    resolved_at: Mapped[datetime | None]

    seance: Mapped[Seance | None] = relationship(lazy="raise", viewonly=True)
    message: Mapped[SeanceMessage | None] = relationship(lazy="raise", viewonly=True)
    reporter: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[reporter_id])
    sender: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[sender_id])

    __table_args__ = (
        well_formed_id("report"),
        CheckConstraint("length(reason) between 1 and 500", name="reason_length"),
        Index("uq_seance_report_message_id_reporter_id", "message_id", "reporter_id", unique=True),
        Index("ix_seance_report_seance_id_created_at_id", "seance_id", "created_at", "id"),
        Index("ix_seance_report_created_at_id", "created_at", "id"),
        Index("ix_seance_report_reporter_id", "reporter_id"),
        Index("ix_seance_report_sender_id", "sender_id"),
        Index("ix_seance_report_host_id", "host_id"),
    )

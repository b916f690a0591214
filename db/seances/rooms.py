from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, enumeration, well_formed_id
from db.words import words_of
from kit.ids import Id

if TYPE_CHECKING:
    from db.seances.invites import SeanceInvite
    from db.seances.messages import SeanceMessage
    from db.seances.reports import SeanceReport
    from db.seances.seats import SeanceParticipant
    from db.seances.turns import SeanceTurn


class SeanceVisibility(StrEnum):
    """Who may find a room and come in."""

    PUBLIC = "PUBLIC"
    UNLISTED = "UNLISTED"
    PRIVATE = "PRIVATE"


class Seance(Entity):
    """A room. `participant_count` is how many seats are taken; at the end, how many were.

    Whoever takes or frees a seat, passes the room on or ends it holds this row meanwhile.
    """

    __tablename__ = "seance"
    prefix: ClassVar[str] = "seance"

    name: Mapped[str]
    host_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    visibility: Mapped[SeanceVisibility] = mapped_column(
        enumeration(SeanceVisibility, "seance_visibility"), server_default=SeanceVisibility.PUBLIC
    )
    max_users: Mapped[int] = mapped_column(server_default=text("6"))
    participant_count: Mapped[int] = mapped_column(server_default=text("0"))
    locked: Mapped[bool] = mapped_column(server_default=text("false"))
    ended_at: Mapped[datetime | None]
    search: Mapped[Any] = mapped_column(TSVECTOR, words_of({"name": "A"}))

    host: Mapped[User | None] = relationship(lazy="raise")
    participants: Mapped[list["SeanceParticipant"]] = relationship("SeanceParticipant", lazy="raise", viewonly=True)
    my_seat: ClassVar[Any]  # the viewer's, see db/seances/seats.py
    messages: Mapped[list["SeanceMessage"]] = relationship("SeanceMessage", lazy="raise", viewonly=True)
    invites: Mapped[list["SeanceInvite"]] = relationship("SeanceInvite", lazy="raise", viewonly=True)
    turns: Mapped[list["SeanceTurn"]] = relationship("SeanceTurn", lazy="raise", viewonly=True)
    reports: Mapped[list["SeanceReport"]] = relationship("SeanceReport", lazy="raise", viewonly=True)

    __table_args__ = (
        well_formed_id("seance"),
        CheckConstraint("length(name) between 1 and 100", name="name_length"),
        CheckConstraint("max_users between 2 and 12", name="max_users"),
        CheckConstraint("participant_count between 0 and max_users", name="nobody_stands"),
        Index("ix_seance_created_at_id", "created_at", "id"),
        Index("ix_seance_going_on", "id", postgresql_where=text("ended_at is null")),
        Index("ix_seance_active", "created_at", "id", postgresql_where=text("ended_at is null")),
        Index("ix_seance_host_id", "host_id"),
        Index("ix_seance_search", "search", postgresql_using="gin"),
    )

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, false
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, enumeration, well_formed_id
from db.seances.rooms import Seance
from db.words import words_of
from kit.ids import Id

if TYPE_CHECKING:
    from db.seances.turns import SeanceTurn


class MessageKind(StrEnum):
    """Who speaks."""

    USER = "USER"
    SPIRIT = "SPIRIT"
    SYSTEM = "SYSTEM"


class SeanceMessage(Entity):
    """What is said in a room. What the spirit says is spelled letter by letter: `letter_timing` has the milliseconds
    of each character (Unicode code point) of the text, from `starts_at` on.
    """

    __tablename__ = "seance_message"
    prefix: ClassVar[str] = "seancemessage"

    seance_id: Mapped[Id] = mapped_column(ForeignKey(Seance.id, ondelete="CASCADE"))
    kind: Mapped[MessageKind] = mapped_column(enumeration(MessageKind, "seance_message_kind"))
    sender_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    text: Mapped[str]
    letter_timing: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    starts_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    withdrawn: Mapped[bool] = mapped_column(server_default=false())  # hidden by who said it
    search: Mapped[Any] = mapped_column(TSVECTOR, words_of({"text": "A"}))

    seance: Mapped[Seance] = relationship(lazy="raise", viewonly=True)
    sender: Mapped[User | None] = relationship(lazy="raise")
    turn: Mapped["SeanceTurn | None"] = relationship(
        "SeanceTurn",
        lazy="raise",
        viewonly=True,
        uselist=False,
        primaryjoin="SeanceMessage.id == remote(foreign(SeanceTurn.answer_id))",
    )

    __table_args__ = (
        well_formed_id("seancemessage"),
        CheckConstraint("length(text) between 1 and 1000", name="text_length"),
        CheckConstraint(
            "(kind = 'SPIRIT') = (letter_timing is not null) and (letter_timing is null) = (starts_at is null)"
            " and (letter_timing is null or cardinality(letter_timing) = length(text))",
            name="spelled",
        ),
        CheckConstraint("kind = 'USER' or sender_id is null", name="only_users_send"),
        CheckConstraint("hidden_at is not null or not withdrawn", name="withdrawn_is_hidden"),
        Index("ix_seance_message_seance_id_created_at_id", "seance_id", "created_at", "id"),
        Index("ix_seance_message_sender_id", "sender_id"),
        Index("ix_seance_message_search", "search", postgresql_using="gin"),
    )

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, well_formed_id
from db.gifts.families import Family
from db.words import words_of
from kit.ids import Id

if TYPE_CHECKING:
    from db.gifts.items import ListItem


class Person(Entity):
    """Somebody who is given presents; perhaps a user, from whom theirs are then kept."""

    __tablename__ = "person"
    prefix: ClassVar[str] = "person"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    user_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    name: Mapped[str]
    birthday: Mapped[date | None] = mapped_column(Date)
    sizes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    interests: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    unwanted: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    notes: Mapped[str | None]
    photo_url: Mapped[str | None]
    search: Mapped[Any] = mapped_column(TSVECTOR, words_of({"name": "A", "coalesce(notes, '')": "B"}))

    family: Mapped[Family] = relationship(lazy="raise", viewonly=True)
    user: Mapped[User | None] = relationship(lazy="raise")
    items: Mapped[list["ListItem"]] = relationship(
        "ListItem", lazy="raise", viewonly=True, primaryjoin="Person.id == foreign(ListItem.person_id)"
    )

    __table_args__ = (
        well_formed_id("person"),
        CheckConstraint("length(name) between 1 and 100", name="name_length"),
        CheckConstraint("length(notes) <= 10000", name="notes_length"),
        CheckConstraint("cardinality(sizes) <= 50 and cardinality(interests) <= 50", name="not_too_many_words"),
        CheckConstraint("cardinality(unwanted) <= 50", name="not_too_many_unwanted"),
        Index("ix_person_family_id_name_id", "family_id", "name", "id"),
        Index("ix_person_family_id_birthday_id", "family_id", "birthday", "id"),
        Index("ix_person_search", "search", postgresql_using="gin"),
        Index("uq_person_user_id_family_id", "user_id", "family_id", unique=True),
    )

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.base import Entity, enumeration, well_formed_id
from db.gifts.families import Family
from db.gifts.persons import Person
from kit.ids import Id

if TYPE_CHECKING:
    from db.gifts.lists import GiftList


class OccasionType(StrEnum):
    BIRTHDAY = "BIRTHDAY"
    CHRISTMAS = "CHRISTMAS"
    ANNIVERSARY = "ANNIVERSARY"
    WEDDING = "WEDDING"
    BIRTH = "BIRTH"
    GRADUATION = "GRADUATION"
    OTHER = "OTHER"


class Occasion(Entity):
    """A day on which presents are given. One that recurs has a row for each year; each knows the year before."""

    __tablename__ = "occasion"
    prefix: ClassVar[str] = "occasion"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    previous_id: Mapped[Id | None] = mapped_column(ForeignKey("occasion.id", ondelete="SET NULL"), unique=True)
    name: Mapped[str]
    type: Mapped[OccasionType] = mapped_column(enumeration(OccasionType, "occasion_type"))
    day: Mapped[date] = mapped_column(Date)
    recurs_yearly: Mapped[bool] = mapped_column(server_default=text("false"))
    budget_minor: Mapped[int | None] = mapped_column(BigInteger)
    notes: Mapped[str | None]

    family: Mapped[Family] = relationship(lazy="raise", viewonly=True)
    previous: Mapped["Occasion | None"] = relationship(
        lazy="raise", viewonly=True, remote_side="Occasion.id", foreign_keys=[previous_id]
    )
    next: Mapped["Occasion | None"] = relationship(
        lazy="raise",
        viewonly=True,
        uselist=False,
        primaryjoin="Occasion.id == remote(foreign(Occasion.previous_id))",
    )
    people: Mapped[list["OccasionPerson"]] = relationship(lazy="raise", viewonly=True)
    lists: Mapped[list["GiftList"]] = relationship("GiftList", lazy="raise", viewonly=True)

    __table_args__ = (
        well_formed_id("occasion"),
        CheckConstraint("length(name) between 1 and 100", name="name_length"),
        CheckConstraint("length(notes) <= 10000", name="notes_length"),
        CheckConstraint("budget_minor between 0 and 1000000000", name="budget"),
        Index("ix_occasion_family_id_day_id", "family_id", "day", "id"),
        Index("ix_occasion_day", "day", postgresql_where=text("recurs_yearly")),
    )


class OccasionPerson(Entity):
    """Somebody who is given presents on an occasion. `lists` are all those of the occasion, for whomever."""

    __tablename__ = "occasion_person"
    prefix: ClassVar[str] = "guest"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    occasion_id: Mapped[Id] = mapped_column(ForeignKey(Occasion.id, ondelete="CASCADE"))
    person_id: Mapped[Id] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"))
    budget_minor: Mapped[int | None] = mapped_column(BigInteger)

    family: Mapped[Family] = relationship(lazy="raise", viewonly=True)
    occasion: Mapped[Occasion] = relationship(lazy="raise", viewonly=True)
    person: Mapped[Person] = relationship(lazy="raise")
    lists: Mapped[list["GiftList"]] = relationship(
        "GiftList",
        lazy="raise",
        viewonly=True,
        primaryjoin="OccasionPerson.occasion_id == foreign(GiftList.occasion_id)",
    )

    __table_args__ = (
        well_formed_id("guest"),
        CheckConstraint("budget_minor between 0 and 1000000000", name="budget"),
        Index("uq_occasion_person_occasion_id_person_id", "occasion_id", "person_id", unique=True),
        Index("ix_occasion_person_occasion_id_created_at_id", "occasion_id", "created_at", "id"),
        Index("ix_occasion_person_person_id_created_at_id", "person_id", "created_at", "id"),
        Index("ix_occasion_person_family_id", "family_id"),
    )

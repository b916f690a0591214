from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, enumeration, well_formed_id
from db.gifts.families import Family
from db.gifts.keeping import Kept
from db.gifts.occasions import Occasion
from db.gifts.persons import Person
from db.words import words_of
from kit.ids import Id

if TYPE_CHECKING:
    from db.gifts.items import ListItem


class GiftListType(StrEnum):
    WISHLIST = "WISHLIST"
    IDEAS = "IDEAS"
    REGISTRY = "REGISTRY"
    SHOPPING = "SHOPPING"


class GiftListVisibility(StrEnum):
    """In rising order: a list may be shown to more, never to fewer."""

    PRIVATE = "PRIVATE"
    GIVERS = "GIVERS"
    FAMILY = "FAMILY"


class GiftList(Kept, Entity):
    """`kept_from` is the person it is for, where that is a surprise; `kept_until` when it is revealed."""

    __tablename__ = "gift_list"
    prefix: ClassVar[str] = "list"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    owner_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    person_id: Mapped[Id | None] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"))
    occasion_id: Mapped[Id | None] = mapped_column(ForeignKey(Occasion.id, ondelete="SET NULL"))
    name: Mapped[str]
    type: Mapped[GiftListType] = mapped_column(enumeration(GiftListType, "gift_list_type"))
    visibility: Mapped[GiftListVisibility] = mapped_column(
        enumeration(GiftListVisibility, "gift_list_visibility"), server_default=GiftListVisibility.FAMILY
    )
    surprise: Mapped[bool] = mapped_column(server_default=text("true"))
    reveal_at: Mapped[datetime | None]
    givers_see_each_other: Mapped[bool] = mapped_column(server_default=text("true"))
    search: Mapped[Any] = mapped_column(TSVECTOR, words_of({"name": "A"}))

    family: Mapped[Family] = relationship(lazy="raise", viewonly=True)
    owner: Mapped[User | None] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise", foreign_keys=[person_id])
    occasion: Mapped[Occasion | None] = relationship(lazy="raise")
    items: Mapped[list["ListItem"]] = relationship("ListItem", lazy="raise", viewonly=True)

    __table_args__ = (
        well_formed_id("list"),
        CheckConstraint("length(name) between 1 and 100", name="name_length"),
        Index("ix_gift_list_family_id_name_id", "family_id", "name", "id"),
        Index("ix_gift_list_family_id_created_at_id", "family_id", "created_at", "id"),
        Index("ix_gift_list_person_id_created_at_id", "person_id", "created_at", "id"),
        Index("ix_gift_list_occasion_id_created_at_id", "occasion_id", "created_at", "id"),
        Index("ix_gift_list_owner_id", "owner_id"),
        Index("ix_gift_list_kept_from_id", "kept_from_id"),
        Index("ix_gift_list_search", "search", postgresql_using="gin"),
    )

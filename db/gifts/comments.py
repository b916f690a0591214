from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, enumeration, well_formed_id
from db.gifts.families import Family
from db.gifts.gifts import Gift
from db.gifts.items import ListItem
from db.gifts.keeping import Kept
from db.gifts.lists import GiftList
from db.gifts.occasions import Occasion
from db.gifts.persons import Person
from kit.ids import Id


class CommentParent(StrEnum):
    """What can be commented on."""

    OCCASION = "OCCASION"
    LIST = "LIST"
    ITEM = "ITEM"
    GIFT = "GIFT"
    PERSON = "PERSON"


class Comment(Kept, Entity):
    """Exactly one of its parents is there. What others say is kept from the person, unless it is said openly."""

    __tablename__ = "comment"
    prefix: ClassVar[str] = "comment"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    author_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    parent_type: Mapped[CommentParent] = mapped_column(enumeration(CommentParent, "comment_parent"))
    parent_id: Mapped[Id]
    occasion_id: Mapped[Id | None] = mapped_column(ForeignKey(Occasion.id, ondelete="CASCADE"))
    list_id: Mapped[Id | None] = mapped_column(ForeignKey(GiftList.id, ondelete="CASCADE"))
    item_id: Mapped[Id | None] = mapped_column(ForeignKey(ListItem.id, ondelete="CASCADE"))
    gift_id: Mapped[Id | None] = mapped_column(ForeignKey(Gift.id, ondelete="CASCADE"))
    person_id: Mapped[Id | None] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"))
    text: Mapped[str]

    author: Mapped[User | None] = relationship(lazy="raise")
    occasion: Mapped[Occasion | None] = relationship(lazy="raise", viewonly=True)
    list: Mapped[GiftList | None] = relationship(lazy="raise", viewonly=True)
    item: Mapped[ListItem | None] = relationship(lazy="raise", viewonly=True)
    gift: Mapped[Gift | None] = relationship(lazy="raise", viewonly=True)
    person: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=[person_id])

    __table_args__ = (
        well_formed_id("comment"),
        CheckConstraint("length(text) between 1 and 5000", name="text_length"),
        CheckConstraint(
            "num_nonnulls(occasion_id, list_id, item_id, gift_id, person_id) = 1"
            " and parent_id = coalesce(occasion_id, list_id, item_id, gift_id, person_id)",
            name="one_parent",
        ),
        Index("ix_comment_parent_id_created_at_id", "parent_id", "created_at", "id"),
        Index("ix_comment_family_id", "family_id"),
        Index("ix_comment_author_id", "author_id"),
        Index("ix_comment_occasion_id", "occasion_id"),
        Index("ix_comment_list_id", "list_id"),
        Index("ix_comment_item_id", "item_id"),
        Index("ix_comment_gift_id", "gift_id"),
        Index("ix_comment_person_id", "person_id"),
        Index("ix_comment_kept_from_id", "kept_from_id"),
    )

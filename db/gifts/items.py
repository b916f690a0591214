"""An item has two sides, in two rows: the wish, which the person it is for may see, and the giving, which is kept."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, enumeration, well_formed_id
from db.gifts.families import Family, FamilyMember
from db.gifts.gifts import Gift
from db.gifts.keeping import Kept
from db.gifts.lists import GiftList
from db.gifts.persons import Person
from kit.ids import Id


class ItemStatus(StrEnum):
    """In the order in which a present comes about."""

    IDEA = "IDEA"
    SELECTED = "SELECTED"
    PURCHASED = "PURCHASED"
    RECEIVED = "RECEIVED"


class ListItem(Kept, Entity):
    """A gift on a list: what the person may know of it. Nothing that givers do changes this row.

    `person` never changes. While it is kept from them, they see those that they added themselves.
    """

    __tablename__ = "list_item"
    prefix: ClassVar[str] = "item"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    list_id: Mapped[Id] = mapped_column(ForeignKey(GiftList.id, ondelete="CASCADE"))
    gift_id: Mapped[Id] = mapped_column(ForeignKey(Gift.id, ondelete="CASCADE"))
    person_id: Mapped[Id | None] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"))
    added_by_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    quantity: Mapped[int] = mapped_column(server_default=text("1"))
    note: Mapped[str | None]

    list: Mapped[GiftList] = relationship(lazy="raise", viewonly=True)
    gift: Mapped[Gift] = relationship(lazy="raise", viewonly=True)
    person: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=[person_id])
    added_by: Mapped[User | None] = relationship(lazy="raise")
    giving: Mapped["Giving"] = relationship(lazy="raise", viewonly=True, uselist=False)

    __table_args__ = (
        well_formed_id("item"),
        CheckConstraint("quantity between 1 and 99", name="quantity"),
        CheckConstraint("length(note) <= 2000", name="note_length"),
        Index("ix_list_item_list_id_created_at_id", "list_id", "created_at", "id"),
        Index("ix_list_item_family_id_created_at_id", "family_id", "created_at", "id"),
        Index("ix_list_item_person_id_created_at_id", "person_id", "created_at", "id"),
        Index("ix_list_item_gift_id", "gift_id"),
        Index("ix_list_item_added_by_id", "added_by_id"),
        Index("ix_list_item_kept_from_id", "kept_from_id"),
    )


def _member(column: str) -> ForeignKeyConstraint:
    """Whom the column names is a member of the family; of those who leave it does not speak any more."""
    members = [FamilyMember.user_id, FamilyMember.family_id]
    return ForeignKeyConstraint([column, "family_id"], members, ondelete=f"SET NULL ({column})")


class Giving(Entity):
    """The other side of an item: how far it has come, and who gives it.

    `claimed` and `funded_minor` are the sums of the claims and contributions; whoever changes one of those holds this
    row's lock.
    """

    __tablename__ = "giving"
    prefix: ClassVar[str] = "giving"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    item_id: Mapped[Id] = mapped_column(ForeignKey(ListItem.id, ondelete="CASCADE"), unique=True)
    status: Mapped[ItemStatus] = mapped_column(enumeration(ItemStatus, "item_status"), server_default=ItemStatus.IDEA)
    status_changed_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    thanked_at: Mapped[datetime | None]
    assignee_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    price_paid_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    claimed: Mapped[int] = mapped_column(server_default=text("0"))
    organizer_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    target_minor: Mapped[int | None] = mapped_column(BigInteger)
    funded_minor: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))

    item: Mapped[ListItem] = relationship(lazy="raise", viewonly=True)
    assignee: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[assignee_id])
    organizer: Mapped[User | None] = relationship(lazy="raise", foreign_keys=[organizer_id])
    claims: Mapped[list["Claim"]] = relationship(lazy="raise", viewonly=True)
    contributions: Mapped[list["Contribution"]] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        well_formed_id("giving"),
        CheckConstraint("price_paid_minor between 0 and 1000000000", name="price"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso_4217"),
        CheckConstraint("claimed between 0 and 99", name="claimed"),
        CheckConstraint("target_minor between 1 and 1000000000", name="target"),
        CheckConstraint("funded_minor between 0 and coalesce(target_minor, 0)", name="not_over_funded"),
        _member("assignee_id"),
        _member("organizer_id"),
        Index("ix_giving_family_id_status", "family_id", "status"),
        Index("ix_giving_assignee_id", "assignee_id"),
        Index("ix_giving_organizer_id", "organizer_id"),
    )


class Claim(Entity):
    """Who gives how many of an item. An anonymous one is seen by its owner alone; `Giving.claimed` counts it.

    It stays when the user leaves the family or is deleted, and is then nobody's, until an administrator takes it off.
    """

    __tablename__ = "claim"
    prefix: ClassVar[str] = "claim"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    giving_id: Mapped[Id] = mapped_column(ForeignKey(Giving.id, ondelete="CASCADE"))
    user_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    quantity: Mapped[int]
    anonymous: Mapped[bool] = mapped_column(server_default=text("false"))

    giving: Mapped[Giving] = relationship(lazy="raise", viewonly=True)
    user: Mapped[User | None] = relationship(lazy="raise")

    __table_args__ = (
        well_formed_id("claim"),
        CheckConstraint("quantity between 1 and 99", name="quantity"),
        _member("user_id"),
        Index("uq_claim_giving_id_user_id", "giving_id", "user_id", unique=True),
        Index("ix_claim_giving_id_created_at_id", "giving_id", "created_at", "id"),
        Index("ix_claim_user_id_created_at_id", "user_id", "created_at", "id"),
        Index("ix_claim_family_id", "family_id"),
    )


class Contribution(Entity):
    """What somebody gives towards an item, in the currency of its giving."""

    __tablename__ = "contribution"
    prefix: ClassVar[str] = "contribution"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    giving_id: Mapped[Id] = mapped_column(ForeignKey(Giving.id, ondelete="CASCADE"))
    user_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    anonymous: Mapped[bool] = mapped_column(server_default=text("false"))

    giving: Mapped[Giving] = relationship(lazy="raise", viewonly=True)
    user: Mapped[User | None] = relationship(lazy="raise")

    __table_args__ = (
        well_formed_id("contribution"),
        CheckConstraint("amount_minor between 1 and 1000000000", name="amount"),
        _member("user_id"),
        Index("uq_contribution_giving_id_user_id", "giving_id", "user_id", unique=True),
        Index("ix_contribution_giving_id_created_at_id", "giving_id", "created_at", "id"),
        Index("ix_contribution_user_id", "user_id"),
        Index("ix_contribution_family_id", "family_id"),
    )

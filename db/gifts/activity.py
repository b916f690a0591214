from enum import StrEnum
from typing import ClassVar

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, enumeration, well_formed_id
from db.gifts.families import Family
from db.gifts.items import ItemStatus, ListItem
from db.gifts.keeping import Kept
from db.gifts.lists import GiftList
from db.gifts.occasions import Occasion
from db.gifts.persons import Person
from kit.ids import Id


class ActivityKind(StrEnum):
    MEMBER_JOINED = "MEMBER_JOINED"
    PERSON_ADDED = "PERSON_ADDED"
    OCCASION_ADDED = "OCCASION_ADDED"
    LIST_ADDED = "LIST_ADDED"
    ITEM_ADDED = "ITEM_ADDED"
    STATUS_CHANGED = "STATUS_CHANGED"
    ASSIGNED = "ASSIGNED"
    CLAIMED = "CLAIMED"
    UNCLAIMED = "UNCLAIMED"
    CONTRIBUTED = "CONTRIBUTED"
    COMMENTED = "COMMENTED"


class Activity(Kept, Entity):
    """What happened in a family; gone with what it speaks of. `actor` is null where givers do not see each other."""

    __tablename__ = "activity"
    prefix: ClassVar[str] = "activity"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    actor_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    kind: Mapped[ActivityKind] = mapped_column(enumeration(ActivityKind, "activity_kind"))
    status: Mapped[ItemStatus | None] = mapped_column(enumeration(ItemStatus, "item_status"))
    person_id: Mapped[Id | None] = mapped_column(ForeignKey(Person.id, ondelete="CASCADE"))
    occasion_id: Mapped[Id | None] = mapped_column(ForeignKey(Occasion.id, ondelete="CASCADE"))
    list_id: Mapped[Id | None] = mapped_column(ForeignKey(GiftList.id, ondelete="CASCADE"))
    item_id: Mapped[Id | None] = mapped_column(ForeignKey(ListItem.id, ondelete="CASCADE"))

    actor: Mapped[User | None] = relationship(lazy="raise")
    person: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=[person_id])
    occasion: Mapped[Occasion | None] = relationship(lazy="raise", viewonly=True)
    list: Mapped[GiftList | None] = relationship(lazy="raise", viewonly=True)
    item: Mapped[ListItem | None] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        well_formed_id("activity"),
        Index("ix_activity_family_id_created_at_id", "family_id", "created_at", "id"),
        Index("ix_activity_actor_id", "actor_id"),
        Index("ix_activity_person_id", "person_id"),
        Index("ix_activity_occasion_id", "occasion_id"),
        Index("ix_activity_list_id", "list_id"),
        Index("ix_activity_item_id", "item_id"),
        Index("ix_activity_kept_from_id", "kept_from_id"),
        Index("ix_activity_created_at", "created_at"),
    )

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, enumeration, well_formed_id
from db.invitations import Invitation, limited_uses
from kit.ids import Id

if TYPE_CHECKING:
    from db.gifts.activity import Activity
    from db.gifts.items import Giving, ListItem
    from db.gifts.occasions import Occasion
    from db.gifts.persons import Person


class FamilyRole(StrEnum):
    """In rising order: each may do what those before it may."""

    MEMBER = "MEMBER"
    ADMIN = "ADMIN"
    OWNER = "OWNER"

    @property
    def rank(self) -> int:
        return [*FamilyRole].index(self)


class Family(Entity):
    """Whatever belongs to it is invisible outside it. `ideas` are its items: a dashboard narrows them."""

    __tablename__ = "family"
    prefix: ClassVar[str] = "family"

    name: Mapped[str]
    currency: Mapped[str] = mapped_column(server_default=text("'EUR'"))
    givers_see_each_other: Mapped[bool] = mapped_column(server_default=text("true"))

    members: Mapped[list["FamilyMember"]] = relationship(lazy="raise", viewonly=True)
    invites: Mapped[list["FamilyInvite"]] = relationship(lazy="raise", viewonly=True)
    persons: Mapped[list["Person"]] = relationship("Person", lazy="raise", viewonly=True)
    occasions: Mapped[list["Occasion"]] = relationship("Occasion", lazy="raise", viewonly=True)
    items: Mapped[list["ListItem"]] = relationship("ListItem", lazy="raise", viewonly=True)
    ideas: Mapped[list["ListItem"]] = relationship("ListItem", lazy="raise", viewonly=True)
    givings: Mapped[list["Giving"]] = relationship("Giving", lazy="raise", viewonly=True)
    activity: Mapped[list["Activity"]] = relationship("Activity", lazy="raise", viewonly=True)

    __table_args__ = (
        well_formed_id("family"),
        CheckConstraint("length(name) between 1 and 100", name="name_length"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso_4217"),
        Index("ix_family_name_id", "name", "id"),
    )


class FamilyMember(Entity):
    __tablename__ = "family_member"
    prefix: ClassVar[str] = "member"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    user_id: Mapped[Id] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    role: Mapped[FamilyRole] = mapped_column(enumeration(FamilyRole, "family_role"), server_default=FamilyRole.MEMBER)

    family: Mapped[Family] = relationship(lazy="raise", viewonly=True)
    user: Mapped[User] = relationship(lazy="raise")
    person: Mapped["Person | None"] = relationship(
        "Person",
        lazy="raise",
        viewonly=True,
        uselist=False,
        primaryjoin="and_(FamilyMember.family_id == remote(foreign(Person.family_id)),"
        " FamilyMember.user_id == remote(foreign(Person.user_id)))",
    )

    __table_args__ = (
        well_formed_id("member"),
        Index("uq_family_member_user_id_family_id", "user_id", "family_id", unique=True),
        Index("ix_family_member_family_id_created_at_id", "family_id", "created_at", "id"),
    )


class FamilyInvite(Invitation):
    __tablename__ = "family_invite"
    prefix: ClassVar[str] = "invite"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    created_by_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    role: Mapped[FamilyRole] = mapped_column(enumeration(FamilyRole, "family_role"), server_default=FamilyRole.MEMBER)

    family: Mapped[Family] = relationship(lazy="raise", viewonly=True)
    created_by: Mapped[User | None] = relationship(lazy="raise")

    __table_args__ = (
        well_formed_id("invite"),
        CheckConstraint("role <> 'OWNER'", name="nobody_is_invited_to_own"),
        limited_uses(),
        Index("uq_family_invite_code", "code", unique=True),
        Index("ix_family_invite_family_id_created_at_id", "family_id", "created_at", "id"),
        Index("ix_family_invite_created_by_id", "created_by_id"),
    )

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import Entity, enumeration, well_formed_id
from db.gifts.families import Family
from db.gifts.keeping import Kept
from db.words import words_of
from kit.ids import Id

if TYPE_CHECKING:
    from db.gifts.items import ListItem


class PageState(StrEnum):
    """How far the reading of a gift's page has come."""

    NONE = "NONE"
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"


class Gift(Kept, Entity):
    """Something that can be given; lists have it as their items.

    One that is `unlisted`, made on somebody's private list, or `removed` is there for whoever added it and those who
    see an item with it. `typed` are the columns that somebody has filled in by hand, which its page may not fill any
    more.
    """

    __tablename__ = "gift"
    prefix: ClassVar[str] = "gift"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    added_by_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))
    name: Mapped[str]
    description: Mapped[str | None]
    url: Mapped[str | None]
    price_minor: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str | None]
    image_url: Mapped[str | None]
    source: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    typed: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    page_state: Mapped[PageState] = mapped_column(
        enumeration(PageState, "gift_page_state"), server_default=PageState.NONE
    )
    page_warnings: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    page_read_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    unlisted: Mapped[bool] = mapped_column(server_default=text("false"))
    search: Mapped[Any] = mapped_column(
        TSVECTOR, words_of({"name": "A", "coalesce(source, '')": "B", "coalesce(description, '')": "C"})
    )

    family: Mapped[Family] = relationship(lazy="raise", viewonly=True)
    added_by: Mapped[User | None] = relationship(lazy="raise")
    prices: Mapped[list["GiftPrice"]] = relationship(lazy="raise", viewonly=True)
    items: Mapped[list["ListItem"]] = relationship(lazy="raise", viewonly=True)
    # Those of the same page, itself too.
    twins: Mapped[list["Gift"]] = relationship(
        lazy="raise",
        viewonly=True,
        primaryjoin="and_(Gift.url == remote(foreign(Gift.url)), Gift.family_id == remote(foreign(Gift.family_id)))",
    )

    __table_args__ = (
        well_formed_id("gift"),
        CheckConstraint("length(name) between 1 and 200", name="name_length"),
        CheckConstraint("length(description) <= 10000", name="description_length"),
        CheckConstraint("length(url) <= 2000 and length(image_url) <= 2000", name="url_length"),
        CheckConstraint("price_minor between 0 and 1000000000", name="price"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso_4217"),
        CheckConstraint("(price_minor is null) = (currency is null)", name="price_has_a_currency"),
        CheckConstraint("cardinality(tags) <= 20", name="not_too_many_tags"),
        Index("ix_gift_family_id_created_at_id", "family_id", "created_at", "id"),
        Index("ix_gift_family_id_name_id", "family_id", "name", "id"),
        Index("ix_gift_family_id_price_minor_id", "family_id", "price_minor", "id"),
        Index("ix_gift_url", "url", postgresql_using="hash"),
        Index("ix_gift_added_by_id", "added_by_id"),
        Index("ix_gift_kept_from_id", "kept_from_id"),
        Index("ix_gift_search", "search", postgresql_using="gin"),
        Index("ix_gift_name_trigrams", "name", postgresql_using="gin", postgresql_ops={"name": "gin_trgm_ops"}),
    )


class GiftPrice(Entity):
    """What it cost from then on."""

    __tablename__ = "gift_price"
    prefix: ClassVar[str] = "price"

    family_id: Mapped[Id] = mapped_column(ForeignKey(Family.id, ondelete="CASCADE"))
    gift_id: Mapped[Id] = mapped_column(ForeignKey(Gift.id, ondelete="CASCADE"))
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str]

    gift: Mapped[Gift] = relationship(lazy="raise", viewonly=True)

    __table_args__ = (
        well_formed_id("price"),
        CheckConstraint("price_minor between 0 and 1000000000", name="price"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_iso_4217"),
        Index("ix_gift_price_gift_id_created_at_id", "gift_id", "created_at", "id"),
        Index("ix_gift_price_family_id", "family_id"),
    )

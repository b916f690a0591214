from enum import StrEnum
from typing import ClassVar

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Entity, enumeration, well_formed_id


class Role(StrEnum):
    """In rising order: each may do what those before it may."""

    USER = "USER"
    AGENT = "AGENT"
    ADMIN = "ADMIN"
    SUPER_ADMIN = "SUPER_ADMIN"

    @property
    def rank(self) -> int:
        return _RANKS[self]


_RANKS = {role: rank for rank, role in enumerate(Role)}


class User(Entity):
    __tablename__ = "user_account"
    prefix: ClassVar[str] = "user"

    email: Mapped[str]
    username: Mapped[str | None]
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(enumeration(Role, "user_role"), server_default=Role.USER)
    time_zone: Mapped[str] = mapped_column(server_default=text("'UTC'"))
    password_hash: Mapped[str | None]

    __table_args__ = (
        well_formed_id("user"),
        CheckConstraint("email = lower(email) and length(email) between 3 and 254", name="email_is_lower_case"),
        CheckConstraint("username = lower(username) and length(username) between 3 and 40", name="username_shape"),
        CheckConstraint("length(name) between 1 and 100", name="name_length"),
        Index("uq_user_account_email", "email", unique=True),
        Index("uq_user_account_username", "username", unique=True),
        Index("ix_user_account_created_at_id", "created_at", "id"),
    )

"""What every model has: an id that names its type, its times, and constraints with predictable names."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, DateTime, Enum, MetaData, String, func
from sqlalchemy.dialects.postgresql import ARRAY, asyncpg
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine

from kit.ids import PATTERN, Id, new_id

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

DIALECT = asyncpg.dialect()  # type: ignore[no-untyped-call]  # for which statements are compiled

# Ids are compared byte by byte: cheaper than by a language's rules, and the same on every server.
ID = String(collation="C")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, TypeEngine[Any]]] = {
        Id: ID,
        str: String(),
        datetime: DateTime(timezone=True),
        list[str]: ARRAY(String()),
    }


class Entity(Base):
    """A table that clients see: its rows have global ids. `prefix` is the word their ids begin with."""

    __abstract__ = True
    prefix: ClassVar[str]

    id: Mapped[Id] = mapped_column(primary_key=True, sort_order=-1)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=1)
    version: Mapped[int] = mapped_column(server_default="1", sort_order=1)
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=1)

    @classmethod
    def fresh_id(cls) -> Id:
        return new_id(cls.prefix)


def well_formed_id(prefix: str) -> CheckConstraint:
    return CheckConstraint(f"id ~ '^{prefix}{PATTERN}'", name="id_names_its_type")


def enumeration(enum: type[StrEnum], name: str) -> Enum:
    """A PostgreSQL enum: its order is the order of declaration, its values are the names clients see."""
    return Enum(enum, name=name, values_callable=lambda e: [str(member.value) for member in e])

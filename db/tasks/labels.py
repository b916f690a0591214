from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, func, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import ID, Base, Entity, well_formed_id
from db.words import words_of
from kit.ids import Id

if TYPE_CHECKING:
    from db.tasks.tasks import Task


task_label = Table(
    "task_label",
    Base.metadata,
    Column("task_id", ID, ForeignKey("task.id", ondelete="CASCADE"), primary_key=True),
    Column("label_id", ID, ForeignKey("label.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Label(Entity):
    __tablename__ = "label"
    prefix: ClassVar[str] = "label"

    owner_id: Mapped[Id] = mapped_column(ForeignKey(User.id, ondelete="CASCADE"))
    name: Mapped[str]
    color: Mapped[str] = mapped_column(server_default=text("'#6b7280'"))

    search: Mapped[Any] = mapped_column(TSVECTOR, words_of({"name": "A"}))

    owner: Mapped[User] = relationship(lazy="raise")
    tasks: Mapped[list["Task"]] = relationship(lazy="raise", viewonly=True, secondary=task_label)

    __table_args__ = (
        well_formed_id("label"),
        CheckConstraint("length(name) between 1 and 50", name="name_length"),
        CheckConstraint("color ~ '^#[0-9a-f]{6}$'", name="color_is_hex"),
        Index("uq_label_owner_id_name", "owner_id", func.lower(text("name")), unique=True),
        Index("ix_label_owner_id_updated_at_id", "owner_id", "updated_at", "id"),
        Index("ix_label_owner_id_name_id", "owner_id", "name", "id"),
    )

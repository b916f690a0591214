from typing import ClassVar

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.accounts.users import User
from db.base import well_formed_id
from db.invitations import Invitation, limited_uses
from db.seances.rooms import Seance
from kit.ids import Id


class SeanceInvite(Invitation):
    """Whoever knows the code may take a seat, so often and so long."""

    __tablename__ = "seance_invite"
    prefix: ClassVar[str] = "seanceinvite"

    seance_id: Mapped[Id] = mapped_column(ForeignKey(Seance.id, ondelete="CASCADE"))
    created_by_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"))

    seance: Mapped[Seance] = relationship(lazy="raise", viewonly=True)
    created_by: Mapped[User | None] = relationship(lazy="raise")

    __table_args__ = (
        well_formed_id("seanceinvite"),
        limited_uses(),
        Index("uq_seance_invite_code", "code", unique=True),
        Index("ix_seance_invite_seance_id_created_at_id", "seance_id", "created_at", "id"),
        Index("ix_seance_invite_created_by_id", "created_by_id"),
    )

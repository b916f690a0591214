"""Whom the tokens of another issuer speak of."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint, false, text
from sqlalchemy import Identity as Counted
from sqlalchemy.orm import Mapped, mapped_column

from db.accounts.users import User
from db.base import Base
from kit.ids import Id


class Identity(Base):
    """A subject of an issuer, and the user it is here. It outlives them: a token brings nobody back who has gone.

    Tokens issued before `tokens_from` do not count. Where there is no user, a token makes one only if `open`.
    """

    __tablename__ = "identity"

    id: Mapped[int] = mapped_column(BigInteger, Counted(always=True), primary_key=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    user_id: Mapped[Id | None] = mapped_column(ForeignKey(User.id, ondelete="SET NULL"), index=True)
    tokens_from: Mapped[datetime] = mapped_column(server_default=text("'epoch'"))
    open: Mapped[bool] = mapped_column(server_default=false())

    __table_args__ = (UniqueConstraint("issuer", "subject"),)

"""What is kept from the person it is for, and until when."""

from datetime import UTC, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from kit.ids import Id

FOREVER = datetime(3000, 1, 1, tzinfo=UTC)  # until somebody reveals it


class Kept:
    """Kept from `kept_from` until `kept_until`; both are null where there is no secret. The policies say what that is.

    A row has these at its birth, or when the giver's side decides; nothing that the person does changes them.
    """

    kept_from_id: Mapped[Id | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    kept_until: Mapped[datetime | None]

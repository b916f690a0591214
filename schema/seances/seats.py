from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.seances.seats import LeftReason
from db.seances.seats import SeanceParticipant as Model
from resolvers.seances import seats as resolve
from schema.accounts.users import User
from schema.enums import enum
from schema.fields import expression
from schema.node import Node, column, node

if TYPE_CHECKING:
    from schema.seances.rooms import Seance

enum(
    LeftReason,
    "Why somebody has no seat any more.",
    LEFT="They left.",
    DROPPED="They were gone for longer than a seat is held.",
    KICKED="The host sent them away; they may come back.",
    BANNED="The host sent them away for good.",
)


@node(Model, "Somebody's seat in a room. Seen by those who have been there.", resolve.by_id)
class SeanceParticipant(Node):
    seance: Annotated["Seance", strawberry.lazy("schema.seances.rooms")] | None = column("In which room.")
    user: User | None = column("Who.")
    is_host: bool = expression(resolve.is_host, "Whether the room is theirs.")
    joined_at: datetime = column("When they took the seat; anew whenever they come back.")
    left_at: datetime | None = column("When they lost it; null for those who sit there.")
    left_reason: LeftReason | None = column("Why.")
    muted_at: datetime | None = column("Since when they must listen; null where they may speak.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")

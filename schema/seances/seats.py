from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.seances.seats import LeftReason
from db.seances.seats import SeanceParticipant as Model
from resolvers.limits import per_minute
from resolvers.seances import seats as resolve
from schema.accounts.users import User
from schema.enums import enum
from schema.fields import expression, verb
from schema.node import Node, column, node

if TYPE_CHECKING:
    from schema.seances.rooms import Seance

MOVES = per_minute(60)

enum(
    LeftReason,
    "Why somebody has no seat any more.",
    LEFT="They left.",
    DROPPED="They were gone for longer than a seat is held.",
    KICKED="The host sent them away; they may come back, into a private room by a new invitation.",
    BANNED="The host sent them away for good, unless they are pardoned.",
)


@node(Model, "Somebody's seat in a room. Seen by those who sit there; one's own always.", resolve.by_id)
class SeanceParticipant(Node):
    seance: Annotated["Seance", strawberry.lazy("schema.seances.rooms")] | None = column("In which room.")
    user: User | None = column("Who.")
    is_host: bool = expression(resolve.is_host, "Whether the room is theirs.")
    joined_at: datetime = column("When they took the seat; anew whenever they come back.")
    left_at: datetime | None = column("When they lost it; null for those who sit there.")
    left_reason: LeftReason | None = column("Why.")
    banned_at: datetime | None = column("Since when they may not come back; null for those who may.")
    muted_at: datetime | None = column("Since when they must listen; null where they may speak.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class SeatMutations:
    join_seance: SeanceParticipant = verb(
        resolve.join,
        "Takes a seat, or answers the one that the viewer has. CONFLICT with SEANCE_FULL, SEANCE_LOCKED, SEANCE_ENDED,"
        " or TOO_MANY_SEATS beyond 20 of one user.",
        limit=MOVES,
    )
    leave_seance: SeanceParticipant = verb(
        resolve.leave,
        "Frees the viewer's seat. The host passes the room on to who has been there longest; who leaves last ends it.",
        limit=MOVES,
    )
    kick_seance_participant: SeanceParticipant = verb(resolve.kick, "Frees somebody's seat. For the host.", limit=MOVES)
    ban_seance_participant: SeanceParticipant = verb(
        resolve.ban, "Frees somebody's seat for good, also of who has left before. For the host.", limit=MOVES
    )
    pardon_seance_participant: SeanceParticipant = verb(
        resolve.pardon, "Ends a ban: they may come in again. For the host.", limit=MOVES
    )
    mute_seance_participant: SeanceParticipant = verb(
        resolve.mute, "Has somebody listen only, or lets them speak again. For the host.", limit=MOVES
    )
    transfer_seance: Annotated["Seance", strawberry.lazy("schema.seances.rooms")] = verb(
        resolve.transfer, "Makes somebody who sits there the host. For the host.", limit=MOVES
    )

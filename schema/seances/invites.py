from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.seances.invites import SeanceInvite as Model
from resolvers.seances import invites as resolve
from schema.accounts.users import User
from schema.node import Node, column, node

if TYPE_CHECKING:
    from schema.seances.rooms import Seance


@node(Model, "A code with which others may take a seat. Seen by the room's host.", resolve.by_id)
class SeanceInvite(Node):
    seance: Annotated["Seance", strawberry.lazy("schema.seances.rooms")] | None = column("In which room.")
    code: str = column("Whoever has it may come in; it cannot be guessed.")
    created_by: User | None = column("Who made it.")
    expires_at: datetime = column("Until when it may be used.")
    most_uses: int = column("How often it may be used.")
    uses: int = column("How often it has been.")
    revoked_at: datetime | None = column("When it was taken back.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.seances.reports import SeanceReport as Model
from resolvers.seances import reports as resolve
from schema.accounts.users import User
from schema.node import Node, column, node
from schema.seances.messages import SeanceMessage

if TYPE_CHECKING:
    from schema.seances.rooms import Seance


@node(
    Model, "A complaint about a message. Seen by who made it, by the room's host and by administrators.", resolve.by_id
)
class SeanceReport(Node):
    seance: Annotated["Seance", strawberry.lazy("schema.seances.rooms")] | None = column("In which room.")
    message: SeanceMessage | None = column("About which message.")
    reporter: User | None = column("Who complains.")
    text: str = column("What the message said then.")
    reason: str = column("Why it should not stand, 1 to 500 characters.")
    resolved_at: datetime | None = column("When somebody had seen to it.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")

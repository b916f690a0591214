from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.seances.messages import MessageKind
from db.seances.messages import SeanceMessage as Model
from resolvers.seances import messages as resolve
from schema.accounts.users import User
from schema.enums import enum
from schema.fields import expression
from schema.node import Node, column, node

if TYPE_CHECKING:
    from schema.seances.rooms import Seance

enum(
    MessageKind,
    "Who speaks in a room.",
    name="SeanceMessageKind",
    USER="Somebody who sits there.",
    SPIRIT="The spirit.",
    SYSTEM="The room itself.",
)


@node(Model, "What is said in a room. Seen by those who sat there then, or later.", resolve.by_id)
class SeanceMessage(Node):
    seance: Annotated["Seance", strawberry.lazy("schema.seances.rooms")] | None = column("In which room.")
    kind: MessageKind = column("Who speaks.")
    sender: User | None = column("Who, of USER.")
    text: str | None = expression(
        resolve.shown, "1 to 1,000 characters; null where it is hidden from the viewer.", weight=0
    )
    letter_timing: list[int] | None = column(
        "Of SPIRIT: the milliseconds of each character (Unicode code point) of the text."
    )
    starts_at: datetime | None = column("Of SPIRIT: when the first letter begins, by the server's clock.")
    hidden_at: datetime | None = column("When it was hidden.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.seances.messages import MessageKind
from db.seances.messages import SeanceMessage as Model
from resolvers.limits import per_minute
from resolvers.seances import messages as resolve
from resolvers.seances import stream
from resolvers.seances.rules import messages as rules
from schema.accounts.users import User
from schema.enums import enum
from schema.fields import entity, expression, verb
from schema.node import Node, column, node

if TYPE_CHECKING:
    from schema.seances.rooms import Seance
    from schema.seances.turns import SeanceTurn

enum(
    MessageKind,
    "Who speaks in a room.",
    name="SeanceMessageKind",
    USER="Somebody who sits there.",
    SPIRIT="The spirit.",
    SYSTEM="The room itself.",
)
strawberry.pydantic.input(rules.SendSeanceMessage, name="SendSeanceMessageInput", description="What is said.")


@node(Model, "What is said in a room. Seen by those who sat there then, or later.", resolve.by_id)
class SeanceMessage(Node):
    seance: Annotated["Seance", strawberry.lazy("schema.seances.rooms")] | None = column("In which room.")
    kind: MessageKind = column("Who speaks.")
    is_system: bool = expression(resolve.is_system, "Whether it is the room itself.", weight=0)
    sender: User | None = column("Who, of USER.")
    turn: Annotated["SeanceTurn", strawberry.lazy("schema.seances.turns")] | None = column(
        "Of SPIRIT: the turn that it answers, with who asked what."
    )
    text: str | None = expression(
        resolve.shown, "1 to 1,000 characters; null where it is hidden from the viewer.", weight=0
    )
    letter_timing: list[int] | None = expression(
        resolve.timing,
        "Of SPIRIT: the milliseconds of each character (Unicode code point) of the text; null where that is null.",
        weight=0,
    )
    starts_at: datetime | None = column("Of SPIRIT: when the first letter begins, by the server's clock.")
    hidden_at: datetime | None = column("When it was hidden.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class SeanceMessageQueries:
    seance_message: SeanceMessage | None = entity(resolve.by_id, "One message.")


@strawberry.type
class SeanceMessageMutations:
    send_seance_message: SeanceMessage = verb(
        resolve.send,
        "Says something in a room where the viewer sits and is not muted. All who sit there together may say 120 things"
        " a minute.",
        limit=per_minute(60),
    )
    hide_seance_message: SeanceMessage = verb(
        resolve.hide,
        "Hides what was said from all but who said it and the room's host, or shows it again. What somebody has hidden"
        " of their own, they alone show again; anything else the host.",
        limit=per_minute(60),
    )
    set_seance_typing: bool = verb(
        stream.set_typing,
        "Tells the others in a room that the viewer is typing, for the next five seconds, or no longer.",
        limit=per_minute(120),
    )

"""What is told of a room: each thing that happens there in a type of its own."""

from datetime import datetime
from typing import Annotated

import strawberry

from live.log import Kind
from resolvers.accounts import users
from resolvers.context import Viewer
from resolvers.seances import messages, rooms, seats, stream, turns
from schema.accounts.users import User
from schema.events import Change, Deletion, Ready, Resync
from schema.fields import maybe
from schema.fields import stream as events
from schema.seances.messages import SeanceMessage
from schema.seances.rooms import Seance
from schema.seances.seats import SeanceParticipant
from schema.seances.turns import SeanceTurn

NOW = "as it is now; null if it is gone, or hidden from the viewer."


@strawberry.interface(description="Something happened to somebody's seat.")
class SeatChange(Change):
    participant: SeanceParticipant | None = maybe(seats.by_id, f"The seat {NOW}", id="entity_id")


@strawberry.type(description="Somebody has taken a seat.")
class UserJoined(SeatChange):
    pass


@strawberry.type(
    description="Somebody has no seat any more; `participant.leftReason` says why. Where their account was deleted"
    " there is no `participant` any more: `entityId` says whose seat it was."
)
class UserLeft(SeatChange):
    pass


@strawberry.type(description="Somebody was muted or may speak again, was banned after they had left, or pardoned.")
class ParticipantChanged(SeatChange):
    pass


@strawberry.interface(description="Something was said, or what was said has changed.")
class MessageChange(Change):
    message: SeanceMessage | None = maybe(messages.by_id, f"The message {NOW}", id="entity_id")


@strawberry.type(description="Somebody has said something, or the room itself.")
class MessageReceived(MessageChange):
    pass


@strawberry.type(description="A message was hidden, or is shown again.")
class MessageChanged(MessageChange):
    pass


@strawberry.type(description="The spirit answers. It spells from `message.startsAt` on, by `message.letterTiming`.")
class SpiritResponse(MessageChange):
    pass


@strawberry.interface(description="Something happened to a question to the spirit.")
class TurnChange(Change):
    turn: SeanceTurn | None = maybe(turns.by_id, f"The turn {NOW}", id="entity_id")


@strawberry.type(description="Somebody has asked the spirit; others may be before them.")
class SpiritAsked(TurnChange):
    pass


@strawberry.type(description="The spirit thinks of a question.")
class SpiritThinking(TurnChange):
    pass


@strawberry.type(description="There will be no answer; `turn.failure` says why.")
class ErrorEvent(TurnChange):
    pass


@strawberry.interface(description="Something happened to the room itself.")
class RoomChange(Change):
    seance: Seance | None = maybe(rooms.by_id, f"The room {NOW}", id="entity_id")


@strawberry.type(description="Something of the room has changed, such as its name or how many seats are taken.")
class SeanceUpdated(RoomChange):
    pass


@strawberry.type(description="Somebody else is the host.")
class HostChanged(RoomChange):
    pass


@strawberry.type(description="The room has ended. What was said there stays to be read.")
class SeanceEnded(RoomChange):
    pass


@strawberry.type(description="The room is gone, with all that was said there.")
class SeanceDeleted(Deletion):
    pass


@strawberry.type(description="Somebody is typing, or no longer. It is not logged: it has no cursor, and may be missed.")
class UserTyping:
    typing: bool = strawberry.field(description="Whether they are.")
    at: datetime = strawberry.field(description="Since when.")
    until: datetime = strawberry.field(
        description="When they count as typing no longer, unless they are told of again."
    )
    user: User | None = maybe(users.by_id, "Who.", id="user_id")
    user_id: strawberry.Private[str]
    viewer: strawberry.Private[Viewer]


def _typing(viewer: Viewer, payload: str) -> UserTyping | None:
    """Nobody is told of themselves."""
    said = stream.Typing.model_validate_json(payload)
    if said.user_id == viewer.id:
        return None
    until = said.at + stream.TYPING if said.typing else said.at
    return UserTyping(typing=said.typing, at=said.at, until=until, user_id=said.user_id, viewer=viewer)


TYPED = {
    ("Seance", Kind.UPDATED): SeanceUpdated,
    ("Seance", Kind.ASSIGNED): HostChanged,
    ("Seance", Kind.ENDED): SeanceEnded,
    ("SeanceParticipant", Kind.JOINED): UserJoined,
    ("SeanceParticipant", Kind.LEFT): UserLeft,
    ("SeanceParticipant", Kind.UPDATED): ParticipantChanged,
    ("SeanceMessage", Kind.ADDED): MessageReceived,
    ("SeanceMessage", Kind.UPDATED): MessageChanged,
    ("SeanceMessage", Kind.ANSWERED): SpiritResponse,
    ("SeanceTurn", Kind.ADDED): SpiritAsked,
    ("SeanceTurn", Kind.STARTED): SpiritThinking,
    ("SeanceTurn", Kind.FAILED): ErrorEvent,
}

SeanceEvent = Annotated[
    Ready
    | SeanceUpdated
    | HostChanged
    | SeanceEnded
    | SeanceDeleted
    | UserJoined
    | UserLeft
    | ParticipantChanged
    | MessageReceived
    | MessageChanged
    | SpiritAsked
    | SpiritThinking
    | SpiritResponse
    | ErrorEvent
    | UserTyping
    | Resync,
    strawberry.union("SeanceEvent", description="What is told of a room."),
]


@strawberry.type
class SeanceEventSubscriptions:
    seance_events: SeanceEvent = events(
        stream.followed,
        "All that happens in a room, for those who sit there; following it holds the viewer's seat.",
        changed=SeanceUpdated,
        deleted=SeanceDeleted,
        typed=TYPED,
        heard=_typing,
    )

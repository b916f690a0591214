from datetime import datetime

import strawberry

from db.seances.rooms import Seance as Model
from db.seances.rooms import SeanceVisibility
from resolvers.seances import invites, messages, reports, seats, turns
from resolvers.seances import rooms as resolve
from schema.accounts.users import User
from schema.connection import Connection
from schema.enums import enum
from schema.fields import connection, entity, expression, live
from schema.kinds import Kind
from schema.node import Node, column, node
from schema.seances.invites import SeanceInvite
from schema.seances.messages import SeanceMessage
from schema.seances.reports import SeanceReport
from schema.seances.seats import SeanceParticipant
from schema.seances.turns import SeanceTurn

enum(
    SeanceVisibility,
    "Who may find a room and come in.",
    PUBLIC="Anybody who has signed in finds it in the list.",
    UNLISTED="Whoever knows its id.",
    PRIVATE="Whoever has an invitation; for others it is not there.",
)


@node(Model, "A room in which several ask a spirit together.", resolve.by_id)
class Seance(Node):
    name: str = column("1 to 100 characters.")
    host: User | None = column("Whose it is.")
    visibility: SeanceVisibility = column("Who may find it and come in.")
    max_users: int = column("How many seats there are, 2 to 12.")
    participant_count: int = column("How many are taken; at the end, how many were.")
    locked: bool = column("Whether nobody else may come in.")
    is_active: bool = expression(resolve.is_active, "Whether it goes on.", weight=0)
    ended_at: datetime | None = column("When it ended.")
    participants: Connection[SeanceParticipant] = connection(
        seats.listed, "Who sits there, for those who have been there; who has been there longest comes first."
    )
    my_seat: SeanceParticipant | None = column("The seat that the viewer has or had there.")
    messages: Connection[SeanceMessage] = connection(messages.listed, "What was said, the newest first.")
    turns: Connection[SeanceTurn] = connection(turns.listed, "What the spirit was asked, the newest first.")
    invites: Connection[SeanceInvite] = connection(invites.listed, "Its invitations, for its host.")
    reports: Connection[SeanceReport] = connection(reports.listed, "Complaints, for its host.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class SeanceQueries:
    seance: Seance | None = entity(resolve.by_id, "One room.")
    seances: Connection[Seance] = connection(
        resolve.listed, "The rooms that go on: those that anybody may find, and the viewer's. The newest first."
    )


@strawberry.type
class SeanceSubscriptions:
    seances: Connection[Seance] = live(
        Kind.CONNECTION, resolve.listed, "The same, again when a room comes, goes or fills.", follows=resolve.lobby
    )

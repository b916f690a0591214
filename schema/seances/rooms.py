from datetime import datetime

import strawberry

from db.seances.rooms import Seance as Model
from db.seances.rooms import SeanceVisibility
from resolvers.limits import Each, per_minute
from resolvers.seances import invites, messages, reports, seats, turns
from resolvers.seances import rooms as resolve
from resolvers.seances.rules import rooms as rules
from schema.accounts.users import User
from schema.connection import Connection
from schema.deletion import Deleted
from schema.enums import enum
from schema.fields import connection, entity, expression, live, verb
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
enum(
    rules.SeanceOrderField,
    "What rooms are sorted by.",
    CREATED_AT="When they were made.",
    NAME="Their names.",
    PARTICIPANT_COUNT="How many seats are taken.",
)
strawberry.pydantic.input(rules.CreateSeance, name="CreateSeanceInput", description="A new room.")
strawberry.pydantic.input(rules.UpdateSeance, name="UpdateSeanceInput", description="What is left out stays as it is.")
strawberry.pydantic.input(rules.SeanceFilter, name="SeanceFilter", description="All that is given must hold.")
strawberry.pydantic.input(rules.SeanceOrder, name="SeanceOrder", description="An order of rooms.")


@node(Model, "A room in which several ask a spirit together.", resolve.by_id)
class Seance(Node):
    name: str = column("1 to 100 characters.")
    host: User | None = column("Whose it is.")
    visibility: SeanceVisibility = column("Who may find it and come in.")
    max_users: int = column("How many seats there are, 2 to 12.")
    participant_count: int = column("How many are taken; at the end, how many were.")
    free_seats: int = expression(
        resolve.free_seats, "How many seats are free; none in a room that has ended.", weight=0
    )
    locked: bool = column("Whether nobody else may come in.")
    is_active: bool = expression(resolve.is_active, "Whether it goes on.", weight=0)
    ended_at: datetime | None = column("When it ended.")
    participants: Connection[SeanceParticipant] = connection(
        seats.listed, "Who sits there, told to those who sit there; who has been there longest comes first."
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
        resolve.listed,
        "The rooms that anybody may find, and those that the viewer has been in. Of the ended ones only the latter.",
    )


@strawberry.type
class SeanceMutations:
    create_seance: Seance = verb(
        resolve.create,
        "Makes a room, of which the viewer is the host and has the first seat."
        f" Who is the host of {rules.MOST_HOSTED} that go on makes no other: CONFLICT, TOO_MANY_SEANCES.",
        limit=per_minute(10, Each.ADDRESS),
    )
    update_seance: Seance = verb(resolve.update, "Changes a room that goes on. For its host.", limit=per_minute(60))
    end_seance: Seance = verb(
        resolve.end,
        "Ends a room; one that has ended stays as it is. What was said there can be read. For its host.",
        limit=per_minute(60),
    )
    delete_seance: Deleted = verb(
        resolve.delete, "Deletes a room, with all that was said there. For its host.", limit=per_minute(60)
    )


@strawberry.type
class SeanceSubscriptions:
    seances: Connection[Seance] = live(
        Kind.CONNECTION,
        resolve.listed,
        "The same, again when a room comes, goes, fills or is changed.",
        follows=resolve.lobby,
    )

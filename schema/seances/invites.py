from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.accounts.users import Role
from db.seances.invites import SeanceInvite as Model
from resolvers.limits import Each, per_minute
from resolvers.seances import invites as resolve
from resolvers.seances.rules import invites as rules
from schema.accounts.users import User
from schema.fields import report, verb
from schema.node import Node, column, node
from schema.seances.seats import SeanceParticipant

if TYPE_CHECKING:
    from schema.seances.rooms import Seance

A_CODE = per_minute(300, Each.ADDRESS)  # beside the limit of each user: a household has one address

strawberry.pydantic.input(rules.CreateSeanceInvite, name="CreateSeanceInviteInput", description="A new invitation.")


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


@strawberry.type(description="What a code tells whoever has it, before they come in.")
class SeanceInvitePreview:
    seance_name: str = strawberry.field(description="Of the room that it leads into.")
    host_name: str | None = strawberry.field(description="The name of whose room it is; null when they are gone.")
    free_seats: int = strawberry.field(description="How many seats are free.")
    locked: bool = strawberry.field(description="Whether nobody else may come in for now.")


@strawberry.type
class SeanceInviteQueries:
    seance_of_invite: SeanceInvitePreview | None = report(
        resolve.preview,
        "Where a code leads. SEANCE_INVITE_NOT_FOUND as of acceptSeanceInvite.",
        floor=Role.USER,
        limit=A_CODE,
    )


@strawberry.type
class SeanceInviteMutations:
    create_seance_invite: SeanceInvite = verb(
        resolve.create, "Makes a code with which others may take a seat. For the host.", limit=per_minute(60)
    )
    revoke_seance_invite: SeanceInvite = verb(
        resolve.revoke, "Takes an invitation back. For the host.", limit=per_minute(60)
    )
    accept_seance_invite: SeanceParticipant = verb(
        resolve.accept,
        "Takes a seat, as joinSeance does, also in a private room. An unknown, expired, revoked or used up code, one of"
        " a room that has ended, or for who was sent away since it was made: SEANCE_INVITE_NOT_FOUND.",
        limit=A_CODE,
    )

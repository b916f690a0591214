from datetime import datetime
from typing import Annotated

import strawberry

from db.gifts.families import Family as Model
from db.gifts.families import FamilyInvite as Invite
from db.gifts.families import FamilyMember as Member
from db.gifts.families import FamilyRole
from resolvers.gifts import families as resolve
from schema.accounts.users import User
from schema.connection import Connection
from schema.enums import enum
from schema.fields import connection, entity
from schema.node import Node, column, node

enum(
    FamilyRole,
    "In rising order: each may do what those before it may.",
    MEMBER="Takes part.",
    ADMIN="Invites others and puts things right.",
    OWNER="Gives roles, and may end the family.",
)


@node(Member, "A user's membership of a family. Seen by its members.", resolve.member_by_id)
class FamilyMember(Node):
    family: Annotated["Family", strawberry.lazy("schema.gifts.families")] | None = column("Of which family.")
    user: User | None = column("Who.")
    role: FamilyRole = column("What they may do.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@node(Invite, "A code with which others may join a family. Seen by its administrators.", resolve.invite_by_id)
class FamilyInvite(Node):
    family: Annotated["Family", strawberry.lazy("schema.gifts.families")] | None = column("Into which family.")
    code: str = column("Whoever has it may join; it cannot be guessed.")
    role: FamilyRole = column("What they may then do.")
    created_by: User | None = column("Who made it.")
    expires_at: datetime = column("Until when it may be used.")
    most_uses: int = column("How often it may be used.")
    uses: int = column("How often it has been.")
    revoked_at: datetime | None = column("When it was taken back.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@node(Model, "People who give each other presents. Invisible, with all that belongs to it, outside it.", resolve.by_id)
class Family(Node):
    name: str = column("1 to 100 characters.")
    currency: str = column("ISO 4217, of its budgets.")
    givers_see_each_other: bool = column("Whether new lists show who gives what to the other givers.")
    members: Connection[FamilyMember] = connection(resolve.members_listed, "Who belongs to it.")
    invites: Connection[FamilyInvite] = connection(resolve.invites_listed, "Its invitations, for its administrators.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class FamilyQueries:
    family: Family | None = entity(resolve.by_id, "One family of the viewer's.")
    families: Connection[Family] = connection(resolve.listed, "The viewer's families, by name.")

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from db.accounts.users import Role
from db.gifts.families import Family as Model
from db.gifts.families import FamilyInvite as Invite
from db.gifts.families import FamilyMember as Member
from db.gifts.families import FamilyRole
from resolvers.gifts import families as resolve
from resolvers.gifts import invites, persons
from resolvers.gifts.rules import families as rules
from resolvers.limits import Each, per_minute
from schema.accounts.users import User
from schema.changes import ChangeEvent, EntityChanged, EntityDeleted
from schema.connection import Connection
from schema.deletion import Deleted
from schema.enums import enum
from schema.fields import connection, entity, report, stream, verb
from schema.node import Node, column, node

if TYPE_CHECKING:
    from schema.gifts.persons import Person

A_CODE = per_minute(300, Each.ADDRESS)  # beside the limit of each user: a household has one address

enum(
    FamilyRole,
    "In rising order: each may do what those before it may.",
    MEMBER="Takes part.",
    ADMIN="Invites others and puts things right.",
    OWNER="Gives roles, and may end the family.",
)
strawberry.pydantic.input(rules.CreateFamily, name="CreateFamilyInput", description="A new family.")
strawberry.pydantic.input(rules.UpdateFamily, name="UpdateFamilyInput", description="What is left out stays as it is.")
strawberry.pydantic.input(rules.CreateFamilyInvite, name="CreateFamilyInviteInput", description="A new invitation.")

# Families know their people and people their family: one of the two has to wait.
Persons: TypeAlias = Connection[Annotated["Person", strawberry.lazy("schema.gifts.persons")]]


@node(Member, "A user's membership of a family. Seen by its members.", resolve.member_by_id)
class FamilyMember(Node):
    family: Annotated["Family", strawberry.lazy("schema.gifts.families")] | None = column("Of which family.")
    user: User | None = column("Who.")
    person: Annotated["Person", strawberry.lazy("schema.gifts.persons")] | None = column(
        "Who they are among those who are given presents."
    )
    role: FamilyRole = column("What they may do.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@node(
    Invite,
    "A code with which others may join. Seen by administrators; one for administrators by owners.",
    invites.by_id,
)
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
    persons: Persons = connection(persons.of_family, "Who is given presents in it.")
    invites: Connection[FamilyInvite] = connection(invites.listed, "Its invitations, for its administrators.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type(description="What a code tells whoever has it, before they join.")
class FamilyInvitePreview:
    family_name: str = strawberry.field(description="Of the family that it leads into.")
    invited_by: str | None = strawberry.field(description="The name of who made it; null when they are gone.")


@strawberry.type
class FamilyQueries:
    family: Family | None = entity(resolve.by_id, "One family of the viewer's.")
    families: Connection[Family] = connection(resolve.listed, "The viewer's families, by name.")
    family_of_invite: FamilyInvitePreview | None = report(
        invites.preview, "Where a code leads. FAMILY_INVITE_NOT_FOUND as of joinFamily.", floor=Role.USER, limit=A_CODE
    )


@strawberry.type
class FamilyMutations:
    create_family: Family = verb(resolve.create, "Makes a family, which the viewer owns.", limit=per_minute(60))
    update_family: Family = verb(resolve.update, "Changes a family. For its administrators.", limit=per_minute(60))
    delete_family: Deleted = verb(
        resolve.delete, "Ends a family, with all that belongs to it. For its owners.", limit=per_minute(60)
    )
    create_family_invite: FamilyInvite = verb(
        invites.create,
        "Makes a code with which others may join. For administrators; only owners invite administrators.",
        limit=per_minute(60),
    )
    revoke_family_invite: FamilyInvite = verb(invites.revoke, "Takes an invitation back.", limit=per_minute(60))
    join_family: Family = verb(
        invites.join,
        "Makes the viewer a member. An unknown, expired, revoked or used up code: FAMILY_INVITE_NOT_FOUND.",
        limit=A_CODE,
    )
    leave_family: Deleted = verb(
        resolve.leave, "Ends the viewer's membership, unless they are the last owner.", limit=per_minute(60)
    )
    remove_family_member: Deleted = verb(
        resolve.remove_member,
        "Ends a membership, and takes back all open invitations. For administrators; owners are removed by owners.",
        limit=per_minute(60),
    )
    set_family_member_role: FamilyMember = verb(
        resolve.set_role,
        "Gives a member another role; a lower one takes back all open invitations. For owners.",
        limit=per_minute(60),
    )


@strawberry.type
class FamilySubscriptions:
    family_events: ChangeEvent = stream(
        resolve.followed, "All that happens in a family.", changed=EntityChanged, deleted=EntityDeleted
    )
    my_family_events: ChangeEvent = stream(
        resolve.mine_followed,
        "The viewer's own memberships: that they were added, given another role, removed.",
        changed=EntityChanged,
        deleted=EntityDeleted,
    )

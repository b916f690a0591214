from datetime import datetime
from typing import Annotated

import strawberry

from db.gifts.items import Claim as ClaimModel
from db.gifts.items import Contribution as ContributionModel
from db.gifts.items import Giving as Model
from db.gifts.items import ItemStatus
from resolvers.gifts import claims, contributions, pipeline
from resolvers.gifts import givings as resolve
from resolvers.gifts.rules.givings import OrganizeGroupGift, UpdateGiving
from resolvers.limits import per_minute
from schema.accounts.users import User
from schema.connection import Connection
from schema.fields import connection, expression, stream, verb
from schema.gifts.items import ListItem, ListItemChanged, ListItemDeleted, ListItemEvent
from schema.node import Node, column, node

strawberry.pydantic.input(UpdateGiving, name="UpdateGivingInput", description="What is left out stays; null clears.")
strawberry.pydantic.input(
    OrganizeGroupGift, name="OrganizeGroupGiftInput", description="What is to be collected for an item."
)


@node(ClaimModel, "How many of an item somebody gives.", resolve.claim_by_id)
class Claim(Node):
    giving: Annotated["Giving", strawberry.lazy("schema.gifts.givings")] | None = column("Of what.")
    user: User | None = column("Who gives; null when they are gone.")
    quantity: int = column("How many.")
    anonymous: bool = column("Whether nobody else sees it; it still counts.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@node(ContributionModel, "What somebody gives towards an item.", resolve.contribution_by_id)
class Contribution(Node):
    giving: Annotated["Giving", strawberry.lazy("schema.gifts.givings")] | None = column("Towards what.")
    user: User | None = column("Who gives; null when they are gone.")
    amount_minor: int = column("In minor units of the giving's currency.")
    anonymous: bool = column("Whether nobody else sees it; it still counts.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@node(Model, "What givers do about an item. Kept from the person whom it is for.", resolve.by_id)
class Giving(Node):
    item: ListItem | None = column("Of which item.")
    status: ItemStatus = column("How far it has come.")
    status_changed_at: datetime | None = column("Since when.")
    received_at: datetime | None = column("When it was given.")
    thanked_at: datetime | None = column("When thanks were said.")
    assignee: User | None = column("Who takes care of it.")
    price_paid_minor: int | None = column("What it has cost, in minor units of the currency.")
    currency: str | None = column("ISO 4217, of the price paid and of contributions.")
    claimed: int = column("How many are claimed, by whomever.")
    left: int = expression(resolve.left, "How many nobody has claimed.")
    organizer: User | None = column("Who collects contributions.")
    target_minor: int | None = column("What is to be collected.")
    funded_minor: int = column("What has been promised so far.")
    left_minor: int | None = expression(
        resolve.left_minor, "What nobody has promised yet; null where nothing is collected.", weight=0
    )
    claims: Connection[Claim] = connection(resolve.claims_listed, "Who gives how many.")
    contributions: Connection[Contribution] = connection(resolve.contributions_listed, "Who gives what towards it.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


GIVING = per_minute(300)


@strawberry.type
class GivingQueries:
    my_givings: Connection[Giving] = connection(
        resolve.mine,
        "What the viewer claims, takes care of, collects for or contributes to, the latest items first.",
    )


@strawberry.type
class GivingMutations:
    transition_list_item: ListItem = verb(
        pipeline.transition,
        "Moves it a step on or back; any other is refused with INVALID_TRANSITION. RECEIVED reveals it.",
        limit=GIVING,
    )
    assign_list_item: ListItem = verb(resolve.assign, "Says who takes care of it.", limit=GIVING)
    claim_list_item: ListItem = verb(
        claims.claim, "Says how many the viewer gives; more than are left are refused with CONFLICT.", limit=GIVING
    )
    unclaim_list_item: ListItem = verb(claims.unclaim, "Takes back the viewer's claim, or some of it.", limit=GIVING)
    release_claim: ListItem = verb(
        claims.release,
        "Takes off the claim of somebody who has left the family, for its administrators.",
        limit=GIVING,
    )
    organize_group_gift: ListItem = verb(
        contributions.organize, "Says how much is to be collected for it, and that the viewer does.", limit=GIVING
    )
    contribute: ListItem = verb(
        contributions.contribute,
        "Says what the viewer gives towards it; more than is left is refused with CONFLICT.",
        limit=GIVING,
    )
    withdraw_contribution: ListItem = verb(
        contributions.withdraw, "Takes back what the viewer gives towards it.", limit=GIVING
    )
    release_contribution: ListItem = verb(
        contributions.release,
        "Takes off the contribution of somebody who has left the family, for its administrators.",
        limit=GIVING,
    )
    update_giving: ListItem = verb(
        resolve.update, "Changes what is given: what an item has cost, whether thanks were said.", limit=GIVING
    )


@strawberry.type
class GivingSubscriptions:
    giving_events: ListItemEvent = stream(
        resolve.followed,
        "The items that the viewer gives, as they change or are removed, whoever does it.",
        changed=ListItemChanged,
        deleted=ListItemDeleted,
    )

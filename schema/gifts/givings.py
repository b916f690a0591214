from datetime import datetime
from typing import Annotated

import strawberry

from db.gifts.items import Claim as ClaimModel
from db.gifts.items import Contribution as ContributionModel
from db.gifts.items import Giving as Model
from db.gifts.items import ItemStatus
from resolvers.gifts import givings as resolve
from schema.accounts.users import User
from schema.connection import Connection
from schema.fields import connection
from schema.gifts.items import ListItem
from schema.node import Node, column, node


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
    organizer: User | None = column("Who collects contributions.")
    target_minor: int | None = column("What is to be collected.")
    funded_minor: int = column("What has been promised so far.")
    claims: Connection[Claim] = connection(resolve.claims_listed, "Who gives how many.")
    contributions: Connection[Contribution] = connection(resolve.contributions_listed, "Who gives what towards it.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")

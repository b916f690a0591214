from datetime import datetime

import strawberry

from db.gifts.gifts import Gift as Model
from db.gifts.gifts import GiftPrice as Price
from db.gifts.gifts import PageState
from resolvers.gifts import gifts as resolve
from schema.accounts.users import User
from schema.connection import Connection
from schema.enums import enum
from schema.fields import connection, entity
from schema.gifts.families import Family
from schema.node import Node, column, node

enum(
    PageState,
    "How far the reading of a gift's page has come.",
    name="GiftPageState",
    NONE="It has none.",
    PENDING="It will be read.",
    READY="It has been read.",
    FAILED="It could not be read.",
)


@node(Price, "What a gift cost from then on.", resolve.price_by_id)
class GiftPrice(Node):
    price_minor: int = column("In minor units of the currency.")
    currency: str = column("ISO 4217.")
    created_at: datetime = column("From when on.")


@node(Model, "Something that can be given.", resolve.by_id)
class Gift(Node):
    family: Family | None = column("To which family it belongs.")
    added_by: User | None = column("Who added it.")
    name: str = column("1 to 200 characters.")
    description: str | None = column("More about it.")
    url: str | None = column("Its page.")
    price_minor: int | None = column("What it costs, in minor units of the currency.")
    currency: str | None = column("ISO 4217.")
    image_url: str | None = column("A picture.")
    source: str | None = column("The name of the shop, or its host.")
    tags: list[str] = column("Words to sort gifts by.")
    page_state: PageState = column("How far the reading of its page has come.")
    page_warnings: list[str] = column("What was not found on its page, or is in doubt.")
    page_read_at: datetime | None = column("When its page was last read.")
    prices: Connection[GiftPrice] = connection(resolve.prices_listed, "What it has cost, the oldest first.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class GiftQueries:
    gift: Gift | None = entity(resolve.by_id, "One gift.")
    gifts: Connection[Gift] = connection(resolve.listed, "The gifts that the viewer sees, by name.")

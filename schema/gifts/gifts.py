from datetime import datetime
from typing import Annotated

import strawberry

from db.gifts.gifts import Gift as Model
from db.gifts.gifts import GiftPrice as Price
from db.gifts.gifts import PageState
from resolvers.gifts import gifts as resolve
from resolvers.gifts import pages
from resolvers.gifts import prices as costs
from resolvers.gifts.rules import gifts as rules
from resolvers.limits import per_minute
from schema.accounts.users import User
from schema.connection import Connection
from schema.deletion import Deleted
from schema.enums import enum
from schema.events import Change, Deletion, Ready, Resync
from schema.fields import connection, entity, expression, maybe, stream, verb
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
enum(
    rules.GiftOrderField,
    "What gifts can be sorted by.",
    NAME="Its name.",
    CREATED_AT="When it was made.",
    UPDATED_AT="When it last changed.",
    PRICE="What it costs, in minor units of whichever currency; those without a price come last.",
)
strawberry.pydantic.input(rules.CreateGift, name="CreateGiftInput", description="A new gift of a family.")
strawberry.pydantic.input(
    rules.UpdateGift,
    name="UpdateGiftInput",
    description="What is left out stays; null clears, and leaves it to its page.",
)
strawberry.pydantic.input(rules.GiftFilter, name="GiftFilter", description="All that is given must hold.")
strawberry.pydantic.input(rules.GiftOrder, name="GiftOrder", description="An order; the id decides between equals.")


@node(Price, "What a gift cost from then on.", costs.by_id)
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
    page_warnings: list[str] = column(
        "What its page left open: NO_TITLE, NO_PRICE, PRICE_UNCLEAR, NO_IMAGE, NO_DESCRIPTION. Or why it could not be "
        "read: BAD_ADDRESS, FORBIDDEN_ADDRESS, UNREACHABLE, REFUSED, TOO_MANY_REDIRECTS, NOT_A_PAGE, TOO_LARGE."
    )
    page_read_at: datetime | None = column("When its page was last read.")
    removed_at: datetime | None = column("When it was taken from the catalogue; lists that have it keep it.")
    prices: Connection[GiftPrice] = connection(costs.listed, "What it has cost, the oldest first.")
    lowest_price_minor: int | None = expression(costs.lowest, "The least it has cost, in its present currency.")
    highest_price_minor: int | None = expression(costs.highest, "The most it has cost, in its present currency.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type(description="A gift was made, changed or restored.")
class GiftChanged(Change):
    gift: Gift | None = maybe(resolve.by_id, "The gift as it is now; null if it is gone.", id="entity_id")


@strawberry.type(description="A gift was taken from the catalogue.")
class GiftDeleted(Deletion):
    pass


GiftEvent = Annotated[
    Ready | GiftChanged | GiftDeleted | Resync,
    strawberry.union("GiftEvent", description="What is told of gifts."),
]


@strawberry.type
class GiftQueries:
    gift: Gift | None = entity(resolve.by_id, "One gift.")
    gifts: Connection[Gift] = connection(resolve.listed, "The gifts that the viewer sees.")
    search_gifts: Connection[Gift] = connection(resolve.found, "The same as `gifts(filter: {search: q})`.")
    similar_gifts: Connection[Gift] = connection(
        resolve.similar, "What is there already of the same address or nearly the same name, before one more is added."
    )


@strawberry.type
class GiftMutations:
    create_gift: Gift = verb(
        resolve.create,
        f"Adds a gift to a family's catalogue. Beyond {resolve.MOST:,} of one user there CONFLICT, TOO_MANY_GIFTS.",
        limit=per_minute(300),
    )
    update_gift: Gift = verb(resolve.update, "Changes what is given.", limit=per_minute(300))
    delete_gift: Deleted = verb(
        resolve.delete, "Takes it from the catalogue; lists that have it keep it.", limit=per_minute(300)
    )
    restore_gift: Gift = verb(resolve.restore, "Brings it back into the catalogue.", limit=per_minute(300))
    refresh_gift: Gift = verb(
        pages.refresh, "Has its page read anew: what nobody has typed may change.", limit=per_minute(30)
    )


@strawberry.type
class GiftSubscriptions:
    gift_events: GiftEvent = stream(
        resolve.followed, "The gifts of a family as they change.", changed=GiftChanged, deleted=GiftDeleted
    )

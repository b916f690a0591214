from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.gifts.items import ItemStatus
from db.gifts.items import ListItem as Model
from resolvers.gifts import items as resolve
from resolvers.gifts.status import status
from schema.accounts.users import User
from schema.enums import enum
from schema.events import Change, Deletion, Ready, Resync
from schema.fields import entity, expression, maybe
from schema.gifts.gifts import Gift
from schema.gifts.lists import GiftList
from schema.gifts.persons import Person
from schema.node import Node, column, node

if TYPE_CHECKING:
    from schema.gifts.givings import Giving


enum(
    ItemStatus,
    "How far a present has come.",
    name="ListItemStatus",
    IDEA="Somebody thought of it.",
    SELECTED="It is to be given.",
    PURCHASED="It has been bought.",
    RECEIVED="It has been given.",
)


@node(Model, "A gift on a list: what the person whom it is for may know of it.", resolve.by_id)
class ListItem(Node):
    list: GiftList | None = column("On which list.")
    gift: Gift | None = column("What.")
    person: Person | None = column("Whom it is for.")
    added_by: User | None = column("Who added it.")
    quantity: int = column("How many are wished for, 1 to 99.")
    note: str | None = column("More about it.")
    status: ItemStatus = expression(status, "How far it has come; IDEA where that is kept from the viewer.")
    giving: Annotated["Giving", strawberry.lazy("schema.gifts.givings")] | None = column(
        "What givers do about it; null where that is kept from the viewer."
    )
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type(description="An item was added or changed, or somebody did something about it.")
class ListItemChanged(Change):
    list_item: ListItem | None = maybe(resolve.by_id, "The item as it is now; null if it is gone.", id="entity_id")


@strawberry.type(description="An item was removed.")
class ListItemDeleted(Deletion):
    pass


ListItemEvent = Annotated[
    Ready | ListItemChanged | ListItemDeleted | Resync,
    strawberry.union("ListItemEvent", description="What is told of items."),
]


@strawberry.type
class ListItemQueries:
    list_item: ListItem | None = entity(resolve.by_id, "One item of a list.")

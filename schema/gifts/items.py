from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.gifts.items import ItemStatus
from db.gifts.items import ListItem as Model
from resolvers.gifts import gifts
from resolvers.gifts import items as resolve
from resolvers.gifts.rules import items as rules
from resolvers.gifts.rules.gifts import NewGift
from resolvers.gifts.status import status
from resolvers.limits import per_minute
from schema.accounts.users import User
from schema.connection import Connection
from schema.deletion import Deleted
from schema.enums import enum
from schema.events import Change, Deletion, Ready, Resync
from schema.fields import connection, entity, expression, maybe, stream, verb
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
enum(
    rules.ListItemOrderField,
    "What items can be sorted by. But for CREATED_AT no index helps: a page costs as much as the whole list.",
    CREATED_AT="When it was added.",
    STATUS="How far it has come, as far as the viewer may know.",
    GIFT_NAME="The gift's name, letter by letter.",
    PRICE="What the gift costs, in minor units of whatever currency.",
)
strawberry.pydantic.input(NewGift, name="NewGiftInput", description="A gift that is made with an item.")
strawberry.pydantic.input(
    rules.AddListItem, name="AddListItemInput", description="A gift for a list: one that there is, or a new one."
)
strawberry.pydantic.input(
    rules.UpdateListItem, name="UpdateListItemInput", description="What is left out stays as it is; null clears."
)
strawberry.pydantic.input(
    rules.ListItemFilter,
    name="ListItemFilter",
    description="All that is given must hold, as far as the viewer may know.",
)
strawberry.pydantic.input(
    rules.ListItemOrder, name="ListItemOrder", description="An order; the id decides between equals."
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
    given_before: bool = expression(
        resolve.given_before,
        "Whether the person has received this gift already, or one with the same url, as far as the viewer may know.",
        weight=10,
    )
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
    list_items: Connection[ListItem] = connection(resolve.listed_of, "The items that the viewer sees.")
    person_history: Connection[ListItem] = connection(
        resolve.received_by, "What a person has received, as far as the viewer may know; the latest first."
    )


@strawberry.type
class ListItemMutations:
    add_list_item: ListItem = verb(
        resolve.add,
        f"Puts a gift on a list; whoever sees the list may. Who sees {resolve.MOST:,} items there, or has added"
        f" {gifts.MOST:,} gifts, adds no more: CONFLICT, LIST_FULL or TOO_MANY_GIFTS.",
        limit=per_minute(300),
    )
    update_list_item: ListItem = verb(
        resolve.update, "Changes what is given; those who give it hear.", limit=per_minute(300)
    )
    remove_list_item: Deleted = verb(
        resolve.remove, "Takes it off its list; those who give it hear.", limit=per_minute(300)
    )


@strawberry.type
class ListItemSubscriptions:
    list_events: ListItemEvent = stream(
        resolve.followed, "The items of a list as they change.", changed=ListItemChanged, deleted=ListItemDeleted
    )
    list_item_events: ListItemEvent = stream(
        resolve.followed_all,
        "The items of all lists of a family as they change.",
        changed=ListItemChanged,
        deleted=ListItemDeleted,
    )

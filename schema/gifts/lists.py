from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from db.gifts.items import ItemStatus
from db.gifts.lists import GiftList as Model
from db.gifts.lists import GiftListType, GiftListVisibility
from resolvers.gifts import items
from resolvers.gifts import lists as resolve
from resolvers.gifts.rules import lists as rules
from resolvers.limits import per_minute
from schema.accounts.users import User
from schema.connection import Connection
from schema.deletion import Deleted
from schema.enums import enum
from schema.events import Change, Deletion, Ready, Resync
from schema.fields import connection, entity, expression, facet, maybe, stream, verb
from schema.gifts.families import Family
from schema.gifts.occasions import Occasion
from schema.gifts.persons import Person
from schema.node import Node, column, node

if TYPE_CHECKING:
    from schema.gifts.items import ListItem

enum(
    GiftListType,
    "What a list is for.",
    WISHLIST="What somebody wishes for.",
    IDEAS="What others think of giving.",
    REGISTRY="What is asked for in the open, as for a wedding.",
    SHOPPING="What is still to be bought.",
)
enum(
    GiftListVisibility,
    "Who sees a list, in rising order.",
    PRIVATE="Its owner alone.",
    GIVERS="All of the family but the person it is for, until it is revealed.",
    FAMILY="All of the family.",
)
enum(
    rules.GiftListOrderField,
    "What lists can be sorted by.",
    NAME="Its name.",
    CREATED_AT="When it was made.",
    UPDATED_AT="When it last changed; what is done about its items does not count.",
)
strawberry.pydantic.input(rules.CreateGiftList, name="CreateGiftListInput", description="A new list in a family.")
strawberry.pydantic.input(
    rules.UpdateGiftList,
    name="UpdateGiftListInput",
    description="What is left out stays as it is; null clears. Its surprise is not for the person to change.",
)
strawberry.pydantic.input(rules.GiftListFilter, name="GiftListFilter", description="All that is given must hold.")
strawberry.pydantic.input(
    rules.GiftListOrder, name="GiftListOrder", description="An order; the id decides between equals."
)

Items: TypeAlias = Connection[Annotated["ListItem", strawberry.lazy("schema.gifts.items")]]


@node(Model, "How many items a list has, as far as the viewer may know.", None)
class GiftListCounts:
    total: int = expression(resolve.item_count, "All of them.", weight=5)
    idea: int = expression(resolve.count_of(ItemStatus.IDEA), "That somebody thought of.", weight=10)
    selected: int = expression(resolve.count_of(ItemStatus.SELECTED), "That are to be given.", weight=10)
    purchased: int = expression(resolve.count_of(ItemStatus.PURCHASED), "That have been bought.", weight=10)
    received: int = expression(resolve.count_of(ItemStatus.RECEIVED), "That have been given.", weight=10)


@node(Model, "Gifts for somebody, for an occasion, or both.", resolve.by_id)
class GiftList(Node):
    family: Family | None = column("To which family it belongs.")
    owner: User | None = column("Who made it.")
    person: Person | None = column("Whom it is for.")
    occasion: Occasion | None = column("What it is for.")
    name: str = column("1 to 100 characters.")
    type: GiftListType = column("What it is for.")
    visibility: GiftListVisibility = column("Who sees it.")
    surprise: bool = column("Whether what givers do is kept from those it is for.")
    reveal_at: datetime | None = column("When the surprise ends by itself.")
    givers_see_each_other: bool = column("Whether givers see who else gives what.")
    items: Items = connection(items.listed, "What is on it.")
    counts: GiftListCounts = facet("How many items it has, in all and by status.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type(description="A list was made or changed.")
class GiftListChanged(Change):
    list: GiftList | None = maybe(resolve.by_id, "The list as it is now; null if it is gone.", id="entity_id")


@strawberry.type(description="A list was deleted.")
class GiftListDeleted(Deletion):
    pass


GiftListEvent = Annotated[
    Ready | GiftListChanged | GiftListDeleted | Resync,
    strawberry.union("GiftListEvent", description="What is told of lists."),
]


@strawberry.type
class GiftListQueries:
    list: GiftList | None = entity(resolve.by_id, "One list.")
    lists: Connection[GiftList] = connection(resolve.listed, "The lists that the viewer sees.")


@strawberry.type
class GiftListMutations:
    create_gift_list: GiftList = verb(
        resolve.create,
        f"Makes a list. Beyond {resolve.MOST} of one owner in a family CONFLICT, TOO_MANY_LISTS.",
        limit=per_minute(300),
    )
    update_gift_list: GiftList = verb(resolve.update, "Changes what is given.", limit=per_minute(60))
    delete_gift_list: Deleted = verb(
        resolve.delete, "Deletes a list with all that is on it; those who give it hear.", limit=per_minute(60)
    )


@strawberry.type
class GiftListSubscriptions:
    gift_list_events: GiftListEvent = stream(
        resolve.followed, "The lists of a family as they change.", changed=GiftListChanged, deleted=GiftListDeleted
    )

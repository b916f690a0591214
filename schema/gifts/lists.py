from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from db.gifts.lists import GiftList as Model
from db.gifts.lists import GiftListType, GiftListVisibility
from resolvers.gifts import items
from resolvers.gifts import lists as resolve
from schema.accounts.users import User
from schema.connection import Connection
from schema.enums import enum
from schema.fields import connection, entity
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

Items: TypeAlias = Connection[Annotated["ListItem", strawberry.lazy("schema.gifts.items")]]


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
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class GiftListQueries:
    list: GiftList | None = entity(resolve.by_id, "One list.")
    lists: Connection[GiftList] = connection(resolve.listed, "The lists that the viewer sees, by name.")

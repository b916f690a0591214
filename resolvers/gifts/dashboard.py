"""A family at one glance: what comes next, how far its presents have come, whom for, and what happened lately.

All of it is of what the viewer sees. To whom a present is kept from it is an idea still, and nothing has been received.
"""

from typing import Annotated

from sqlalchemy import Select, select

from db.gifts.families import Family
from db.gifts.items import ItemStatus, ListItem
from db.gifts.occasions import Occasion
from db.gifts.persons import Person
from db.selection import Listing, Order
from kit.ids import Id
from live.topics import family
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts.status import is_status
from resolvers.gifts.years import days_until, today
from resolvers.relations import Value, counted
from resolvers.topics import Followed

FamilyId = Annotated[Id, Doc("The family's id.")]


def of_family(family_id: FamilyId) -> Select[Family]:
    return select(Family).where(Family.id == family_id)


def looked_at(ctx: Context, family_id: FamilyId) -> Followed:
    return Followed((family(family_id),))


def upcoming(
    within_days: Annotated[int | None, Doc("Only those that are at most so many days away. Default: all.")] = None,
) -> Listing:
    """From today on, where the viewer is."""
    rows = select(Occasion).where(Occasion.day >= today())
    if within_days is not None:
        rows = rows.where(days_until(Occasion) <= within_days)
    return Listing(rows, (Order(Occasion.day),))


def persons() -> Listing:
    return Listing(select(Person), (Order(Person.name),))


def ideas() -> Listing:
    """The newest first."""
    return Listing(select(ListItem).where(is_status(ListItem, ItemStatus.IDEA)), (Order(ListItem.created_at, True),))


def for_person(step: ItemStatus) -> Value:
    """How many of the items for a person have come so far."""
    return lambda person: counted(person.items, lambda item: is_status(item, step))


def in_family(step: ItemStatus) -> Value:
    """How many of a family's items have come so far. What is no idea is few, and found by an index."""
    if step is not ItemStatus.IDEA:
        return lambda row: counted(row.givings, lambda giving: giving.status == step)
    return lambda row: counted(row.items) - counted(row.givings, lambda giving: giving.status != step)

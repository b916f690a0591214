from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import strawberry

from db.gifts.occasions import Occasion as Model
from db.gifts.occasions import OccasionPerson as Guest
from db.gifts.occasions import OccasionType
from resolvers.gifts import guests, lists, summaries, years
from resolvers.gifts import occasions as resolve
from resolvers.gifts.rules import occasions as rules
from resolvers.limits import per_minute
from schema.changes import ChangeEvent, EntityChanged, EntityDeleted
from schema.connection import Connection
from schema.deletion import Deleted
from schema.enums import enum
from schema.fields import connection, entity, expression, facet, stream, verb
from schema.gifts.families import Family
from schema.gifts.persons import Person
from schema.node import Node, column, node

if TYPE_CHECKING:
    from schema.gifts.lists import GiftList

FULL = f"Beyond {years.MOST:,} of a family CONFLICT, TOO_MANY_OCCASIONS."

enum(
    OccasionType,
    "What is celebrated.",
    BIRTHDAY="A birthday.",
    CHRISTMAS="Christmas.",
    ANNIVERSARY="An anniversary.",
    WEDDING="A wedding.",
    BIRTH="A child is born.",
    GRADUATION="A school or course is finished.",
    OTHER="Something else.",
)

enum(
    rules.OccasionOrderField,
    "What occasions can be sorted by.",
    DAY="When it is.",
    NAME="Its name, letter by letter.",
    CREATED_AT="When it was made.",
)
strawberry.pydantic.input(
    rules.NewOccasionPerson, name="NewOccasionPersonInput", description="Somebody who is given presents."
)
strawberry.pydantic.input(rules.CreateOccasion, name="CreateOccasionInput", description="A new occasion of a family.")
strawberry.pydantic.input(
    rules.UpdateOccasion, name="UpdateOccasionInput", description="What is left out stays; null clears."
)
strawberry.pydantic.input(
    rules.UpdateOccasionPerson, name="UpdateOccasionPersonInput", description="What is left out stays; null clears."
)
strawberry.pydantic.input(rules.OccasionFilter, name="OccasionFilter", description="All that is given must hold.")
strawberry.pydantic.input(
    rules.OccasionOrder, name="OccasionOrder", description="An order; the id decides between equals."
)

Guests: TypeAlias = Connection[Annotated["OccasionPerson", strawberry.lazy("schema.gifts.occasions")]]
Lists: TypeAlias = Connection[Annotated["GiftList", strawberry.lazy("schema.gifts.lists")]]

LOOKS = 10  # rows that one figure of a summary counts as: it is reckoned of all items


def figure(name: str, description: str) -> Any:
    return expression(summaries.figure(name), description, weight=LOOKS)


SUMMED = "Of all that the viewer sees: where a giving is kept from them, as if nobody had done anything."


@node(Model, f"How far the presents of an occasion have come, and what they cost. {SUMMED}", None)
class OccasionSummary:
    items: int = figure("items", "How many presents are on its lists.")
    idea: int = figure("idea", "Of these, how many somebody thought of.")
    selected: int = figure("selected", "How many are to be given.")
    purchased: int = figure("purchased", "How many have been bought.")
    received: int = figure("received", "How many have been given.")
    currency: str = expression(summaries.currency, "The family's, of all amounts; ISO 4217.")
    budget_minor: int | None = column("What may be spent, in minor units.")
    planned_minor: float = figure("planned", "What those that are not bought yet cost, where their prices are known.")
    spent_minor: float = figure("spent", "What has been paid for those that are bought.")
    left_minor: float | None = expression(summaries.left, "Of the budget, less what is spent.", weight=LOOKS)
    unpriced_count: int = figure("unpriced", "How many are in neither sum: no price in the family's currency is known.")


@node(Guest, f"The same of the presents for one of its people. {SUMMED}", None)
class OccasionPersonSummary:
    items: int = figure("items", "How many presents are for them on the occasion's lists.")
    idea: int = figure("idea", "Of these, how many somebody thought of.")
    selected: int = figure("selected", "How many are to be given.")
    purchased: int = figure("purchased", "How many have been bought.")
    received: int = figure("received", "How many have been given.")
    currency: str = expression(summaries.currency, "The family's, of all amounts; ISO 4217.")
    budget_minor: int | None = column("What may be spent on them, in minor units.")
    planned_minor: float = figure("planned", "What those that are not bought yet cost, where their prices are known.")
    spent_minor: float = figure("spent", "What has been paid for those that are bought.")
    left_minor: float | None = expression(summaries.left, "Of the budget, less what is spent.", weight=LOOKS)
    unpriced_count: int = figure("unpriced", "How many are in neither sum: no price in the family's currency is known.")


@node(Model, "A day on which presents are given. Seen by the members of the family.", resolve.by_id)
class Occasion(Node):
    family: Family | None = column("To which family it belongs.")
    name: str = column("1 to 100 characters.")
    type: OccasionType = column("What is celebrated.")
    day: date = column("When it is.")
    recurs_yearly: bool = column("Whether it comes round each year; each year is an occasion of its own.")
    previous: "Occasion | None" = column("The year before.")
    next: "Occasion | None" = column("The year after.")
    budget_minor: int | None = column("What may be spent, in minor units of the family's currency.")
    notes: str | None = column("More about it.")
    days_until: int = expression(
        years.days_until, "How many days it is away in the viewer's time zone; below 0 when it has passed."
    )
    people: Guests = connection(guests.listed, "Who is given presents.")
    lists: Lists = connection(lists.listed, "The lists for it that the viewer sees.")
    summary: OccasionSummary = facet("How far its presents have come, and what they cost.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@node(Guest, "Somebody who is given presents on an occasion.", guests.by_id)
class OccasionPerson(Node):
    occasion: Occasion | None = column("On which occasion.")
    person: Person | None = column("Who.")
    budget_minor: int | None = column("What may be spent on them, in minor units of the family's currency.")
    summary: OccasionPersonSummary = facet("How far the presents for them have come, and what they cost.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class OccasionQueries:
    occasion: Occasion | None = entity(resolve.by_id, "One occasion.")
    occasions: Connection[Occasion] = connection(resolve.listed, "The occasions of the viewer's families.")
    occasion_summary: OccasionSummary | None = entity(resolve.by_id, "How far an occasion's presents have come.")


@strawberry.type
class OccasionMutations:
    create_occasion: Occasion = verb(resolve.create, f"Makes an occasion. {FULL}", limit=per_minute(300))
    update_occasion: Occasion = verb(resolve.update, "Changes what is given.", limit=per_minute(300))
    delete_occasion: Deleted = verb(
        resolve.delete,
        "Deletes an occasion; its lists stay. If it was the last year of one that recurs, none follows.",
        limit=per_minute(300),
    )
    open_next_occasion: Occasion = verb(
        years.open_next,
        f"The year that follows, with the same people and budgets, if need be made. {FULL}",
        limit=per_minute(300),
    )
    add_person_to_occasion: OccasionPerson = verb(
        guests.add,
        f"Says that somebody is given presents. Beyond {guests.MOST} of an occasion CONFLICT, TOO_MANY_PEOPLE.",
        limit=per_minute(300),
    )
    update_occasion_person: OccasionPerson = verb(
        guests.update, "Changes what may be spent on somebody.", limit=per_minute(300)
    )
    remove_person_from_occasion: Deleted = verb(
        guests.remove, "Says that somebody is given nothing; lists stay.", limit=per_minute(300)
    )


@strawberry.type
class OccasionSubscriptions:
    occasion_events: ChangeEvent = stream(
        resolve.followed,
        "An occasion, its people and its lists as they change.",
        changed=EntityChanged,
        deleted=EntityDeleted,
    )

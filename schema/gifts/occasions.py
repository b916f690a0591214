from datetime import date, datetime
from typing import Annotated, TypeAlias

import strawberry

from db.gifts.occasions import Occasion as Model
from db.gifts.occasions import OccasionPerson as Guest
from db.gifts.occasions import OccasionType
from resolvers.gifts import occasions as resolve
from schema.connection import Connection
from schema.enums import enum
from schema.fields import connection, entity
from schema.gifts.families import Family
from schema.gifts.persons import Person
from schema.node import Node, column, node

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

Guests: TypeAlias = Connection[Annotated["OccasionPerson", strawberry.lazy("schema.gifts.occasions")]]


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
    people: Guests = connection(resolve.guests_listed, "Who is given presents.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@node(Guest, "Somebody who is given presents on an occasion.", resolve.guest_by_id)
class OccasionPerson(Node):
    occasion: Occasion | None = column("On which occasion.")
    person: Person | None = column("Who.")
    budget_minor: int | None = column("What may be spent on them, in minor units of the family's currency.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class OccasionQueries:
    occasion: Occasion | None = entity(resolve.by_id, "One occasion.")
    occasions: Connection[Occasion] = connection(resolve.listed, "The occasions of the viewer's families, by day.")

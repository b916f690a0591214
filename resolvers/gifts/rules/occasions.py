from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from db.gifts.occasions import OccasionType
from kit.ids import Id
from resolvers.rules import Clean, Direction, Input, NotNull, optional, stripped

MOST_MINOR = 1_000_000_000  # of an amount, in minor units
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)

OccasionName = Annotated[str, stripped(100), Clean]
OccasionNotes = Annotated[str, StringConstraints(max_length=10_000), Clean]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Budget = Annotated[int, Field(ge=0, le=MOST_MINOR)]


class OccasionOrderField(StrEnum):
    """What occasions can be sorted by."""

    DAY = "DAY"
    NAME = "NAME"
    CREATED_AT = "CREATED_AT"


class NewOccasionPerson(Input):
    """Somebody who is given presents on a new occasion."""

    person_id: Id = Field(description="A person of the same family.")
    budget_minor: Budget | None = optional("What may be spent on them, in minor units of the family's currency.")


def _each_once(people: list[NewOccasionPerson]) -> list[NewOccasionPerson]:
    if len({person.person_id for person in people}) < len(people):
        raise ValueError("must name each person once")
    return people


class CreateOccasion(Input):
    """A new occasion of a family."""

    family_id: Id = Field(description="Of which family.")
    name: OccasionName = Field(description="1 to 100 characters, not blank.")
    type: OccasionType = Field(description="What is celebrated.")
    day: Day | None = optional("When it is. May be left out with personId: then it is their next birthday.")
    recurs_yearly: bool = Field(default=False, description="Whether it comes round each year.")
    budget_minor: Budget | None = optional("What may be spent, in minor units of the family's currency.")
    notes: OccasionNotes | None = optional("Up to 10,000 characters.")
    people: Annotated[list[NewOccasionPerson], Field(max_length=100), AfterValidator(_each_once)] = Field(
        default_factory=list, description="Who is given presents, at most a hundred; more can be added later."
    )
    person_id: Id | None = optional("With type BIRTHDAY: whose it is. They are given presents.")


class UpdateOccasion(Input):
    """What is left out stays as it is; null clears."""

    name: Annotated[OccasionName | None, NotNull] = optional("1 to 100 characters, not blank.")
    type: Annotated[OccasionType | None, NotNull] = optional("What is celebrated.")
    day: Annotated[Day | None, NotNull] = optional("When it is.")
    recurs_yearly: Annotated[bool | None, NotNull] = optional("Whether another year follows it.")
    budget_minor: Budget | None = optional("What may be spent, in minor units of the family's currency.")
    notes: OccasionNotes | None = optional("Up to 10,000 characters.")


class UpdateOccasionPerson(Input):
    """What is left out stays as it is; null clears."""

    budget_minor: Budget | None = optional("What may be spent on them, in minor units of the family's currency.")


class OccasionFilter(Input):
    """All that is given must hold."""

    type: Annotated[list[OccasionType], Field(max_length=100)] | None = optional("Any of these.")
    after: Day | None = optional("On this day or later.")
    before: Day | None = optional("Before this day.")
    upcoming: bool | None = optional("Today or later, or only before today, in the viewer's time zone.")
    person_id: Id | None = optional("On which this person is given presents.")
    search: Annotated[str, stripped(100)] | None = optional("What the name contains, in any case.")


class OccasionOrder(Input):
    """An order of occasions; the id decides between equals."""

    field: OccasionOrderField = Field(description="What to sort by.")
    direction: Direction = Field(Direction.ASC, description="Which way.")

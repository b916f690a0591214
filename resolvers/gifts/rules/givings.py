from typing import Annotated

from pydantic import Field, StringConstraints

from kit.errors import Invalid
from resolvers.rules import Input, NotNull, optional

MOST = 99  # of one item
LARGEST = 1_000_000_000  # minor units

Amount = Annotated[int, Field(ge=0, le=LARGEST)]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]


class UpdateGiving(Input):
    """What is left out stays as it is; null clears."""

    price_paid_minor: Amount | None = optional("What it has cost, in minor units, up to 1,000,000,000.")
    currency: Annotated[Currency | None, NotNull] = optional(
        "ISO 4217, of all amounts of this giving. Default: as it is, or the gift's, or the family's."
    )
    thanked: Annotated[bool | None, NotNull] = optional("Whether thanks were said.")


class OrganizeGroupGift(Input):
    """What is to be collected for an item."""

    target_minor: Annotated[int, Field(ge=1, le=LARGEST)] = Field(description="In minor units, 1 to 1,000,000,000.")
    currency: Annotated[Currency | None, NotNull] = optional(
        "ISO 4217. Default: as it is, or the gift's, or the family's."
    )


def within(field: str, value: int, most: int) -> int:
    """Raises Invalid for a number that is not from 1 to `most`."""
    if not 1 <= value <= most:
        raise Invalid({field: [f"must be from 1 to {most:,}"]})
    return value

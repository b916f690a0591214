import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from db.gifts.items import ItemStatus
from kit.ids import Id
from resolvers.rules import Clean, Direction, Input, NotNull, SearchWords, optional, stripped

MOST_EXPENSIVE = 1_000_000_000  # minor units


def _of_the_web(url: str) -> str:
    if not re.match(r"https?://[^\s/]", url, re.IGNORECASE):
        raise ValueError("must be an address that begins with http:// or https://")
    return url


Name = Annotated[str, stripped(200), Clean]
Note = Annotated[str, StringConstraints(max_length=2_000), Clean]
Description = Annotated[str, StringConstraints(max_length=10_000), Clean]
Url = Annotated[str, stripped(2_000), Clean, AfterValidator(_of_the_web)]
Price = Annotated[int, Field(ge=0, le=MOST_EXPENSIVE)]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
Tag = Annotated[str, stripped(50), Clean]
Tags = Annotated[list[Tag], Field(max_length=20), AfterValidator(lambda tags: [*dict.fromkeys(tags)])]
Quantity = Annotated[int, Field(ge=1, le=99)]


class ListItemOrderField(StrEnum):
    """What items can be sorted by."""

    CREATED_AT = "CREATED_AT"
    STATUS = "STATUS"
    GIFT_NAME = "GIFT_NAME"
    PRICE = "PRICE"


class NewGift(Input):
    """A gift that is made with the item."""

    name: Name = Field(description="1 to 200 characters, not blank.")
    url: Url | None = optional("Its page.")
    price_minor: Price | None = optional("What it costs, in minor units of the currency, which must be given too.")
    currency: Currency | None = optional("ISO 4217, of the price.")
    description: Description | None = optional("Up to 10,000 characters.")
    image_url: Url | None = optional("A picture.")
    tags: Tags = Field(default_factory=list, description="Words to sort gifts by, at most twenty.")

    @model_validator(mode="after")
    def _of_a_price(self) -> Self:
        if (self.price_minor is None) != (self.currency is None):
            raise ValueError("priceMinor and currency go together")
        return self


class AddListItem(Input):
    """A gift for a list: one that there is, or a new one."""

    gift_id: Id | None = optional("A gift of the family. Either this or `gift`.")
    gift: NewGift | None = optional("A new gift. Either this or `giftId`.")
    person_id: Id | None = optional("Whom it is for, where the list is for nobody; for ever.")
    quantity: Quantity = Field(1, description="How many are wished for, 1 to 99.")
    note: Note | None = optional("Up to 2,000 characters.")


class UpdateListItem(Input):
    """What is left out stays as it is; null clears."""

    quantity: Annotated[Quantity | None, NotNull] = optional("How many are wished for, 1 to 99.")
    note: Note | None = optional("Up to 2,000 characters.")


class ListItemFilter(Input):
    """All that is given must hold, as far as the viewer may know."""

    status: ItemStatus | None = optional("How far it has come, as `status` says it.")
    person_id: Id | None = optional("For this person; null: only those that are for nobody.")
    assignee_id: Id | None = optional("Those that this user takes care of.")
    added_by_id: Id | None = optional("Those that this user added.")
    search: SearchWords | None = optional("Words that begin words of the gift's name, shop or description.")


class ListItemOrder(Input):
    """An order of items; the id decides between equals."""

    field: ListItemOrderField = Field(description="What to sort by.")
    direction: Direction = Field(Direction.ASC, description="Which way.")

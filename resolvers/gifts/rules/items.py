from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from db.gifts.items import ItemStatus
from kit.ids import Id
from resolvers.gifts.rules.gifts import NewGift
from resolvers.rules import Clean, Direction, Input, NotNull, SearchWords, optional

Note = Annotated[str, StringConstraints(max_length=2_000), Clean]
Quantity = Annotated[int, Field(ge=1, le=99)]


class ListItemOrderField(StrEnum):
    """What items can be sorted by."""

    CREATED_AT = "CREATED_AT"
    STATUS = "STATUS"
    GIFT_NAME = "GIFT_NAME"
    PRICE = "PRICE"


class AddListItem(Input):
    """A gift for a list: one that there is, or a new one."""

    gift_id: Id | None = optional("A gift of the family. Either this or `gift`.")
    gift: NewGift | None = optional("A new gift: a name, or a url alone. Either this or `giftId`.")
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

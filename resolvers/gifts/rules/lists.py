from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from db.gifts.lists import GiftListType, GiftListVisibility
from kit.ids import Id
from resolvers.rules import Clean, Direction, Input, NotNull, SearchWords, optional, stripped

Name = Annotated[str, stripped(100), Clean]


class GiftListOrderField(StrEnum):
    """What lists can be sorted by."""

    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"


class CreateGiftList(Input):
    """A new list in a family."""

    family_id: Id = Field(description="In which family.")
    name: Name = Field(description="1 to 100 characters, not blank.")
    type: GiftListType = Field(description="What it is for.")
    person_id: Id | None = optional("Whom it is for; for ever. Without, each item may be for somebody.")
    occasion_id: Id | None = optional("What it is for.")
    visibility: GiftListVisibility | None = optional("Who sees it. Default: FAMILY; of IDEAS GIVERS.")
    surprise: bool | None = optional(
        "Whether what givers do is kept from those it is for. Default: true; of a REGISTRY false."
    )
    reveal_at: datetime | None = optional("When the surprise ends by itself; it must be to come.")
    givers_see_each_other: bool | None = optional(
        "Whether givers see who else gives what. Default: as the family has it."
    )


class UpdateGiftList(Input):
    """What is left out stays as it is; null clears. The person whom it is for may not speak of its surprise."""

    name: Annotated[Name | None, NotNull] = optional("1 to 100 characters, not blank.")
    type: Annotated[GiftListType | None, NotNull] = optional("What it is for.")
    occasion_id: Id | None = optional("What it is for.")
    visibility: Annotated[GiftListVisibility | None, NotNull] = optional("Who sees it: never fewer than before.")
    surprise: Annotated[bool | None, NotNull] = optional(
        "Whether what givers do is kept from those it is for. Not for the person to say."
    )
    reveal_at: datetime | None = optional("When the surprise ends by itself. Not for the person to say.")
    givers_see_each_other: Annotated[bool | None, NotNull] = optional("Whether givers see who else gives what.")


class GiftListFilter(Input):
    """All that is given must hold."""

    type: Annotated[list[GiftListType], Field(max_length=100)] | None = optional("Any of these.")
    visibility: Annotated[list[GiftListVisibility], Field(max_length=100)] | None = optional("Any of these.")
    person_id: Id | None = optional("For this person; null: only those that are for nobody.")
    occasion_id: Id | None = optional("For this occasion; null: only those that are for none.")
    search: SearchWords | None = optional("Words that begin words of the name, in any order.")


class GiftListOrder(Input):
    """An order of lists; the id decides between equals."""

    field: GiftListOrderField = Field(description="What to sort by.")
    direction: Direction = Field(Direction.ASC, description="Which way.")

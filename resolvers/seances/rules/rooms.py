from enum import StrEnum
from typing import Annotated

from pydantic import Field

from db.seances.rooms import SeanceVisibility
from resolvers.rules import Clean, Direction, Input, NotNull, SearchWords, optional, stripped

MOST_HOSTED = 20  # rooms that go on, of one host who makes another

RoomName = Annotated[str, stripped(100), Clean]
MaxUsers = Annotated[int, Field(ge=2, le=12)]


class SeanceOrderField(StrEnum):
    """What rooms are sorted by."""

    CREATED_AT = "CREATED_AT"
    NAME = "NAME"
    PARTICIPANT_COUNT = "PARTICIPANT_COUNT"


class CreateSeance(Input):
    """A new room, of which its maker is the host."""

    name: RoomName = Field(description="1 to 100 characters, not blank.")
    max_users: MaxUsers = Field(6, description="How many seats there are, 2 to 12.")
    visibility: SeanceVisibility = Field(SeanceVisibility.PUBLIC, description="Who may find it and come in.")


class UpdateSeance(Input):
    """What is left out stays as it is."""

    name: Annotated[RoomName | None, NotNull] = optional("1 to 100 characters, not blank.")
    max_users: Annotated[MaxUsers | None, NotNull] = optional(
        "How many seats there are, 2 to 12; no fewer than are taken."
    )
    visibility: Annotated[SeanceVisibility | None, NotNull] = optional("Who may find it and come in.")
    locked: Annotated[bool | None, NotNull] = optional("Whether nobody else may come in.")


class SeanceFilter(Input):
    """All that is given must hold."""

    active: bool | None = optional(
        "Those that go on, which is the default; false: those that have ended, among those one has been in."
    )
    mine: bool | None = optional("Those that one has or had a seat in; false: the others.")
    hosted: bool | None = optional("Those whose host one is; false: the others.")
    with_free_seats: bool | None = optional(
        "Those that somebody may still come into: a seat is free, and the room is not locked; false: the others."
    )
    search: SearchWords | None = optional("Words that begin words of the name, in any order.")


class SeanceOrder(Input):
    """An order of rooms; the id decides between equals."""

    field: SeanceOrderField = Field(description="What to sort by.")
    direction: Direction = Field(Direction.ASC, description="Which way.")

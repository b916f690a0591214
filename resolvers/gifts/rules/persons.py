from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, HttpUrl, StringConstraints, TypeAdapter, ValidationError

from kit.ids import Id
from resolvers.rules import Clean, Input, NotNull, optional, stripped

EARLIEST, LATEST = date(1850, 1, 1), date(2200, 1, 1)  # of birthdays

_WEB = TypeAdapter(HttpUrl)


def _of_the_web(url: str) -> str:
    try:
        _WEB.validate_python(url)
    except ValidationError:
        raise ValueError("must be the address of a page: http:// or https://") from None
    return url


def _once_each(words: list[str]) -> list[str]:
    return [*dict.fromkeys(words)]


PersonName = Annotated[str, stripped(100), Clean]
Birthday = Annotated[date, Field(ge=EARLIEST, le=LATEST)]
Word = Annotated[str, stripped(100), Clean]
Words = Annotated[list[Word], Field(max_length=50), AfterValidator(_once_each)]
Notes = Annotated[str, StringConstraints(max_length=10_000), Clean]
PhotoUrl = Annotated[str, stripped(2_000), Clean, AfterValidator(_of_the_web)]


class PersonOrder(StrEnum):
    """What people are sorted by; the id decides between equals."""

    NAME = "NAME"
    NEXT_BIRTHDAY = "NEXT_BIRTHDAY"
    CREATED_AT = "CREATED_AT"


class NewPerson(Input):
    """Somebody who is given presents."""

    name: PersonName = Field(description="1 to 100 characters.")
    birthday: Birthday | None = optional("When they were born.")
    sizes: Words = Field(default_factory=list, description='Such as "shoes 42"; at most 50.')
    interests: Words = Field(default_factory=list, description="What they like; at most 50.")
    unwanted: Words = Field(default_factory=list, description="What never to give them; at most 50.")
    notes: Notes | None = optional("More about them, which they may read too. Up to 10,000 characters.")
    photo_url: PhotoUrl | None = optional("A picture: an http or https address.")


class CreatePerson(NewPerson):
    """Somebody who is given presents in a family."""

    family_id: Id = Field(description="In which family.")


class UpdatePerson(Input):
    """What is left out stays as it is; null clears."""

    name: Annotated[PersonName | None, NotNull] = optional("1 to 100 characters.")
    birthday: Birthday | None = optional("When they were born.")
    sizes: Annotated[Words | None, NotNull] = optional('Such as "shoes 42"; at most 50.')
    interests: Annotated[Words | None, NotNull] = optional("What they like; at most 50.")
    unwanted: Annotated[Words | None, NotNull] = optional("What never to give them; at most 50.")
    notes: Notes | None = optional("More about them, which they may read too. Up to 10,000 characters.")
    photo_url: PhotoUrl | None = optional("A picture: an http or https address.")

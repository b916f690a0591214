"""What may come in, in words that all domains share. A rule's message is read by the client's users."""

import re
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from db.words import BETWEEN_WORDS
from kit.ids import Id
from kit.zones import zone

PARTING = re.compile(rf"[\x00{BETWEEN_WORDS}]+")


class Direction(StrEnum):
    """Nulls come last either way."""

    ASC = "ASC"
    DESC = "DESC"


class Input(BaseModel):
    """Absent and null are told apart by `model_fields_set`; `given()` is what the client sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def given(self, *without: str) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set if name not in without}


def optional(description: str, **constraints: Any) -> Any:
    """A field that may be absent. (A default factory, because Strawberry would count a plain default as sent.)"""
    return Field(default_factory=lambda: None, description=description, **constraints)


def _no_control(text: str) -> str:
    if any(ord(c) < 32 and c not in "\n\t\r" for c in text):
        raise ValueError("must not contain control characters")
    return text


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("must not be null")
    return value


# On a field of an update: it may be left out, but not cleared.
NotNull = BeforeValidator(_not_null)
Clean = AfterValidator(_no_control)


def stripped(most: int) -> StringConstraints:
    """Text of 1 to `most` characters, not counting blanks around it."""
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=most)


def lowered(value: str) -> str:
    return value.strip().lower()


def _known_zone(name: str) -> str:
    zone(name)
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
Ids = Annotated[list[Id], Field(max_length=100)]


def _as_query(words: str) -> str:
    """Every word as the beginning of one in the text. Quoted, so that no word is an operator.

    What parts words here parts them in the columns `search`; nothing but that finds nothing.
    """
    if not words.replace("\x00", " ").strip():
        raise ValueError("must not be blank")
    return " & ".join(f"'{word}':*" for word in PARTING.split(words) if word)


SearchWords = Annotated[str, StringConstraints(max_length=200), AfterValidator(_as_query)]

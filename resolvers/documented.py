"""`Annotated[…, Doc("…")]` on a verb's or statement's parameter says what it is to those who read the schema."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Doc:
    text: str

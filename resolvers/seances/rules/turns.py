from typing import Annotated

from pydantic import Field

from kit.ids import Id
from resolvers.rules import Clean, Input, stripped

Question = Annotated[str, stripped(1_000), Clean]


class AskSpirit(Input):
    """A question to the spirit."""

    seance_id: Id = Field(description="In which room.")
    text: Question = Field(description="1 to 1,000 characters, not blank.")

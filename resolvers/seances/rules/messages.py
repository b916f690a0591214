from typing import Annotated

from pydantic import Field

from kit.ids import Id
from resolvers.rules import Clean, Input, stripped


class SendSeanceMessage(Input):
    """What is said in a room."""

    seance_id: Id = Field(description="In which room.")
    text: Annotated[str, stripped(1_000), Clean] = Field(description="1 to 1,000 characters, not blank.")

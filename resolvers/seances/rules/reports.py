from typing import Annotated

from pydantic import Field

from kit.ids import Id
from resolvers.rules import Clean, Input, stripped


class ReportSeanceMessage(Input):
    """Why a message should not stand."""

    message_id: Id = Field(description="Which message.")
    reason: Annotated[str, stripped(500), Clean] = Field(description="1 to 500 characters, not blank.")

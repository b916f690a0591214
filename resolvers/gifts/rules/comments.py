from typing import Annotated

from pydantic import Field

from db.gifts.comments import CommentParent
from kit.ids import Id
from resolvers.rules import Clean, Input, NotNull, optional, stripped

CommentText = Annotated[str, stripped(5_000), Clean]


class AddComment(Input):
    """What is said of something in a family."""

    parent_type: CommentParent = Field(description="Of what.")
    parent_id: Id = Field(description="Of which one.")
    text: CommentText = Field(description="1 to 5,000 characters, not blank.")
    open: bool = Field(False, description="Whether those whom it is about may read it, too.")


class UpdateComment(Input):
    """What is left out stays as it is."""

    text: Annotated[CommentText | None, NotNull] = optional("1 to 5,000 characters, not blank.")

"""What answers of language models have taken."""

from typing import Annotated

from sqlalchemy import Select, select

from db.accounts.usage import TokenUsage
from kit.ids import Id
from resolvers.documented import Doc


def by_id(id: Annotated[Id, Doc("The id of the usage.")]) -> Select[TokenUsage]:
    return select(TokenUsage).where(TokenUsage.id == id)

"""How far a present has come, as far as the viewer may know."""

from typing import Any

from sqlalchemy import ColumnElement, func

from db.gifts.items import Giving, ItemStatus
from resolvers.relations import reached


def status(item: Any) -> ColumnElement[Any]:
    """Of a list item, the model or an alias of it: IDEA where the giving is kept from the viewer."""
    return func.coalesce(reached(item.giving, Giving.status).value, ItemStatus.IDEA, type_=Giving.status.type)

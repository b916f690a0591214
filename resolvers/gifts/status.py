"""How far a present has come, as far as the viewer may know."""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, func, not_

from db.gifts.items import Giving, ItemStatus
from db.selection import Reached
from resolvers.relations import any_of, reached


def status(item: Any) -> ColumnElement[Any]:
    """Of a list item, the model or an alias of it: IDEA where the giving is kept from the viewer."""
    return by_status(item).value


def by_status(item: Any) -> Reached:
    """The same, to sort by."""
    found = reached(item.giving, Giving.status)
    known = func.coalesce(found.value, ItemStatus.IDEA, type_=Giving.status.type)
    return replace(found, value=known, name="status", nullable=False)


def is_status(item: Any, asked: ItemStatus) -> ColumnElement[bool]:
    """The same as to compare it, said so that PostgreSQL may join instead of asking anew for each item."""
    if asked is ItemStatus.IDEA:
        return not_(any_of(item.giving, lambda giving: giving.status != ItemStatus.IDEA))
    return any_of(item.giving, lambda giving: giving.status == asked)

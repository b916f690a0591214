"""How far the presents of an occasion have come and what they cost, of all that the viewer sees.

Each function is given an occasion, or somebody who is given presents there: then it speaks of the presents for them.
To whom a giving is kept from its item is an idea, for which nothing has been paid.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, func, inspect, literal_column, select
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause

from db.gifts.families import Family
from db.gifts.items import ItemStatus, ListItem
from db.gifts.lists import GiftList
from db.gifts.occasions import OccasionPerson
from db.guard import one_each
from db.reader import joined
from resolvers.policies import POLICIES
from resolvers.relations import reached

_STAGES = {status: place for place, status in enumerate(ItemStatus)}

Figure = Callable[[Any], ColumnElement[Any]]


def figure(name: str) -> Figure:
    """Of `_figures`."""
    return lambda row: _figures(row).c[name]


def left(row: Any) -> ColumnElement[int]:
    """Of the budget; null without one."""
    found: ColumnElement[int] = row.budget_minor - _figures(row).c.spent
    return found


def currency(row: Any) -> ColumnElement[str]:
    return reached(row.family, Family.currency).value


def _reckoned(row: Any) -> LateralFromClause:
    """One row of all figures. An item is planned until it is bought; what is paid for it counts from then on."""
    each = _each(row).subquery().c
    stage, paid = func.coalesce(each.giving[1], _STAGES[ItemStatus.IDEA]), each.giving[2]
    bought = stage >= _STAGES[ItemStatus.PURCHASED]
    at = [func.count().filter(stage == place).label(one.value.lower()) for one, place in _STAGES.items()]
    return select(
        func.count().label("items"),
        *at,
        _sum(each.price * each.quantity, ~bought).label("planned"),
        _sum(paid, bought).label("spent"),
        func.count().filter(case((bought, paid.is_(None)), else_=each.price.is_(None))).label("unpriced"),
    ).lateral()


_figures = one_each(_reckoned)  # so that all fields of a summary are read in one go


def _sum(value: ColumnElement[Any], condition: ColumnElement[bool]) -> ColumnElement[int]:
    return cast(func.coalesce(func.sum(value).filter(condition), 0), BigInteger)


def _each(row: Any) -> Select[Any]:
    """What the viewer sees on the lists, with prices in the family's currency; null where a giving is kept from them.

    The lists are an array, so that PostgreSQL begins with them; the offset keeps it from looking up a price or a giving
    anew wherever that is spoken of.
    """
    gift_list, item = aliased(GiftList), aliased(ListItem)
    lists = select(gift_list.id).where(joined(row.lists, gift_list), POLICIES[GiftList].see(gift_list))
    lists = lists.correlate_except(inspect(gift_list).selectable)
    there = [item.list_id == func.any(func.array(lists.scalar_subquery())), POLICIES[ListItem].see(item)]
    if inspect(row).mapper.class_ is OccasionPerson:
        there.append(item.person_id == row.person_id)

    def price(gift: Any) -> ColumnElement[int]:
        return case((gift.currency == currency(row), gift.price_minor))

    def giving(given: Any) -> ColumnElement[Any]:
        paid = case((given.currency == currency(row), given.price_paid_minor))
        return array([case(_STAGES, value=given.status), paid], type_=BigInteger)

    values = (
        item.quantity,
        reached(item.gift, price).value.label("price"),
        reached(item.giving, giving).value.label("giving"),
    )
    return select(*values).where(*there).correlate_except(inspect(item).selectable).offset(literal_column("0"))

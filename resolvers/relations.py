"""The words for filters and orders that look at other rows. Each adds the policy of what it reaches.

A statement function that goes there by itself is refused by the reader (`db/guard.py`).
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, inspect, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from db.reader import joined
from db.selection import Reached
from resolvers.policies import POLICIES

Condition = Callable[[Any], ColumnElement[bool]]


def reached(relation: InstrumentedAttribute[Any], column: InstrumentedAttribute[Any]) -> Reached:
    """To sort or filter by: a column of the one row that a relationship leads to; null where the viewer sees none."""
    target, where = _beyond(relation)
    if relation.property.uselist:
        raise TypeError(f"{relation} leads to many rows: which of them to sort by?")
    value = select(getattr(target, column.key)).where(*where).correlate(_source(relation)).scalar_subquery()
    return Reached(value, f"{relation.key}.{column.key}")


def any_of(relation: InstrumentedAttribute[Any], condition: Condition) -> ColumnElement[bool]:
    """To filter by: the viewer sees at least one row there of which the condition holds."""
    target, where = _beyond(relation)
    return select(target.id).where(*where, condition(target)).correlate(_source(relation)).exists()


def _beyond(relation: InstrumentedAttribute[Any]) -> tuple[Any, list[ColumnElement[bool]]]:
    model = relation.property.mapper.class_
    target = aliased(model)
    return target, [joined(relation, target), POLICIES[model].see(target)]


def _source(relation: InstrumentedAttribute[Any]) -> Any:
    return inspect(relation.class_).local_table

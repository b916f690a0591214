"""The words for fields, filters and orders that look at other rows. Each adds the policy of what it reaches.

A relation is an attribute of a model or of an alias of it: `Task.labels`, or `task.labels` of what the reader hands to
an expression. What is given as a function is given the rows there, so that words may stand in words; it may also speak
of the rows around. A statement that goes there by itself is refused by the reader (`db/guard.py`).
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    inspect,
    literal_column,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, QueryableAttribute, aliased

from db.reader import joined
from db.selection import Reached, Row
from resolvers.policies import POLICIES

Value = Callable[[Any], ColumnElement[Any]]
Condition = Callable[[Any], ColumnElement[bool]]
Relation = InstrumentedAttribute[Any]


def reached(relation: Relation, column: InstrumentedAttribute[Any] | Value) -> Reached:
    """A column of the one row there, or what a function makes of it; null where the viewer sees none."""
    if relation.property.uselist:
        raise TypeError(f"{relation} leads to many rows: which of them is meant?")
    name = column.key if isinstance(column, QueryableAttribute) else column.__name__
    target, seen = _seen(relation)
    value = column(target) if callable(column) else getattr(target, name)
    found = select(value).where(*seen).correlate_except(inspect(target).selectable).scalar_subquery()
    beside = case((target.id.is_not(None), value)) if callable(column) else value
    return Reached(found, f"{relation.key}.{name}", row=Row(found, target, and_(*seen), beside))


def any_of(relation: Relation, condition: Condition) -> ColumnElement[bool]:
    """Whether the viewer sees at least one row there of which the condition holds."""
    return _there(relation, lambda target: target.id, condition).exists()


def counted(relation: Relation, *conditions: Condition) -> ColumnElement[int]:
    """How many rows the viewer sees there of which all the conditions hold."""
    return _there(relation, lambda target: func.count(target.id, type_=BigInteger), *conditions).scalar_subquery()


def summed(relation: Relation, value: Value, *conditions: Condition) -> ColumnElement[Any]:
    """The sum of what a function makes of each row that `counted` counts, nulls left out; 0 where there is none.

    The function must speak of the row it is given.
    """

    def total(target: Any) -> ColumnElement[Any]:
        each = value(target)
        sum = func.coalesce(func.sum(each), 0)
        return cast(sum, BigInteger) if isinstance(each.type, Integer) else sum  # PostgreSQL's would be a numeric

    return _there(relation, total, *conditions).scalar_subquery()


def first_of(relation: Relation, value: Value, by: Value, *conditions: Condition) -> ColumnElement[Any]:
    """What a function makes of the first row there, by an order and then the id; null where the viewer sees none."""
    return _there(relation, value, *conditions, by=by).scalar_subquery()


def _there(relation: Relation, made: Value, *conditions: Condition, by: Value | None = None) -> Select[Any]:
    """What is made of each row there that the viewer sees and of which the conditions hold; with `by` of the first.

    All that the functions mention of the statement around is meant as it stands there.
    """
    target, seen = _seen(relation)
    rows = (
        select(made(target))
        .where(*seen, *(holds(target) for holds in conditions))
        .correlate_except(inspect(target).selectable)
    )
    return rows if by is None else rows.order_by(by(target), target.id).limit(literal_column("1"))


def _seen(relation: Relation) -> tuple[Any, tuple[ColumnElement[bool], ColumnElement[bool]]]:
    """An alias of what the relation leads to, and which of its rows belong there and are seen."""
    model = relation.property.mapper.class_
    target = aliased(model)
    return target, (joined(relation, target), POLICIES[model].see(target))

"""The words policies are written in. A policy is a SQL predicate over an entity and the viewer's slots.

The same predicate guards one row, a page, a nested field, a count and an event: `see` is added by the reader to every
entity it reaches, both are asked by `Work.lock` before anything changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, inspect, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from db.accounts.users import Role
from db.base import Entity
from db.slots import VIEWER_ID, VIEWER_ROLE

Rule = Callable[[Any], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Policy:
    """`circle`: the ids of the users among whom `see` decides who hears of a row, too, such as the members of its
    family; it may then ask of the viewer nothing but the id. None: whoever may follow a topic hears of it.
    """

    see: Rule
    change: Rule
    circle: Callable[[Any], Select[Any]] | None = None


def owner(column: InstrumentedAttribute[Any]) -> Rule:
    """The viewer is the one this column names."""
    return lambda entity: getattr(entity, column.key) == VIEWER_ID


def role(least: Role) -> Rule:
    """The viewer has at least this role."""
    return lambda entity: least <= VIEWER_ROLE


def nobody(entity: Any) -> ColumnElement[bool]:
    return false()


def through(column: InstrumentedAttribute[Any], model: type[Entity], rule: Rule) -> Rule:
    """The rule holds of the row of `model` that this column names."""
    there = aliased(model)

    def holds(entity: Any) -> ColumnElement[bool]:
        named = select(there.id).where(there.id == getattr(entity, column.key), rule(there))
        return named.correlate(inspect(entity).selectable).exists()

    return holds


def either(*rules: Rule) -> Rule:
    return lambda entity: or_(*(rule(entity) for rule in rules))


def both(*rules: Rule) -> Rule:
    return lambda entity: and_(*(rule(entity) for rule in rules))

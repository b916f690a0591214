"""The words policies are written in. A policy is a SQL predicate over an entity and the viewer's slots.

The same predicate guards one row, a page, a nested field, a count and an event: `see` is added by the reader to every
entity it reaches, both are asked by `Work.lock` before anything changes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from db.accounts.users import Role
from db.slots import VIEWER_ID, VIEWER_ROLE

Rule = Callable[[Any], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Policy:
    see: Rule
    change: Rule


def owner(column: InstrumentedAttribute[Any]) -> Rule:
    """The viewer is the one this column names."""
    return lambda entity: getattr(entity, column.key) == VIEWER_ID


def role(least: Role) -> Rule:
    """The viewer has at least this role."""
    return lambda entity: least <= VIEWER_ROLE


def either(*rules: Rule) -> Rule:
    return lambda entity: or_(*(rule(entity) for rule in rules))

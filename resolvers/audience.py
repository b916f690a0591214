"""Who hears of what happened: of the circle of the row that decides it, those who may see that row just now.

They are asked all at once, by the row's own `see`, with each of them in the viewer's place.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Select, bindparam, func, inspect, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlalchemy.sql.visitors import replacement_traverse

from db.base import DIALECT, ID, Entity
from db.slots import NOW, VIEWER_ID
from db.transaction import Transaction
from kit.ids import Id
from live.log import Draft
from resolvers.policies import POLICIES
from resolvers.topics import alone

# A word and no column: rules correlate to the row alone, and a column would bring the circle into their subqueries.
_MEMBER = literal_column("circle.member", ID)


class Told(NamedTuple):
    """What will be an event, and the row whose policy decides who hears of it."""

    draft: Draft
    by: Entity


async def decided(session: Transaction, told: Sequence[Told], now: datetime) -> list[Draft]:
    """In the same order, each with those from whom it is hidden. One statement for each type of row that decides.

    Raises LookupError where such a row is gone, and TypeError where a topic is told to several at once.
    """
    hidden: dict[Id, set[Id]] = {}
    for model, ids in _deciding(told).items():
        for row, member in await session.execute(statement(model), {"ids": sorted(ids), "now": now}):
            hidden.setdefault(row, set()).update([Id(member)] if member else [])
        if ids - hidden.keys():
            raise LookupError(f"what happened to a {model.__name__} that is gone must be told before")
    return [replace(draft, hidden_from=sorted(hidden[by.id])) if by.id in hidden else draft for draft, by in told]


def _deciding(told: Sequence[Told]) -> dict[type[Entity], set[Id]]:
    found = defaultdict[type[Entity], set[Id]](set)
    for draft, by in told:
        if POLICIES[type(by)].circle is not None:
            found[type(by)].add(by.id)
            if shared := [topic for topic in draft.topics if not alone(topic)]:
                raise TypeError(f"{type(by).__name__} has a circle, and what gates {shared} has none")
    return found


@cache
def statement(model: type[Entity]) -> Select[Id, str]:
    """The rows of `ids`, each with those of its circle who may not see it; with null where there are none.

    Raises TypeError where the rule asks more of the viewer than who it is.
    """
    policy, row = POLICIES[model], aliased(model)
    assert policy.circle is not None
    circle = policy.circle(row).correlate(inspect(row).selectable)
    members = circle.with_only_columns(circle.selected_columns[0].label("member")).lateral("circle")
    unseeing = replacement_traverse(policy.see(row), {}, _as_member).is_not(True)
    asked = row.id == func.any(bindparam("ids", type_=ARRAY(ID)))
    made = select(row.id, _MEMBER).select_from(row).join(members, unseeing, isouter=True).where(asked)
    binds = made.compile(dialect=DIALECT).binds
    if more := {name for name, bind in binds.items() if bind.required} - {"ids", NOW.key}:
        raise TypeError(f"Who may see a {model.__name__} depends on {sorted(more)}, not on the viewer's id alone")
    return made


def _as_member(element: Any, **_: Any) -> Any:
    return _MEMBER if isinstance(element, BindParameter) and element.key == VIEWER_ID.key else None

"""No statement is compiled that mentions an entity without that entity's policy.

The reader narrows what it reaches by itself. A statement function may reach further, into a filter or an order; whether
it narrowed that is checked here, on the statement as it will be sent.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Alias, ClauseElement, Column, ColumnElement, FromClause, Join, Select, Table, inspect, true
from sqlalchemy.orm import aliased
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BooleanClauseList, Grouping

from db.base import Base, Entity

T = TypeVar("T")

Rule = Callable[[type[Entity], Any], ColumnElement[bool]]
Froms = frozenset[FromClause]


class Unguarded(Exception):
    """A statement function reached an entity by a way of its own, instead of the words of resolvers/relations.py."""


def one_each(make: Callable[[Any], T]) -> Callable[[Any], T]:
    """What the function makes, as one and the same object for a table or an alias.

    To compare large policies takes long, and what is selected from twice is read twice.
    """

    def made(entity: Any) -> T:
        kept = inspect(entity).selectable._deannotate().__dict__.setdefault("_made", {})
        if made not in kept:
            kept[made] = make(entity)
        found: T = kept[made]
        return found

    return made


def check(statement: ClauseElement, rule: Rule) -> None:
    """`rule` says which rows of an entity the viewer may see. Raises Unguarded."""
    _Check(rule).whole(statement, frozenset())


class _Check:
    """`around` is what the selects around an element select from: what it may speak of without selecting it anew."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._checked: dict[Any, list[Froms]] = {}

    def whole(self, element: Any, around: Froms) -> None:
        if isinstance(element, FromClause) and self._again(element, around):
            return
        if isinstance(element, Select):
            self._select(element, around)
            return
        for child in element.get_children():
            self.whole(child, around)

    def _again(self, source: FromClause, around: Froms) -> bool:
        """Whether it has been checked where it might speak of less. (Selects inside name it as theirs, too.)"""
        before = self._checked.setdefault(source, [])
        if any(around.issuperset(narrower) for narrower in before):
            return True
        before.append(around)
        return False

    def _select(self, element: Select[Any], around: Froms) -> None:
        again = _correlated(element, around)
        children = [*element.get_children()]
        sources: Sequence[Any] = [child for child in children if isinstance(child, FromClause)]
        if element._setup_joins:  # of select(…).join(relationship): where it leads shows only when it is compiled
            sources = element.get_final_froms()
        shown = {source: given for source, given in _selected(sources, element.whereclause) if source not in again}
        policies = [part for source, given in shown.items() for part in _policy(source, given, self._rule)]
        inside = around.union(shown)
        for child in [*sources, *(child for child in children if not isinstance(child, FromClause))]:
            self._part(child, around, inside, policies)

    def _part(self, element: Any, around: Froms, inside: Froms, policies: list[Any]) -> None:
        """What stands in a select. Its policies are passed over: they may look where the viewer may not."""
        if any(element is policy for policy in policies):
            return
        if isinstance(element, Join | BooleanClauseList | Grouping):
            for child in element.get_children():
                self._part(child, around, inside, policies)
        else:
            self.whole(element, around if isinstance(element, FromClause) else inside)


def _correlated(element: Select[Any], around: Froms) -> Froms:
    """What of the selects around it this one speaks of without selecting from it anew."""
    if element._correlate_except is not None:
        return around.difference(element._correlate_except)
    return around.intersection(element._correlate or ())


def _selected(sources: Sequence[FromClause], where: Any) -> Iterator[tuple[FromClause, list[Any]]]:
    """All that is selected from, with the conditions on it; what is joined stands there twice, and comes last."""
    for source in sorted(sources, key=lambda source: isinstance(source, Join)):
        yield from _leaves(source, [*_conjuncts(where)])


def _leaves(source: FromClause, given: list[Any]) -> Iterator[tuple[FromClause, list[Any]]]:
    if isinstance(source, Join):
        yield from _leaves(source.left, given)
        yield from _leaves(source.right, given if source.full else [*given, *_conjuncts(source.onclause)])
    else:
        yield source, given


def _conjuncts(condition: Any) -> Iterator[Any]:
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for part in condition.clauses:
            yield from _conjuncts(part)
    elif isinstance(condition, Grouping):
        yield from _conjuncts(condition.element)
    elif condition is not None:
        yield condition


def _policy(source: FromClause, given: list[Any], rule: Rule) -> list[Any]:
    """Those of the conditions that are the entity's policy; none where no entity is selected from."""
    table = source.element if isinstance(source, Alias) else source
    model = _entities().get(table) if isinstance(table, Table) else None
    if model is None:
        return []
    wanted = [part for part in _conjuncts(rule(model, aliased(model, source))) if not part.compare(true())]
    found = [next((part for part in given if _same(part, policy)), None) for policy in wanted]
    if any(part is None for part in found):
        raise Unguarded(f"{model.__name__} is reached without its policy")
    return found


def _same(one: Any, other: Any) -> bool:
    """Alike, and of the same tables: to `compare` one alias is like another."""
    if one is other:
        return True
    try:
        return bool(one.compare(other)) and _tables(one) == _tables(other)
    except AttributeError:  # how SQLAlchemy fails to compare selects of different entities
        return False


def _tables(element: Any) -> list[Any]:
    return [part.table for part in visitors.iterate(element) if isinstance(part, Column)]


@cache
def _entities() -> dict[Any, type[Entity]]:
    mappers = Base.registry.mappers
    return {mapper.local_table: mapper.class_ for mapper in mappers if issubclass(mapper.class_, Entity)}

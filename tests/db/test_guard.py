"""A statement that reaches an entity without its policy is refused before it is sent."""

from typing import Any

import pytest
from sqlalchemy import ClauseElement, ColumnElement, and_, func, or_, select, union_all
from sqlalchemy.orm import aliased

from db import guard
from db.base import Entity
from db.models import Label, Task, User, task_label
from resolvers.policies import POLICIES
from resolvers.relations import any_of, counted, reached


def rule(model: type[Entity], entity: Any) -> ColumnElement[bool]:
    return POLICIES[model].see(entity)


see = POLICIES[Task].see
parent = aliased(Task)
of_parent = parent.id == Task.parent_id
rows = select(Task).where(see(Task))
GUARDED: dict[str, ClauseElement] = {
    "its policy": rows,
    "a policy of several words": select(User).where(User.id == "x", POLICIES[User].see(User)),
    "a word in a filter": rows.where(any_of(Task.labels, lambda label: label.name == "x")),
    "a word in a word": rows.where(any_of(Task.labels, lambda label: counted(label.tasks) > 1)),
    "a word in a word that speaks of the first row": rows.where(
        any_of(Task.labels, lambda label: any_of(label.tasks, lambda other: other.id != Task.id))
    ),
    "a word for an alias": select(parent.id).where(see(parent), any_of(parent.labels, lambda label: label.name == "x")),
    "a word in an order": rows.order_by(reached(Task.parent, Task.title).value),
    "a join on the policy": select(Task, parent).outerjoin(parent, and_(of_parent, see(parent))).where(see(Task)),
    "a policy behind a join": select(Task).join(Task.labels).where(see(Task), POLICIES[Label].see(Label)),
    "guarded rows once more": select(func.count()).select_from(rows.subquery()),
}
UNGUARDED: dict[str, ClauseElement] = {
    "nothing": select(Task),
    "columns alone": select(Task.title),
    "another condition": select(Task).where(Task.owner_id == "x"),
    "one of two ways": select(Task).where(or_(see(Task), Task.title == "x")),
    "a filter": rows.where(select(parent.id).where(of_parent).correlate(Task).exists()),
    "a filter with the policy of another row": rows.where(
        select(parent.id).where(of_parent, see(Task)).correlate(Task).exists()
    ),
    "a filter with all around it": rows.where(select(parent.id).where(of_parent).correlate_except(parent).exists()),
    "a filter that looks anew at what is around it": select(parent.id).where(
        see(parent), select(parent.id).where(parent.title == "x").correlate_except(parent).exists()
    ),
    "a word for another row": rows.where(any_of(parent.labels, lambda label: label.name == "x")),
    "a filter that looks anew": rows.where(select(Task.id).where(Task.title == "x").correlate(None).exists()),
    "a list of ids": rows.where(
        Task.id.in_(select(task_label.c.task_id).join(Label, Label.id == task_label.c.label_id))
    ),
    "an order": rows.order_by(select(parent.title).where(of_parent).correlate(Task).scalar_subquery()),
    "a join": select(Task).join(parent, of_parent).where(see(Task)),
    "a join along a relationship": select(Task).join(Task.labels).where(see(Task)),
    "a table beside it": rows.where(Label.name == "x"),
    "a table within": select(func.count()).select_from(select(Task).subquery()),
    "a common table expression": select(select(Task).cte().c.id),
    "one part of a union": union_all(select(parent.id), select(Task.id).where(see(Task))),
}


@pytest.mark.parametrize("name", GUARDED)
def test_what_carries_its_policies_passes(name: str) -> None:
    guard.check(GUARDED[name], rule)


@pytest.mark.parametrize("name", UNGUARDED)
def test_what_lacks_one_is_refused(name: str) -> None:
    with pytest.raises(guard.Unguarded, match="is reached without its policy"):
        guard.check(UNGUARDED[name], rule)


def test_a_relationship_to_many_rows_is_no_order() -> None:
    with pytest.raises(TypeError, match=r"Task\.labels leads to many rows"):
        reached(Task.labels, Label.name)

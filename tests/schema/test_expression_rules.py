"""What may be an expression: of a bound type, a leaf, of the row alone and within the policies. And what it costs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import strawberry
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from db import guard
from db.models import Label, Task, User
from db.selection import Expression
from resolvers.policies import READER
from resolvers.relations import counted
from resolvers.tasks import tasks
from schema.fields import entity, expression, facet
from schema.models import BINDINGS
from schema.node import Node, node
from schema.schema import Schema, made
from tests import expressed
from tests.measuring import measure

COSTS = {
    "{ tasks(first: 10) { nodes { id title } } }": 1 + 10,
    "{ tasks(first: 10) { nodes { parts } } }": 1 + 10 * 2,
    "{ tasks(first: 10) { nodes { parts letters words } } }": 1 + 10 * (1 + 1 + 5 + 1),
    "{ tasks(first: 10) { nodes { body { parts } } } }": 1 + 10 * (1 + 1 + 1),
    "{ tasks(first: 10) { edges { node { a: parts b: parts parent { letters } } } } }": 1 + 10 * (1 + 2 + 1 + 5),
}


@pytest.mark.parametrize(("query", "cost"), COSTS.items(), ids=list(COSTS))
def test_each_value_costs_what_it_weighs(query: str, cost: int) -> None:
    assert measure(query, schema=expressed.schema()._schema).cost({}) == cost


def _bound_to_nothing() -> Any:
    @strawberry.type(description="Of no model.")
    class Lost:
        parts: int = expression(expressed.parts, "Of what row?")

    return Lost


def _no_leaf() -> Any:
    @node(Task, "A task.", tasks.by_id)
    class Odd(Node):
        parts: expressed.Label | None = expression(expressed.parts, "An object.")

    return Odd


def _of_another_model() -> Any:
    @node(Task, "A task.", tasks.by_id)
    class Odd(Node):
        label: expressed.Label | None = facet("Of another row.")

    return Odd


def _many() -> Any:
    @node(Task, "A task.", tasks.by_id)
    class Odd(Node):
        bodies: list[expressed.Body] = facet("A row is one.")

    return Odd


def _schema(kind: Any) -> Schema:
    @strawberry.type(description="What can be asked.")
    class Query:
        one: kind | None = entity(tasks.by_id, "One.")

    return made(roots=(Query, None, None))


@pytest.fixture
def bindings() -> Iterator[None]:
    before = {**BINDINGS}
    yield
    BINDINGS.clear()
    BINDINGS.update(before)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (_bound_to_nothing, "Lost.parts is made of a row, but Lost is bound to no model by @node"),
        (_no_leaf, "Odd.parts must be a scalar or an enum"),
        (_of_another_model, "Odd.label must lead to a type that is bound to the model of Odd"),
        (_many, "Odd.bodies must lead to a type that is bound to the model of Odd"),
    ],
)
def test_a_schema_with_one_that_no_statement_can_make_is_refused(
    bindings: None, kind: Callable[[], Any], said: str
) -> None:
    with pytest.raises(TypeError, match=said):
        _schema(kind())


def test_it_is_no_root_field() -> None:
    @strawberry.type(description="What can be asked.")
    class Query:
        parts: int = expression(expressed.parts, "Of what row?")

    with pytest.raises(TypeError, match=r"Query.parts is made of a row, but Query is bound to no model"):
        made(roots=(Query, None, None))


def test_it_has_no_arguments() -> None:
    with pytest.raises(TypeError, match="_more: an expression is made of a row alone"):
        expression(_more, "Of a row and of what is asked.")


def _more(task: Any, least: int) -> ColumnElement[int]:
    return counted(task.subtasks, lambda part: part.position >= least)


other = aliased(Task)
RAW: dict[str, Callable[[Any], ColumnElement[Any]]] = {
    "a way of its own": lambda task: select(other.title).where(other.id == task.parent_id).scalar_subquery(),
    "a way of its own, correlated": lambda task: (
        select(other.title).where(other.id == task.parent_id).correlate_except(other).scalar_subquery()
    ),
    "the model instead of the row": lambda task: counted(Task.subtasks),
    "a way of its own in a word": lambda task: counted(
        task.labels, lambda label: select(User.id).where(User.id == label.owner_id).exists()
    ),
    "another entity": lambda task: Label.name.expression,
}


@pytest.mark.parametrize("name", RAW)
def test_one_that_reaches_others_without_their_policy_is_refused(name: str) -> None:
    with pytest.raises(guard.Unguarded, match="is reached without its policy"):
        READER.entity(select(Task), (Expression("x", RAW[name]),))

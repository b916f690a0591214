"""A type that does not fit its model is refused when it is made, not when somebody asks."""

from enum import Enum

import pytest

from db.models import Task
from schema.connection import Connection
from schema.enums import enum
from schema.node import Node, column, node


def _by_id() -> None: ...


def test_a_field_must_name_something_of_the_model() -> None:
    with pytest.raises(TypeError, match="Task has no column, expression or relationship 'colour'"):

        @node(Task, "Wrong.", _by_id)
        class Wrong(Node):
            colour: str = column("Not there.")


def test_a_to_one_relationship_must_be_optional() -> None:
    with pytest.raises(TypeError, match=r"Task.owner must be optional"):

        @node(Task, "Wrong.", _by_id)
        class Wrong(Node):
            owner: "Wrong" = column("May be hidden.")


def test_a_to_many_relationship_must_be_a_list_or_a_connection() -> None:
    with pytest.raises(TypeError, match=r"Task.labels has many rows"):

        @node(Task, "Wrong.", _by_id)
        class Wrong(Node):
            labels: Connection["Wrong"] = column("Cannot be paged.")


def test_an_enum_has_a_description_for_each_value_and_for_no_other() -> None:
    class Colour(Enum):
        RED = "RED"

    with pytest.raises(TypeError, match="Colour has no BLUE"):
        enum(Colour, "Colours.", RED="Red.", BLUE="Blue.")
    with pytest.raises(KeyError, match="RED"):
        enum(Colour, "Colours.")

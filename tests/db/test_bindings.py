"""A type that does not fit its model is refused when it is made, not when somebody asks."""

from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import Field

from db.models import Label, Task
from schema.connection import Connection
from schema.enums import enum
from schema.fields import computed, verb
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


def _longer(title: str, by: Annotated[int, Field(ge=1)] = 1) -> int:
    return len(title) + by


def _counted(labels: list[str]) -> int:
    return len(labels)


def test_a_computed_field_needs_columns_that_there_are() -> None:
    with pytest.raises(TypeError, match="Label has no column 'title' that 'longer' could need"):

        @node(Label, "Wrong.", _by_id)
        class Wrong(Node):
            longer: int = computed(_longer, "Of a task.", needs=("title",), weight=1)


def test_a_computed_field_needs_columns_alone() -> None:
    with pytest.raises(TypeError, match="Task has no column 'labels' that 'number' could need"):

        @node(Task, "Wrong.", _by_id)
        class Wrong(Node):
            number: int = computed(_counted, "Of rows.", needs=("labels",), weight=1)


def test_a_verb_has_no_rules_beside_those_of_its_input() -> None:
    async def wrong(ctx: Any, number: Annotated[int, Field(ge=1)]) -> None: ...

    with pytest.raises(TypeError, match="a verb's rules belong into its input"):
        verb(wrong, "Wrong.")


def test_an_enum_has_a_description_for_each_value_and_for_no_other() -> None:
    class Colour(Enum):
        RED = "RED"

    with pytest.raises(TypeError, match="Colour has no BLUE"):
        enum(Colour, "Colours.", RED="Red.", BLUE="Blue.")
    with pytest.raises(KeyError, match="RED"):
        enum(Colour, "Colours.")

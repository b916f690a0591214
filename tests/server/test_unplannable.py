"""What the reader cannot answer is an error, loudly: nothing that was asked for is left out in silence."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY

from db.models import Label as Model
from kit.ids import Id
from resolvers.context import Context, Viewer
from resolvers.tasks import labels
from schema.connection import Connection
from schema.fields import computed, connection, entity, maybe
from schema.models import BINDINGS
from schema.node import Node, column, node
from schema.scalars import ID, SCALARS
from schema.schema import Schema
from tests.people import People


def longer(name: str) -> list[str]:
    return [name]


@pytest.fixture
def odd() -> Iterator[Schema]:
    """A schema with a type that has what no reader plans."""

    @strawberry.type(description="More than a label.")
    class Shape:
        name: str = strawberry.field(description="Its name.")

    @node(Model, "A label.", labels.by_id)
    class Odd(Node):
        name: Shape = column("A column that is no scalar.")
        owner: Shape | None = maybe(labels.by_id, "An object by a statement of its own.", id="owner_id")
        parts: Shape = computed(longer, "Computed, but no scalar.", needs=("name",), weight=1)

    @strawberry.type(description="A page with something of its own.")
    class OddConnection(Connection[Odd]):
        average: int = strawberry.field(description="Not of Relay.")

    @strawberry.type(description="What can be asked.")
    class Query:
        odd: Odd | None = entity(labels.by_id, "One.")
        odds: OddConnection = connection(labels.listed, "All.")

    yield Schema(query=Query, config=StrawberryConfig(scalar_map={**SCALARS, Id: DEFAULT_SCALAR_REGISTRY[ID]}))
    del BINDINGS["Odd"]


@pytest.mark.parametrize(
    ("selection", "field"),
    [
        ('{ odd(id: "x") { name { name } } }', "Odd.name"),
        ('{ odd(id: "x") { owner { name } } }', "Odd.owner"),
        ('{ odd(id: "x") { parts { name } } }', "Odd.parts"),
        ("{ odds { average } }", "OddConnection.average"),
    ],
)
async def test_a_field_that_no_plan_fits_fails(people: People, odd: Schema, selection: str, field: str) -> None:
    dora = await people.one()
    assert dora.user is not None
    viewer = Viewer(Id(dora.id), dora.user.role, Id("session"), "UTC", datetime(2100, 1, 1, tzinfo=UTC))
    ctx = Context(services=people.services, asks=viewer, trace_id="trace", address="127.0.0.1")
    result: Any = await odd.execute(selection, context_value=ctx)
    assert [str(error.original_error) for error in result.errors] == [f"the reader cannot plan {field}"]
    assert result.errors[0].extensions["code"] == "INTERNAL_ERROR"

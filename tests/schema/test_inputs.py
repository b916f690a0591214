"""Inputs are made as Strawberry makes them, without asking it of each field."""

from typing import Any

import pytest
from graphql import GraphQLInputObjectType
from graphql.utilities import coerce_input_value
from pydantic import ValidationError
from strawberry.pydantic import InputValidationError
from strawberry.types.arguments import convert_argument

from schema.inputs import making
from schema.schema import made
from tests.everything import Pool, inputs

SCHEMA = made()
CONVERTER = SCHEMA.schema_converter
INPUTS = [kind for kind in SCHEMA._schema.type_map.values() if isinstance(kind, GraphQLInputObjectType)]
POOL = Pool({"task": [f"task_{1:032x}"], "user": ["user_1"]}, ["needle", "", "x" * 6_000], [])
OF_OBJECTS = {"CreateFamilyInput", "CreateOccasionInput", "AddListItemInput"}


@pytest.mark.parametrize("kind", INPUTS, ids=str)
def test_an_input_is_made_as_strawberry_makes_it(kind: GraphQLInputObjectType) -> None:
    make = making(kind, CONVERTER)
    if make is None:
        assert kind.name in OF_OBJECTS
        return
    for value in inputs(kind, POOL):
        coerced = coerce_input_value(value, kind)
        wanted = _by_strawberry(coerced, kind)
        if wanted is None:
            with pytest.raises(ValidationError):
                make(coerced)
        else:
            found = make(coerced)
            assert (found, found.model_fields_set) == (wanted, wanted.model_fields_set)


def _by_strawberry(value: Any, kind: GraphQLInputObjectType) -> Any:
    """None where it refuses."""
    model = kind.extensions[CONVERTER.DEFINITION_BACKREF].origin
    try:
        return convert_argument(value, model, CONVERTER.scalar_registry, CONVERTER.config)
    except InputValidationError:
        return None

"""Inputs, made of values that graphql-core has coerced. What Strawberry finds out each time is known before."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLInputType, get_nullable_type, is_leaf_type, is_list_type
from pydantic import BaseModel
from strawberry.schema.schema_converter import GraphQLCoreConverter

Make = Callable[[Mapping[str, Any]], BaseModel]


def making(kind: GraphQLInputType, converter: GraphQLCoreConverter) -> Make | None:
    """How an input of this type is made, which raises pydantic's ValidationError for what the rules refuse.

    None for what is no input of leaves and lists of leaves: that is left to Strawberry. All inputs are pydantic models.
    """
    named = get_nullable_type(kind)
    if not isinstance(named, GraphQLInputObjectType) or not all(
        _is_plain(field.type) for field in named.fields.values()
    ):
        return None
    definition = named.extensions[converter.DEFINITION_BACKREF]
    model: type[BaseModel] = definition.origin
    names = {converter.config.name_converter.from_field(field): field.python_name for field in definition.fields}
    nulls = dict.fromkeys(name for name, field in model.model_fields.items() if field.is_required())

    def make(value: Mapping[str, Any]) -> BaseModel:
        given = {names[key]: [*one] if isinstance(one, list) else one for key, one in value.items()}
        return model.model_validate(nulls | given, by_alias=False, by_name=True)

    return make


def _is_plain(kind: GraphQLInputType) -> bool:
    nullable = get_nullable_type(kind)
    return is_leaf_type(get_nullable_type(nullable.of_type) if is_list_type(nullable) else nullable)

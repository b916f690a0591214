"""Types bound to models: a field names a column, a SQL expression or a relationship, or the import fails."""

from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import strawberry
from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
)
from strawberry.types.base import StrawberryOptional
from strawberry.types.field import StrawberryField

from db.base import Entity
from db.reader import kind_of
from schema.kinds import Kind, ReaderField
from schema.models import BINDINGS, Binding
from schema.question import BACKREF

T = TypeVar("T", bound=type)
OF_THE_ROW = (Kind.EXPRESSION, Kind.FACET)


@strawberry.interface(description="Everything that has a global id.")
class Node:
    id: strawberry.ID = strawberry.field(description="Global and opaque.")


def column(description: str) -> Any:
    """A field of a bound type, taken from the model's attribute of the same name."""
    return strawberry.field(description=description)


@dataclass_transform(field_specifiers=(column,), kw_only_default=True)
def node(model: type[Entity], description: str, by_id: Callable[..., Any] | None) -> Callable[[T], T]:
    def bind(cls: T) -> T:
        bound: T = strawberry.type(cls, description=description)
        definition = bound.__strawberry_definition__  # type: ignore[attr-defined]
        for field in definition.fields:
            _check(model, field)
        BINDINGS[definition.name] = Binding(model, by_id)
        return bound

    return bind


def _check(model: type[Entity], field: StrawberryField) -> None:
    if isinstance(field, ReaderField) and field.kind is Kind.COMPUTED:
        for name in field.needs:
            if kind_of(model, name) != "column":
                raise TypeError(f"{model.__name__} has no column '{name}' that '{field.python_name}' could need")
        return
    if isinstance(field, ReaderField) and field.kind in OF_THE_ROW:
        return  # of what type it is, and where it stands, is known when there is a schema
    kind = kind_of(model, field.python_name)
    if kind is None:
        raise TypeError(f"{model.__name__} has no column, expression or relationship '{field.python_name}'")
    if kind == "many" and not isinstance(field, ReaderField) and not _is_list(field):
        raise TypeError(f"{model.__name__}.{field.python_name} has many rows: make it a list or a connection")
    if kind == "one" and not _may_be_null(field):
        raise TypeError(f"{model.__name__}.{field.python_name} must be optional: the viewer may not see that row")


def check(schema: GraphQLSchema) -> None:
    """Raises TypeError for an expression or a facet that no statement can make."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, definition in kind.fields.items():
                said = _amiss(kind.name, definition)
                if said is not None:
                    raise TypeError(f"{kind.name}.{name} {said}")


def _amiss(parent: str, definition: GraphQLField) -> str | None:
    kind = getattr(definition.extensions.get(BACKREF), "kind", None)
    if kind not in OF_THE_ROW:
        return None
    if parent not in BINDINGS:
        return f"is made of a row, but {parent} is bound to no model by @node"
    if kind is Kind.EXPRESSION:
        return None if is_leaf_type(get_named_type(definition.type)) else "must be a scalar or an enum"
    target = BINDINGS.get(getattr(get_nullable_type(definition.type), "name", ""))
    same = target is not None and target.model is BINDINGS[parent].model
    return None if same else f"must lead to a type that is bound to the model of {parent}"


def _is_list(field: StrawberryField) -> bool:
    return str(_annotation(field)).startswith("list[")


def _may_be_null(field: StrawberryField) -> bool:
    text = str(_annotation(field))
    return "None" in text or isinstance(field.type, StrawberryOptional)


def _annotation(field: StrawberryField) -> Any:
    return field.type_annotation.raw_annotation if field.type_annotation else None

from enum import Enum

import strawberry

from resolvers.rules import Direction


def enum(kind: type[Enum], description: str, *, name: str | None = None, **values: str) -> None:
    """Makes an enum of resolvers/ or db/ a GraphQL enum. `values` describe its members: all of them, or it fails."""
    made = strawberry.enum(kind, name=name, description=description)
    for value in made.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values.pop(value.name)
    if values:
        raise TypeError(f"{kind.__name__} has no {', '.join(values)}")


enum(
    Direction,
    "Which way; nulls come last either way.",
    name="OrderDirection",
    ASC="Rising.",
    DESC="Falling.",
)

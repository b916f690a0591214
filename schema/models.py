"""Which model stands behind which GraphQL type, and how one of them is found; filled by `@node`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from db.base import Entity


@dataclass(frozen=True, slots=True)
class Binding:
    """`by_id` is the statement function of what counts as there; None for what is not found by an id."""

    model: type[Entity]
    by_id: Callable[..., Any] | None


BINDINGS: dict[str, Binding] = {}

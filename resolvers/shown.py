from dataclasses import dataclass
from typing import Generic, TypeVar

from db.base import Entity
from resolvers.context import Viewer

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True, slots=True)
class Shown(Generic[E]):
    """An entity to be read back as somebody else than who asked: a new user is shown to themselves."""

    entity: E
    viewer: Viewer

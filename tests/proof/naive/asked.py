"""Who asks of which world, and the words that the specification is written in."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from db.base import Entity
from db.models import User
from tests.proof.lists import Page
from tests.proof.refusals import Refusal, order_of
from tests.proof.world import World

Given = dict[str, Any]
Policy = Callable[["Asked", Any], bool]
FIELDS: dict[str, Callable[..., Any]] = {}
POLICIES: dict[type[Entity], Policy] = {}
KINDS: dict[str, str] = {}  # types by the prefix of their ids
NODES: dict[str, Callable[["Asked", str], Any]] = {}  # by type: what `node` answers where it is not `Asked.one`


@dataclass
class Asked:
    """Who asks of which world, and when; what came of each root field.

    `refused` has all that may be told of a field, by its key; `nothing` says that one of them must not be null.
    """

    world: World
    viewer: User | None
    session_id: str | None
    now: datetime
    refused: dict[str, list[Refusal]] = field(default_factory=dict)
    nothing: bool = False
    statements: int = 0
    _seen: dict[str, bool] = field(default_factory=dict)

    @property
    def me(self) -> User:
        assert self.viewer is not None
        return self.viewer

    @property
    def today(self) -> date:
        """Where the viewer is."""
        return self.now.astimezone(ZoneInfo(self.me.time_zone)).date()

    def sees(self, row: Any) -> bool:
        if row.id not in self._seen:
            self._seen[row.id] = POLICIES[type(row)](self, row)
        return self._seen[row.id]

    def all(self, model: type[Any], **columns: Any) -> list[Any]:
        """Those that are seen, of those whose columns are like this."""
        rows: Iterable[Any] = self.world.of(model).values()
        for number, (name, value) in enumerate(columns.items()):
            rows = [r for r in rows if getattr(r, name) == value] if number else self.world.alike(model, name, value)
        return [row for row in rows if self.sees(row)]

    def one(self, model: type[Any], id: str | None) -> Any:
        row = self.world.of(model).get(id) if id is not None else None
        return row if row is not None and self.sees(row) else None


def answers(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        FIELDS.update(dict.fromkeys(names, function))
        return function

    return keep


def seen_if(*models: type[Entity]) -> Callable[[Policy], Policy]:
    def keep(policy: Policy) -> Policy:
        POLICIES.update(dict.fromkeys(models, policy))
        KINDS.update({model.prefix: model.__name__ for model in models})
        return policy

    return keep


def by_id(name: str, model: type[Entity]) -> None:
    FIELDS[f"Query.{name}"] = lambda asked, _, **given: asked.one(model, given["id"])


def to_one(name: str, model: type[Entity], column: str) -> None:
    """A field that is the row whose id is in a column."""
    FIELDS[name] = lambda asked, row: asked.one(model, getattr(row, column))


def to_many(name: str, model: type[Entity], column: str) -> None:
    """A field of those rows that name this one."""
    field = name.partition(".")[2]
    FIELDS[name] = lambda asked, row, **given: page(field, asked.all(model, **{column: row.id}), given)


def page(field: str, rows: Iterable[Any], given: Given) -> Page:
    return Page(rows, order_of(field, given), given)


def kind_of(id: str) -> str | None:
    return KINDS.get(id.partition("_")[0]) if re.fullmatch("[a-z]+_[0-9a-f]{32}", id) else None

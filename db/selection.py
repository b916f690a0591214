"""A client's selection as plain data: what the reader is asked for. It knows no GraphQL.

`key` is the name in the response (a client's alias or the field's own).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import ColumnElement

from db.base import Entity


@dataclass(frozen=True, slots=True)
class Constant:
    """`__typename`."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Expression:
    """What a function makes of the entity's alias in a statement, such as a value of rows that it leads to."""

    key: str
    make: Callable[[Any], ColumnElement[Any]]


@dataclass(frozen=True, slots=True)
class Facet:
    """More of the same row, as an object of its own."""

    key: str
    fields: "Fields"


@dataclass(frozen=True, slots=True)
class One:
    """A to-one relationship: null where there is no row, or none that the viewer may see."""

    key: str
    name: str
    fields: "Fields"


@dataclass(frozen=True, slots=True)
class Many:
    """A to-many relationship that is small by its rules and comes whole."""

    key: str
    name: str
    fields: "Fields"


@dataclass(frozen=True, slots=True)
class Row:
    """One row at most beside another, and what is made of it: as a subquery, and for a join of the entity `on`."""

    subquery: ColumnElement[Any]
    entity: Any
    on: ColumnElement[bool]
    value: ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Reached:
    """A value of another row, such as an order may sort by; see resolvers/relations.py. `name` stands in cursors.

    Whoever knows that it is never null may say so: a page is then found by a simpler condition. A page joins the `row`
    that the value speaks of, where it is told of it, for else it is looked up wherever the value is mentioned.
    """

    value: ColumnElement[Any]
    name: str
    nullable: bool = True
    row: Row | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """One key of an order. Nulls come last in both directions."""

    column: InstrumentedAttribute[Any] | Reached
    descending: bool = False

    @property
    def value(self) -> ColumnElement[Any]:
        return self.column.value if isinstance(self.column, Reached) else self.column.expression

    @property
    def name(self) -> str:
        return self.column.name if isinstance(self.column, Reached) else str(self.column.key)

    @property
    def nullable(self) -> bool:
        if isinstance(self.column, Reached):
            return self.column.nullable
        return bool(self.column.property.columns[0].nullable)


@dataclass(frozen=True, slots=True)
class Listing:
    """Which rows, in which order. The reader adds the policy, the tie-breaking id and the page."""

    rows: Select[Any]
    order: tuple[Order, ...]

    @property
    def model(self) -> type[Entity]:
        model: type[Entity] = self.rows.column_descriptions[0]["entity"]
        return model

    @property
    def name(self) -> str:
        """Stands in cursors, so that a cursor of another order is recognised."""
        return ",".join(f"{key.name}{'-' if key.descending else '+'}" for key in self.order)

    def where(self, *conditions: ColumnElement[bool]) -> "Listing":
        return Listing(self.rows.where(*conditions), self.order)


@dataclass(frozen=True, slots=True)
class Feed:
    """Rows of several entities in one order. The orders of the parts correspond, key by key."""

    parts: tuple[Listing, ...]

    def __post_init__(self) -> None:
        alike = {
            tuple((key.descending, key.nullable, type(key.value.type)) for key in part.order) for part in self.parts
        }
        if len(alike) != 1 or len({part.model for part in self.parts}) != len(self.parts):
            raise TypeError("the parts of a feed are of one entity each, in orders of the same kind")

    @property
    def order(self) -> tuple[Order, ...]:
        return self.parts[0].order

    @property
    def name(self) -> str:
        return "|".join(f"{part.model.prefix}:{part.name}" for part in self.parts)


@dataclass(frozen=True, slots=True)
class Window:
    """The shape of a page's arguments; their values are in the slots `{name}_size`, `{name}_offset`, `{name}_key_{i}`.

    `nulls` has an entry per order key and says which values of the cursor are null; None without a cursor.
    """

    name: str
    backward: bool = False
    offset: bool = False
    nulls: tuple[bool, ...] | None = None


@dataclass(frozen=True, slots=True)
class Nodes:
    """In a feed they are of several kinds."""

    key: str
    fields: "Fields | Kinds"


@dataclass(frozen=True, slots=True)
class Edges:
    """`parts` are Column("cursor"), Nodes("node") and Constant."""

    key: str
    parts: tuple["Column | Nodes | Constant", ...]


@dataclass(frozen=True, slots=True)
class PageInfo:
    """`parts` are Columns named has_next_page, has_previous_page, start_cursor, end_cursor, and Constant."""

    key: str
    parts: tuple["Column | Constant", ...]


@dataclass(frozen=True, slots=True)
class TotalCount:
    key: str


@dataclass(frozen=True, slots=True)
class Page:
    """A connection; `name` is the relationship it follows, None at the root."""

    key: str
    name: str | None
    listing: Listing | Feed
    window: Window
    parts: tuple[Nodes | Edges | PageInfo | TotalCount | Constant, ...]


Field = Constant | Column | Expression | Facet | One | Many | Page
Fields = tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the entities that may stand at a place. `by_id` narrows which of its rows an id names; None: any."""

    model: type[Entity]
    fields: Fields
    by_id: Callable[[ColumnElement[Any]], Select[Any]] | None = None


Kinds = tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL text and the slots of its parameters in order."""

    sql: str
    order: tuple[str, ...]
    constants: dict[str, Any] = field(default_factory=dict)


Predicate = ColumnElement[bool]

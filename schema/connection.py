"""Relay's shapes, once for all entities."""

from typing import Generic, TypeVar

import strawberry

T = TypeVar("T")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more follow. Backward: whether `before` was given.")
    has_previous_page: bool = strawberry.field(
        description="Whether some came before. Forward: whether `after` or `offset` was given."
    )
    start_cursor: str | None = strawberry.field(description="Cursor of the first row.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last row; the next page is `after` it.")


@strawberry.type(description="A row with its cursor.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="Opaque; valid for the same order.")
    node: T = strawberry.field(description="The row.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    nodes: list[T] = strawberry.field(description="The rows.")
    edges: list[Edge[T]] = strawberry.field(description="The rows with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page lies.")
    total_count: int = strawberry.field(description="How many rows there are in all; counted only when asked for.")

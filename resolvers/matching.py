"""Full-text search over the columns `search` of entities."""

from typing import Any

from sqlalchemy import ColumnElement, func, literal_column


def matches(entity: Any, words: Any) -> ColumnElement[bool]:
    """Whether a row has all the words, as `resolvers.rules.SearchWords` has them."""
    found: ColumnElement[bool] = entity.search.op("@@")(func.to_tsquery(literal_column("'simple'"), words))
    return found

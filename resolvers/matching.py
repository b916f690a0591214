"""Search over the columns `search` of entities, and for what is nearly the same, by its trigrams."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, cast, func, literal_column, or_

ALIKE = "0.45"  # of 1; what the index of trigrams finds begins at 0.3, with much that only shares a word


def matches(entity: Any, words: Any) -> ColumnElement[bool]:
    """Whether a row has all the words, as `resolvers.rules.SearchWords` has them."""
    found: ColumnElement[bool] = entity.search.op("@@")(func.to_tsquery(literal_column("'simple'"), words))
    return found


def nearly(column: Any, words: Any) -> ColumnElement[bool]:
    """Whether a text has words nearly like these, or is nearly this; `words` as `matches` takes them."""
    text = _plain(words)
    return or_(column.op("%>")(text), alike(column, text))


def alike(column: Any, text: Any) -> ColumnElement[bool]:
    """Whether two texts are nearly the same. An index of the column's trigrams is used."""
    return and_(column.op("%")(text), func.similarity(column, text) >= literal_column(ALIKE))


def likeness(column: Any, text: Any) -> ColumnElement[int]:
    """How much two texts are alike, 0 to 1,000. Whole numbers, for they go through JSON in cursors."""
    return cast(func.similarity(column, text) * literal_column("1000"), Integer)


def nearness(column: Any, words: Any) -> ColumnElement[int]:
    """How near a text comes to the words, 0 to 2,000: that it has them, and that it has little else."""
    text = _plain(words)
    having = func.word_similarity(text, column) * literal_column("1000")
    return cast(having, Integer) + likeness(column, text)


def _plain(words: Any) -> ColumnElement[str]:
    """Without what makes them a query: no word has any of these."""
    return func.translate(words, literal_column("''':*&'"), literal_column("''"))
